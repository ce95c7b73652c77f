"""Wait until a file has not changed for a while, so that a half-written one is not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

STABLE_SECONDS: Final = 2.0
"""How long size and time of change must have stayed the same."""
MOST_SECONDS: Final = 30.0
"""How long to wait for that at most."""


@dataclass(slots=True)
class Settling:
    """A file that is to be read as soon as nobody is writing it any more; without a path, at once.

    `begun` is the monotonic time from which on it is waited for.
    """

    path: Path | None
    begun: float
    is_given_up: bool = False
    _seen: tuple[int, ...] = ()
    _seen_since: float = 0.0

    def find_wait(self, now: float, wall_time: float) -> float:
        """Return the seconds until the next look; 0 if the file has settled, or never does (`is_given_up`).

        `now` is monotonic, so that a wall clock that is wrong makes the wait no longer: what is seen to
        stay the same has settled, whatever time of change it bears.
        """
        if self.path is None:
            return 0.0
        try:
            found = self.path.stat()
        except OSError:
            return 0.0  # whoever reads it says why
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if seen != self._seen:
            self._seen, self._seen_since = seen, now
        unchanged = max(now - self._seen_since, wall_time - found.st_mtime)
        if unchanged >= STABLE_SECONDS:
            return 0.0
        self.is_given_up = now - self.begun > MOST_SECONDS
        return 0.0 if self.is_given_up else STABLE_SECONDS - max(0.0, unchanged)
