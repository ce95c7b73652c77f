"""A log file that is in trouble loses no line that can be kept, and says so once."""

from __future__ import annotations

import errno
import logging
import os
import time
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.logs import LogFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    own = logging.getLogger("dynamic-dynamodb")
    before = own.level
    own.setLevel(logging.INFO)
    yield own
    own.setLevel(before)
    for handler in own.handlers[:]:
        own.removeHandler(handler)
        handler.close()


def refuse_to_move(source: str, destination: str) -> None:
    """Fail as the move of a mounted file does."""
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), source, None, destination)


def test_a_file_that_cannot_be_rotated_grows_on(tmp_path: Path, logger: logging.Logger) -> None:
    path = tmp_path / "own.log"
    handler = LogFile(path, when="midnight", encoding="utf-8")
    handler.rotator = refuse_to_move
    logger.addHandler(handler)
    handler.rolloverAt = int(time.time()) - 1
    for line in ("before", "after"):
        logger.info(line)
    reason = f"log-file {path} is not rotated: Device or resource busy: it grows on"
    assert path.read_text(encoding="utf-8").splitlines() == [reason, "before", "after"]


def test_a_full_disk_is_said_once_and_ends_nothing(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.log"
    path.symlink_to("/dev/full")
    handler = LogFile(path, encoding="utf-8")
    logger.addHandler(handler)
    for _ in range(3):
        logger.info("a line")
    said = f"log-file {path} cannot be written, its lines are lost: make room\n"
    assert capsys.readouterr().err == said
    handler.close()


def test_a_disk_that_is_full_at_midnight_leaves_a_file_that_can_be_written_once_there_is_room(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.log"
    path.symlink_to("/dev/full")
    handler = LogFile(path, when="midnight", encoding="utf-8")
    logger.addHandler(handler)
    logger.info("lost")
    path.unlink()  # what is opened from now on has room; what is open has none
    handler.rolloverAt = int(time.time()) - 1
    for line in ("at midnight", "after"):
        logger.info(line)
    assert path.read_text(encoding="utf-8").splitlines()[-2:] == ["at midnight", "after"]
    assert "Traceback" not in capsys.readouterr().err
