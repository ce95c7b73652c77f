"""Make usage out of 1-minute series: which minutes are known, and what a missing one means."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import repeat
from operator import mod
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.core.calculators import exact
from dynamic_dynamodb.core.model import Usage
from dynamic_dynamodb.core.value import value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from dynamic_dynamodb.core.calculators import Rational
    from dynamic_dynamodb.core.model import PerCapacity
    from dynamic_dynamodb.core.target_options import TargetOptions

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
    """The two series of one capacity: units consumed, and events throttled."""

    consumed: Series
    throttled: Series

    @classmethod
    def of(cls, window: LookBackWindow, consumed: Datapoints, throttled: Datapoints) -> CapacitySeries:
        """Sum both up."""
        return cls(sum_up(window, consumed), sum_up(window, throttled))

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


def assess(
    series: CapacitySeries, window: LookBackWindow, *, now: datetime, freshest: datetime | None
) -> Usage:
    """Compute rates over the minutes that are known; see `make_judge`."""
    return make_judge(window, now=now, freshest=freshest)(series)


def make_judge(
    window: LookBackWindow, *, now: datetime, freshest: datetime | None
) -> Callable[[CapacitySeries], Usage]:
    """Give what computes a side's rates over the minutes of a window that are known.

    Gaps before the last datapoint are zero.
    Missing minutes after it are unknown while they are younger than `PUBLISHING_DELAY`;
    older ones are zero if another series of the check has a datapoint as young as they are
    (`freshest`), or if none has any at all; else CloudWatch is late.
    """
    old = window.count_until(now - PUBLISHING_DELAY)
    published = old if freshest is None else min(old, window.count_until(freshest + MINUTE))

    def judge(series: CapacitySeries) -> Usage:
        consumed, throttled = series.consumed, series.throttled
        known = max(published, consumed.reach)
        is_late = known < old
        return Usage(
            _divide(consumed.total, known) if known else None,
            throttled.total,
            _divide(throttled.total, max(known, 1, throttled.reach)),
            is_late,
            _divide(consumed.total, old) if is_late else None,
        )

    return judge


def _divide(total: Rational, minutes: int) -> Rational:
    """Give a rate a second."""
    return Fraction(total, minutes * SECONDS_PER_MINUTE) if total else 0
