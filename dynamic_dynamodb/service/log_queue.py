"""Write log lines in a thread, so that a blocked log never delays a check."""

from __future__ import annotations

import copy
import errno
import logging
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from typing import Final

from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.service import LOGGER

MOST_LINES: Final = 10_000
"""How many lines of a daemon wait at most: enough for some checks of many tables."""
MOST_CHARACTERS: Final = 8_000_000
CLOSE_SECONDS: Final = 1.0
"""How long closing a log waits for the lines that are not written yet."""
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
_STANDARD_ERROR: Final = 2


class QueuedHandler(logging.Handler):
    """Pass lines on to another handler, in order, from a bounded queue.

    Lines are rendered when they are logged, with this handler's formatter if it has one. When the queue is
    full, new lines are dropped and counted until it is empty; then a line with the count is written.
    Lines that could not be written are counted in the same way. The first failure is logged once.
    """

    make_thread: type[threading.Thread] = threading.Thread

    def __init__(
        self,
        target: logging.Handler,
        place: str,
        formatter: logging.Formatter | None = None,
        most_lines: int | None = MOST_LINES,
    ) -> None:
        """Start a thread that writes to `target`, which messages call `place`; None is for no bound."""
        super().__init__(target.level)
        self.setFormatter(formatter)
        self.target = target
        self.place = place
        self.most_lines = most_lines
        self.written = 0
        self._lines: deque[logging.LogRecord] = deque()
        self._characters = 0
        self._dropped = 0
        self._lost = 0
        self._error: BaseException | None = None
        self._is_writing = self._is_ending = False
        self._changed = threading.Condition()
        # logging's own would print a traceback for each line.
        target.handleError = self._note_error  # type: ignore[method-assign]
        self._thread: threading.Thread | None = self.make_thread(
            target=self._work, name=f"log of {place}", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # no further thread is allowed: `emit` writes the lines itself
            self._thread = None

    @property
    def is_busy(self) -> bool:
        """Return whether there are lines that are not written yet."""
        with self._changed:
            return self._has_work()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line, or count it as dropped; never wait."""
        try:
            line = self._prepare(record)
        except Exception as error:  # noqa: BLE001 - a line of a library must not end a check
            line = self._prepare(_make_record(f"{record.name}: {record.msg!r} cannot be logged: {error!r}"))
        with self._changed:
            if self._is_ending:
                return
            if self._dropped or not self._has_room(len(line.msg)):
                self._dropped += 1
            else:
                self._lines.append(line)
                self._characters += len(line.msg)
            self._changed.notify_all()
        if self._thread is None:
            self._write_next()

    def _has_room(self, characters: int) -> bool:
        if self.most_lines is None:
            return True
        return len(self._lines) < self.most_lines and self._characters + characters <= MOST_CHARACTERS

    def wait(self, seconds: float) -> bool:
        """Wait until every line is written, or the time is over; return whether every line is written."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._has_work(), seconds)

    def flush(self) -> None:
        """Wait a moment until every line is written."""
        self.wait(CLOSE_SECONDS)

    def close(self) -> None:
        """Wait a moment until every line is written; `end` closes the target."""
        self.flush()

    def end(self) -> None:
        """Write the queue and close the target; return after a moment even if that is not done."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        if self._thread is None:
            self.target.close()
        else:
            self._thread.join(CLOSE_SECONDS)
        super().close()

    def _has_work(self) -> bool:
        return bool(self._lines or self._dropped or self._is_writing)

    def _prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a copy of the record that is rendered now: its arguments may change before it is written."""
        line = copy.copy(record)
        if self.formatter:
            line.msg = self.format(line)
            line.exc_info = line.exc_text = line.stack_info = None
        else:
            line.msg = escape(record.getMessage())
        line.args = None
        return line

    def _work(self) -> None:
        while self._write_next():
            pass
        self.target.close()

    def _write_next(self) -> bool:
        """Wait for a line and write it; return False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_work() or self._is_ending)
            line = self._lines.popleft() if self._lines else None
            if line is not None:
                self._characters -= len(line.msg)
            elif self._dropped:
                self._lost += self._dropped
                self._dropped = 0
            else:
                return False
            self._is_writing = True
        try:
            self._write(line)
        finally:
            with self._changed:
                self._is_writing = False
                self.written += 1
                self._changed.notify_all()
        return True

    def _write(self, line: logging.LogRecord | None) -> None:
        """Write a line, after the number of the lines that are missing before it."""
        if self._lost:
            gap = f"{self._lost} log lines are missing here: they could not be written to {self.place}"
            if self._try(self._prepare(_make_record(gap))):
                self._lost = 0
            else:
                self._lost += line is not None
                return
        if line is not None and not self._try(line):
            self._lost = 1

    def _try(self, line: logging.LogRecord) -> bool:
        before, self._error = self._error, None
        try:
            # Not `handle`: a blocked write would hold the handler's lock, which logging.shutdown waits for.
            kept = self.target.filter(line)
            if kept:
                self.target.emit(kept if isinstance(kept, logging.LogRecord) else line)
        except Exception as error:  # noqa: BLE001 - handlers of a log-config-file may raise anything
            self._error = error
        if self._error is not None and before is None:
            self._report(self._error)
        return self._error is None

    def _note_error(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - logging's signature
        self._error = sys.exc_info()[1]

    def _report(self, error: BaseException) -> None:
        """Log that lines are being lost, to the other handlers; on stderr too if this one is the console."""
        code = error.errno if isinstance(error, OSError) else None
        why = os.strerror(code) if code else f"{type(error).__name__}: {error}"
        advice = ": free disk space" if code in _NO_SPACE else ""
        problem = f"{self.place} cannot be written: {why}: log lines are being lost{advice}"
        LOGGER.warning("%s", problem)
        is_console = isinstance(self.target, logging.StreamHandler) and not isinstance(
            self.target, logging.FileHandler
        )
        if is_console and not isinstance(error, BrokenPipeError):  # the user has closed the pipe
            with suppress(OSError):
                os.write(_STANDARD_ERROR, f"dynamic-dynamodb: {problem}\n".encode())


def _make_record(sentence: str) -> logging.LogRecord:
    return LOGGER.makeRecord(LOGGER.name, logging.WARNING, __file__, 0, sentence, (), None)
