"""With a target utilization, a capacity is raised and lowered in one step to fit its demand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.scaling.demand import find_peak, find_recent
from dynamic_dynamodb.scaling.guards import DECREASE_SPACING, Facts, guard
from dynamic_dynamodb.scaling.memory import Memory, Raise
from dynamic_dynamodb.scaling.model import PerCapacity, Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import CapacitySeries, LookBackWindow, UsageEstimator
from tests.builders import NOW, decide_with, description, target_options

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.decision import CapacityDecision

PROFILE = {
    "reads_target_utilization": "85",
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "75",
    "throttled_reads_upper_threshold": "1",
    "allow_scaling_down_reads_on_0_percent": "true",
    "decrease_lookback_period": "15",
    "lookback_window_start": "5",
    "lookback_period": "5",
}
THIS_MINUTE = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
WINDOW = LookBackWindow(THIS_MINUTE - timedelta(minutes=5), 5)
HISTORY = LookBackWindow(THIS_MINUTE - timedelta(minutes=15), 15)
FRESHEST = THIS_MINUTE - timedelta(minutes=1)


def usage_of(
    consumed: dict[int, float],
    throttled: dict[int, float] | None = None,
    memory: Memory = Memory(),  # noqa: B008 - a value
    freshest: datetime | None = FRESHEST,
) -> Usage:
    """Return the usage by units a second and throttled events of each minute; minute 1 is the newest."""
    sums = {THIS_MINUTE - timedelta(minutes=ago): 60.0 * units for ago, units in consumed.items()}
    events = {THIS_MINUTE - timedelta(minutes=ago): float(each) for ago, each in (throttled or {}).items()}
    series = CapacitySeries.of(WINDOW, sums, events, history=HISTORY)
    return UsageEstimator(WINDOW, now=NOW, freshest=freshest).estimate(series, memory)


def every_minute(units: float, minutes: int = 15) -> dict[int, float]:
    """Return the same consumption in each of the last minutes."""
    return dict.fromkeys(range(1, minutes + 1), units)


def decide_reads(usage: Usage, **options: str) -> CapacityDecision:
    """Return the decision on 100 provisioned reads."""
    return decide_with(usage, **{**PROFILE, **options}).capacities.reads


def outcome(side: CapacityDecision) -> tuple[int, list[Code]]:
    """Return the proposed units and the codes of the reasons."""
    return side.proposed, [reason.code for reason in side.reasons]


@pytest.mark.parametrize(
    ("consumed", "throttled", "expected"),
    [
        pytest.param(every_minute(96), {}, (113, [Code.ABOVE_TARGET]), id="above the upper threshold"),
        pytest.param(every_minute(95), {}, (100, [Code.STEADY]), id="at the upper threshold"),
        pytest.param(
            every_minute(50) | {1: 120, 2: 120},
            {},
            (142, [Code.ABOVE_TARGET]),
            id="the newest two minutes decide",
        ),
        pytest.param(
            every_minute(50) | {1: 150}, {}, (118, [Code.ABOVE_TARGET]), id="one minute alone counts half"
        ),
        pytest.param(
            every_minute(100), {1: 600, 2: 600}, (130, [Code.ABOVE_TARGET]), id="what is throttled counts too"
        ),
        pytest.param(
            every_minute(100),
            {1: 60000, 2: 60000},
            (236, [Code.ABOVE_TARGET]),
            id="demand counts up to twice what is provisioned",
        ),
        pytest.param(
            every_minute(80),
            {4: 2},
            (100, [Code.STILL_THROTTLED]),
            id="throttled, and what is provisioned fits",
        ),
        pytest.param(every_minute(74), {}, (88, [Code.BELOW_TARGET]), id="below the lower threshold"),
        pytest.param(every_minute(75), {}, (100, [Code.STEADY]), id="at the lower threshold"),
        pytest.param(
            every_minute(10) | {14: 70},
            {},
            (83, [Code.BELOW_TARGET]),
            id="the highest of fifteen minutes decides",
        ),
        pytest.param(
            every_minute(10) | {14: 80}, {}, (100, [Code.STEADY]), id="one high minute prevents a decrease"
        ),
        pytest.param({}, {}, (1, [Code.BELOW_TARGET]), id="idle"),
    ],
)
def test_demand_decides(
    consumed: dict[int, float], throttled: dict[int, float], expected: tuple[int, list[Code]]
) -> None:
    assert outcome(decide_reads(usage_of(consumed, throttled))) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"min_provisioned_reads": "90"}, (90, [Code.BELOW_TARGET]), id="down to the minimum"),
        pytest.param({"min_provisioned_reads": "100"}, (100, [Code.AT_MINIMUM]), id="at the minimum"),
        pytest.param(
            {"num_read_checks_before_scale_down": "2"},
            (100, [Code.WAITING_FOR_CHECKS]),
            id="the first low check",
        ),
        pytest.param(
            {"enable_reads_down_scaling": "false"}, (100, [Code.DOWN_SCALING_OFF]), id="switched off"
        ),
        pytest.param({"max_provisioned_reads": "55"}, (55, [Code.ABOVE_MAXIMUM]), id="above the maximum"),
        pytest.param(
            {"max_provisioned_reads": "40"},
            (100, [Code.ABOVE_MAXIMUM, Code.BELOW_CONSUMPTION]),
            id="a maximum below consumption",
        ),
    ],
)
def test_the_usual_limits_hold_for_a_decrease(
    options: dict[str, str], expected: tuple[int, list[Code]]
) -> None:
    assert outcome(decide_reads(usage_of(every_minute(50)), **options)) == expected


def test_an_unused_capacity_stays_unless_the_operator_allows_a_decrease() -> None:
    side = decide_reads(usage_of({}), allow_scaling_down_reads_on_0_percent="false")
    assert outcome(side) == (100, [Code.ZERO_CONSUMPTION])


def test_a_decrease_that_rounds_to_what_is_provisioned_does_not_hold_the_other_capacity() -> None:
    side = decide_with(
        usage_of(every_minute(0.7)), provisioned=PerCapacity(1, 100), **PROFILE
    ).capacities.reads
    assert outcome(side) == (1, [Code.ROUNDS_TO_NOTHING])
    assert side.cannot_decrease


def test_a_scale_can_raise_above_the_target() -> None:
    side = decide_reads(usage_of(every_minute(96)), increase_consumed_reads_scale="{90: 60}")
    assert outcome(side) == (160, [Code.CONSUMED_SCALE])


def test_the_same_minutes_do_not_raise_again() -> None:
    before = usage_of(every_minute(100), {1: 60000, 2: 60000})
    raised = decide_reads(before).proposed
    memory = Memory(raises=(Raise(THIS_MINUTE, 100),))
    again = decide_with(
        usage_of(every_minute(100), {1: 60000, 2: 60000}, memory),
        provisioned=PerCapacity(raised, 100),
        **PROFILE,
    ).capacities.reads
    assert outcome(again) == (raised, [Code.STILL_THROTTLED])


def test_a_minute_that_has_led_to_a_raise_counts_no_more_beside_the_minute_of_the_raise() -> None:
    memory = Memory(raises=(Raise(THIS_MINUTE - timedelta(seconds=55), 100),))
    usage = usage_of(every_minute(100), {1: 60000, 2: 60000}, memory)
    side = decide_with(usage, provisioned=PerCapacity(236, 100), **PROFILE).capacities.reads
    assert outcome(side) == (236, [Code.STILL_THROTTLED])


def test_minutes_before_and_after_a_raise_are_bounded_each_by_their_own_units() -> None:
    memory = Memory(raises=(Raise(THIS_MINUTE - timedelta(seconds=60), 100),))
    demand = usage_of(every_minute(150), {1: 600, 2: 60000}, memory).demand
    assert demand is not None
    assert find_recent(demand, 236) == Fraction(300 + 150 + 10, 2)


def test_a_minute_is_bounded_by_the_units_before_the_first_raise_after_it() -> None:
    raises = (Raise(THIS_MINUTE - timedelta(seconds=60), 100), Raise(THIS_MINUTE, 236))
    demand = usage_of(every_minute(50), {1: 60000, 2: 60000}, Memory(raises=raises)).demand
    assert demand is not None
    assert find_recent(demand, 556) == Fraction(2 * 100 + 2 * 236, 2)
    assert find_peak(demand, 556) == 2 * 236


def test_throttling_without_known_consumption_raises_by_the_throttle_count() -> None:
    window = LookBackWindow(THIS_MINUTE - timedelta(minutes=3), 3)
    series = CapacitySeries.of(window, {}, {THIS_MINUTE - timedelta(minutes=1): 5.0}, history=HISTORY)
    usage = UsageEstimator(window, now=NOW, freshest=None).estimate(series)
    assert outcome(decide_reads(usage)) == (150, [Code.THROTTLED_COUNT])


@pytest.mark.parametrize(
    ("checks_before", "consumed", "expected", "is_doubtful"),
    [
        pytest.param(0, 80, (100, [Code.STILL_THROTTLED]), False, id="the first check"),
        pytest.param(1, 80, (100, [Code.STILL_THROTTLED]), False, id="the second"),
        pytest.param(2, 80, (150, [Code.THROTTLED_COUNT]), False, id="the third raises"),
        pytest.param(2, 20, (100, [Code.STILL_THROTTLED]), True, id="but not while little is consumed"),
        pytest.param(3, 20, (100, [Code.STILL_THROTTLED]), False, id="which is said once"),
    ],
)
def test_throttling_that_demand_does_not_explain_raises_at_the_third_check(
    checks_before: int, consumed: float, expected: tuple[int, list[Code]], *, is_doubtful: bool
) -> None:
    memory = Memory(throttled_checks=checks_before, throttled_until=THIS_MINUTE - timedelta(minutes=1))
    side = decide_reads(usage_of(every_minute(consumed), {1: 2}, memory))
    assert (outcome(side), side.is_doubtful) == (expected, is_doubtful)


def test_throttled_minutes_that_were_seen_before_repeat_no_warning() -> None:
    memory = Memory(throttled_checks=3, throttled_until=THIS_MINUTE)
    assert not decide_reads(usage_of(every_minute(20), {1: 2}, memory)).is_doubtful


def test_raises_within_one_minute_keep_their_order() -> None:
    moment = THIS_MINUTE - timedelta(seconds=30)
    raises = (Raise(moment, 100), Raise(moment + timedelta(seconds=9), 40))
    demand = usage_of(every_minute(10), {1: 60000}, Memory(raises=raises)).demand
    assert demand is not None
    assert find_peak(demand, 60) == 2 * 100


def test_one_throttled_minute_that_stays_in_the_window_counts_once() -> None:
    memory = Memory(throttled_checks=1, throttled_until=THIS_MINUTE - timedelta(minutes=3))
    assert decide_reads(usage_of(every_minute(80), {4: 2}, memory)).throttled_checks == 0
    memory = Memory(throttled_checks=1, throttled_until=THIS_MINUTE)
    assert decide_reads(usage_of(every_minute(80), {1: 2}, memory)).throttled_checks == 1


def test_a_minute_with_no_throttled_events_is_not_newly_throttled() -> None:
    memory = Memory(throttled_checks=2, throttled_until=THIS_MINUTE - timedelta(minutes=3))
    assert decide_reads(usage_of(every_minute(80), {4: 2, 1: 0}, memory)).throttled_checks == 0


def test_sentences_name_the_demand_and_the_target() -> None:
    sides = [decide_reads(usage_of(every_minute(units))) for units in (96, 72)]
    assert [side.reasons[0].sentence for side in sides] == [
        "96 units a second: up to make that 85 %",
        "72 units a second at most in 15 minutes: down to make that 85 %",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=15, max_size=15),
    st.integers(1, 10**5),
)
def test_demand_counts_up_to_twice_what_was_consumed_or_provisioned(
    minutes: list[tuple[int, int]], provisioned: int
) -> None:
    def bound(consumed: int, throttled: int, seconds: int) -> Fraction:
        return Fraction(min(consumed + throttled, 2 * max(consumed, provisioned * seconds)), seconds)

    moments = [HISTORY.start + number * timedelta(minutes=1) for number in range(15)]
    sums = {moment: float(one) for moment, (one, _) in zip(moments, minutes, strict=True)}
    events = {moment: float(one) for moment, (_, one) in zip(moments, minutes, strict=True)}
    series = CapacitySeries.of(WINDOW, sums, events, history=HISTORY)
    demand = UsageEstimator(WINDOW, now=NOW, freshest=FRESHEST).estimate(series).demand
    assert demand is not None
    newest = minutes[-2:]
    assert find_recent(demand, provisioned) == bound(
        sum(one for one, _ in newest), sum(one for _, one in newest), 120
    )
    assert find_peak(demand, provisioned) == max(bound(*each, 60) for each in minutes)


@pytest.mark.parametrize(
    ("minute", "provisioned", "proposed_units", "is_held"),
    [
        pytest.param(20, 100, 74, True, id="in the middle of an hour"),
        pytest.param(57, 100, 74, False, id="late in the hour"),
        pytest.param(20, 200, 74, False, id="to less than half: at once"),
    ],
)
def test_a_small_decrease_waits_for_the_end_of_the_hour(
    minute: int, provisioned: int, proposed_units: float, *, is_held: bool
) -> None:
    options = {**PROFILE, "decrease_late_in_hour": "true"}
    usage = usage_of(every_minute(proposed_units))
    decision = decide_with(usage, provisioned=PerCapacity(provisioned, 100), **options)
    now = NOW.replace(minute=minute)
    facts = Facts(
        description(PerCapacity(provisioned, 100)), target_options(**options), PerCapacity(usage, usage), now
    )
    reads = guard(decision, facts).capacities.reads
    assert (Code.LATE_IN_HOUR in [reason.code for reason in reads.reasons]) == is_held


def test_a_decrease_that_the_budget_held_past_the_hour_goes_as_soon_as_the_budget_allows() -> None:
    options = {**PROFILE, "decrease_late_in_hour": "true"}
    usage = usage_of(every_minute(74))
    decision = decide_with(usage, **options)
    now = NOW.replace(minute=3)
    last = now.replace(minute=1) - DECREASE_SPACING
    described = description(decreases_today=4, last_decrease=last)
    facts = Facts(described, target_options(**options), PerCapacity(usage, usage), now)
    assert guard(decision, facts).capacities.reads.proposed == 88
