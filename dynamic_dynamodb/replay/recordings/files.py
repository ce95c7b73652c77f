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
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LONGEST_DAYS: Final = 5 * 366
MOST_LINES: Final = LONGEST_DAYS * MINUTES_PER_DAY + 1
"""A header and a row for each minute."""
LONGEST_LINE_CHARACTERS: Final = 64 * 1024
MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""Limit of a CSV file, unpacked: about 100 for each line."""
MOST_JSON_CHARACTERS: Final = 128 * 1024 * 1024
"""Limit of a JSON file, unpacked: two weeks of all metrics, one value per line, have 10 MB."""
_LOCK: Final = ".dynamic-dynamodb.lock"
_USUAL_MODE: Final = 0o666
"""The mode of a new file, before the umask."""


class RecordingError(ValueError):
    """A file cannot be used: the message continues a sentence that begins with its name."""


def open_regular(path: Path | str, flags: int = 0, directory: int | None = None) -> IO[bytes]:
    """Open a file to read it, without blocking; raise RecordingError if it is not a regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RecordingError("is not a regular file")
    return os.fdopen(descriptor, "rb")


def open_text(file: IO[bytes], name: str) -> IO[str]:
    """Return the text of a file, unpacked as it is read if its name ends in .gz."""
    raw = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def read_lines(file: IO[str]) -> Iterator[str]:
    """Yield the lines of a file; raise RecordingError as soon as it exceeds the limits of a recording."""
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
    """Return the text of a JSON file; raise RecordingError if it is too large."""
    text = file.read(MOST_JSON_CHARACTERS + 1)
    if len(text) > MOST_JSON_CHARACTERS:
        raise RecordingError(
            f"is too large: JSON has at most {MOST_JSON_CHARACTERS // 1024 // 1024} MB unpacked"
        )
    return text


@dataclass(frozen=True, slots=True)
class Folder:
    """An open directory: names mean files in it, even if its path is moved or replaced meanwhile."""

    path: Path
    descriptor: int

    def list_names(self) -> list[str]:
        """Return the names of everything in it."""
        return os.listdir(self.descriptor)  # noqa: PTH208 - of a descriptor

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it; raise RecordingError if it is a link or not a regular file, or OSError."""
        try:
            return open_regular(name, os.O_NOFOLLOW, self.descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise RecordingError(
                    "is a symbolic link: use the file that it points to, or move it away"
                ) from error
            raise

    def replace(self, name: str, lines: Iterable[str]) -> None:
        """Write a new file, then rename it over the one of this name; raise OSError."""
        temporary = f".dynamic-dynamodb.{token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, _USUAL_MODE, dir_fd=self.descriptor)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                mode = self._find_mode(name)
                if mode is not None:
                    os.fchmod(descriptor, mode)
                file.writelines(lines)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.descriptor)
            raise

    def _find_mode(self, name: str) -> int | None:
        """Return the permissions of a file; None if there is no such file."""
        try:
            found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found.st_mode & _USUAL_MODE if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the directory for this run; raise OSError, BlockingIOError if another run has locked it."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(_LOCK, flags, OWNER_ONLY, dir_fd=self.descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Open a directory; raise OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)
