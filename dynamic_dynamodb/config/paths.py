"""Read and check the files that options name; never wait forever or trust links of other users."""

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
"""How long to wait for the content of a pipe."""
_CHUNK_BYTES: Final = 1 << 16
OPEN_SECONDS: Final = 5.0
"""How long to wait for the file system of a log file."""
IN_SHARED_DIRECTORY: Final = "in a directory that other users can write to"
STREAMS: Final = {
    "/dev/stdout": 1,
    "/dev/stderr": 2,
    "/dev/fd/1": 1,
    "/dev/fd/2": 2,
    "/proc/self/fd/1": 1,
    "/proc/self/fd/2": 2,
}
"""Names of open streams; resolved as links, they could lead to a file that must not be rotated."""
_RECORDING: Final = b"timestamp,consumed_reads,"
"""The start of each file that --record writes."""
_MOST_LINKS: Final = 40
_KINDS: Final = (
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a FIFO, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISBLK, "it is a disk, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
)


def read_within_limits(path: Path, *, may_be_pipe: bool = False) -> bytes:
    """Return the content of a file, or of a pipe such as a shell's `<(…)`; raise OSError with the reason."""
    # Check before opening: opening a device may have side effects, such as rewinding a tape.
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
    """Read to the end, or one byte beyond the limit; raise OSError after `WAIT_SECONDS`."""
    chunks: list[bytes] = []
    left, deadline = MOST_BYTES + 1, time.monotonic() + WAIT_SECONDS
    while left > 0:
        try:
            chunk = os.read(descriptor, min(left, _CHUNK_BYTES))
        except BlockingIOError:  # a pipe whose writer is slower
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                raise OSError(errno.ETIMEDOUT, f"it was not complete within {WAIT_SECONDS:.0f} s") from None
            select.select([descriptor], [], [], seconds)
            continue
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def find_log_file_fault(path: Path) -> str | None:
    """Return why this cannot be a log file, or None if it can; create and change nothing."""

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
    """Return whether this is a name of stdout or stderr, or a link to one."""
    try:
        return str(within_seconds(path, lambda: resolve_log_path(path))) in STREAMS
    except ConfigurationError:
        return False  # reported when it is opened


def within_seconds(path: Path, work: Callable[[], T], seconds: float = OPEN_SECONDS) -> T:
    """Return the result of work that may block; raise ConfigurationError if it fails or takes too long."""
    results: SimpleQueue[tuple[T | None, OSError | None]] = SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except OSError as error:
            results.put((None, error))
        except (ValueError, RuntimeError) as error:  # raised by pathlib for invalid names and for loops
            results.put((None, OSError(errno.EINVAL, str(error))))

    try:
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError:  # no more threads are allowed
        run()
    try:
        result, error = results.get(timeout=seconds)
    except Empty:
        message = f"log-file {path} could not be opened within {seconds:.0f} s: check its file system"
        raise ConfigurationError((message,)) from None
    if error is not None:
        message = f"log-file {path} cannot be written: {error.strerror or error}"
        raise ConfigurationError((message,)) from error
    return result  # type: ignore[return-value]  # work returned it


def resolve_log_path(path: Path) -> Path:
    """Follow links that no other user can have made, and return their target; raise OSError."""
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
        raise OSError(errno.ELOOP, f"it is a symbolic link {IN_SHARED_DIRECTORY}")
    if path.lstat().st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, "it is a symbolic link that another user owns")


def check_kind(found: os.stat_result, path: Path) -> None:
    """Raise OSError if this is not a file or device that logs may be written to."""
    if stat.S_ISFIFO(found.st_mode):
        raise OSError(errno.EINVAL, f"{_describe_kind(found)}: log to stdout and pipe that instead")
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISCHR(found.st_mode):
        raise OSError(errno.EINVAL, _describe_kind(found))
    if stat.S_ISREG(found.st_mode) and is_shared(path.parent) and found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, f"another user owns it, {IN_SHARED_DIRECTORY}")


def _describe_kind(found: os.stat_result) -> str:
    return next(words for is_kind, words in _KINDS if is_kind(found.st_mode))


def is_shared(directory: Path) -> bool:
    """Return whether every user can create files there, as in /tmp; raise OSError."""
    return bool(directory.stat().st_mode & stat.S_IWOTH)


def find_collisions(files: Mapping[str, Path]) -> Iterator[str]:
    """Yield a fault for each file that serves two purposes, also through links; devices may be shared."""
    purposes: dict[object, str] = {}
    for purpose, path in files.items():
        identity = _identify(path)
        if identity is None:
            continue
        other = purposes.setdefault(identity, purpose)
        if other != purpose:
            yield f"{purpose} {path} is the same file as {other}: use a file of its own for each"


def find_log_in_recording(log_file: Path) -> Iterator[str]:
    """Yield a fault if log lines would be appended to a recording."""
    try:
        if not log_file.is_file():
            return
        with log_file.open("rb") as file:
            is_recording = file.read(len(_RECORDING)) == _RECORDING
    except OSError:
        return  # reported when the log is opened
    if is_recording:
        yield f"log-file {log_file} is a recording: use another file for the log"


def _identify(path: Path) -> object:
    """Return what all names of a file have in common; None if it is not a regular file, or unknown."""
    try:
        found = path.stat()
    except OSError:
        with suppress(OSError):  # an unreadable link, as in /proc: reported when it is opened
            return os.path.realpath(path)
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
