"""Tell where a daemon logs: in a file of its own if it is given none, and in a note for whoever asks."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.state_file import find_state_file

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.circumstances import Circumstances

_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_SAFELY: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_BYTES: Final = 8192


def find_own_log(circumstances: Circumstances, instance: str) -> Path:
    """Return where a daemon logs that is given neither log-file nor log-config-file."""
    return _find_directory(circumstances, instance) / f"dynamic-dynamodb.{instance}.log"


def find_note(circumstances: Circumstances, instance: str) -> DaemonNote:
    """Return an instance's note, which lies where its counts lie by default."""
    return DaemonNote(_find_directory(circumstances, instance) / f"dynamic-dynamodb.{instance}.note")


def _find_directory(circumstances: Circumstances, instance: str) -> Path:
    return circumstances.directory / find_state_file(instance, circumstances.environment).parent


@dataclass(slots=True)
class DaemonNote:
    """What a running daemon leaves for `--daemon status`, readable by its owner alone; never an error."""

    path: Path
    written: str | None = None

    def write(self, log: Path | None) -> None:
        """Note where this process logs, if it has changed."""
        text = json.dumps({"pid": os.getpid(), "log": str(log)}) if log is not None else ""
        if text == self.written:
            return
        self.written = text
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            if text:
                self.path.parent.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, _OWNER_ONLY)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)

    def remove(self) -> None:
        """Take the note away, unless another daemon has taken this one's place."""
        if self.read(os.getpid()) is not None:
            self.write(None)

    def read(self, pid: int | None) -> str | None:
        """Return where the process with this number logs, if a file that belongs to this user says so."""
        try:
            with os.fdopen(os.open(self.path, os.O_RDONLY | _SAFELY), encoding="utf-8") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                    return None
                content = json.loads(file.read(_LONGEST_BYTES))
                return str(content["log"]) if content["pid"] == pid else None
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
