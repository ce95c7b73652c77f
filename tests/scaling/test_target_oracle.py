"""Decisions to a target utilization, compared with a plain second implementation of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from operator import itemgetter
from typing import TYPE_CHECKING

from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.memory import Memory, Raise
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import CapacitySeries, LookBackWindow, UsageEstimator
from tests.builders import NOW, decide_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.scaling.decision import CapacityDecision

NOON = NOW.replace(second=0)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Case:
    """What a check knows of the reads of a table. Minutes are numbered by age: 1 is the last whole one."""

    start: int
    period: int
    history: int
    consumed: Mapping[int, float]
    throttled: Mapping[int, float]
    other: int | None
    """The age of the youngest datapoint of another table."""
    provisioned: int
    raises: tuple[tuple[int, int], ...]
    """Seconds since each raise, and the units before it; the oldest first."""
    throttled_checks: int
    throttled_age: int | None
    """The age of the youngest throttled minute that an earlier check has seen."""
    silence: int | None
    """Minutes since the last datapoint that an earlier check has seen."""
    low_checks: int
    options: Mapping[str, str]

    def number(self, name: str) -> int:
        """Return an option that is a number."""
        return int(self.options[name])

    @property
    def window(self) -> range:
        """Return the ages of the minutes of the look-back window, the youngest first."""
        return range(self.start - self.period + 1, self.start + 1)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a situation, mostly near the thresholds."""
    start = draw(st.one_of(st.integers(5, 12), st.integers(1, 12)))
    period = draw(st.one_of(st.just(start), st.integers(1, start)))
    history = draw(st.integers(start, 20))
    provisioned = draw(st.sampled_from([1, 7, 100, 100, 40_000]))
    usual = draw(st.sampled_from([0, 10, 74, 75, 76, 80, 85, 94, 95, 96, 120]))
    shares = st.one_of(st.just(usual), st.just(usual), st.integers(0, 250))
    fractions = st.sampled_from([0.0, 0.0, 0.1])
    units = st.builds(lambda share, part: round(provisioned * 0.6 * share + part, 1), shares, fractions)
    most_events = draw(st.sampled_from([0, 3, 3, 600 * provisioned]))
    events = st.integers(0, most_events).map(float)
    youngest = draw(st.sampled_from([1, 1, 2, 3, 8]))
    ages = range(youngest, history + 1)
    gaps = draw(st.sets(st.sampled_from(list(ages) or [1])) if draw(st.booleans()) else st.just(set()))
    consumed = {age: draw(units) for age in ages if age not in gaps}
    throttled = {age: draw(events) for age in range(1, history + 1) if draw(st.booleans())}
    is_silent = draw(st.integers(0, 3)) == 0
    if is_silent:
        consumed, throttled = {}, {}
    raises = draw(
        st.lists(
            st.tuples(
                st.one_of(st.integers(1, 1300), st.integers(0, 9).map(lambda number: 30 + 60 * number)),
                st.sampled_from([1, 2, 5, max(1, provisioned // 2), provisioned * 2]),
            ),
            max_size=3,
            unique_by=itemgetter(0),
        )
    )
    target, lower, upper = draw(st.sampled_from([(85, 75, 95), (80, 75, 90), (100, 90, 100), (10, 1, 10)]))
    minimum = draw(st.sampled_from([1, 1, 1, 1, max(1, provisioned * 9 // 10), provisioned, provisioned + 1]))
    options = {
        "reads_target_utilization": str(target),
        "reads_lower_threshold": str(lower),
        "reads_upper_threshold": str(upper),
        "throttled_reads_upper_threshold": str(draw(st.sampled_from([0, 1, 1, 1, 100]))),
        "increase_reads_with": "50",
        "min_provisioned_reads": str(minimum),
        "max_provisioned_reads": str(max(minimum, draw(st.sampled_from([130, 10**6, 10**6])))),
        "num_read_checks_before_scale_down": str(draw(st.sampled_from([1, 1, 3]))),
        "enable_reads_up_scaling": draw(st.sampled_from(["true", "true", "true", "false"])),
        "enable_reads_down_scaling": draw(st.sampled_from(["true", "true", "true", "false"])),
        "allow_scaling_down_reads_on_0_percent": draw(st.sampled_from(["true", "true", "false"])),
        "lookback_window_start": str(start),
        "lookback_period": str(period),
        "decrease_lookback_period": str(history),
    }
    return Case(
        start,
        period,
        history,
        consumed,
        throttled,
        draw(st.none() if is_silent and draw(st.booleans()) else st.integers(1, 12)),
        provisioned,
        tuple(sorted(raises, reverse=True)),
        draw(st.sampled_from([0, 1, 2, 2, 3])),
        draw(st.one_of(st.none(), st.integers(1, 12))),
        draw(st.sampled_from([None, 0, 30, 59, 60, 61, 90, 130])),
        draw(st.integers(0, 3)),
        options,
    )


def find_freshest_age(case: Case) -> int | None:
    """Return the age of the youngest datapoint in a window of any table."""
    own = [age for age in {*case.consumed, *case.throttled} if age in case.window]
    return min([*own, *([case.other] if case.other is not None else [])], default=None)


def run(case: Case) -> CapacityDecision:
    """Return the decision of the program."""

    def moments(sums: Mapping[int, float]) -> dict[datetime, float]:
        return {NOON - age * MINUTE: units for age, units in sums.items()}

    window = LookBackWindow(NOON - case.start * MINUTE, case.period)
    history = LookBackWindow(NOON - case.history * MINUTE, case.history)
    series = CapacitySeries.of(window, moments(case.consumed), moments(case.throttled), history=history)
    freshest = find_freshest_age(case)
    memory = Memory(
        low_checks=case.low_checks,
        raises=tuple(Raise(NOW - timedelta(seconds=ago), units) for ago, units in case.raises),
        throttled_checks=case.throttled_checks,
        throttled_until=None if case.throttled_age is None else NOON - (case.throttled_age - 1) * MINUTE,
        datapoint_until=None if case.silence is None else NOW - case.silence * MINUTE,
    )
    estimator = UsageEstimator(
        window, now=NOW, freshest=None if freshest is None else NOON - freshest * MINUTE
    )
    decision = decide_with(
        estimator.estimate(series, memory),
        provisioned=PerCapacity(case.provisioned, 100),
        counts=PerCapacity(case.low_checks, 0),
        **case.options,
    )
    return decision.capacities[Capacity.READS]


def find_known(case: Case) -> tuple[list[int], bool]:
    """Return the ages of the known minutes, the oldest first, and whether CloudWatch is late."""
    old = [age for age in case.window if age > 3]  # these ended three minutes ago or earlier
    own = [age for age in case.consumed if age in case.window]
    seen = own + [age for age in case.throttled if age in case.window]
    freshest = find_freshest_age(case)
    known = {age for age in case.window if own and age >= min(own)}
    if freshest is not None:
        known |= {age for age in old if age >= freshest}
    elif not seen:
        known |= set(old)
    if not seen:
        has_company = freshest is not None and {*old} <= known
        if not has_company:
            is_idle = case.silence is not None and case.silence > 60
            known = set(old) if is_idle else set()
    return sorted(known, reverse=True), not {*old} <= known


def units_while(case: Case, age: int) -> int:
    """Return what was provisioned in a minute: the units before the first raise after its end."""
    end = NOON - (age - 1) * MINUTE
    for ago, units in case.raises:
        moment = NOW - timedelta(seconds=ago)
        # AWS makes a raise in the minute after it was requested at the earliest.
        if moment > end - MINUTE and moment > NOON - case.history * MINUTE:
            return units
    return case.provisioned


def demand_in(case: Case, ages: list[int]) -> Fraction:
    """Return the units of demand in minutes with the same provisioned units."""
    consumed = sum(Fraction(str(case.consumed.get(age, 0))) for age in ages)
    throttled = sum(Fraction(str(case.throttled.get(age, 0))) for age in ages)
    provisioned = sum(60 * units_while(case, age) for age in ages)
    return Fraction(min(consumed + throttled, max(consumed, 2 * max(consumed, provisioned))))


def find_load(case: Case, known: list[int]) -> Fraction | None:
    """Return the load over the newest two known minutes, in units a second."""
    newest = known[-2:]
    if not newest:
        return None
    apart = len({units_while(case, age) for age in newest}) > 1
    total = sum(demand_in(case, [age]) for age in newest) if apart else demand_in(case, newest)
    return Fraction(total, 60 * len(newest))


def expect(case: Case) -> int:
    """Return the units that the rules ask for."""
    units = case.provisioned
    minimum, maximum = (case.number(f"{name}_provisioned_reads") for name in ("min", "max"))
    target, lower, upper = (
        case.number(f"reads_{name}") for name in ("target_utilization", "lower_threshold", "upper_threshold")
    )
    known, is_late = find_known(case)
    load = find_load(case, known)
    in_window = [age for age in case.window if case.throttled.get(age)]
    allowed = case.number("throttled_reads_upper_threshold")
    is_throttled = 0 < allowed < sum(case.throttled[age] for age in in_window)
    consumed = sum(Fraction(str(case.consumed.get(age, 0))) for age in known)
    average = Fraction(consumed, 60 * len(known)) if known else Fraction(0)
    floor_minutes = len([age for age in case.window if age > 3]) if is_late else len(known)
    sizing = Fraction(consumed, 60 * floor_minutes) if floor_minutes else Fraction(0)
    forced = max(units, ceil(sizing))
    forced += ceil(Fraction(forced, 2))

    wanted = units
    if case.options["enable_reads_up_scaling"] == "true":
        if load is None:
            wanted = forced if is_throttled else units
        elif is_throttled or load * 100 > upper * units:
            fitting = ceil(load * 100 / target)
            wanted = max(units, fitting)
            if (
                wanted == units
                and count_throttled_checks(case, known, in_window) >= 3
                and average * 100 >= lower * units
            ):
                wanted = forced
    if (wanted > units or known or is_late) and wanted < minimum:
        wanted = minimum
    if wanted > units and min(wanted, maximum) > units:
        return min(wanted, maximum)
    return expect_decrease(case, known, is_late=is_late, is_throttled=is_throttled, average=average)


def count_throttled_checks(case: Case, known: list[int], in_window: list[int]) -> int:
    """Return how many checks in a row, with this one, have seen new throttled minutes."""
    is_new = case.throttled_age is None or min(in_window) < case.throttled_age
    if is_new:
        return case.throttled_checks + 1
    return case.throttled_checks if known and min(in_window) <= known[-1] else 0


def expect_decrease(
    case: Case, known: list[int], *, is_late: bool, is_throttled: bool, average: Fraction
) -> int:
    """Return the units that the reads are lowered to."""
    units = case.provisioned
    minimum, maximum = (case.number(f"{name}_provisioned_reads") for name in ("min", "max"))
    target, lower = case.number("reads_target_utilization"), case.number("reads_lower_threshold")
    if not known:
        return units
    peak = max(demand_in(case, [age]) for age in range(1, case.history + 1)) / 60
    fitting = max(ceil(peak * 100 / target), minimum)
    is_allowed = case.options["enable_reads_down_scaling"] == "true"
    low = peak * 100 < lower * units
    is_zero_kept = not peak and case.options["allow_scaling_down_reads_on_0_percent"] == "false"
    counts = low and is_allowed and not (is_late or is_throttled or is_zero_kept) and fitting < units
    enough = case.number("num_read_checks_before_scale_down")
    lowered = units
    if counts and min(case.low_checks, enough) + 1 >= enough:
        lowered = fitting
    lowered = min(lowered, maximum)
    if lowered < units and (average > lowered or not is_allowed):
        lowered = units
    return lowered


@settings(max_examples=500, phases=[Phase.generate])
@given(cases())
def test_decisions_are_those_of_a_plain_second_implementation(case: Case) -> None:
    side = run(case)
    expected = expect(case)
    event("raised" if expected > case.provisioned else "lowered" if expected < case.provisioned else "kept")
    assert (side.proposed if side.held_units is None else side.provisioned) == expected
