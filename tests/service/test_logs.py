"""A log file that fails keeps every line that it can, and the failure is reported once."""

from __future__ import annotations

import errno
import logging
import os
import time
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.log_files import LogFile, open_log_file
from dynamic_dynamodb.service.log_queue import QueuedHandler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 30


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    own = logging.getLogger("dynamic-dynamodb")
    before = own.level
    own.setLevel(logging.INFO)
    yield own
    own.setLevel(before)
    for handler in own.handlers[:]:
        own.removeHandler(handler)
        assert isinstance(handler, QueuedHandler)
        handler.end()


def attach(logger: logging.Logger, path: Path) -> tuple[QueuedHandler, LogFile]:
    handler = open_log_file(path)
    assert isinstance(handler, LogFile)
    queue = QueuedHandler(handler, f"log-file {path}", logging.Formatter("%(message)s"))
    logger.addHandler(queue)
    return queue, handler


def read(queue: QueuedHandler, path: Path) -> list[str]:
    """Return the lines of a file, all of which are written."""
    assert queue.wait(PATIENCE_SECONDS)
    return path.read_text(encoding="utf-8").splitlines()


def refuse_to_move(source: str, destination: str) -> None:
    """Fail as the move of a mounted file does."""
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), source, None, destination)


def test_a_file_that_cannot_be_rotated_is_appended_to(tmp_path: Path, logger: logging.Logger) -> None:
    path = tmp_path / "own.log"
    queue, handler = attach(logger, path)
    handler.rotator = refuse_to_move
    handler.rolloverAt = int(time.time()) - 1
    logger.info("before")
    assert queue.wait(PATIENCE_SECONDS)
    logger.info("after")
    why = "(Device or resource busy): appending to it until the next rotation"
    assert read(queue, path) == ["before", f"cannot rotate log-file {path} {why}", "after"]


def test_a_full_disk_is_reported_once_and_stops_nothing(
    tmp_path: Path, logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "own.log"
    path.symlink_to("/dev/full")
    handler = open_log_file(path)
    assert handler is not None
    queue = QueuedHandler(handler, f"log-file {path}", logging.Formatter("%(message)s"))
    logger.addHandler(queue)
    for _ in range(3):
        logger.info("a line")
    assert queue.wait(PATIENCE_SECONDS)
    problem = "No space left on device: log lines are being lost: free disk space"
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == [
        f"log-file {path} cannot be written: {problem}"
    ]


def test_a_line_cut_off_by_a_full_disk_is_ended_before_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "own.log"
    handler = open_log_file(path)
    assert isinstance(handler, LogFile)
    assert handler.stream is not None
    handler.stream.write("half of a li")
    handler.stream.write("the next line\n")
    handler.close()
    assert path.read_text(encoding="utf-8") == "half of a li\nthe next line\n"


def test_the_target_of_a_link_is_rotated_and_the_link_stays(tmp_path: Path, logger: logging.Logger) -> None:
    (tmp_path / "elsewhere").mkdir()
    path, real = tmp_path / "own.log", tmp_path / "elsewhere" / "real.log"
    path.symlink_to("elsewhere/real.log")
    real.write_text("yesterday\n")
    queue, handler = attach(logger, path)
    handler.rolloverAt = int(time.time()) - 1
    logger.info("today")
    assert read(queue, path) == ["today"]
    assert path.is_symlink()
    (old,) = real.parent.glob("real.log.*")
    assert old.read_text() == "yesterday\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["elsewhere", "own.log"]
