"""Wait until a changed configuration can be reloaded, and note the result for other commands."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STABLE_SECONDS: Final = 2.0
"""How long the file's size and modification time must stay the same: a half-written file is not read."""
MOST_WAIT_SECONDS: Final = 30.0
"""How long to wait for that."""
_MOST_CHARACTERS: Final = 2000


@dataclass(slots=True)
class ReloadWait:
    """The wait until a file has not changed for `STABLE_SECONDS`; without a file there is no wait.

    `begun` is the monotonic time when the wait began.
    """

    path: Path | None
    begun: float
    is_timed_out: bool = False
    _seen: tuple[int, ...] = ()
    _seen_since: float = 0.0

    def find_seconds_left(self, now: float, wall_time: float) -> float:
        """Return the seconds until the next look at the file; 0 if the wait has ended.

        `now` is monotonic time, so that a wrong clock does not prolong the wait: a file that is seen not to
        change is stable, whatever its modification time. `is_timed_out` is set if it kept changing.
        """
        if self.path is None:
            return 0.0
        try:
            found = self.path.stat()
        except OSError:
            return 0.0  # reading the file reports the error
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if seen != self._seen:
            self._seen, self._seen_since = seen, now
        unchanged = max(now - self._seen_since, wall_time - found.st_mtime)
        if unchanged >= STABLE_SECONDS:
            return 0.0
        self.is_timed_out = now - self.begun > MOST_WAIT_SECONDS
        return 0.0 if self.is_timed_out else STABLE_SECONDS - max(0.0, unchanged)


@dataclass(frozen=True, slots=True)
class DaemonNote:
    """What a daemon reports to other commands: its configuration, its reloads, its log and its status file.

    `begun` and `ended` count reloads; `is_in_force` and `sentence` are the result of the last one.
    """

    source: str
    begun: int = 0
    ended: int = 0
    is_in_force: bool = True
    sentence: str = ""
    log: str = ""
    status: str = ""

    def render(self) -> str:
        """Return the note as one line."""
        return json.dumps(asdict(self))


def parse_note(text: str) -> DaemonNote | None:
    """Return a note that was rendered; None while it is being written."""
    try:
        return DaemonNote(**json.loads(text))
    except (ValueError, TypeError):
        return None


@dataclass(slots=True)
class NoteKeeper:
    """Keeps the note of a running daemon up to date; `write` stores it where the commands find it."""

    write: Callable[[str], None]
    note: DaemonNote

    def __post_init__(self) -> None:
        """Store the first note."""
        self._store(self.note)

    def set_log(self, path: Path | None) -> None:
        """Note where the daemon logs."""
        log = str(path or "")
        if log != self.note.log:
            self._store(replace(self.note, log=log))

    def set_status(self, path: Path) -> None:
        """Note where the daemon writes its status."""
        if str(path) != self.note.status:
            self._store(replace(self.note, status=str(path)))

    def begin_reload(self) -> None:
        """Note that a reload is about to read the configuration."""
        self._store(replace(self.note, begun=self.note.begun + 1))

    def end_reload(self, sentence: str, *, is_in_force: bool) -> None:
        """Note the result of the reload."""
        clipped = sentence if len(sentence) <= _MOST_CHARACTERS else f"{sentence[:_MOST_CHARACTERS]}…"
        self._store(replace(self.note, ended=self.note.begun, is_in_force=is_in_force, sentence=clipped))

    def _store(self, note: DaemonNote) -> None:
        self.note = note
        self.write(note.render())
