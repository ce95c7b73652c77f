"""End what a thread waits for over the network when its time is up, whatever still comes in.

Time-outs of sockets are for each piece of an answer: one that drips in byte by byte never exceeds them.
One thread watches the deadlines of all others, and shuts down the sockets of those that are over.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOW_MORE: Final = "allow more threads (ulimit -u, TasksMax, pids.max)"


@dataclass(slots=True, eq=False)
class Deadline:
    """When the network must have answered a thread (by the monotonic clock), and the sockets it uses now."""

    at: float
    sockets: list[socket.socket] = field(default_factory=list)
    is_exhausted: bool = False

    def take_time(self) -> float:
        """Tell how many seconds there are; raise TimeoutError if there are none."""
        remaining = self.at - time.monotonic()
        self.is_exhausted = self.is_exhausted or remaining <= 0
        if self.is_exhausted:
            raise TimeoutError
        return remaining


class _Watch:
    """The thread that ends what is over; it starts with the first deadline."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._deadlines: set[Deadline] = set()
        self._news = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    def begin(self, deadline: Deadline) -> None:
        """Watch a deadline."""
        self.start()
        with self._news:
            self._deadlines.add(deadline)
            if deadline.at < self._wakes_at:
                self._news.notify()

    def end(self, deadline: Deadline) -> None:
        """Watch a deadline no longer."""
        with self._news:
            self._deadlines.discard(deadline)

    def hold(self, deadline: Deadline, one: socket.socket) -> None:
        """Note a socket that is waited for; raise TimeoutError if it is too late for another."""
        with self._news:
            deadline.take_time()
            deadline.sockets.append(one)

    def release(self, deadline: Deadline) -> None:
        """Forget the sockets: from now on others may use them."""
        with self._news:
            deadline.sockets.clear()

    def start(self) -> None:
        """Start the thread; raise OSError if the system allows none: nothing is asked without a bound."""
        if self._process != os.getpid():
            _Watch.__init__(self)  # a fork leaves the thread behind
        if self._thread is None:
            with self._news:
                if self._thread is None:
                    self._start_thread()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise OSError(f"no thread can be started to end calls in time ({error}): {ALLOW_MORE}") from error
        self._thread = thread

    def _run(self) -> None:
        with self._news:
            while True:
                now = time.monotonic()
                for deadline in self._deadlines:
                    if deadline.at <= now and deadline.sockets:
                        _end(deadline)
                ahead = [deadline.at for deadline in self._deadlines if deadline.at > now]
                self._wakes_at = min(ahead, default=float("inf"))
                self._news.wait(self._wakes_at - now if ahead else None)


def _end(deadline: Deadline) -> None:
    """End the wait: to the one who waits it is as if the other side had hung up."""
    deadline.is_exhausted = True
    for one in deadline.sockets:
        with suppress(OSError):  # it has hung up by itself
            # Not one.shutdown(): under TLS that would first forget the encryption.
            socket.socket.shutdown(one, socket.SHUT_RDWR)
    deadline.sockets.clear()


_watch: Final = _Watch()
_own: Final = threading.local()


def find_deadline() -> Deadline | None:
    """Find the deadline of this thread, if it has one."""
    deadline: Deadline | None = getattr(_own, "deadline", None)
    return deadline


def watch_deadlines() -> None:
    """Start the thread now, before others take what the system allows; it also starts by itself.

    Raises OSError if the system allows none.
    """
    _watch.start()


def hold(one: socket.socket) -> None:
    """Let the deadline of this thread, if any, end a socket; raise TimeoutError if it is over already."""
    deadline = find_deadline()
    if deadline is not None:
        _watch.hold(deadline, one)


def release() -> None:
    """Let the deadline of this thread end none of the sockets so far: their answers are here."""
    deadline = find_deadline()
    if deadline is not None:
        _watch.release(deadline)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Let what this thread asks of the network take so long in all; raise TimeoutError if it took longer.

    What is computed when an answer is here, or before it is asked for, is not interrupted.
    """
    outer = find_deadline()
    at = time.monotonic() + seconds
    deadline = Deadline(at if outer is None else min(at, outer.at))
    _watch.begin(deadline)
    _own.deadline = deadline
    try:
        yield
    except Exception as error:
        if deadline.is_exhausted:
            raise TimeoutError from error
        raise
    finally:
        _own.deadline = outer
        _watch.end(deadline)
    if deadline.is_exhausted:
        raise TimeoutError  # half an answer may look like a whole one
