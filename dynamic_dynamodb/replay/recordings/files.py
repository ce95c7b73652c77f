"""Open, read and replace the files of recordings: regular files only, and of limited size."""

from __future__ import annotations

import errno
import fcntl
import gzip
import io
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Final

from dynamic_dynamodb.config.private_files import OWNER_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LONGEST_DAYS: Final = 5 * 366
MOST_LINES: Final = LONGEST_DAYS * 24 * 60 + 1
"""A header and a row for each minute."""
LONGEST_LINE_CHARACTERS: Final = 64 * 1024
MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""Of a whole CSV file, unpacked: some 100 for each line."""
MOST_JSON_CHARACTERS: Final = 128 * 1024 * 1024
"""Unpacked; two weeks of all metrics, a value a line, are 10 MB."""
_LOCK: Final = ".dynamic-dynamodb.lock"
_USUAL_MODE: Final = 0o666
"""Before the umask takes its part; no recording is a program."""


class RecordingError(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with its name."""


def open_regular(path: Path | str, flags: int = 0, directory: int | None = None) -> IO[bytes]:
    """Open a file to read it, without waiting for anybody; raise RecordingError if it is no regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RecordingError("is not a regular file")
    return os.fdopen(descriptor, "rb")


def open_text(file: IO[bytes], name: str) -> IO[str]:
    """Return the text of a file; one that is named .gz is unpacked as it is read."""
    raw = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def read_lines(file: IO[str]) -> Iterator[str]:
    """Return line after line; raise RecordingError at once when there is more than any recording holds."""
    left = MOST_CHARACTERS
    for line in islice(_cut_lines(file), MOST_LINES):
        left -= len(line)
        if left < 0:
            break
        yield line
    else:
        if not file.read(1):
            return
    raise RecordingError(
        f"is too large: a recording has at most {LONGEST_DAYS:,} days, {MOST_LINES:,} lines and"
        f" {MOST_CHARACTERS // 1024 // 1024} MB unpacked"
    )


def _cut_lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE_CHARACTERS):
        if len(line) == LONGEST_LINE_CHARACTERS:
            raise RecordingError(f"has a line of more than {LONGEST_LINE_CHARACTERS:,} characters")
        yield line


def read_all(file: IO[str]) -> str:
    """Return all of a file that holds JSON; raise RecordingError if it is too long."""
    text = file.read(MOST_JSON_CHARACTERS + 1)
    if len(text) > MOST_JSON_CHARACTERS:
        raise RecordingError(
            f"is too large: JSON has at most {MOST_JSON_CHARACTERS // 1024 // 1024} MB unpacked"
        )
    return text


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
                raise RecordingError(
                    "is a symbolic link: use the file that it points to, or move it away"
                ) from error
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
        descriptor = os.open(_LOCK, flags, OWNER_ONLY, dir_fd=self.descriptor)
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
