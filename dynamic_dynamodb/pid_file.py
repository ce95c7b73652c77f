"""Tell whether a daemon runs by a lock on its pid file, which ends with the process whatever happens.

The kernel says which process holds the lock; what is written in the file proves nothing, for after a
crash that pid may belong to another program.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_READABLE_BY_ALL: Final = 0o644
_NEVER_THROUGH_A_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST_PID_BYTES: Final = 32
_FLOCK: Final = "hhqqi"
"""Linux's struct flock: type, whence, start, length, pid."""


class PidFileError(Exception):
    """The pid file cannot be used, or another daemon has it."""


class PidFileTakenError(PidFileError):
    """Another daemon has the pid file."""


class DaemonState(Enum):
    """What a pid file tells."""

    RUNNING = "running"
    STALE = "stale"
    NOT_RUNNING = "not running"


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """Whether a daemon runs, and the pid that its file holds, if it holds one."""

    state: DaemonState
    pid: int | None = None


@dataclass(slots=True)
class PidFile:
    """The pid file of one instance."""

    path: Path
    _descriptor: int | None = field(default=None, repr=False)

    def look(self) -> DaemonStatus:
        """Tell whether a daemon holds the file; raise PidFileError if that cannot be seen."""
        try:
            descriptor = self._open(os.O_RDONLY)
        except FileNotFoundError:
            return DaemonStatus(DaemonState.NOT_RUNNING)
        try:
            holder = _find_holder(descriptor)
            if holder is None:
                return DaemonStatus(DaemonState.STALE, _read_pid(descriptor))
            return DaemonStatus(DaemonState.RUNNING, holder)
        finally:
            os.close(descriptor)

    def acquire(self) -> None:
        """Take the file for this process; raise PidFileError if another has it or it cannot be written."""
        while True:
            try:
                descriptor = self._open(os.O_RDWR | os.O_CREAT)
            except FileNotFoundError as error:
                message = f"{self.path.parent} is not there: make it, or use --pid-file-dir"
                raise PidFileError(message) from error
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = _find_holder(descriptor)
                os.close(descriptor)
                raise PidFileTakenError(f"already running with pid {holder}") from error
            if self._is_at_path(descriptor):
                break
            os.close(descriptor)  # somebody removed it in between
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.path.unlink(missing_ok=True)
            os.close(descriptor)
            advice = "make room, or use --pid-file-dir"
            raise PidFileError(f"{self.path} cannot be written: {error.strerror}: {advice}") from error
        self._descriptor = descriptor

    def keep_alive(self) -> None:
        """Show cleaners of temporary directories that the file is in use, and write it again if it is gone.

        Raises PidFileTakenError if another daemon has taken its place, PidFileError if it cannot be written.
        """
        if self._descriptor is not None and self._is_at_path(self._descriptor):
            os.utime(self._descriptor)
            return
        before = self._descriptor
        self.acquire()
        if before is not None:
            os.close(before)

    def release(self) -> None:
        """Remove the file, if it is still ours."""
        if self._descriptor is None:
            return
        if self._is_at_path(self._descriptor):
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def remove_stale(self) -> None:
        """Remove a file that no daemon holds; raise PidFileError if one does."""
        self.acquire()
        self.release()

    def _open(self, flags: int) -> int:
        try:
            descriptor = os.open(self.path, flags | _NEVER_THROUGH_A_LINK | os.O_NONBLOCK, _READABLE_BY_ALL)
        except FileNotFoundError:
            raise
        except OSError as error:
            what = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
            raise PidFileError(f"the pid file {self.path} cannot be used: {what}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise PidFileError(f"the pid file {self.path} cannot be used: it is no file")
        return descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            found = self.path.lstat()
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(descriptor))


def _find_holder(descriptor: int) -> int | None:
    """Ask the kernel which process has locked the file for writing, which only its owner can; 0 is hidden."""
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return pid if kind == fcntl.F_WRLCK else None


def _read_pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, _LONGEST_PID_BYTES, 0).strip()
    return int(text) if text.isdigit() else None
