"""Those who write a file wait for each other, but not for ever for another process."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.private_files import open_safely, try_lock
from dynamic_dynamodb.service.whole_file import WholeFile

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_SECONDS = 0.6


@pytest.fixture
def file(tmp_path: Path) -> WholeFile:
    return WholeFile(tmp_path / "state.json", lambda _: "", LIMIT_SECONDS)


def test_threads_wait_for_each_other_longer_than_for_another_process(file: WholeFile) -> None:
    """As when twenty regions write thousands of tables at the same time, to a slow disk."""

    def write(number: int) -> int:
        with file.locked():
            time.sleep(LIMIT_SECONDS / 3)
        return number

    with ThreadPoolExecutor(6) as threads:
        assert [*threads.map(write, range(6))] == [*range(6)]


def test_a_lock_of_another_process_is_not_waited_for_for_ever(file: WholeFile) -> None:
    with file.locked():
        pass
    descriptor = open_safely(file.path.with_name("state.json.lock"), os.O_RDWR)
    try:
        assert try_lock(descriptor)
        with pytest.raises(TimeoutError, match="another process has locked it for 1 s"), file.locked():
            pass
    finally:
        os.close(descriptor)
