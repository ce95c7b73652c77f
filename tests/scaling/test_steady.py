"""Steady consumption decides on nothing, and no other consumption is called steady."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.scaling.model import Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.steady import find_steady_units, is_decided_by_thresholds, keeps_low_checks
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
    steady = find_steady_units(target_options(**texts).capacities.reads, provisioned, minutes)
    assert steady is not None
    least, most = steady

    def decide(units: int) -> tuple[int, int, Code]:
        consumed = Usage(Fraction(units, minutes * 60), 0, 0)
        side = decide_with(
            consumed, provisioned=both(provisioned, 100), counts=both(count, 0), **texts
        ).capacities.reads
        return side.proposed, side.count, side.reasons[-1].code

    nothing = (provisioned, count, Code.STEADY)
    if least <= most:
        assert decide(least + int(share * (most - least))) == nothing
    assert least == 0 or decide(least - 1) != nothing
    assert decide(most + 1) != nothing


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param({"min_provisioned_reads": "101"}, None, id="below the minimum"),
        pytest.param({"max_provisioned_reads": "99"}, None, id="above the maximum"),
        pytest.param({"max_provisioned_reads": "100"}, (1800, 5400), id="at the maximum"),
    ],
)
def test_units_outside_minimum_and_maximum_are_never_steady(
    texts: dict[str, str], expected: tuple[int, int] | None
) -> None:
    assert find_steady_units(target_options(**texts).capacities.reads, 100, 1) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param({}, (True, True), id="thresholds"),
        pytest.param({"reads_target_utilization": "80"}, (False, True), id="a target"),
        pytest.param({"increase_consumed_reads_scale": "{90: 10}"}, (False, True), id="a scale of raises"),
        pytest.param({"decrease_consumed_reads_scale": "{20: 10}"}, (False, True), id="a scale of decreases"),
        pytest.param({"num_read_checks_reset_percent": "50"}, (True, False), id="a reset of low checks"),
    ],
)
def test_what_else_decides_is_known(texts: dict[str, str], expected: tuple[bool, bool]) -> None:
    options = target_options(**texts).capacities.reads
    assert (is_decided_by_thresholds(options), keeps_low_checks(options)) == expected
