"""Read, write and remove the pid file and the lock file of an instance; errors include what to do."""

from __future__ import annotations

import errno
import os
import pwd
import stat
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config import private_files

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES: Final = 64
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PidFileError(Exception):
    """The pid file or the lock file cannot be used, or another daemon uses it."""


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of an existing file; raise FileNotFoundError or PidFileError."""
    try:
        descriptor = private_files.open_safely(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else str(error.strerror)
        raise PidFileError(f"the pid file {path} cannot be used: {reason}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PidFileError(f"the pid file {path} cannot be used: it is not a regular file")
    return descriptor


def create(path: Path, mode: int) -> int:
    """Return a descriptor of a new file; raise FileExistsError or PidFileError."""
    try:
        return private_files.create_file(path, mode)
    except FileExistsError:
        raise
    except OSError as error:
        raise explain(path, error) from error


def write(descriptor: int, path: Path, text: str) -> None:
    """Replace the content of an open file."""
    try:
        os.ftruncate(descriptor, os.pwrite(descriptor, text.encode(), 0))
    except OSError as error:
        raise explain(path, error) from error


def remove(path: Path) -> None:
    """Remove a stale file, if there is one."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
        raise PidFileError(f"the pid file {path} cannot be used: it is {kind}")
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        advice = "remove it, or use --pid-file-dir"
        raise PidFileError(f"{path} belongs to {name_user(found.st_uid)}: {advice}") from error


def try_lock(descriptor: int, path: Path, *, shared: bool = False) -> bool:
    """Lock a file until it is closed; return False if another process holds the lock."""
    try:
        return private_files.try_lock(descriptor, shared=shared)
    except OSError as error:
        reason = f"files in {path.parent} cannot be locked: {error.strerror}"
        raise PidFileError(f"{reason}: use --pid-file-dir") from error


def read_holder(descriptor: int) -> tuple[int | None, str]:
    """Return the pid and the fingerprint in the first line of a file."""
    first, *rest = os.pread(descriptor, _MOST_BYTES, 0).split(b"\n", 1)[0].split() or [b""]
    return (int(first) if first.isdigit() else None), (rest[0].decode("ascii", "replace") if rest else "")


def name_user(uid: int) -> str:
    """Return how messages name a user."""
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def explain(path: Path, error: OSError) -> PidFileError:
    """Return the error for a file that cannot be written."""
    if isinstance(error, FileNotFoundError):
        return PidFileError(f"{path.parent} does not exist: create it, or use --pid-file-dir")
    advice = "free disk space" if error.errno in _NO_SPACE else "check its permissions"
    return PidFileError(f"{path} cannot be written: {error.strerror}: {advice}, or use --pid-file-dir")
