"""Schedules: windows in a time zone, and which of them are open together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from typing_extensions import Self

    from dynamic_dynamodb.scaling.times import Times, Window

_ONE_DAY: Final = timedelta(days=1)
_ONE_MINUTE: Final = timedelta(minutes=1)
_SEARCHED_DAYS: Final = 8 * 366 + 1
"""February 29 comes again after at most eight years."""
_USUAL_DAYS: Final = 366
_YEARS: Final = 28
"""After these, the days of the year fall on the same days of the week again, until 2100."""
_DAYS_AT_AN_EDGE: Final = 3
"""A range of more days than twice this contains every day of the week in any year."""


class Zone(str):
    """The IANA name of a time zone, and the zone."""

    __slots__ = ("info",)

    info: tzinfo

    def __new__(cls, name: str, info: tzinfo) -> Self:
        """Keep both."""
        self = super().__new__(cls, name)
        self.info = info
        return self

    def __getnewargs__(self) -> tuple[str, tzinfo]:  # type: ignore[override]  # str needs its text alone
        """Return what to copy and unpickle a zone from."""
        return str(self), self.info


UTC: Final = Zone("UTC", timezone.utc)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows by the clock on the wall in a time zone.

    An hour that the clock repeats counts twice, and one that it skips does not count.
    If it `returns_at_once`, the first decrease after it closes goes in one step to what demand needs.
    """

    name: str
    times: Times
    zone: Zone = UTC
    returns_at_once: bool = False

    def is_open(self, now: datetime) -> bool:
        """Return whether it is open at this moment."""
        return self.times.contain(now.astimezone(self.zone.info))

    def find_next_change(self, now: datetime) -> datetime | None:
        """Return the next moment, in UTC, at which it opens or closes; None if it never does again."""
        is_open, today = self.is_open(now), now.astimezone(self.zone.info).date()
        for number in range(-1, _SEARCHED_DAYS):
            day = today + number * _ONE_DAY
            if (moment := self._find_change_on(day, now, is_open=is_open)) is not None:
                # Where the clock skips midnight, a boundary of a day may come after one of the next.
                return min(moment, self._find_change_on(day + _ONE_DAY, now, is_open=is_open) or moment)
        return self._find_opening_of_dates(now) if not is_open else None

    def _find_change_on(self, day: date, now: datetime, *, is_open: bool) -> datetime | None:
        """Return the first boundary of a day after now from which it is not as it is now."""
        moments = (moment for moment in sorted(self._list_boundaries(day)) if moment > now)
        return next((moment for moment in moments if self.is_open(moment) is not is_open), None)

    def find_next_opening(self, now: datetime) -> datetime | None:
        """Return `now` if it is open, else the next moment, in UTC, at which it opens; None if none."""
        return now if self.is_open(now) else self.find_next_change(now)

    def _find_opening_of_dates(self, now: datetime) -> datetime | None:
        """Return the next opening on a date that is years ahead."""
        for window in sorted(self._dated_windows, key=lambda one: one.days.dates or ()):
            first, last = window.days.dates or (date.min, date.min)
            for number in range(min((last - first).days, _DAYS_AT_AN_EDGE) + 1):
                for moment in sorted(self._list_boundaries(first + number * _ONE_DAY)):
                    if moment > now and self.is_open(moment):
                        return moment
        return None

    @property
    def _dated_windows(self) -> Sequence[Window]:
        return [window for window in self.times.windows if window.days.dates is not None]

    def find_end_of_dates(self) -> date | None:
        """Return the last day that it names; None if it has windows without a date, which come again."""
        ends = [window.days.dates[1] for window in self.times.windows if window.days.dates is not None]
        return max(ends) if len(ends) == len(self.times.windows) else None

    def list_changes(self, days: Iterable[date]) -> Sequence[tuple[datetime, bool]]:
        """Return moments, in UTC, from which it is open or closed on these days, in their order."""
        moments = {moment for day in days for moment in self._list_boundaries(day)}
        return [(moment, self.is_open(moment)) for moment in sorted(moments)]

    def _list_boundaries(self, day: date) -> Iterator[datetime]:
        """Yield the moments at which a window of this day may start or end, and the clock changes."""
        for window in self.times.windows:
            if window.days.include(day):
                yield from self._find_moments(day, window.start)
                yield from self._find_moments(day + _ONE_DAY * window.spans_midnight, window.end + 1)
        yield from self._find_moments(day, 0)
        if self._find_offset(day) != self._find_offset(day + _ONE_DAY):
            yield self._find_clock_change(day)

    def _find_moments(self, day: date, minute: int) -> Iterator[datetime]:
        """Yield the moments, in UTC, at which the clock shows a minute: two in an hour that it repeats."""
        if minute >= MINUTES_PER_DAY:
            day, minute = day + _ONE_DAY, 0
        shown = datetime.combine(day, time(*divmod(minute, MINUTES_PER_HOUR)), self.zone.info)
        for fold in (0, 1):
            yield shown.replace(fold=fold).astimezone(timezone.utc)

    def _find_offset(self, day: date) -> timedelta | None:
        return datetime.combine(day, time(0), self.zone.info).utcoffset()

    def _find_clock_change(self, day: date) -> datetime:
        """Return the first minute, in UTC, after the clock has changed on a day."""
        # Where midnight is skipped, it counts as the moment of the change.
        low = datetime.combine(day, time(0), self.zone.info).astimezone(timezone.utc) - _ONE_MINUTE
        high = datetime.combine(day + _ONE_DAY, time(0), self.zone.info).astimezone(timezone.utc)
        before = low.astimezone(self.zone.info).utcoffset()
        while high - low > _ONE_MINUTE:
            middle = low + (high - low) // _ONE_MINUTE // 2 * _ONE_MINUTE
            if middle.astimezone(self.zone.info).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high


OpenSets = dict[frozenset[str], "datetime | None"]
"""The names of schedules that are open together, with the first moment from now on; None if it is past."""


def list_open_sets(schedules: Sequence[Schedule], now: datetime) -> OpenSets:
    """Return every set of schedules that are open together at some moment."""
    days = sorted(_list_days(schedules, now.date()))
    changes = [
        (moment, schedule.name, is_open)
        for schedule in schedules
        for moment, is_open in (*schedule.list_changes(days), (now, schedule.is_open(now)))
    ]
    found: OpenSets = {}
    names: frozenset[str] = frozenset()
    changes.sort(key=itemgetter(0))
    for place, (moment, name, is_open) in enumerate(changes):
        if is_open is not (name in names):
            names = names | {name} if is_open else names - {name}
        is_last = place + 1 == len(changes) or changes[place + 1][0] != moment
        if is_last and found.get(names) is None:
            found[names] = moment if moment >= now else None
    return found


def _list_days(schedules: Sequence[Schedule], today: date) -> set[date]:
    """Return days on which every combination of these schedules occurs: those of a year, and special ones."""
    special = {day for one in schedules for window in one.times.windows for day in _find_edges(window, today)}
    around = {day + number * _ONE_DAY for day in special for number in range(-2, 3)}
    return around | {today + number * _ONE_DAY for number in range(-2, _USUAL_DAYS)}


def _find_edges(window: Window, today: date) -> Iterator[date]:
    """Yield days of a window that a usual year does not show: they fall on other days of the week."""
    if window.days.dates is not None:
        first, last = window.days.dates
        for number in range(min((last - first).days, _USUAL_DAYS) + 1):
            yield first + number * _ONE_DAY
            yield last - number * _ONE_DAY
    elif window.days.of_year is not None:
        for year in range(today.year, today.year + _YEARS + 1):
            for month, day in window.days.of_year:
                edge = date(year, month, 1) + (day - 1) * _ONE_DAY  # March 1 for February 29
                for number in range(-_DAYS_AT_AN_EDGE, _DAYS_AT_AN_EDGE + 1):
                    yield edge + number * _ONE_DAY
