"""End a thread's wait for the network at a deadline, even while data still arrives.

A socket's timeout applies to each part of an answer: one that arrives byte by byte never exceeds it.
One thread watches the deadlines of all others, and shuts down their sockets when they have passed.
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
    """When a thread's network access must end, on the monotonic clock, and the sockets that it uses now."""

    at: float
    sockets: list[socket.socket] = field(default_factory=list)
    is_exhausted: bool = False

    def find_remaining(self) -> float:
        """Return the seconds that are left; raise TimeoutError if there are none."""
        remaining = self.at - time.monotonic()
        self.is_exhausted = self.is_exhausted or remaining <= 0
        if self.is_exhausted:
            raise TimeoutError
        return remaining


class _Watch:
    """The thread that watches deadlines; it starts with the first one."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._deadlines: set[Deadline] = set()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    def begin(self, deadline: Deadline) -> None:
        """Watch a deadline."""
        self.start()
        with self._changed:
            self._deadlines.add(deadline)
            if deadline.at < self._wakes_at:
                self._changed.notify()

    def end(self, deadline: Deadline) -> None:
        """Stop watching a deadline."""
        with self._changed:
            self._deadlines.discard(deadline)

    def attach(self, deadline: Deadline, one: socket.socket) -> None:
        """Add a socket that the thread waits for; raise TimeoutError if the deadline has passed."""
        with self._changed:
            deadline.find_remaining()
            deadline.sockets.append(one)

    def detach(self, deadline: Deadline) -> None:
        """Remove the sockets: from now on other threads may use them."""
        with self._changed:
            deadline.sockets.clear()

    def start(self) -> None:
        """Start the thread; raise OSError if the system allows none, because no call may be unbounded."""
        if self._process != os.getpid():
            _Watch.__init__(self)  # a forked process has no such thread
        if self._thread is None:
            with self._changed:
                if self._thread is None:
                    self._start_thread()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise OSError(
                f"cannot start the thread that ends calls in time ({error}): {ALLOW_MORE}"
            ) from error
        self._thread = thread

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for deadline in self._deadlines:
                    if deadline.at <= now and deadline.sockets:
                        _end(deadline)
                ahead = [deadline.at for deadline in self._deadlines if deadline.at > now]
                self._wakes_at = min(ahead, default=float("inf"))
                self._changed.wait(self._wakes_at - now if ahead else None)


def _end(deadline: Deadline) -> None:
    """Shut the sockets down: to the thread that waits, the other side seems to have hung up."""
    deadline.is_exhausted = True
    for one in deadline.sockets:
        with suppress(OSError):  # the other side has hung up
            # Not one.shutdown(): an SSLSocket would first drop its TLS state.
            socket.socket.shutdown(one, socket.SHUT_RDWR)
    deadline.sockets.clear()


_watch: Final = _Watch()
_own: Final = threading.local()


def find_deadline() -> Deadline | None:
    """Return the deadline of this thread, if it has one."""
    deadline: Deadline | None = getattr(_own, "deadline", None)
    return deadline


def watch_deadlines() -> None:
    """Start the watching thread now, before other threads use up the system's limit.

    It also starts by itself. Raises OSError if the system allows no thread.
    """
    _watch.start()


def attach(one: socket.socket) -> None:
    """Let the deadline of this thread, if any, shut a socket down; raise TimeoutError if it has passed."""
    deadline = find_deadline()
    if deadline is not None:
        _watch.attach(deadline, one)


def detach() -> None:
    """Let the deadline of this thread spare its sockets so far: their answers are complete."""
    deadline = find_deadline()
    if deadline is not None:
        _watch.detach(deadline)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Limit the total time that this thread may wait for the network; raise TimeoutError after it.

    Computation before a request and after its answer is not interrupted.
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
