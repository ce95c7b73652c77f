"""Make usage out of 1-minute series: which minutes are known, and what a missing one means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import repeat
from operator import mod
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import exact
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import Usage
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.model import PerCapacity
    from dynamic_dynamodb.scaling.target_options import TargetOptions

MINUTE: Final = timedelta(minutes=1)
SECONDS_PER_MINUTE: Final = 60
PUBLISHING_DELAY: Final = timedelta(minutes=3)
"""Age up to which a minute that CloudWatch does not have counts as not yet published."""

Datapoints = dict[datetime, float]
"""Sums by the start of their minute (UTC); a minute without a datapoint is absent."""


@value
class LookBackWindow:
    """Whole minutes in the past: `start` belongs to the window, `end` does not."""

    start: datetime
    minutes: int

    @property
    def end(self) -> datetime:
        """Give the start of the first minute after the window."""
        return self.start + self.minutes * MINUTE

    def count_until(self, moment: datetime) -> int:
        """Count the minutes of the window that end at this moment or before."""
        return max(0, min(self.minutes, (moment - self.start) // MINUTE))


@value
class Series:
    """What a metric came to in a window: the exact total, and how many minutes through the last datapoint."""

    total: Rational
    reach: int


NO_DATAPOINTS: Final = Series(0, 0)


def sum_up(window: LookBackWindow, datapoints: Datapoints) -> Series:
    """Add up the datapoints of a window."""
    if not datapoints:
        return NO_DATAPOINTS
    return Series(add(datapoints.values()), window.count_until(max(datapoints) + MINUTE))


def add(numbers: Collection[float]) -> Rational:
    """Add exactly; whole numbers, which are the rule, without the detour over text."""
    has_fractions = any(map(mod, numbers, repeat(1)))
    return sum(map(exact, numbers), Fraction(0)) if has_fractions else int(sum(numbers))


@value
class CapacitySeries:
    """The two series of one capacity: units consumed, and events throttled.

    `throttled_minutes` holds the events of each minute of the window that had any, by its number from 0.
    """

    consumed: Series
    throttled: Series
    throttled_minutes: tuple[tuple[int, float], ...] = ()

    @classmethod
    def of(cls, window: LookBackWindow, consumed: Datapoints, throttled: Datapoints) -> CapacitySeries:
        """Sum both up."""
        minutes = tuple(((minute - window.start) // MINUTE, events) for minute, events in throttled.items())
        return cls(sum_up(window, consumed), sum_up(window, throttled), minutes)

    def sum_up_throttles(self, minutes: int) -> Rational:
        """Add up the events of the first so many minutes of the window."""
        return add([events for minute, events in self.throttled_minutes if minute < minutes])

    @property
    def reach(self) -> int:
        """Give how many minutes of the window there are through the last datapoint of either."""
        return max(self.consumed.reach, self.throttled.reach)


def find_window(options: TargetOptions, now: datetime) -> LookBackWindow:
    """Lay the window on whole minutes, counted back from the minute that has just begun."""
    # Most moments of a replay are whole minutes, and to replace anything takes long.
    this_minute = now.replace(second=0, microsecond=0) if now.second or now.microsecond else now
    return LookBackWindow(this_minute - options.lookback_window_start * MINUTE, options.lookback_period)


def find_freshest(
    answers: Iterable[tuple[LookBackWindow, PerCapacity[CapacitySeries]]],
) -> datetime | None:
    """Give the youngest minute that any series of a check has a datapoint for."""
    youngest: datetime | None = None
    for window, answer in answers:
        reach = max(answer.reads.reach, answer.writes.reach)
        last = window.start + (reach - 1) * MINUTE
        if reach and (youngest is None or last > youngest):
            youngest = last
    return youngest


Judge = Callable[[CapacitySeries, Memory], Usage]
"""What computes the usage of a capacity, of which checks before have left something."""
_NOTHING: Final = Memory()


def assess(
    series: CapacitySeries,
    window: LookBackWindow,
    *,
    now: datetime,
    freshest: datetime | None,
    memory: Memory = _NOTHING,
) -> Usage:
    """Compute rates over the minutes that are known; see `make_judge`."""
    return make_judge(window, now=now, freshest=freshest)(series, memory)


def make_judge(window: LookBackWindow, *, now: datetime, freshest: datetime | None) -> Judge:
    """Give what computes a side's rates over the minutes of a window that are known.

    Gaps before the last datapoint are zero.
    Missing minutes after it are unknown while they are younger than `PUBLISHING_DELAY`;
    older ones are zero if another series of the check has a datapoint as young as they are
    (`freshest`), or if none has any at all; else CloudWatch is late.
    A raise has answered the throttled events of the window that it was decided by. One by a window that
    ends in the future was noted by a wrong clock, and counts as none.
    """
    old = window.count_until(now - PUBLISHING_DELAY)
    published = old if freshest is None else min(old, window.count_until(freshest + MINUTE))

    def judge(series: CapacitySeries, memory: Memory) -> Usage:
        consumed, throttled, answered_until = series.consumed, series.throttled, memory.answered_until
        known = max(published, consumed.reach)
        is_late = known < old
        answered_minutes = 0
        answered_events: Rational = 0
        if throttled.total and answered_until is not None and answered_until <= now:
            answered_minutes = window.count_until(answered_until)
            answered_events = series.sum_up_throttles(answered_minutes)
        unanswered_minutes = max(1, max(known, throttled.reach) - answered_minutes)
        return Usage(
            _divide(consumed.total, known) if known else None,
            throttled.total,
            _divide(throttled.total - answered_events, unanswered_minutes),
            is_late,
            _divide(consumed.total, old) if is_late else None,
            answered_events,
        )

    return judge


def _divide(total: Rational, minutes: int) -> Rational:
    """Give a rate a second."""
    return Fraction(total, minutes * SECONDS_PER_MINUTE) if total else 0
