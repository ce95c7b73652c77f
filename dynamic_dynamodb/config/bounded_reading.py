"""Read files that somebody names, without waiting for ever or filling the memory, whatever they are."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 10_000_000
"""Enough for tens of thousands of sections."""
MOST_LINES: Final = 500_000
WAIT_SECONDS: Final = 5.0
"""How long to wait for all that is written into a pipe."""
_CHUNK_BYTES: Final = 1 << 16


def read_bounded(path: Path, *, may_be_pipe: bool = False) -> bytes:
    """Return the content of a file, or of a pipe such as a shell's `<(…)`; raise OSError with a sentence."""
    # Not waiting for a pipe's writer; and nothing is opened for its side effects, as a tape would be.
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not (may_be_pipe and stat.S_ISFIFO(found.st_mode)):
        raise OSError(errno.EINVAL, _name_kind(found.st_mode))
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        content = _read_all(descriptor)
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES // 1_000_000} MB")
    if content.count(b"\n") + content.count(b"\r") > MOST_LINES:
        raise OSError(errno.EFBIG, f"it has more than {MOST_LINES:,} lines")
    return content


def _read_all(descriptor: int) -> bytes:
    """Read until the end, a little more than is allowed, or the end of patience."""
    chunks: list[bytes] = []
    left, deadline = MOST_BYTES + 1, time.monotonic() + WAIT_SECONDS
    while left > 0:
        try:
            chunk = os.read(descriptor, min(left, _CHUNK_BYTES))
        except BlockingIOError:  # a pipe that somebody writes into
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                raise OSError(errno.ETIMEDOUT, f"not all of it came within {WAIT_SECONDS:.0f} s") from None
            select.select([descriptor], [], [], seconds)
            continue
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _name_kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "it is a directory"),
        (stat.S_ISFIFO, "it is a FIFO, not a file"),
        (stat.S_ISSOCK, "it is a socket, not a file"),
    )
    return next((name for is_kind, name in kinds if is_kind(mode)), "it is a device, not a file")
