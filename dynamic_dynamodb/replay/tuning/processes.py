"""Tune targets in processes of this machine; a process that dies costs its own target only."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.tuning.tuner import Failed, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from dynamic_dynamodb.replay.tuning.tuner import Task, Tuned

TICK_SECONDS: Final = 0.1
"""The time from one call of `on_tick` to the next."""
_KILLED: Final = "its process was killed twice, perhaps for lack of memory: use fewer --workers"


def tune_in_processes(
    tasks: Iterable[Task], workers: int, on_tick: Callable[[], None]
) -> Iterator[Tuned | Failed]:
    """Yield the result of each task as it comes; raise OSError if no process can be started.

    `on_tick` is called in between, and may raise an exception to end the run and its processes.
    """
    waiting = deque(tasks)
    while waiting:
        interrupted = yield from _run_until_death(waiting, workers, on_tick)
        for task in interrupted:  # one of them may have killed its process: each one is tried alone
            if (yield from _run_until_death(deque([task]), 1, on_tick)):
                yield Failed(task.target, _KILLED)


def _run_until_death(
    waiting: deque[Task], workers: int, on_tick: Callable[[], None]
) -> Generator[Tuned | Failed, None, list[Task]]:
    """Take tasks and yield their results until a process dies; return the tasks without a result then."""
    pool = ProcessPoolExecutor(min(workers, len(waiting)), get_context("spawn"), _end_with_parent)
    running: dict[Future[Tuned | Failed], Task] = {}
    interrupted: list[Task] = []
    try:
        while running or (waiting and not interrupted):
            on_tick()
            while waiting and not interrupted and len(running) < workers:
                task = waiting.popleft()
                try:
                    running[_submit(pool, task)] = task
                except BrokenProcessPool:
                    interrupted.append(task)
            for future in wait(running, TICK_SECONDS, FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    interrupted.append(task)
    except BaseException:  # the results of the tasks that run are not waited for
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return interrupted


def _submit(pool: ProcessPoolExecutor, task: Task) -> Future[Tuned | Failed]:
    """Submit a task; a process that this starts inherits that SIGINT is blocked: Ctrl-C is for the parent."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(tune, task)
    except OSError as error:
        raise OSError(f"cannot start a process ({error.strerror}): use fewer --workers") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _end_with_parent() -> None:
    """End this process as soon as its parent ends, however that ends."""

    def wait_for_parent() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()
