"""Let all that scale for one instance see each other by a file each, locked while its process lives."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_SAFELY: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ATTEMPTS: Final = 5
"""Somebody may take a file that is not locked yet for one that was left behind."""
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(slots=True)
class Presence:
    """The file of this process, beside the state file that it shares with others of its instance.

    Without a place to write there is none: then nobody sees this process, and it sees the others.
    """

    _shared: Path | None = None
    _path: Path | None = None
    _descriptor: int | None = None

    def enter(self, state_file: Path, region: str) -> None:
        """Be seen by those who scale this region with this state file."""
        shared = state_file.with_name(f"{state_file.name}.{_NO_NAME.sub('_', region)}")
        if shared != self._shared:
            self.leave()
            self._shared = shared
        for _ in range(_ATTEMPTS):
            if self._is_there():
                return
            self._make(shared)

    def find_others(self) -> list[int]:
        """Return the pids of the others; what was left behind by a process that has ended is removed."""
        if self._shared is None:
            return []
        name = re.compile(rf"{re.escape(self._shared.name)}\.(\d+)-[0-9a-f]+\.run")
        found = []
        with suppress(OSError):
            for path in self._shared.parent.iterdir():
                match = name.fullmatch(path.name)
                if match and path != self._path and _is_held(path):
                    found.append(int(match[1]))
        return sorted(found)

    def leave(self) -> None:
        """Be seen no more."""
        if self._path is not None and self._is_there():
            with suppress(OSError):
                self._path.unlink()
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._shared = self._path = self._descriptor = None

    def _make(self, shared: Path) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # a cleaner has removed the file
            self._descriptor = None
        path = shared.with_name(f"{shared.name}.{os.getpid()}-{secrets.token_hex(4)}.run")
        with suppress(OSError):
            path.parent.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY, _OWNER_ONLY)
            self._path, self._descriptor = path, descriptor
            fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _is_there(self) -> bool:
        if self._path is None or self._descriptor is None:
            return False
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(self._descriptor))
        except OSError:
            return False


def _is_held(path: Path) -> bool:
    """Tell whether a process holds this file of ours; one that nobody holds is removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return False
        # Shared, so that two that look at the same time do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
