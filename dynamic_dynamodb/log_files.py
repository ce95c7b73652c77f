"""Find, open and rotate log files, without ever waiting for one or trusting another user's link."""

from __future__ import annotations

import errno
import logging
import os
import select
import stat
import threading
import time
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
OLD_FILES_KEPT: Final = 5
OPEN_SECONDS: Final = 5.0
"""How long a start or a reload waits for the file system of a log file."""
READABLE_BY_ALL: Final = 0o644
OWNER_ONLY: Final = 0o600
STREAMS: Final = {
    "/dev/stdout": 1,
    "/dev/stderr": 2,
    "/dev/fd/1": 1,
    "/dev/fd/2": 2,
    "/proc/self/fd/1": 1,
    "/proc/self/fd/2": 2,
}
"""Names of what is open already: followed as links, they could lead to a file that is not ours to rotate."""
_MOST_LINKS: Final = 40
_KINDS: Final = (
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a FIFO, not a file: log to stdout, and let that be a pipe"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISBLK, "it is a disk, not a file"),
)


class RawStream:
    """A text stream without a buffer: what it cannot write is not kept to be written later."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        """Write to an open descriptor."""
        self._descriptor = descriptor
        self._encoding = encoding
        self._is_in_mid_line = False

    def write(self, text: str) -> None:
        """Write all of it, however long that takes; raise OSError."""
        data = text.encode(self._encoding, "backslashreplace")
        if self._is_in_mid_line:
            data = b"\n" + data
        while data:
            try:
                count = os.write(self._descriptor, data)
            except BlockingIOError:  # somebody who shares it has made it so
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll()
                continue
            self._is_in_mid_line = data[count - 1 : count] != b"\n"
            data = data[count:]

    def flush(self) -> None:
        """Do nothing: all is written."""

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return os.isatty(self._descriptor)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


class LogFile(TimedRotatingFileHandler):
    """A file that is rotated at midnight, and goes on where it is if it cannot be rotated."""

    def __init__(self, path: Path, permissions: int = READABLE_BY_ALL) -> None:
        """Open the file; raise OSError."""
        self._permissions = permissions
        super().__init__(path, when="midnight", backupCount=OLD_FILES_KEPT)

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Rotate; a file that cannot be moved, such as one that is mounted, grows on until next midnight."""
        try:
            super().doRollover()
        except OSError as error:
            if self.stream is None:
                self.stream = self._open()
            self.rolloverAt = self.computeRollover(int(time.time()))
            why = error.strerror or error
            said = "cannot rotate log-file %s (%s): appending to it until the next rotation"
            LOGGER.warning(said, self.baseFilename, why)

    def _open(self) -> Any:  # noqa: ANN401 - logging wants a TextIOWrapper, and uses three methods of it
        return RawStream(_open_without_waiting(Path(self.baseFilename), self._permissions))


def open_log_file(path: Path, permissions: int = READABLE_BY_ALL) -> logging.Handler | None:
    """Open a log file, or what a name such as /dev/stderr stands for; None for /dev/stdout.

    Raises ConfigurationError if it cannot be used, or cannot be opened in time.
    """

    def open_it() -> logging.Handler | None:
        found = _find(path)
        number = STREAMS.get(str(found))
        if number is not None:
            return logging.StreamHandler(RawStream(number)) if number == 2 else None  # noqa: PLR2004 - stderr
        if found.exists() and not found.is_file():
            return logging.StreamHandler(RawStream(_open_without_waiting(found, permissions)))
        return LogFile(found, permissions)

    return within_seconds(path, open_it)


def find_log_file_fault(path: Path) -> str | None:
    """Return why this cannot be a log file, or None if it can; nothing is made or changed."""

    def look() -> None:
        found = _find(path)
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
        return str(within_seconds(path, lambda: _find(path))) in STREAMS
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


def _find(path: Path) -> Path:
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
            _check(path.stat(), path)
    return path


def _check_link(path: Path) -> None:
    if is_shared(path.parent):
        raise OSError(errno.ELOOP, "it is a symbolic link in a directory that others may write")
    if path.lstat().st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, "it is a symbolic link that another user has made")


def _check(found: os.stat_result, path: Path) -> None:
    """Raise OSError for what is not a file or device of ours to write to."""
    for is_kind, why in _KINDS:
        if is_kind(found.st_mode):
            raise OSError(errno.EINVAL, why)
    if stat.S_ISREG(found.st_mode) and is_shared(path.parent) and found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "another user has made it, in a directory that others may write")


def is_shared(directory: Path) -> bool:
    """Tell whether anybody may put files there, as in /tmp; raise OSError."""
    return bool(directory.stat().st_mode & stat.S_IWOTH)


def _open_without_waiting(path: Path, permissions: int) -> int:
    """Open a file or device for appending, as a FIFO or a link in its place would make one wait or stray."""
    flags = (
        os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    )
    descriptor = os.open(path, flags, permissions)
    try:
        _check(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    os.set_blocking(descriptor, True)
    return descriptor
