"""Show how far long work is, on a terminal and only when it takes long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO

PATIENCE_SECONDS = 2.0
REDRAW_SECONDS = 0.1
WIDTH = 30


@dataclass(slots=True)
class ProgressBar:
    """A line that is drawn over itself; nothing at all where the stream is no terminal."""

    stream: TextIO
    label: str
    patience_seconds: float = PATIENCE_SECONDS
    begun: float = field(default_factory=time.monotonic)
    drawn: float = 0.0

    def __call__(self, share: float) -> None:
        """Show that this share of the work, from 0 to 1, is done."""
        now = time.monotonic()
        if not self.stream.isatty() or now - self.begun < self.patience_seconds:
            return
        if now - self.drawn >= REDRAW_SECONDS:
            self.drawn = now
            filled = round(share * WIDTH)
            bar = "█" * filled + "·" * (WIDTH - filled)
            self.stream.write(f"\r{self.label} {bar} {share:4.0%}")
            self.stream.flush()

    def clear(self) -> None:
        """Leave a clean line behind."""
        if self.drawn:
            self.stream.write("\r\033[K")
            self.stream.flush()
