"""Open and rotate log files."""

from __future__ import annotations

import logging
import os
import select
import time
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any, Final, TypeVar

from dynamic_dynamodb.config.paths import STREAMS, check_kind, resolve_log_path, within_seconds
from dynamic_dynamodb.service import LOGGER

T = TypeVar("T")

OLD_FILES_KEPT: Final = 5
READABLE_BY_ALL: Final = 0o644


class RawStream:
    """An unbuffered text stream: text that it could not write is not written later."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        """Write to an open descriptor."""
        self._descriptor = descriptor
        self._encoding = encoding
        self._is_in_mid_line = False

    def write(self, text: str) -> None:
        """Write the whole text, however long that takes; raise OSError."""
        data = text.encode(self._encoding, "backslashreplace")
        if self._is_in_mid_line:
            data = b"\n" + data
        while data:
            try:
                count = os.write(self._descriptor, data)
            except BlockingIOError:  # another process that shares it has set O_NONBLOCK
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll()
                continue
            self._is_in_mid_line = data[count - 1 : count] != b"\n"
            data = data[count:]

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._descriptor)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


class LogFile(TimedRotatingFileHandler):
    """A file that is rotated at midnight; if that fails, lines are appended until the next rotation."""

    def __init__(self, path: Path, permissions: int = READABLE_BY_ALL) -> None:
        """Open the file; raise OSError."""
        self._permissions = permissions
        super().__init__(path, when="midnight", backupCount=OLD_FILES_KEPT)

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Rotate the file; one that cannot be renamed, such as a mounted file, stays until next midnight."""
        try:
            super().doRollover()
        except OSError as error:
            if self.stream is None:
                self.stream = self._open()
            self.rolloverAt = self.computeRollover(int(time.time()))
            why = error.strerror or error
            problem = "cannot rotate log-file %s (%s): appending to it until the next rotation"
            LOGGER.warning(problem, self.baseFilename, why)

    def _open(self) -> Any:  # noqa: ANN401 - logging wants a TextIOWrapper, and uses three methods of it
        return RawStream(_open_without_waiting(Path(self.baseFilename), self._permissions))


def open_log_file(path: Path, permissions: int = READABLE_BY_ALL) -> logging.Handler | None:
    """Return the handler of a log file, or of a device such as /dev/stderr; None for /dev/stdout.

    Raises ConfigurationError if the file cannot be used, or cannot be opened in time.
    """

    def open_it() -> logging.Handler | None:
        found = resolve_log_path(path)
        number = STREAMS.get(str(found))
        if number is not None:
            return logging.StreamHandler(RawStream(number)) if number == 2 else None  # noqa: PLR2004 - stderr
        if found.exists() and not found.is_file():
            return logging.StreamHandler(RawStream(_open_without_waiting(found, permissions)))
        return LogFile(found, permissions)

    return within_seconds(path, open_it)


def _open_without_waiting(path: Path, permissions: int) -> int:
    """Open a file or device for appending, without following a link or waiting for a FIFO's reader."""
    flags = (
        os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    )
    descriptor = os.open(path, flags, permissions)
    try:
        check_kind(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    os.set_blocking(descriptor, True)
    return descriptor
