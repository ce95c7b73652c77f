"""Which targets are quiet: nothing changes them, and twice their load would not raise them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import Demand, MinuteSeries, PerCapacity
from dynamic_dynamodb.scaling.quiet import Look, count_rest_as_unseen, double_load, is_quiet
from dynamic_dynamodb.scaling.usage import MINUTE, LookBackWindow
from tests.builders import NOW, TABLE, both, demand, description, target_options, usage

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.scaling.model import Usage

OFF = {"enable_reads_autoscaling": "false"}
ALARM = {"reads_upper_alarm_threshold": "90"}
TO_TARGET = {
    "reads_target_utilization": "85",
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "30",
    "allow_scaling_down_reads_on_0_percent": "true",
}
NOON = NOW.replace(second=0)


def looks_quiet(
    reads: Usage,
    *,
    counts: int = 0,
    autoscaled: Any = frozenset(),
    described: Any = None,
    **texts: str,
) -> bool:
    """Decide on a table whose writes are quiet, and return whether it is."""
    options = target_options(**texts)
    provisioned = both(100)
    seen = description(provisioned, **(described or {}))
    both_usages = PerCapacity(reads, usage(40))
    decision = decide(TABLE, options, provisioned=provisioned, usage=both_usages, counts=both(counts, 0))
    decision = guard(decision, Facts(seen, options, both_usages, NOW, autoscaled))
    return is_quiet(decision, Look(seen, options, both_usages, autoscaled))


def burst(percent: float, highest: float) -> Usage:
    """Return demand of this percentage, with one higher minute before the look-back window."""
    steady = demand(percent)
    assert steady.demand is not None
    consumed = list(steady.demand.minutes.consumed)
    consumed[3] = highest * 60
    minutes = MinuteSeries(tuple(consumed), (0,) * len(consumed), before=10, period=15)
    return replace(steady, demand=Demand(minutes, known=5))


@pytest.mark.parametrize(
    ("reads", "settings", "expected"),
    [
        pytest.param(usage(45), {}, True, id="half-the-upper-threshold"),
        pytest.param(usage(45.1), {}, False, id="more-than-half-the-upper-threshold"),
        pytest.param(usage(0), {}, True, id="zero-and-not-lowered-at-zero"),
        pytest.param(
            usage(0), {"allow_scaling_down_reads_on_0_percent": "true"}, False, id="zero-and-lowered"
        ),
        pytest.param(
            usage(0),
            {"allow_scaling_down_reads_on_0_percent": "true", "min_provisioned_reads": "100"},
            True,
            id="at-minimum",
        ),
        pytest.param(
            usage(10), {"num_read_checks_before_scale_down": "5"}, False, id="begins-to-count-low-checks"
        ),
        pytest.param(
            usage(40),
            {"num_read_checks_before_scale_down": "5", "counts": 2},
            False,
            id="keeps-a-count-of-low-checks",
        ),
        pytest.param(usage(40), {"counts": 1}, True, id="count-without-meaning"),
        pytest.param(usage(10), {"maintenance_windows": "22:00-23:00"}, False, id="held-outside-the-window"),
        pytest.param(
            usage(10, of=100),
            {"decrease_reads_with": "10", "decrease_late_in_hour": "true"},
            False,
            id="held-until-late-in-the-hour",
        ),
        pytest.param(
            usage(10),
            {"described": {"decreases_today": 27, "last_decrease": NOW - MINUTE}},
            False,
            id="held-by-the-budget",
        ),
        pytest.param(usage(10), {"enable_reads_down_scaling": "false"}, True, id="down-scaling-off"),
        pytest.param(usage(40, is_late=True), {}, False, id="late-metrics"),
        pytest.param(usage(None), {}, False, id="unknown-metrics"),
        pytest.param(usage(40, throttled=1), {}, False, id="throttled"),
        pytest.param(replace(usage(40), throttled_events=None), {}, True, id="throttled-events-not-fetched"),
        pytest.param(usage(40), {"described": {"status": "UPDATING"}}, False, id="updating"),
        pytest.param(usage(40), {"described": {"table_status": "UPDATING"}}, False, id="table-updating"),
        pytest.param(usage(95), OFF, True, id="autoscaling-off"),
        pytest.param(usage(None), OFF, True, id="autoscaling-off-and-not-fetched"),
        pytest.param(usage(40), OFF | ALARM, True, id="autoscaling-off-with-an-alarm"),
        pytest.param(usage(None), OFF | ALARM, False, id="unknown-metrics-of-an-alarm"),
        pytest.param(usage(40, is_late=True), OFF | ALARM, False, id="late-metrics-of-an-alarm"),
        pytest.param(
            usage(95), {"autoscaled": frozenset({Capacity.READS})}, True, id="reads-are-scaled-by-aws"
        ),
        pytest.param(usage(40), {"autoscaled": None}, False, id="aws-autoscaling-unknown"),
        pytest.param(usage(95), {"max_provisioned_reads": "100"}, False, id="capped-at-maximum"),
        pytest.param(usage(48), {"max_provisioned_reads": "100"}, False, id="twice-is-capped-at-maximum"),
        pytest.param(
            usage(34), {"increase_consumed_reads_scale": "{70: 10}"}, True, id="below-half-the-scale"
        ),
        pytest.param(
            usage(35), {"increase_consumed_reads_scale": "{70: 10}"}, False, id="twice-reaches-the-scale"
        ),
        pytest.param(usage(95), {"enable_reads_up_scaling": "false"}, True, id="up-scaling-off"),
        pytest.param(demand(40), TO_TARGET, True, id="below-half-of-the-target's-threshold"),
        pytest.param(demand(48), TO_TARGET, False, id="above-half-of-the-target's-threshold"),
        pytest.param(burst(40, 60), TO_TARGET, False, id="one-minute-above-half"),
    ],
)
def test_quiet_targets(reads: Usage, settings: dict[str, Any], *, expected: bool) -> None:
    assert looks_quiet(reads, **settings) is expected


@given(
    percent=st.integers(0, 100),
    minimum=st.integers(1, 200),
    upper=st.integers(2, 100),
    lower=st.integers(1, 100),
    target=st.none() | st.integers(10, 100),
)
def test_a_quiet_target_is_not_raised_by_twice_its_load(
    percent: int, minimum: int, upper: int, lower: int, target: int | None
) -> None:
    reads = demand(percent)
    texts: dict[str, Any] = {
        "min_provisioned_reads": str(minimum),
        "reads_upper_threshold": str(upper),
        "reads_lower_threshold": str(lower),
    }
    if target is not None:
        texts["reads_target_utilization"] = str(target)
    if looks_quiet(reads, **texts):
        usages = PerCapacity(double_load(reads), usage(40))
        options = target_options(**texts)
        later = decide(TABLE, options, provisioned=both(100), usage=usages, counts=both(0))
        assert not later.is_raise


def test_twice_the_load_is_twice_the_highest_minute() -> None:
    twice = double_load(burst(40, 60))
    assert twice.consumed_per_second == Fraction(80)
    assert twice.demand is not None
    assert set(twice.demand.minutes.consumed) == {7_200}


@pytest.mark.parametrize(
    ("minutes_ago", "expected"),
    [
        pytest.param(None, None, id="no-datapoint-known"),
        pytest.param(10, 10, id="in-the-history"),
        pytest.param(61, 15, id="just-before-the-last-look"),
        pytest.param(90, 90, id="silent-at-the-last-look-too"),
    ],
)
def test_minutes_that_were_not_fetched_do_not_count_as_silence(
    minutes_ago: int | None, expected: int | None
) -> None:
    def ago(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOON - minutes * MINUTE

    history = LookBackWindow(NOON - 15 * MINUTE, 15)
    memory = count_rest_as_unseen(Memory(datapoint_until=ago(minutes_ago)), NOON - 60 * MINUTE, history)
    assert memory == Memory(datapoint_until=ago(expected))
