"""Open recordings, plain or gzipped, and read no more of them than a recording can hold."""

from __future__ import annotations

import gzip
import io
import os
import stat
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_DAYS: Final = 5 * 366
MOST_LINES: Final = LONGEST_DAYS * 24 * 60 + 1
"""A header and a row for each minute."""
LONGEST_LINE_CHARACTERS: Final = 64 * 1024
MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""Of a whole CSV file, unpacked: some 100 for each line."""
MOST_JSON_CHARACTERS: Final = 128 * 1024 * 1024
"""Unpacked; two weeks of all metrics, a value a line, are 10 MB."""


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
        f"is too long: a recording holds {LONGEST_DAYS:,} days, {MOST_LINES:,} lines or"
        f" {MOST_CHARACTERS // 1024 // 1024} MB unpacked at most"
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
        raise RecordingError(f"is too long: {MOST_JSON_CHARACTERS // 1024 // 1024} MB unpacked at most")
    return text
