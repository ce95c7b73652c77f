"""Logging never waits for a reader: lines stay in order, and missing lines are counted."""

from __future__ import annotations

import errno
import logging
import os
import threading
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service import log_queue
from dynamic_dynamodb.service.log_queue import QueuedHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 30


class Reader(logging.Handler):
    """Record lines while reading is allowed; raise the error if there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.error: Exception | None = None
        self.is_reading = threading.Event()
        self.is_waiting = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.is_waiting.set()
        assert self.is_reading.wait(PATIENCE_SECONDS)
        if self.error:
            raise self.error
        self.lines.append(self.format(record))


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    own = logging.getLogger("dynamic-dynamodb")
    before = own.level, own.propagate
    own.setLevel(logging.INFO)
    own.propagate = False
    yield own
    own.setLevel(before[0])
    own.propagate = before[1]
    for handler in own.handlers[:]:
        own.removeHandler(handler)


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.is_reading.set()


def attach(
    logger: logging.Logger, reader: Reader, place: str = "stdout", most_lines: int | None = 3
) -> QueuedHandler:
    queue = QueuedHandler(reader, place, logging.Formatter("%(levelname)s %(message)s"), most_lines)
    logger.addHandler(queue)
    return queue


def test_a_blocked_log_delays_neither_the_program_nor_another_log(
    logger: logging.Logger, reader: Reader
) -> None:
    other = Reader()
    other.is_reading.set()
    stuck, free = attach(logger, reader), attach(logger, other, "log-file own.log", None)
    for number in range(1000):
        logger.info("line %d", number)
    assert free.wait(PATIENCE_SECONDS)
    assert other.lines == [f"INFO line {number}" for number in range(1000)]
    assert stuck.is_busy
    assert reader.lines == []
    stuck.end()
    free.end()


def test_dropped_lines_are_counted_where_they_are_missing(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader)
    logger.info("in the reader's hand")
    assert reader.is_waiting.wait(PATIENCE_SECONDS)
    for number in range(10):
        logger.info("line %d", number)
    reader.is_reading.set()
    assert queue.wait(PATIENCE_SECONDS)
    logger.info("after")
    assert queue.wait(PATIENCE_SECONDS)
    assert reader.lines == [
        "INFO in the reader's hand",
        "INFO line 0",
        "INFO line 1",
        "INFO line 2",
        "WARNING 7 log lines are missing here: they could not be written to stdout",
        "INFO after",
    ]
    queue.end()


def test_the_queue_is_bounded_in_characters_too(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader, most_lines=1000)
    logger.info("in the reader's hand")
    assert reader.is_waiting.wait(PATIENCE_SECONDS)
    third = "x" * (log_queue.MOST_CHARACTERS // 3 - 100)
    for _ in range(5):
        logger.info(third)
    reader.is_reading.set()
    assert queue.wait(PATIENCE_SECONDS)
    assert [line[:9] for line in reader.lines[1:]] == ["INFO xxxx"] * 3 + ["WARNING 2"]
    queue.end()


def test_a_one_off_run_drops_nothing(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader, most_lines=None)
    for number in range(1000):
        logger.info("line %d", number)
    reader.is_reading.set()
    assert queue.wait(PATIENCE_SECONDS)
    assert reader.lines == [f"INFO line {number}" for number in range(1000)]
    queue.end()


def test_a_line_is_rendered_when_it_is_logged(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader)
    changing = ["then"]
    logger.info("%s", changing)
    changing.append("later")
    reader.is_reading.set()
    assert queue.wait(PATIENCE_SECONDS)
    assert reader.lines == ["INFO ['then']"]
    queue.end()


def test_a_line_that_cannot_be_rendered_raises_no_error(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader)
    queue.handle(logger.makeRecord(logger.name, logging.INFO, "", 0, "%d units", ("many",), None))
    reader.is_reading.set()
    assert queue.wait(PATIENCE_SECONDS)
    why = "TypeError('%d format: a real number is required, not str')"
    assert reader.lines == [f"WARNING dynamic-dynamodb: '%d units' cannot be logged: {why}"]
    queue.end()


def test_a_failing_log_is_reported_once_to_the_others_and_counts_its_missing_lines(
    logger: logging.Logger, reader: Reader
) -> None:
    other = Reader()
    other.is_reading.set()
    reader.is_reading.set()
    reader.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    full = attach(logger, reader, "log-file own.log")
    free = attach(logger, other, most_lines=None)
    for number in range(3):
        logger.info("line %d", number)
        assert full.wait(PATIENCE_SECONDS)
    reader.error = None
    logger.info("line 3")
    assert full.wait(PATIENCE_SECONDS)
    assert free.wait(PATIENCE_SECONDS)
    problem = "log-file own.log cannot be written: No space left on device: log lines are being lost"
    assert other.lines == [
        "INFO line 0",
        f"WARNING {problem}: free disk space",
        "INFO line 1",
        "INFO line 2",
        "INFO line 3",
    ]
    # The three lines, and the one about the problem.
    missing = "WARNING 4 log lines are missing here: they could not be written to log-file own.log"
    assert reader.lines == [missing, "INFO line 3"]
    full.end()
    free.end()


def test_closing_a_blocked_log_takes_a_limited_time(logger: logging.Logger, reader: Reader) -> None:
    queue = attach(logger, reader)
    logger.info("in the reader's hand")
    for end in (queue.close, queue.end):
        ended = threading.Thread(target=end, daemon=True)
        ended.start()
        ended.join(PATIENCE_SECONDS)
        assert not ended.is_alive()


class Refused(threading.Thread):
    """A thread that the system does not allow."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


class ThreadlessHandler(QueuedHandler):
    """A queue where no further thread is allowed."""

    make_thread = Refused


def test_without_a_thread_lines_are_written_at_once(logger: logging.Logger, reader: Reader) -> None:
    reader.is_reading.set()
    queue = ThreadlessHandler(reader, "stdout", logging.Formatter("%(message)s"), 3)
    logger.addHandler(queue)
    for number in range(5):
        logger.info("line %d", number)
    assert reader.lines == [f"line {number}" for number in range(5)]
    queue.end()
