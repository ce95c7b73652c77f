"""Steady consumption decides on nothing, and no other consumption is called steady."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.scaling.calculators import add
from dynamic_dynamodb.scaling.model import Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.steady import (
    find_limit,
    find_lowering_percent,
    find_raising_percent,
    is_within_limits,
)
from tests.builders import both, decide_with, target_options

THRESHOLDS = st.integers(10, 1000).map(lambda tenths: tenths / 10)


@given(
    thresholds=st.tuples(THRESHOLDS, THRESHOLDS),
    provisioned=st.integers(1, 10_000),
    minutes=st.integers(1, 15),
    count=st.integers(0, 5),
    share=st.fractions(0, 1),
)
def test_units_between_the_bounds_decide_on_nothing_and_those_beside_them_on_something(
    *, thresholds: tuple[float, float], provisioned: int, minutes: int, count: int, share: Fraction
) -> None:
    lower, upper = thresholds
    texts = {
        "reads_lower_threshold": str(lower),
        "reads_upper_threshold": str(upper),
        "num_read_checks_before_scale_down": "6",
        "allow_scaling_down_reads_on_0_percent": "true",
    }
    options = target_options(**texts).capacities.reads
    low = find_limit(find_lowering_percent(options), provisioned, minutes, is_whole=True)
    high = find_limit(find_raising_percent(options), provisioned, minutes, is_whole=True)
    least, most = int(low.above) + 1, int(high.below) - 1

    def decide(units: int) -> tuple[int, int, Code]:
        consumed = Usage(Fraction(units, minutes * 60), 0, 0)
        side = decide_with(
            consumed, provisioned=both(provisioned, 100), counts=both(count, 0), **texts
        ).capacities.reads
        return side.proposed, side.count, side.reasons[-1].code

    nothing = (provisioned, count, Code.STEADY)
    if least <= most:
        assert decide(least + int(share * (most - least))) == nothing
    assert low.below <= 0 or decide(int(low.below) - 1) != nothing
    assert decide(int(high.above) + 1) != nothing


@given(
    key=st.integers(1, 1500).map(lambda tenths: tenths / 10),
    is_raise=st.booleans(),
    units=st.integers(0, 200_000),
)
def test_units_beyond_all_keys_of_a_scale_decide_on_nothing(
    *, key: float, is_raise: bool, units: int
) -> None:
    name = "increase_consumed_reads_scale" if is_raise else "decrease_consumed_reads_scale"
    scale = {name: f"{{{key}: 20, {key + 10 if is_raise else key / 2}: 30}}", "reads_upper_threshold": "1000"}
    texts = {**scale, "reads_lower_threshold": "1", "allow_scaling_down_reads_on_0_percent": "true"}
    options = target_options(**texts).capacities.reads
    find_percent = find_raising_percent if is_raise else find_lowering_percent
    limit = find_limit(find_percent(options), 1000, 1, is_whole=True)
    side = decide_with(
        Usage(Fraction(units, 60), 0, 0), provisioned=both(1000, 100), counts=both(0, 0), **texts
    ).capacities.reads
    code = side.reasons[-1].code
    if is_raise:
        assert not units < limit.below or code is not Code.CONSUMED_SCALE
        assert not units > limit.above or code is Code.CONSUMED_SCALE
    else:
        assert not units > limit.above or code is Code.STEADY
        assert not units < limit.below or code is not Code.STEADY


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param({"min_provisioned_reads": "101"}, False, id="below the minimum"),
        pytest.param({"max_provisioned_reads": "99"}, False, id="above the maximum"),
        pytest.param({"max_provisioned_reads": "100"}, True, id="at the maximum"),
    ],
)
def test_units_outside_minimum_and_maximum_are_never_steady(texts: dict[str, str], *, expected: bool) -> None:
    assert is_within_limits(target_options(**texts).capacities.reads, 100) == expected


@given(
    numbers=st.lists(st.floats(0, 1e6).map(lambda number: round(number, 3)), min_size=1, max_size=15),
    percent=st.fractions(1, 200, max_denominator=10),
    provisioned=st.integers(1, 10_000),
)
def test_a_sum_of_floats_is_never_on_the_wrong_side_of_a_limit(
    numbers: list[float], percent: Fraction, provisioned: int
) -> None:
    exactly, units = add(numbers), percent * provisioned * len(numbers) * 60 / 100
    for total, is_whole in ((sum(numbers), False), *([(exactly, True)] if exactly == int(exactly) else [])):
        limit = find_limit(percent, provisioned, len(numbers), is_whole=is_whole)
        assert not total < limit.below or exactly < units
        assert not total > limit.above or exactly > units
