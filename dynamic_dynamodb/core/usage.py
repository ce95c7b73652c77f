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
    from collections.abc import Iterable, Mapping

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
        return max(0, min(self.minutes, (moment - self.start) // MINUTE))


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
    youngest = (max(one) for each in series for one in (each.consumed, each.throttled) if one)
    return max(youngest, default=None)


def assess(
    series: CapacitySeries, window: LookBackWindow, *, now: datetime, freshest: datetime | None
) -> Usage:
    """Compute rates over the minutes that are known.

    Gaps before the last datapoint are zero.
    Missing minutes after it are unknown while they are younger than `PUBLISHING_DELAY`;
    older ones are zero if another series of the check has a datapoint as young as they are
    (`freshest`), or if none has any at all; else CloudWatch is late.
    """
    consumed, throttled_events = _sum(series.consumed), _sum(series.throttled)
    if window.end - MINUTE in series.consumed:  # the rule, and quick: then all minutes are known
        seconds = window.minutes * SECONDS_PER_MINUTE
        return Usage(_divide(consumed, seconds), throttled_events, _divide(throttled_events, seconds))
    old = window.split(now - PUBLISHING_DELAY)
    published = old if freshest is None else min(old, window.split(freshest + MINUTE))
    known = max(published, _count_through_last(series.consumed, window))
    throttled_known = max(known, _count_through_last(series.throttled, window))
    return Usage(
        consumed_per_second=_divide(consumed, known * SECONDS_PER_MINUTE) if known else None,
        throttled_events=throttled_events,
        throttled_per_second=_divide(throttled_events, max(throttled_known, 1) * SECONDS_PER_MINUTE),
        is_late=known < old,
        sure_per_second=_divide(consumed, old * SECONDS_PER_MINUTE) if known < old else None,
    )


def _count_through_last(series: Series, window: LookBackWindow) -> int:
    return window.split(max(series) + MINUTE) if series else 0


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
