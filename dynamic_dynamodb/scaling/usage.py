"""Usage from 1-minute series: which minutes are known, and what a missing minute means."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE, add
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import Demand, MinuteSeries, Usage, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.model import PerCapacity
    from dynamic_dynamodb.scaling.target_options import NeededSeries, TargetOptions

MINUTE: Final = timedelta(minutes=1)
PUBLISHING_DELAY: Final = timedelta(minutes=3)
"""Age up to which a minute without a datapoint counts as not yet published."""

LONGEST_SILENCE: Final = timedelta(hours=1)
"""How long a capacity without datapoints counts as unknown, because its datapoints may be missing."""

Datapoints = dict[datetime, float]
"""Sums by the start of their minute (UTC); a minute without a datapoint is absent."""


@value
class LookBackWindow:
    """Whole minutes in the past: `start` belongs to the window, `end` does not."""

    start: datetime
    minutes: int

    @property
    def end(self) -> datetime:
        """Return the start of the first minute after the window."""
        return self.start + self.minutes * MINUTE

    def count_until(self, moment: datetime) -> int:
        """Return how many minutes of the window end at this moment or before."""
        minutes = (moment - self.start) // MINUTE
        return min(minutes, self.minutes) if minutes > 0 else 0

    def split(self, minutes: int) -> Iterator[LookBackWindow]:
        """Yield consecutive windows of at most so many minutes, which together are this one."""
        for first in range(0, self.minutes, minutes):
            yield LookBackWindow(self.start + first * MINUTE, min(minutes, self.minutes - first))

    def cut(self, datapoints: Datapoints) -> Datapoints:
        """Return the datapoints of the window."""
        return {minute: one for minute, one in datapoints.items() if self.start <= minute < self.end}

    def list_minutes(self, datapoints: Datapoints) -> tuple[float, ...]:
        """Return the sum of each minute; 0 for one without a datapoint."""
        return tuple(datapoints.get(self.start + number * MINUTE, 0) for number in range(self.minutes))


@value
class Series:
    """A metric in a window: its exact total, and the number of minutes up to its last datapoint."""

    total: Rational
    reach: int


NO_DATAPOINTS: Final = Series(0, 0)


def sum_up(window: LookBackWindow, datapoints: Datapoints) -> Series:
    """Return the total of the datapoints of a window, and how far they reach."""
    if not datapoints:
        return NO_DATAPOINTS
    return Series(add(datapoints.values()), window.count_until(max(datapoints) + MINUTE))


@value
class CapacitySeries:
    """The two series of one capacity: units consumed, and events throttled; None if one was not fetched.

    `throttled_minutes` holds the minutes of the window that had events: their numbers from 0, and the events.
    """

    consumed: Series | None
    throttled: Series | None
    throttled_minutes: tuple[tuple[int, float], ...] = ()
    minutes: MinuteSeries | None = None

    @classmethod
    def of(
        cls,
        window: LookBackWindow,
        consumed: Datapoints | None,
        throttled: Datapoints | None,
        *,
        history: LookBackWindow | None = None,
    ) -> CapacitySeries:
        """Build both series from their datapoints, which are None for one that was not fetched.

        With a `history`, keep each of its minutes too, if both series were fetched.
        """
        minutes = None
        if history is not None:
            if consumed is not None and throttled is not None:
                minutes = MinuteSeries(
                    history.list_minutes(consumed),
                    history.list_minutes(throttled),
                    history.count_until(window.start),
                    history.minutes,
                )
            consumed = None if consumed is None else window.cut(consumed)
            throttled = None if throttled is None else window.cut(throttled)
        numbered = tuple(
            ((minute - window.start) // MINUTE, events) for minute, events in (throttled or {}).items()
        )
        return cls(
            None if consumed is None else sum_up(window, consumed),
            None if throttled is None else sum_up(window, throttled),
            numbered,
            minutes,
        )

    @property
    def reach(self) -> int:
        """Return how many minutes of the window end with the last datapoint of either series."""
        consumed, throttled = self.consumed, self.throttled
        return max(consumed.reach if consumed else 0, throttled.reach if throttled else 0)

    def select(self, needed: NeededSeries) -> CapacitySeries:
        """Return only the needed series, as if the others had not been fetched."""
        if needed.consumed and needed.throttled:
            return self
        consumed = self.consumed if needed.consumed else None
        if not needed.throttled:
            return CapacitySeries(consumed, None)
        return CapacitySeries(consumed, self.throttled, self.throttled_minutes)

    def sum_up_throttles(self, minutes: int) -> Rational:
        """Return the events in the first minutes of the window."""
        return add([events for minute, events in self.throttled_minutes if minute < minutes])


def find_window(options: TargetOptions, now: datetime) -> LookBackWindow:
    """Return the look-back window in whole minutes, counted back from the start of the current minute."""
    # `replace` is slow, and most checks of a replay are made at whole minutes.
    this_minute = now.replace(second=0, microsecond=0) if now.second or now.microsecond else now
    return LookBackWindow(this_minute - options.lookback_window_start * MINUTE, options.lookback_period)


def find_history(options: TargetOptions, now: datetime) -> LookBackWindow | None:
    """Return the minutes that a decrease to a target utilization looks back on; None without such a target.

    They last until now: the newest ones count as soon as CloudWatch has them.
    """
    if not options.has_target_utilization:
        return None
    this_minute = now.replace(second=0, microsecond=0)
    minutes = max(options.decrease_lookback_period, options.lookback_window_start)
    return LookBackWindow(this_minute - minutes * MINUTE, minutes)


def find_freshest(window: LookBackWindow, series: PerCapacity[CapacitySeries]) -> datetime | None:
    """Return the youngest minute of a window with a datapoint of a target; None without datapoints."""
    reach = max(series.reads.reach, series.writes.reach)
    return window.start + (reach - 1) * MINUTE if reach else None


_NO_MEMORY: Final = Memory()
_NOT_FETCHED: Final = Usage(None, None, 0)


class UsageEstimator:
    """Compute the usage of capacities over those minutes of a look-back window that are known.

    Minutes without a datapoint are zero before the last datapoint of their series.
    After it they are unknown while they are younger than `PUBLISHING_DELAY`.
    Older ones are zero if any series of the check has a datapoint as young as they are (`freshest`), or if no
    series has a datapoint at all; otherwise CloudWatch is late.
    """

    __slots__ = ("_has_datapoints", "_now", "_old", "_published", "_window")

    def __init__(self, window: LookBackWindow, *, now: datetime, freshest: datetime | None) -> None:
        """Count the minutes that are old enough, and those that CloudWatch has published."""
        self._window = window
        self._now = now
        self._old = window.count_until(now - PUBLISHING_DELAY)
        self._published = self._old
        self._has_datapoints = freshest is not None
        if freshest is not None:
            self._published = min(self._old, window.count_until(freshest + MINUTE))

    def estimate(self, series: CapacitySeries, memory: Memory = _NO_MEMORY) -> Usage:
        """Return the usage of one capacity.

        The last raise has answered the throttled events in the look-back window that it was decided by.
        A raise whose window ends in the future was recorded by a wrong clock, and is ignored.
        """
        consumed, throttled, answered_until = series.consumed, series.throttled, memory.answered_until
        if consumed is None:
            return _NOT_FETCHED
        known = self._count_known(series, memory)
        is_late = known < self._old
        consumed_per_second = _per_second(consumed.total, known) if known else None
        known_floor = _per_second(consumed.total, self._old) if is_late else None
        minutes = series.minutes
        demand = None if minutes is None else self._find_demand(series, minutes, known, memory)
        if throttled is None or not throttled.total:
            events = None if throttled is None else 0
            return Usage(consumed_per_second, events, 0, is_late, known_floor, 0, demand)
        answered_minutes = 0
        if answered_until is not None and answered_until <= self._now:
            answered_minutes = self._window.count_until(answered_until)
        answered = series.sum_up_throttles(answered_minutes) if answered_minutes else 0
        unanswered_minutes = max(1, max(known, throttled.reach) - answered_minutes)
        per_second = _per_second(throttled.total - answered, unanswered_minutes)
        return Usage(consumed_per_second, throttled.total, per_second, is_late, known_floor, answered, demand)

    @property
    def may_be_late(self) -> bool:
        """Return whether `is_late` may be True for any series."""
        return self._published < self._old or not self._has_datapoints

    def is_late(self, series: CapacitySeries, memory: Memory) -> bool:
        """Return whether CloudWatch may still publish the end of the window, as `estimate` finds it."""
        return series.consumed is not None and self._count_known(series, memory) < self._old

    def _find_demand(
        self, series: CapacitySeries, minutes: MinuteSeries, known: int, memory: Memory
    ) -> Demand:
        """Combine the minutes with what the memory holds about raises and throttling."""
        # CloudWatch may have minutes with 0 events, too.
        reach = max((minute + 1 for minute, events in series.throttled_minutes if events), default=0)
        throttled_until = self._window.start + reach * MINUTE if reach else None
        seen_until = self._in_the_past(memory.throttled_until)
        begin = self._window.start - minutes.before * MINUTE
        # Rounded up: AWS has not made a raise by the end of the minute in which it was requested.
        raises = [
            (-((begin - moment) // MINUTE), units)
            for moment, units in memory.raises
            if begin < moment <= self._now
        ]
        return Demand(
            minutes,
            known,
            tuple(sorted(raises, key=itemgetter(0))),
            memory.throttled_checks,
            throttled_until,
            is_newly_throttled=throttled_until is not None
            and (seen_until is None or throttled_until > seen_until),
            is_throttled_to_end=reach > 0 and reach >= known,
            datapoint_until=self._find_datapoint_until(series, memory),
        )

    def _count_known(self, series: CapacitySeries, memory: Memory) -> int:
        """Return how many minutes of the window are known.

        A target utilization may lower to the minimum in one step.
        For it, a window without datapoints is not known until an hour after the last one, unless another
        series has a datapoint as young.
        """
        known = self._published
        if series.consumed is not None and series.consumed.reach > known:
            known = series.consumed.reach
        if series.minutes is None or series.reach or (self._has_datapoints and known >= self._old):
            return known
        silence = self._now - self._find_datapoint_until(series, memory)
        return 0 if silence <= LONGEST_SILENCE else self._old

    def _find_datapoint_until(self, series: CapacitySeries, memory: Memory) -> datetime:
        """Return the end of the last minute with a datapoint; now if none is remembered either."""
        if series.reach:
            return self._window.start + series.reach * MINUTE
        return self._in_the_past(memory.datapoint_until) or self._now

    def _in_the_past(self, moment: datetime | None) -> datetime | None:
        """Return a moment unless a wrong clock has recorded it."""
        return moment if moment is not None and moment <= self._now else None


def _per_second(total: Rational, minutes: int) -> Rational:
    return Fraction(total, minutes * SECONDS_PER_MINUTE) if total else 0
