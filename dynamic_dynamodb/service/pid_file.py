"""Hold the pid file and the lock of an instance while its daemon runs."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.private_files import OWNER_ONLY, is_same_file
from dynamic_dynamodb.service import instance_files
from dynamic_dynamodb.service.daemon_status import DaemonStatus, find_lock_holder, read_pid_file
from dynamic_dynamodb.service.instance_files import PidFileError
from dynamic_dynamodb.service.processes import find_process

if TYPE_CHECKING:
    from pathlib import Path

_READABLE_BY_ALL: Final = 0o644
_MOST_NOTED: Final = 65_536
_LOCK_WAIT_SECONDS: Final = 1.0
"""Another command may hold the lock for a moment, or another start may not have written its pid yet."""
_POLL_SECONDS: Final = 0.02


class PidFileTakenError(PidFileError):
    """Another daemon of this instance runs."""


@dataclass(slots=True)
class PidFile:
    """The pid file of one instance, and the lock file beside it.

    The second line of the lock file is a note of the daemon for the commands that ask about it.
    """

    path: Path
    instance: str
    _lock: int | None = field(default=None, repr=False)
    _file: int | None = field(default=None, repr=False)
    _note: str = field(default="", repr=False)

    @property
    def lock_path(self) -> Path:
        """Return the path of the lock file."""
        return self.path.with_name(f"{self.path.name}.lock")

    def find_status(self) -> DaemonStatus:
        """Return whether a daemon runs; raise PidFileError if this user cannot see it."""
        return find_lock_holder(self.lock_path, self.instance) or read_pid_file(self.path, self.instance)

    def acquire(self) -> None:
        """Lock and write the files, and remove those of a daemon that has ended.

        Raises PidFileTakenError if another daemon runs, and PidFileError if the files cannot be written.
        """
        self._lock = self._take_lock()
        try:
            instance_files.remove(self.path)
            self._file = self._write_pid()
            self._write_lock(self._lock)
        except PidFileError:
            self.release()
            raise

    def keep_alive(self) -> None:
        """Touch the files, so that cleaners of temporary directories spare them; write a missing one again.

        Raises PidFileTakenError if another daemon of this user has replaced them, and PidFileError if a file
        of another user is in their place, which is left alone, or if one cannot be written.
        """
        if self._lock is None or not is_same_file(self.lock_path, self._lock):
            self._renew_lock()
        else:
            os.utime(self._lock)
        if self._file is not None and is_same_file(self.path, self._file):
            os.utime(self._file)
            return
        if os.path.lexists(self.path):
            raise PidFileError(f"{self.path} has been replaced by another file, which is left alone")
        before, self._file = self._file, self._write_pid()
        _close(before)

    def release(self) -> None:
        """Unlock and remove the files, unless another file is in their place."""
        for path, descriptor in ((self.path, self._file), (self.lock_path, self._lock)):
            if descriptor is not None and is_same_file(path, descriptor):
                path.unlink(missing_ok=True)
        _close(self._file)
        _close(self._lock)
        self._file = self._lock = None

    def remove_stale(self) -> None:
        """Remove the files of a daemon that has ended; raise PidFileError if one runs."""
        self.acquire()
        self.release()

    def write_note(self, text: str) -> None:
        """Keep a line of text for the commands of this user and of root; a full disk is ignored."""
        self._note = text
        if self._lock is not None:
            with suppress(PidFileError):
                self._write_lock(self._lock)

    def read_note(self, owner: int) -> str:
        """Return the note of the daemon of this user; empty if there is none or it cannot be read."""
        try:
            descriptor = instance_files.open_regular(self.lock_path, os.O_RDONLY)
            with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
                content = file.read(_MOST_NOTED)
                is_theirs = os.fstat(file.fileno()).st_uid == owner
        except (OSError, PidFileError):
            return ""
        return content.partition("\n")[2] if is_theirs else ""

    def _take_lock(self) -> int:
        deadline = time.monotonic() + _LOCK_WAIT_SECONDS
        while True:
            descriptor = self._create_lock()
            if descriptor is not None and instance_files.try_lock(descriptor, self.lock_path):
                if is_same_file(self.lock_path, descriptor):
                    return descriptor
                os.close(descriptor)  # another start took it for a stale one and removed it
                continue
            _close(descriptor)
            holder = find_lock_holder(self.lock_path, self.instance)
            if holder is not None and (holder.pid or time.monotonic() > deadline):
                where = f"with pid {holder.pid}" if holder.pid else "where this command cannot see it"
                raise PidFileTakenError(f"already running {where}")
            if time.monotonic() > deadline:
                raise PidFileError(f"{self.lock_path} cannot be locked: remove it, or use --pid-file-dir")
            time.sleep(_POLL_SECONDS)

    def _create_lock(self) -> int | None:
        """Return the descriptor of a new lock file; None if one exists, which is removed if it is stale.

        An existing file is never written to: it may be a hard link to some other file.
        """
        with suppress(FileExistsError):
            return instance_files.create(self.lock_path, OWNER_ONLY)
        try:
            found = self.lock_path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                instance_files.remove(self.lock_path)
                return None
            # Not O_RDONLY: NFS has no exclusive locks on files that are open only for reading.
            descriptor = instance_files.open_regular(self.lock_path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            is_stale = instance_files.try_lock(descriptor, self.lock_path)
            if is_stale and is_same_file(self.lock_path, descriptor):
                instance_files.remove(self.lock_path)
        finally:
            os.close(descriptor)
        return None

    def _renew_lock(self) -> None:
        """Lock a new file in place of one that was removed."""
        if os.path.lexists(self.lock_path) and self.lock_path.lstat().st_uid != os.geteuid():
            replaced = f"{self.lock_path} has been replaced by a file of another user, which is left alone"
            raise PidFileError(f"{replaced}; a second daemon could start")
        try:
            before, self._lock = self._lock, self._take_lock()
        except PidFileTakenError:
            raise
        except PidFileError as error:
            raise PidFileError(f"{error}; a second daemon could start") from error
        _close(before)
        self._write_lock(self._lock)

    def _write_lock(self, descriptor: int) -> None:
        """Write who holds the lock, and the note; the first line stays the same for concurrent readers."""
        process = find_process(os.getpid())
        fingerprint = process.fingerprint if process else ""
        instance_files.write(descriptor, self.lock_path, f"{os.getpid()} {fingerprint}\n{self._note}")

    def _write_pid(self) -> int:
        try:
            descriptor = instance_files.create(self.path, _READABLE_BY_ALL)
        except FileExistsError as error:
            raise instance_files.explain(self.path, error) from error
        try:
            instance_files.write(descriptor, self.path, f"{os.getpid()}\n")
        except PidFileError:
            self.path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return descriptor


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
