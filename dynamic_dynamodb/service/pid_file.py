"""Tell whether a daemon runs by a lock, which ends with the process whatever happens.

The lock lies beside the pid file, in a file that only its owner may open: whoever may read a file may
also lock it. What stands in a file is believed only if the file's owner is also the process's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.service.processes import find_daemon, find_process, is_hidden

if TYPE_CHECKING:
    from pathlib import Path

_READABLE_BY_ALL: Final = 0o644
_OWNER_ONLY: Final = 0o600
_NEVER_THROUGH_A_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MOST_BYTES: Final = 64
_MOST_NOTED: Final = 65_536
_CLOCK_TOLERANCE_SECONDS: Final = 1.0
"""By how much the kernel's times of a process and of a file may differ."""
_LOCK_WAIT_SECONDS: Final = 1.0
"""How long a look by another command, or another start that has not written its pid yet, may take."""
_POLL_SECONDS: Final = 0.02


class PidFileError(Exception):
    """The pid file cannot be used, or another daemon has it."""


class PidFileTakenError(PidFileError):
    """Another daemon has the pid file."""


class DaemonState(Enum):
    """What the files of an instance tell."""

    RUNNING = "running"
    UNCONTROLLED = "running, but without the lock"
    STALE = "stale"
    NOT_RUNNING = "not running"


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """Whether a daemon runs, its pid as far as it is known, and the user whose it is.

    An uncontrolled one is of 2.5.1, or of another user, whose lock cannot be looked at.
    """

    state: DaemonState
    pid: int | None = None
    owner: int | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether a daemon runs, controlled or not."""
        return self.state in (DaemonState.RUNNING, DaemonState.UNCONTROLLED)


_NOT_RUNNING: Final = DaemonStatus(DaemonState.NOT_RUNNING)


@dataclass(slots=True)
class PidFile:
    """The pid file of one instance, and the lock beside it."""

    path: Path
    instance: str
    _lock: int | None = field(default=None, repr=False)
    _file: int | None = field(default=None, repr=False)
    _note: str = field(default="", repr=False)

    @property
    def lock_path(self) -> Path:
        """Return where the lock lies."""
        return self.path.with_name(f"{self.path.name}.lock")

    def look(self) -> DaemonStatus:
        """Tell whether a daemon runs; raise PidFileError if that cannot be seen."""
        return self._look_at_lock() or self._look_at_pid()

    def acquire(self) -> None:
        """Take the files for this process; raise PidFileError if another has them or they cannot be made.

        What a daemon that has ended left there goes, whoever owned it.
        """
        self._lock = self._take_lock()
        try:
            _remove(self.path)
            self._file = self._write_pid()
            self._write_lock(self._lock)
        except PidFileError:
            self.release()
            raise

    def keep_alive(self) -> None:
        """Show cleaners of temporary directories that the files are in use, and make what is gone again.

        Raises PidFileTakenError if another daemon of this user has taken the place, PidFileError if
        somebody else's file is there, which is left alone, or if one cannot be made.
        """
        if self._lock is None or not _is_at(self.lock_path, self._lock):
            self._renew_lock()
        else:
            os.utime(self._lock)
        if self._file is not None and _is_at(self.path, self._file):
            os.utime(self._file)
            return
        if os.path.lexists(self.path):
            raise PidFileError(f"{self.path} has been replaced by another file, which is left alone")
        before, self._file = self._file, self._write_pid()
        _close(before)

    def release(self) -> None:
        """Remove the files that are still ours."""
        for path, descriptor in ((self.path, self._file), (self.lock_path, self._lock)):
            if descriptor is not None and _is_at(path, descriptor):
                path.unlink(missing_ok=True)
        _close(self._file)
        _close(self._lock)
        self._file = self._lock = None

    def remove_stale(self) -> None:
        """Remove files that no daemon holds; raise PidFileError if one does."""
        self.acquire()
        self.release()

    def write_note(self, text: str) -> None:
        """Keep a line of text for the commands of this user, and of root, unless the disk is full."""
        self._note = text
        if self._lock is not None:
            with suppress(PidFileError):
                self._write_lock(self._lock)

    def read_note(self, owner: int) -> str:
        """Return the line that the daemon of this user keeps; an empty text if there is none to be read."""
        try:
            with os.fdopen(_open(self.lock_path, os.O_RDONLY), encoding="utf-8", errors="replace") as file:
                content = file.read(_MOST_NOTED)
                is_theirs = os.fstat(file.fileno()).st_uid == owner
        except (OSError, PidFileError):
            return ""
        return content.partition("\n")[2] if is_theirs else ""

    def _look_at_lock(self) -> DaemonStatus | None:
        """Return the daemon that holds the lock, if there is one and its lock can be believed."""
        try:
            descriptor = os.open(self.lock_path, os.O_RDONLY | _NEVER_THROUGH_A_LINK)
        except OSError:
            return None  # there is none, or it is another user's
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or _try_lock(descriptor, fcntl.LOCK_SH):
                return None
            pid, fingerprint = _read_holder(descriptor)
        finally:
            os.close(descriptor)
        if pid and self._is_holder(pid, fingerprint, found.st_uid):
            return DaemonStatus(DaemonState.RUNNING, pid, found.st_uid)
        # A lock of ours is held by somebody whom we cannot see; another user's may be there to mislead.
        is_own = found.st_uid == os.geteuid()
        return DaemonStatus(DaemonState.RUNNING, None, found.st_uid) if is_own else None

    def _is_holder(self, pid: int, fingerprint: str, owner: int) -> bool:
        """Tell whether the process is what wrote this: its own file is believed, another user's is not."""
        process = find_process(pid)
        if process is None or process.owner != owner:
            return False
        is_same = bool(fingerprint) and process.fingerprint == fingerprint and owner == os.geteuid()
        return is_same or find_daemon(pid, self.instance) is not None

    def _look_at_pid(self) -> DaemonStatus:
        """Judge by the pid in the file: there is no lock, or it tells nothing."""
        try:
            descriptor = _open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return _NOT_RUNNING
        try:
            pid, _ = _read_holder(descriptor)
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not pid:
            return DaemonStatus(DaemonState.STALE)
        process = find_daemon(pid, self.instance)
        is_writer = (
            process is not None
            and process.owner == found.st_uid
            and process.started <= found.st_mtime + _CLOCK_TOLERANCE_SECONDS
        )
        if is_writer:
            return DaemonStatus(DaemonState.UNCONTROLLED, pid, found.st_uid)
        if found.st_uid != os.geteuid() and is_hidden(pid):
            hidden = f"whether its pid {pid} is a daemon is hidden from this user: ask as root"
            raise PidFileError(f"the pid file {self.path} belongs to {_name(found.st_uid)}, and {hidden}")
        return DaemonStatus(DaemonState.STALE, pid, found.st_uid)

    def _take_lock(self) -> int:
        deadline = time.monotonic() + _LOCK_WAIT_SECONDS
        while True:
            descriptor = self._make_lock()
            if descriptor is not None and _try_lock(descriptor, fcntl.LOCK_EX):
                if _is_at(self.lock_path, descriptor):
                    return descriptor
                os.close(descriptor)  # somebody took it for one that was left behind
                continue
            _close(descriptor)
            holder = self._look_at_lock()
            if holder is not None and (holder.pid or time.monotonic() > deadline):
                seen = f"with pid {holder.pid}" if holder.pid else "where this command cannot see it"
                raise PidFileTakenError(f"already running {seen}")
            if time.monotonic() > deadline:
                raise PidFileError(f"{self.lock_path} cannot be locked: remove it, or use --pid-file-dir")
            time.sleep(_POLL_SECONDS)

    def _make_lock(self) -> int | None:
        """Make the lock file; None if one is there, which is removed if nobody of this user holds it.

        One that is there is never written into: it may be a second name of some other file.
        """
        try:
            return os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
        except FileExistsError:
            pass
        except OSError as error:
            raise _explain(self.lock_path, error) from error
        try:
            found = self.lock_path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                _remove(self.lock_path)
                return None
            descriptor = _open(self.lock_path, os.O_RDWR)  # an NFS server locks nothing else for one alone
        except FileNotFoundError:
            return None
        try:
            if _try_lock(descriptor, fcntl.LOCK_EX) and _is_at(self.lock_path, descriptor):
                _remove(self.lock_path)
        finally:
            os.close(descriptor)
        return None

    def _renew_lock(self) -> None:
        """Take a new lock in place of one that was removed."""
        if os.path.lexists(self.lock_path) and self.lock_path.lstat().st_uid != os.geteuid():
            said = f"{self.lock_path} has been replaced by a file of another user, which is left alone"
            raise PidFileError(f"{said}; a second daemon could start")
        try:
            before, self._lock = self._lock, self._take_lock()
        except PidFileTakenError:
            raise
        except PidFileError as error:
            raise PidFileError(f"{error}; a second daemon could start") from error
        _close(before)
        self._write_lock(self._lock)

    def _write_lock(self, descriptor: int) -> None:
        """Write who holds the lock, and the note; the first line never changes, whoever reads meanwhile."""
        text = f"{os.getpid()} {_find_fingerprint()}\n{self._note}"
        _write(descriptor, self.lock_path, text)

    def _write_pid(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags, _READABLE_BY_ALL)
        except OSError as error:
            raise _explain(self.path, error) from error
        try:
            _write(descriptor, self.path, f"{os.getpid()}\n")
        except PidFileError:
            self.path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return descriptor


def _find_fingerprint() -> str:
    process = find_process(os.getpid())
    return process.fingerprint if process else ""


def _try_lock(descriptor: int, kind: int) -> bool:
    # Not lockf: its locks would go as soon as this process opens the file again and closes it.
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise PidFileError(f"no file can be locked there: {error.strerror}: use --pid-file-dir") from error
    return True


def _open(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | _NEVER_THROUGH_A_LINK)
    except FileNotFoundError:
        raise
    except OSError as error:
        what = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
        raise PidFileError(f"the pid file {path} cannot be used: {what}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PidFileError(f"the pid file {path} cannot be used: it is no file")
    return descriptor


def _remove(path: Path) -> None:
    """Remove what is stale, if it is a file and this user may."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _explain(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no file"
        raise PidFileError(f"the pid file {path} cannot be used: it is {what}")
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        advice = "remove it, or use --pid-file-dir"
        raise PidFileError(f"{path} belongs to {_name(found.st_uid)}: {advice}") from error


def _write(descriptor: int, path: Path, text: str) -> None:
    try:
        os.ftruncate(descriptor, os.pwrite(descriptor, text.encode(), 0))
    except OSError as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: OSError) -> PidFileError:
    if isinstance(error, FileNotFoundError):
        return PidFileError(f"{path.parent} is not there: make it, or use --pid-file-dir")
    advice = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "look at its rights"
    return PidFileError(f"{path} cannot be written: {error.strerror}: {advice}, or use --pid-file-dir")


def _read_holder(descriptor: int) -> tuple[int | None, str]:
    """Return the pid and the fingerprint in the file's first line."""
    first, *rest = os.pread(descriptor, _MOST_BYTES, 0).split(b"\n", 1)[0].split() or [b""]
    return (int(first) if first.isdigit() else None), (rest[0].decode("ascii", "replace") if rest else "")


def _name(owner: int) -> str:
    try:
        return f"user {pwd.getpwuid(owner).pw_name}"
    except KeyError:
        return f"user {owner}"


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
