"""Replace a file of this program as a whole, so that a crash cannot damage it; spare files of others."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from dynamic_dynamodb.config.paths import IN_SHARED_DIRECTORY, is_shared
from dynamic_dynamodb.config.private_files import create_file, make_private_directory, open_safely, try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import BufferedReader
    from pathlib import Path

HEAD_BYTES: Final = 100
"""Enough of a file to recognize its format."""
LOCK_WAIT_SECONDS: Final = 5.0
_LOCK_POLL_SECONDS: Final = 0.02
_held_here: Final[dict[Path, float]] = {}
"""When a thread of this process last got or released a lock, on the monotonic clock, by the file's path."""


class ForeignFileError(Exception):
    """Something is in the file's place that this program did not create and must not replace."""


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file of this program. What else may be in its place is left alone, and nothing is created beside it.

    `find_flaw` returns why the first `HEAD_BYTES` of a file show that it is another's, such as
    `is not a state file of this program`; empty if it is ours. An empty file is ours.
    """

    path: Path
    find_flaw: Callable[[bytes], str]
    lock_wait_seconds: float = LOCK_WAIT_SECONDS

    def open(self, *trusted: int) -> BinaryIO | None:
        """Open the file for reading; return None if there is none.

        In a directory that other users can write to, it must belong to this user or to a `trusted` one.
        Raises ForeignFileError for anything else, and OSError.
        """
        return self._open(self.path, trusted)

    def spare_foreign(self) -> None:
        """Raise ForeignFileError if something else is in the file's place, OSError if that is unknown."""
        self._spare(self.path)

    def replace(self, pieces: Iterable[str]) -> None:
        """Write a new file from its pieces and rename it, so that there is always a whole file.

        The caller holds the lock. Raises ForeignFileError and OSError.
        """
        beside = self.path.with_name(f"{self.path.name}.new")
        self._spare(beside)
        beside.unlink(missing_ok=True)  # left by a process that was killed
        try:
            with os.fdopen(create_file(beside), "w", encoding="utf-8") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError:
            beside.unlink(missing_ok=True)  # on a full disk, it would take the last space
            raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from writing the file, and create its directory; raise OSError.

        The wait for another process is limited. The threads of this process wait for each other as long as
        the file passes from one to the next.
        """
        make_private_directory(self.path.parent)
        descriptor = open_safely(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT)
        try:
            began, limit = time.monotonic(), self.lock_wait_seconds
            while not try_lock(descriptor):
                if time.monotonic() > max(began, _held_here.get(self.path, began)) + limit:
                    raise TimeoutError(f"another process has locked it for {limit:.0f} s")
                time.sleep(_LOCK_POLL_SECONDS)
            _held_here[self.path] = time.monotonic()
            try:
                yield
            finally:
                _held_here[self.path] = time.monotonic()
        finally:
            os.close(descriptor)

    def check_writable(self) -> None:
        """Raise what writing the file would raise, as far as can be seen; create and change nothing."""
        self.spare_foreign()
        place = next(one for one in (self.path, *self.path.parents) if one.exists())
        needed = os.W_OK if place == self.path else os.W_OK | os.X_OK
        if place != self.path and not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
        if not os.access(place, needed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))

    def _open(self, path: Path, trusted: tuple[int, ...] = ()) -> BinaryIO | None:
        try:
            # Before opening: opening a device may have side effects.
            flaw = _find_odd_kind(path.lstat())
            if flaw:
                raise ForeignFileError(f"{path} {flaw}")
            file = os.fdopen(open_safely(path, os.O_RDONLY), "rb")
        except FileNotFoundError:
            return None
        flaw = self._find_flaw(file, path.parent, trusted)
        if flaw:
            file.close()
            raise ForeignFileError(f"{path} {flaw}")
        return file

    def _find_flaw(self, file: BufferedReader, directory: Path, trusted: tuple[int, ...]) -> str:
        """Return why an open file is another's; empty if it is ours."""
        found = os.fstat(file.fileno())
        if found.st_uid not in (os.geteuid(), *trusted) and is_shared(directory):
            return f"belongs to another user, {IN_SHARED_DIRECTORY}"
        odd_kind = _find_odd_kind(found)
        if odd_kind:
            return odd_kind
        head = file.peek(HEAD_BYTES)
        return self.find_flaw(head) if head else ""

    def _spare(self, path: Path) -> None:
        file = self._open(path)
        if file is not None:
            file.close()


def _find_odd_kind(found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    return "" if stat.S_ISREG(found.st_mode) else "is not a regular file"
