"""Let the runs of one instance detect each other: each holds a lock on a file of its own."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.private_files import (
    create_file,
    is_same_file,
    make_private_directory,
    open_safely,
    try_lock,
)

if TYPE_CHECKING:
    from pathlib import Path

_ATTEMPTS: Final = 5
"""Another run may remove a file as stale before it is locked."""
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(slots=True)
class Presence:
    """The file of this run, beside the state file that all runs of an instance share.

    If the directory cannot be written, this run has no file, and the others do not detect it.
    """

    _shared: Path | None = None
    _path: Path | None = None
    _descriptor: int | None = None

    def enter(self, state_file: Path, region: str) -> None:
        """Make this run visible to others that scale this region with this state file."""
        shared = state_file.with_name(f"{state_file.name}.{_NOT_IN_NAMES.sub('_', region)}")
        if shared != self._shared:
            self.leave()
            self._shared = shared
        for _ in range(_ATTEMPTS):
            if self._is_shown():
                return
            self._show(shared)

    def find_others(self) -> list[int]:
        """Return the pids of the other runs, and remove the files of those that have ended."""
        if self._shared is None:
            return []
        name = re.compile(rf"{re.escape(self._shared.name)}\.(\d+)-[0-9a-f]+\.run")
        found = []
        with suppress(OSError):
            for path in self._shared.parent.iterdir():
                match = name.fullmatch(path.name)
                if match and path != self._path and _is_running(path):
                    found.append(int(match[1]))
        return sorted(found)

    def leave(self) -> None:
        """Remove the file of this run."""
        if self._path is not None and self._is_shown():
            with suppress(OSError):
                self._path.unlink()
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._shared = self._path = self._descriptor = None

    def _show(self, shared: Path) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # another process has removed its file
            self._descriptor = None
        path = shared.with_name(f"{shared.name}.{os.getpid()}-{secrets.token_hex(4)}.run")
        with suppress(OSError):
            make_private_directory(path.parent)
            self._path, self._descriptor = path, create_file(path)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # waits while another run checks the lock

    def _is_shown(self) -> bool:
        return (
            self._path is not None
            and self._descriptor is not None
            and is_same_file(self._path, self._descriptor)
        )


def _is_running(path: Path) -> bool:
    """Return whether a process of this user holds the lock of this file; a stale file is removed."""
    try:
        descriptor = open_safely(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return False
        # A shared lock: two runs that look at the same time do not take each other for the holder.
        if not try_lock(descriptor, shared=True):
            return True
        path.unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
