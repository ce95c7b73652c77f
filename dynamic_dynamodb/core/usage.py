"""Make usage out of 1-minute series: which minutes are known, and what a missing one means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from operator import eq
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.core.calculators import exact
from dynamic_dynamodb.core.model import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dynamic_dynamodb.core.calculators import Rational
    from dynamic_dynamodb.core.target_options import TargetOptions

MINUTE: Final = timedelta(minutes=1)
SECONDS_PER_MINUTE: Final = 60
PUBLISHING_DELAY: Final = timedelta(minutes=3)
"""Age up to which a minute that CloudWatch does not have counts as not yet published."""

Series = dict[datetime, float]
"""Sums by the start of their minute (UTC); a minute without a datapoint is absent."""


@dataclass(frozen=True, slots=True)
class LookBackWindow:
    """Whole minutes in the past: `start` belongs to the window, `end` does not."""

    start: datetime
    minutes: int

    @property
    def end(self) -> datetime:
        """Give the start of the first minute after the window."""
        return self.start + self.minutes * MINUTE

    def split(self, moment: datetime) -> int:
        """Count the minutes of the window that end at this moment or before."""
        minutes = (moment - self.start) // MINUTE
        if minutes < 0:
            return 0
        return min(self.minutes, minutes)


@dataclass(frozen=True, slots=True)
class CapacitySeries:
    """The two series of one capacity: units consumed, and events throttled."""

    consumed: Series
    throttled: Series


def find_window(options: TargetOptions, now: datetime) -> LookBackWindow:
    """Lay the window on whole minutes, counted back from the minute that has just begun."""
    this_minute = now.replace(second=0, microsecond=0)
    return LookBackWindow(this_minute - options.lookback_window_start * MINUTE, options.lookback_period)


def find_freshest(series: Iterable[CapacitySeries]) -> datetime | None:
    """Give the youngest minute that any series of a check has a datapoint for."""
    youngest: datetime | None = None
    for each in series:
        for one in (each.consumed, each.throttled):
            if one and (youngest is None or max(one) > youngest):
                youngest = max(one)
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
    old = window.split(now - PUBLISHING_DELAY)
    published = old if freshest is None else min(old, window.split(freshest + MINUTE))
    last_minute = window.end - MINUTE

    def count_through_last(series: Series) -> int:
        if last_minute in series:
            return window.minutes
        return window.split(max(series) + MINUTE) if series else 0

    def judge(series: CapacitySeries) -> Usage:
        consumed, throttled_events = _sum(series.consumed), _sum(series.throttled)
        known = max(published, count_through_last(series.consumed))
        throttled_known = max(known, 1, count_through_last(series.throttled))
        return Usage(
            _divide(consumed, known * SECONDS_PER_MINUTE) if known else None,
            throttled_events,
            _divide(throttled_events, throttled_known * SECONDS_PER_MINUTE),
            known < old,
            _divide(consumed, old * SECONDS_PER_MINUTE) if known < old else None,
        )

    return judge


def _divide(total: Rational, seconds: int) -> Rational:
    return Fraction(total, seconds) if total else 0


def _sum(series: Mapping[datetime, float]) -> Rational:
    """Add exactly; whole numbers, which are the rule, without the detour over text."""
    if not series:
        return 0
    values = series.values()
    whole = list(map(int, values))
    if all(map(eq, whole, values)):
        return sum(whole)
    return sum(map(exact, values), Fraction(0))
