"""Properties that hold for every table, every configuration and every load."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.decision import Decision, decide
from dynamic_dynamodb.scaling.guards import GUARDS, Facts, guard
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.target_options import TargetOptions, read_target_options
from tests.builders import INDEX, TABLE, option_dict

MIDDAY = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
NUMBERS = st.one_of(st.integers(1, 200), st.decimals("0.1", "200", places=1).map(float))
SCALES = st.none() | st.dictionaries(NUMBERS, st.integers(0, 500), max_size=4)
UNITS = st.sampled_from(["percent", "units"])
AMOUNTS = st.integers(1, 500)
SIDES = {
    "{0}_upper_threshold": NUMBERS,
    "{0}_lower_threshold": NUMBERS,
    "throttled_{0}_upper_threshold": st.integers(0, 50),
    "increase_{0}_with": AMOUNTS,
    "increase_{0}_unit": UNITS,
    "decrease_{0}_with": AMOUNTS,
    "decrease_{0}_unit": UNITS,
    "enable_{0}_autoscaling": st.booleans(),
    "enable_{0}_up_scaling": st.booleans(),
    "enable_{0}_down_scaling": st.booleans(),
    "allow_scaling_down_{0}_on_0_percent": st.booleans(),
    "increase_consumed_{0}_scale": SCALES,
    "increase_throttled_by_provisioned_{0}_scale": SCALES,
    "increase_throttled_by_consumed_{0}_scale": SCALES,
    "decrease_consumed_{0}_scale": SCALES,
}


@st.composite
def side_options(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the options of one capacity, with {0} for its name."""
    drawn = {name: draw(strategy) for name, strategy in SIDES.items()}
    low, high = sorted((draw(st.integers(1, 5000)), draw(st.integers(1, 5000))))
    drawn |= {"min_provisioned_{0}": low, "max_provisioned_{0}": draw(st.sampled_from([None, high]))}
    return drawn | {"num_{1}_checks_before_scale_down": draw(st.integers(1, 4))}


def join(reads: dict[str, Any], writes: dict[str, Any], *, is_together: bool) -> TargetOptions:
    """Return the options of a target from those of reads and writes."""
    options = option_dict()
    for capacity, side in zip(Capacity, (reads, writes), strict=True):
        options |= {key.format(capacity.value, capacity.singular): given for key, given in side.items()}
    return read_target_options({**options, "always_decrease_rw_together": is_together})


USAGES = st.builds(
    Usage,
    st.none() | st.fractions(0, 10_000, max_denominator=300),
    st.integers(0, 1000).map(Fraction),
    st.fractions(0, 1000, max_denominator=300),
    st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], bool, list[Any]]:
    """Draw the options of both capacities, whether they are lowered together, and units, usage and counts."""
    sides = [(draw(st.integers(1, 5000)), draw(USAGES), draw(st.integers(0, 5))) for _ in Capacity]
    return draw(side_options()), draw(side_options()), draw(st.booleans()), sides


def run(case: tuple[Any, ...]) -> tuple[Decision, TargetOptions, PerCapacity[Usage]]:
    """Decide a case for a table."""
    reads, writes, is_together, sides = case
    options = join(reads, writes, is_together=is_together)
    provisioned, usage, counts = (PerCapacity(*values) for values in zip(*sides, strict=True))
    return decide(TABLE, options, provisioned=provisioned, usage=usage, counts=counts), options, usage


DESCRIPTIONS = st.builds(
    Description,
    st.just(TABLE),
    st.just(PerCapacity(1, 1)),
    st.sampled_from(["ACTIVE", "UPDATING"]),
    st.just("ACTIVE"),
    st.integers(0, 6),
    st.none() | st.integers(0, 90).map(lambda minutes: MIDDAY - timedelta(minutes=minutes)),
)


@given(cases())
def test_a_change_ends_between_minimum_and_maximum(case: tuple[Any, ...]) -> None:
    decision, options, _ = run(case)
    for side in decision.capacities:
        limits = options.capacities[side.capacity]
        if side.proposed != side.provisioned:
            assert limits.min_provisioned <= side.proposed
            assert limits.max_provisioned is None or side.proposed <= limits.max_provisioned


@given(cases())
def test_a_capacity_outside_its_limits_stays_there_only_for_a_reason(case: tuple[Any, ...]) -> None:
    decision, options, _ = run(case)
    allowed = {
        Code.AUTOSCALING_OFF,
        Code.METRICS_UNKNOWN,
        Code.METRICS_LATE,
        Code.BELOW_CONSUMPTION,
        Code.DOWN_SCALING_OFF,
    }
    for side in decision.capacities:
        limits = options.capacities[side.capacity]
        is_above = limits.max_provisioned is not None and side.proposed > limits.max_provisioned
        if is_above or side.proposed < limits.min_provisioned:
            assert allowed & {reason.code for reason in side.reasons}


@given(cases())
def test_a_decrease_never_goes_below_consumption_or_one_unit(case: tuple[Any, ...]) -> None:
    decision, _, usage = run(case)
    for side in decision.capacities:
        if side.is_decrease:
            consumed = usage[side.capacity].consumed_per_second
            assert consumed is not None
            assert side.proposed >= consumed
            assert side.proposed >= 1


@given(cases(), DESCRIPTIONS)
def test_guards_never_enlarge_a_decision(case: tuple[Any, ...], described: Description) -> None:
    decision, options, usage = run(case)
    facts = Facts(described, options, usage, MIDDAY)
    for each in (*GUARDS, guard):
        left = each(decision, facts)
        for before, after in zip(decision.capacities, left.capacities, strict=True):
            assert after.proposed in (before.proposed, before.provisioned)
            assert after.count == before.count


@given(cases())
def test_reads_and_writes_are_decided_alike(case: tuple[Any, ...]) -> None:
    reads, writes, is_together, sides = case
    decision, _, _ = run(case)
    mirrored, _, _ = run((writes, reads, is_together, sides[::-1]))
    for side, mirror in ((decision.capacities.reads, mirrored.capacities.writes),):
        assert (side.proposed, side.count, [reason.code for reason in side.reasons]) == (
            mirror.proposed,
            mirror.count,
            [reason.code for reason in mirror.reasons],
        )


@given(cases())
def test_tables_and_indexes_are_decided_alike(case: tuple[Any, ...]) -> None:
    _reads, _writes, _is_together, sides = case
    decision, options, _ = run(case)
    provisioned, usage, counts = (PerCapacity(*values) for values in zip(*sides, strict=True))
    index = decide(INDEX, options, provisioned=provisioned, usage=usage, counts=counts)
    assert replace(index, target=TABLE) == decision


@given(cases())
def test_every_capacity_has_a_reason(case: tuple[Any, ...]) -> None:
    decision, _, _ = run(case)
    for side in decision.capacities:
        assert side.reasons
        assert all(reason.sentence for reason in side.reasons)
