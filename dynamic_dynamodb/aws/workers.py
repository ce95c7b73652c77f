"""A pool of threads that starts no more than needed, and than the system allows.

Unlike those of the standard library, its threads never keep the process from ending, and their number can
change.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from dynamic_dynamodb.aws.deadlines import ALLOW_MORE
from dynamic_dynamodb.check.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

PAUSE_SECONDS: Final = 60.0
"""How long to wait after the system has refused a thread before asking for another."""


class WorkerPool(Executor):
    """An executor whose threads start when they are needed, and end when there are too many."""

    def __init__(self, name: str, most: int, conditions: Conditions | None = None) -> None:
        """Allow at most `most` threads; a shortage of threads is a condition."""
        self._name = name
        self._most = most
        self._conditions = conditions or Conditions()
        self._threads = 0
        self._idle = 0
        self._refused_until = 0.0
        self._is_warned = False
        self._is_closed = False
        self._work: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._changed = threading.Condition()

    def resize(self, most: int) -> None:
        """Allow at most `most` threads from now on; surplus threads end when they are idle."""
        with self._changed:
            self._most, self._refused_until, self._is_warned = most, 0.0, False
            self._changed.notify_all()
        self._conditions.set(f"threads for {self._name}", None)

    def close(self) -> None:
        """Let the threads end when they are idle; do not wait for them."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in a thread, or in this one if the system allows no other."""
        future: Future[T] = Future()
        refusal: RuntimeError | None = None
        with self._changed:
            self._work.append((future, lambda: fn(*args, **kwargs)))
            if self._idle >= len(self._work):
                self._changed.notify()
            elif self._threads < self._most and self._refused_until <= time.monotonic():
                refusal = self._start_thread()
            is_alone = self._threads == 0
        if refusal is not None:
            self._warn(refusal)
        if is_alone:
            _run(*self._work.popleft())
        return future

    def _start_thread(self) -> RuntimeError | None:
        try:
            threading.Thread(target=self._run_tasks, name=self._name, daemon=True).start()
        except RuntimeError as error:
            self._refused_until = time.monotonic() + PAUSE_SECONDS
            return error
        self._threads += 1
        return None

    def _warn(self, refusal: RuntimeError) -> None:
        if not self._is_warned:
            self._is_warned = True
            counted = f"only {self._threads} of {self._most} threads for {self._name} can be started"
            hint = f"{ALLOW_MORE}, or set a lower max-workers"
            sentence = f"{counted} ({refusal}), so checks take longer: {hint}"
            self._conditions.set(f"threads for {self._name}", sentence)

    def _run_tasks(self) -> None:
        while (task := self._take()) is not None:
            _run(*task)
            del task  # its result may be large: do not keep it until the next task

    def _take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Return the next task, waiting for it; None if this thread should end."""
        with self._changed:
            while True:
                if self._threads > self._most or (self._is_closed and not self._work):
                    self._threads -= 1
                    return None
                if self._work:
                    return self._work.popleft()
                self._idle += 1
                self._changed.wait()
                self._idle -= 1


def _run(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - raised where the result is read
        future.set_exception(error)
    else:
        future.set_result(result)


def call_for_each(
    executor: Executor, most_at_once: int, function: Callable[[S], T], items: Iterable[S]
) -> Iterator[tuple[S, Future[T]]]:
    """Yield each item with its result as soon as that is known; the next calls wait until it is used.

    At most `most_at_once` results are in memory.
    """
    waiting = iter(items)
    pending: dict[Future[T], S] = {}
    while True:
        for item in islice(waiting, most_at_once - len(pending)):
            pending[executor.submit(function, item)] = item
        if not pending:
            return
        ended = next(iter(wait(pending, return_when=FIRST_COMPLETED).done))
        yield pending.pop(ended), ended
