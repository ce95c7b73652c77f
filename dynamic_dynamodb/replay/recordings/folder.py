"""Read and replace files in a directory that others may write to: never through a link, never by halves."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.inputs import RecordingError, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LOCK: Final = ".dynamic-dynamodb.lock"
_OWNER_ONLY: Final = 0o600
_USUAL_MODE: Final = 0o666
"""Before the umask takes its part; no recording is a program."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory held open: a name means a file in it, whatever becomes of the path meanwhile."""

    path: Path
    descriptor: int

    def list_names(self) -> list[str]:
        """Return the names of all that is in it."""
        return os.listdir(self.descriptor)  # noqa: PTH208 - of a descriptor

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it; raise RecordingError for a link or what is no file, or OSError."""
        try:
            return open_regular(name, os.O_NOFOLLOW, self.descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise RecordingError("is a symbolic link: name what it leads to, or move it away") from error
            raise

    def replace(self, name: str, lines: Iterable[str]) -> None:
        """Write a file beside, and put it in the place of the one of this name; raise OSError."""
        beside = f".dynamic-dynamodb.{token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(beside, flags, _USUAL_MODE, dir_fd=self.descriptor)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                mode = self._find_mode(name)
                if mode is not None:
                    os.fchmod(descriptor, mode)
                file.writelines(lines)
                file.flush()
                os.fsync(descriptor)
            os.replace(beside, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside, dir_fd=self.descriptor)
            raise

    def _find_mode(self, name: str) -> int | None:
        """Return the permissions of a file that is there."""
        try:
            found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found.st_mode & _USUAL_MODE if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out; raise BlockingIOError if one is in it, or another OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(_LOCK, flags, _OWNER_ONLY, dir_fd=self.descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Hold a directory open; raise OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)
