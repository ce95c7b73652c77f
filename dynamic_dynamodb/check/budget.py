"""Lose patience, for the rest of a check, with a service that does not answer."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bound what one call, and one service in one check, may cost, in seconds.

    A call makes `most_attempts` at most, and none after `retrying`; each ends after `attempt`, however
    its answer comes in, and may wait `connect` for a connection and `read` for each piece of an answer.
    So a call takes `retrying` and one `attempt` at most. All calls for the pages of a list take `pages`.
    When all others have answered, the last calls of a kind are waited for `straggling` more.
    `patience` is how much of a check may be lost to one service. It is not shorter than one call, so that
    one call that hangs takes no other's turn, even with a single worker.
    `credentials` is how long a look-up of credentials may take.
    Nothing that a worker does takes `lost`, so what has taken that long never ends. When the program is
    to end, what it is changing has `ending` to be finished.
    """

    connect: float = 3.0
    read: float = 10.0
    attempt: float = 15.0
    most_attempts: int = 5
    retrying: float = 25.0
    pages: float = 60.0
    straggling: float = 15.0
    patience: float = 40.0
    credentials: float = 40.0
    lost: float = 300.0
    ending: float = 8.0


@dataclass(slots=True)
class _Cost:
    """What one service has cost so far, and how many calls to it are under way."""

    calls: int = 0
    failing_seconds: float = 0.0
    lost_seconds: float = 0.0


@dataclass(slots=True)
class Call:
    """A call under way, which may take several attempts."""

    patience: CallBudget
    cost: _Cost
    attempt_began: float
    lost_since: float

    def begin_attempt(self) -> None:
        """Take the time."""
        self.attempt_began = self.patience.clock()

    def fail_attempt(self) -> None:
        """Count the attempt, and the wait before it, as lost."""
        now = self.patience.clock()
        with self.patience.lock:
            self.cost.failing_seconds += (now - self.attempt_began) / self.cost.calls
            self.cost.lost_seconds += (now - self.lost_since) / self.cost.calls
        self.lost_since = now


@dataclass(slots=True)
class CallBudget:
    """Add up, for each service, how much of a check was lost to attempts that failed and might not have.

    An attempt costs the check its share among the calls to the same service that are under way:
    calls that hang side by side cost what one of them costs, and one that hangs among many costs little.
    """

    timeouts: Timeouts = Timeouts()
    clock: Callable[[], float] = time.monotonic
    costs: dict[str, _Cost] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def reset(self) -> None:
        """Begin another check, between calls."""
        self.costs.clear()

    def is_exhausted(self, service: str) -> bool:
        """Tell whether to ask a service no more: attempts alone, without waits, have taken too long."""
        return self._cost_of(service).failing_seconds >= self.timeouts.patience

    def allows_retry(self, service: str) -> bool:
        """Tell whether a failed attempt may be followed by another."""
        return self._cost_of(service).lost_seconds < self.timeouts.patience

    @contextmanager
    def call(self, service: str) -> Iterator[Call]:
        """Keep a call among those that are under way."""
        cost, now = self._cost_of(service), self.clock()
        with self.lock:
            cost.calls += 1
        try:
            yield Call(self, cost, attempt_began=now, lost_since=now)
        finally:
            with self.lock:
                cost.calls -= 1

    def _cost_of(self, service: str) -> _Cost:
        return self.costs.setdefault(service, _Cost())
