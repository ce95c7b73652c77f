"""Show the progress of long work, on a terminal only."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, TextIO

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DELAY_SECONDS: Final = 2.0
"""Shorter work draws no bar."""
REDRAW_SECONDS: Final = 0.1
LONGEST_BAR: Final = 30
_USUAL_COLUMNS: Final = 80


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a part of the work, reported as progress of the whole."""

    report: Callable[[float], None]
    begin: float = 0.0
    end: float = 1.0

    def __call__(self, share: float) -> None:
        """Report that this share of the part, from 0 to 1, is done."""
        self.report(self.begin + share * (self.end - self.begin))

    def split(self, weights: Sequence[float]) -> tuple[Progress, ...]:
        """Split this part into consecutive parts that take time by these weights."""
        total, length = sum(weights), self.end - self.begin
        cuts = [self.begin + length * sum_so_far / total for sum_so_far in accumulate(weights, initial=0)]
        return tuple(Progress(self.report, begin, end) for begin, end in pairwise(cuts))


NO_PROGRESS: Final = Progress(lambda _: None)


@dataclass(slots=True)
class ProgressBar:
    """A bar that is redrawn in one line of a terminal; on other streams it draws nothing."""

    stream: TextIO
    label: str
    delay_seconds: float = DELAY_SECONDS
    begun: float = field(default_factory=time.monotonic)
    drawn: float = 0.0
    length: int = 0

    def __call__(self, share: float) -> None:
        """Show that this share of the work, from 0 to 1, is done."""
        now = time.monotonic()
        if not self.stream.isatty() or now - self.begun < self.delay_seconds:
            return
        if now - self.drawn >= REDRAW_SECONDS:
            self.drawn = now
            # A line as wide as the terminal would wrap, and be redrawn one line lower each time.
            width = min(LONGEST_BAR, _count_columns(self.stream) - len(f"{self.label}  100%") - 1)
            bar = f"{self.label} {_draw(share, width)} {share:4.0%}" if width > 0 else f"{share:4.0%}"
            self._write(f"\r{bar.ljust(self.length)}")  # a shorter label leaves nothing of a longer one
            self.length = len(bar)

    def clear(self) -> None:
        """Erase the bar."""
        if self.drawn:
            self._write("\r\033[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # work goes on when the terminal is gone
            self.stream.write(text)
            self.stream.flush()


def describe_time(seconds: float) -> str:
    """Return a duration in seconds, or in minutes from one minute on."""
    minutes = round(seconds / SECONDS_PER_MINUTE)
    return f"{seconds:.0f} s" if seconds < SECONDS_PER_MINUTE else f"{minutes} min"


def _draw(share: float, width: int) -> str:
    filled = round(share * width)
    return "█" * filled + "·" * (width - filled)


def _count_columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS
