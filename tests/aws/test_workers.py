"""Threads start when needed, end when there are too many, and never keep a process from ending."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

PATIENCE_SECONDS = 10.0


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool("work of a test", 3)
    yield made
    made.close()
    _wait_until(lambda: _count() == 0)


def _count() -> int:
    return sum(thread.name == "work of a test" for thread in threading.enumerate())


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _occupy(pool: WorkerPool, tasks: int, released: threading.Event) -> list[Future[bool]]:
    return [pool.submit(released.wait, PATIENCE_SECONDS) for _ in range(tasks)]


def test_results_and_errors_are_those_of_any_executor(pool: WorkerPool) -> None:
    assert list(pool.map(lambda number: number * 2, range(50))) == list(range(0, 100, 2))
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result(PATIENCE_SECONDS)


def test_no_more_threads_start_than_are_allowed_or_needed(pool: WorkerPool) -> None:
    pool.submit(int).result(PATIENCE_SECONDS)
    _wait_until(lambda: pool._idle == 1)  # noqa: SLF001 - only then the next one needs no other thread
    pool.submit(int).result(PATIENCE_SECONDS)
    assert _count() == 1
    released = threading.Event()
    futures = _occupy(pool, 5, released)
    _wait_until(lambda: sum(future.running() for future in futures) == 3)
    assert _count() == 3
    released.set()
    assert all(future.result(PATIENCE_SECONDS) for future in futures)


def test_a_resize_changes_the_number_of_threads(pool: WorkerPool) -> None:
    for most in (8, 2, 5):
        pool.resize(most)
        released = threading.Event()
        futures = _occupy(pool, 10, released)
        _wait_until(lambda most=most, futures=futures: sum(one.running() for one in futures) == most)  # type: ignore[misc]
        released.set()
        assert all(future.result(PATIENCE_SECONDS) for future in futures)
        _wait_until(lambda most=most: _count() <= most)  # type: ignore[misc]


def test_a_cancelled_task_is_not_run(pool: WorkerPool) -> None:
    released, done = threading.Event(), threading.Event()
    futures = _occupy(pool, 3, released)
    cancelled = pool.submit(done.set)
    assert cancelled.cancel()
    released.set()
    assert all(future.result(PATIENCE_SECONDS) for future in futures)
    pool.submit(int).result(PATIENCE_SECONDS)
    assert not done.is_set()


NEVER_BACK = """\
import threading, time
from dynamic_dynamodb.aws.workers import WorkerPool
began = threading.Event()
def never():
    began.set()
    time.sleep(600)
WorkerPool("stuck", 1).submit(never)
began.wait()
print("ending")
"""


def test_a_thread_that_never_ends_does_not_keep_the_process_alive() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NEVER_BACK], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ending\n", "")
