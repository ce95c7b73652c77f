"""Note what became of the last reload, and where the daemon logs, for the commands that ask."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class ReloadNote:
    """Which file the daemon reads, how many reloads have begun and ended, what came of the last, its log."""

    source: str
    begun: int = 0
    ended: int = 0
    is_in_force: bool = True
    sentence: str = ""
    log: str = ""

    def render(self) -> str:
        """Return the note as one line."""
        return json.dumps(asdict(self))


def parse_note(text: str) -> ReloadNote | None:
    """Return what a rendered note says; None while it is being written."""
    try:
        return ReloadNote(**json.loads(text))
    except (ValueError, TypeError):
        return None


@dataclass(slots=True)
class ReloadNotes:
    """The note of a running daemon; `write` puts it where the commands find it."""

    write: Callable[[str], None]
    note: ReloadNote

    def __post_init__(self) -> None:
        """Say from the start which file is read."""
        self._put(self.note)

    def tell_log(self, path: Path | None) -> None:
        """Note where the daemon logs now."""
        log = str(path or "")
        if log != self.note.log:
            self._put(replace(self.note, log=log))

    def begin(self) -> None:
        """Note that the configuration is about to be read."""
        self._put(replace(self.note, begun=self.note.begun + 1))

    def end(self, sentence: str, *, is_in_force: bool) -> None:
        """Note what came of it."""
        clipped = sentence if len(sentence) <= _MOST_CHARACTERS else f"{sentence[:_MOST_CHARACTERS]}…"
        self._put(replace(self.note, ended=self.note.begun, is_in_force=is_in_force, sentence=clipped))

    def _put(self, note: ReloadNote) -> None:
        self.note = note
        self.write(note.render())
