"""Open the files that this program makes: readable by their owner only, and never through a symbolic link."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

OWNER_ONLY: Final = 0o600
OWNER_ONLY_DIRECTORY: Final = 0o700
_SAFE_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: opening a FIFO that another user has put there must not wait for its other end."""


def make_private_directory(path: Path) -> None:
    """Make a directory and its parents if they do not exist; raise OSError."""
    path.mkdir(mode=OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)


def open_safely(path: Path, flags: int, mode: int = OWNER_ONLY) -> int:
    """Return a descriptor of the file; raise OSError, with ELOOP if it is a symbolic link."""
    return os.open(path, flags | _SAFE_FLAGS, mode)


def create_file(path: Path, mode: int = OWNER_ONLY) -> int:
    """Create a file for reading and writing; raise FileExistsError or another OSError."""
    return open_safely(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)


def is_same_file(path: Path, descriptor: int) -> bool:
    """Return whether the path still leads to the open file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock a file until it is closed; return False if another process holds the lock.

    Raises OSError if the file system has no locks.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        # Not lockf: closing any other descriptor of the same file would release its lock.
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
