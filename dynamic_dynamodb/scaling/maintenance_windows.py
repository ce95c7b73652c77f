"""Maintenance windows: the hours of the day, in UTC, in which capacity may be lowered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Self

_ENTRY: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
GOOD_EXAMPLE: Final = "22:00-06:00, 12:00-13:00"


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A span of the day in minutes after midnight UTC, both ends included.

    If the end is before the start, the window spans midnight.
    """

    start: int
    end: int

    def contains(self, minute: int) -> bool:
        """Return whether a minute of the day is in the window."""
        if self.start <= self.end:
            return self.start <= minute <= self.end
        return minute >= self.start or minute <= self.end


class MaintenanceWindows(str):
    """The text of the option `maintenance-windows`, and the windows that it names.

    The text holds `HH:MM-HH:MM` entries separated by commas.
    Hours may lack their leading zero, spaces are ignored, and 24:00 may end a window.
    """

    __slots__ = ("windows",)

    windows: tuple[MaintenanceWindow, ...]

    def __new__(cls, text: str) -> Self:
        """Parse the text once for all uses; raise ValueError with the entries that are not windows."""
        self = super().__new__(cls, text)
        entries = [entry.strip() for entry in text.split(",")]
        windows = [_parse_window(entry) for entry in entries]
        bad = [entry for entry, window in zip(entries, windows, strict=True) if window is None]
        if bad:
            raise ValueError(", ".join(entry or "nothing between commas" for entry in bad))
        self.windows = tuple(window for window in windows if window is not None)
        return self

    def is_open(self, now: datetime) -> bool:
        """Return whether any of the windows contains this time, given in UTC."""
        minute = now.hour * MINUTES_PER_HOUR + now.minute
        return any(window.contains(minute) for window in self.windows)


def _parse_window(entry: str) -> MaintenanceWindow | None:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return None
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start = start_hour * MINUTES_PER_HOUR + start_minute
    end = end_hour * MINUTES_PER_HOUR + end_minute
    if start >= MINUTES_PER_DAY or end > MINUTES_PER_DAY or max(start_minute, end_minute) >= MINUTES_PER_HOUR:
        return None
    return MaintenanceWindow(start, end)
