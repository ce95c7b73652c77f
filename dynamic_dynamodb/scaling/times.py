"""Windows in the week and in the year, such as `Mon-Fri 07:30-20:30, Dec 24-26`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

GOOD_TIMES: Final = "Mon-Fri 07:30-20:30"
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_NAMES: Final = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("january", "february", "march", "april", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_TIME: Final = re.compile(r"(?:^|\s)(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$", re.ASCII)
_WEEKDAY: Final = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?")
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*\.\.\s*(\d{4}-\d\d-\d\d))?", re.ASCII)
_MONTH_DAY: Final = re.compile(r"([a-z]+)\s+(\d{1,2})(?:\s*-\s*(?:([a-z]+)\s+)?(\d{1,2}))?", re.ASCII)
_LINE_END: Final = re.compile(r"(?<![,\s])\s*\n\s*")
MOST_WINDOWS: Final = 100
KNOWN_YEARS: Final = range(1970, 9000)
"""No date of these, and none a few years later, is beyond what Python's dates can hold."""
_LEAP_YEAR: Final = 2024
_ONE_DAY: Final = timedelta(days=1)
T = TypeVar("T", int, tuple[int, int])


@dataclass(frozen=True, slots=True)
class Days:
    """Some days: of the week (Monday is 0), of each year as (month, day), or from one date to another.

    Both ends are included. A range whose end is before its start goes over the end of the week or the year.
    """

    weekdays: tuple[int, int] | None = None
    of_year: tuple[tuple[int, int], tuple[int, int]] | None = None
    dates: tuple[date, date] | None = None

    def include(self, day: date) -> bool:
        """Return whether a day is one of them."""
        if self.dates is not None:
            return self.dates[0] <= day <= self.dates[1]
        if self.of_year is not None:
            return _is_between((day.month, day.day), *self.of_year)
        return self.weekdays is None or _is_between(day.weekday(), *self.weekdays)

    @property
    def kind(self) -> str:
        """Return how the days are named: only days of one kind share a time of day."""
        if self.dates is not None:
            return "dates"
        return "days of the year" if self.of_year is not None else "days of the week"


EVERY_DAY: Final = Days()


@dataclass(frozen=True, slots=True)
class Window:
    """A span of some days in minutes after midnight, both ends included.

    If the end is before the start, it spans midnight and ends on the next day.
    """

    days: Days
    start: int = 0
    end: int = MINUTES_PER_DAY

    @property
    def spans_midnight(self) -> bool:
        """Return whether it ends on the day after it starts."""
        return self.end < self.start

    def covers(self, minute: int) -> bool:
        """Return whether it contains a minute of the day on the days that it is for."""
        if self.spans_midnight:
            return minute >= self.start or minute <= self.end
        return self.start <= minute <= self.end

    def contains(self, local: datetime) -> bool:
        """Return whether a local time is in the window."""
        minute, day = local.hour * MINUTES_PER_HOUR + local.minute, local.date()
        if not self.spans_midnight:
            return self.start <= minute <= self.end and self.days.include(day)
        return (minute >= self.start and self.days.include(day)) or (
            minute <= self.end and self.days.include(day - _ONE_DAY)
        )


class Times(str):
    """The text of `times` or `maintenance-windows`, and its windows.

    An entry has days, times of the day, or both: `Mon-Fri 07:30-20:30`. Days are `Mon` or `Mon-Fri`,
    `Dec 24-26` or `Dec 24-Jan 2`, `2026-11-27` or `2026-11-27..2026-11-30`, or `*` for every day.
    Entries are separated by commas: days of one kind share the times that follow them, and times without
    days are for the days before them, or for every day. Days without times are whole days.
    A new line starts without days, unless the line before it ends with a comma.
    """

    __slots__ = ("windows",)

    windows: tuple[Window, ...]

    def __new__(cls, text: str) -> Self:
        """Parse the text; raise ValueError with the entries that cannot be read."""
        self = super().__new__(cls, text)
        windows: list[Window] = []
        bad: list[str] = []
        for line in _LINE_END.split(text.strip()):
            windows += _parse_line(line, bad)
        if len(windows) > MOST_WINDOWS:
            bad.append(f"more than {MOST_WINDOWS} entries")
        if bad:
            raise ValueError(", ".join(bad))
        self.windows = tuple(windows)
        return self

    def contain(self, local: datetime) -> bool:
        """Return whether a local time is in any of the windows."""
        return any(window.contains(local) for window in self.windows)


def _parse_line(line: str, bad: list[str]) -> Iterator[Window]:
    """Yield the windows of one line, and add the entries that cannot be read to `bad`."""
    waiting: list[Days] = []
    latest: list[Days] = [EVERY_DAY]
    for entry in line.split(","):
        try:
            days, time = _parse_entry(entry)
        except ValueError:
            bad.append(entry.strip() or "nothing between commas")
            continue
        if days is not None:
            if waiting and waiting[0].kind != days.kind:
                yield from map(Window, waiting)
                waiting = []
            waiting.append(days)
        if time is not None:
            latest, waiting = waiting or latest, []
            yield from (Window(one, *time) for one in latest)
    yield from map(Window, waiting)


def _parse_entry(entry: str) -> tuple[Days | None, tuple[int, int] | None]:
    """Return the days and the times of an entry, of which one may be missing; raise ValueError."""
    text = entry.strip().lower()
    match = _TIME.search(text)
    time = None
    if match is not None:
        start, end = (_parse_minute(*match.group(place, place + 1)) for place in (1, 3))
        if start == MINUTES_PER_DAY:
            raise ValueError(entry)
        time = (start, end)
        text = text[: match.start()].strip()
    days = _parse_days(text) if text else None
    if days is None and time is None:
        raise ValueError(entry)
    return days, time


def _parse_minute(hour: str, minute: str) -> int:
    found = int(hour) * MINUTES_PER_HOUR + int(minute)
    if int(minute) >= MINUTES_PER_HOUR or found > MINUTES_PER_DAY:
        raise ValueError(hour)
    return found


def _parse_days(text: str) -> Days:
    if text == "*":
        return EVERY_DAY
    if match := _DATE.fullmatch(text):
        first = date.fromisoformat(match[1])
        last = date.fromisoformat(match[2]) if match[2] else first
        if last < first or not (first.year in KNOWN_YEARS and last.year in KNOWN_YEARS):
            raise ValueError(text)
        return Days(dates=(first, last))
    if match := _MONTH_DAY.fullmatch(text):
        first_day = _parse_month_day(match[1], match[2])
        last_day = _parse_month_day(match[3] or match[1], match[4]) if match[4] else first_day
        if not match[3] and last_day < first_day:
            raise ValueError(text)
        return Days(of_year=(first_day, last_day))
    if match := _WEEKDAY.fullmatch(text):
        first_weekday = _find(_WEEKDAYS, match[1])
        return Days(weekdays=(first_weekday, _find(_WEEKDAYS, match[2]) if match[2] else first_weekday))
    raise ValueError(text)


def _parse_month_day(month: str, day: str) -> tuple[int, int]:
    found = date(_LEAP_YEAR, _find(_MONTHS, month) + 1, int(day))  # raises ValueError for Feb 30
    return found.month, found.day


def _find(names: tuple[str, ...], name: str) -> int:
    """Return the position of a short or a long name; raise ValueError."""
    if name not in names and name not in _LONG_NAMES:
        raise ValueError(name)
    return names.index(name[:3])


def _is_between(one: T, first: T, last: T) -> bool:
    """Return whether a position is in a range, which goes over the end if its last is before its first."""
    return first <= one <= last if first <= last else one >= first or one <= last
