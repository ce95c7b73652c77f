"""Tell what can be a log file, without ever waiting for one or trusting another user's link."""

from __future__ import annotations

import errno
import os
import select
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

MOST_BYTES: Final = 10_000_000
"""Enough for tens of thousands of sections."""
MOST_LINES: Final = 500_000
WAIT_SECONDS: Final = 5.0
"""How long to wait for all that is written into a pipe."""
_CHUNK_BYTES: Final = 1 << 16
OPEN_SECONDS: Final = 5.0
"""How long a start or a reload waits for the file system of a log file."""
STREAMS: Final = {
    "/dev/stdout": 1,
    "/dev/stderr": 2,
    "/dev/fd/1": 1,
    "/dev/fd/2": 2,
    "/proc/self/fd/1": 1,
    "/proc/self/fd/2": 2,
}
"""Names of what is open already: followed as links, they could lead to a file that is not ours to rotate."""
_RECORDING: Final = b"timestamp,consumed_reads,"
"""How each file of --record begins."""
_MOST_LINKS: Final = 40
_KINDS: Final = (
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a FIFO, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISBLK, "it is a disk, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
)


def read_bounded(path: Path, *, may_be_pipe: bool = False) -> bytes:
    """Return the content of a file, or of a pipe such as a shell's `<(…)`; raise OSError with a sentence."""
    # Not waiting for a pipe's writer; and nothing is opened for its side effects, as a tape would be.
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not (may_be_pipe and stat.S_ISFIFO(found.st_mode)):
        raise OSError(errno.EINVAL, _describe_kind(found))
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


def find_log_file_fault(path: Path) -> str | None:
    """Return why this cannot be a log file, or None if it can; nothing is made or changed."""

    def look() -> None:
        found = resolve_log_path(path)
        if str(found) in STREAMS:
            return
        place = found if found.exists() else found.parent
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    try:
        within_seconds(path, look)
    except ConfigurationError as error:
        return str(error)
    return None


def is_stream(path: Path) -> bool:
    """Tell whether this is a name of stdout or stderr, or a link to one; a detached process has none."""
    try:
        return str(within_seconds(path, lambda: resolve_log_path(path))) in STREAMS
    except ConfigurationError:
        return False  # said when it is opened


def within_seconds(path: Path, work: Callable[[], T], seconds: float = OPEN_SECONDS) -> T:
    """Do what may wait for a file system, at most so long; raise ConfigurationError if it fails."""
    results: SimpleQueue[tuple[T | None, OSError | None]] = SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except OSError as error:
            results.put((None, error))
        except (ValueError, RuntimeError) as error:  # what pathlib says of impossible names and of loops
            results.put((None, OSError(errno.EINVAL, str(error))))

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError:  # no further thread is allowed
        run()
    try:
        result, error = results.get(timeout=seconds)
    except Empty:
        message = f"log-file {path} cannot be opened within {seconds:.0f} s: does its file system answer?"
        raise ConfigurationError((message,)) from None
    if error is not None:
        message = f"log-file {path} cannot be written: {error.strerror or error}"
        raise ConfigurationError((message,)) from error
    return result  # type: ignore[return-value]  # it is the work's


def resolve_log_path(path: Path) -> Path:
    """Follow links that nobody else can have made, and return where they end; raise OSError."""
    for _ in range(_MOST_LINKS):
        if str(path) in STREAMS or not path.is_symlink():
            break
        _check_link(path)
        path = Path(os.path.normpath(path.parent.resolve() / path.readlink()))
    else:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if str(path) not in STREAMS:
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no directory {path.parent}")
        if path.exists():
            check_kind(path.stat(), path)
    return path


def _check_link(path: Path) -> None:
    if is_shared(path.parent):
        raise OSError(errno.ELOOP, "it is a symbolic link in a directory that others may write")
    if path.lstat().st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, "it is a symbolic link that another user has made")


def check_kind(found: os.stat_result, path: Path) -> None:
    """Raise OSError for what is not a file or device of ours to write to."""
    if stat.S_ISFIFO(found.st_mode):
        raise OSError(errno.EINVAL, f"{_describe_kind(found)}: log to stdout, and let that be a pipe")
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISCHR(found.st_mode):
        raise OSError(errno.EINVAL, _describe_kind(found))
    if stat.S_ISREG(found.st_mode) and is_shared(path.parent) and found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "another user has made it, in a directory that others may write")


def _describe_kind(found: os.stat_result) -> str:
    return next(words for is_kind, words in _KINDS if is_kind(found.st_mode))


def is_shared(directory: Path) -> bool:
    """Tell whether anybody may put files there, as in /tmp; raise OSError."""
    return bool(directory.stat().st_mode & stat.S_IWOTH)


def find_collisions(files: Mapping[str, Path]) -> Iterator[str]:
    """Name the purposes that have the same file, by whatever names, links or not; devices may be shared."""
    purposes: dict[object, str] = {}
    for purpose, path in files.items():
        identity = _identify(path)
        if identity is None:
            continue
        other = purposes.setdefault(identity, purpose)
        if other != purpose:
            yield f"{purpose} {path} is {other} too: each needs a file of its own"


def find_spoiled_recording(log_file: Path) -> Iterator[str]:
    """Say when the lines of the log would be added to a recording."""
    try:
        if not log_file.is_file():
            return
        with log_file.open("rb") as file:
            is_recording = file.read(len(_RECORDING)) == _RECORDING
    except OSError:
        return  # whoever opens it for the log will say so
    if is_recording:
        yield f"log-file {log_file} is a recording: the log needs a file of its own"


def _identify(path: Path) -> object:
    """Return what two names of one file share; None for what is not a regular file, or cannot be told."""
    try:
        found = path.stat()
    except OSError:
        with suppress(OSError):  # a link that may not be read, as in /proc: whoever opens it says so
            return os.path.realpath(path)
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
