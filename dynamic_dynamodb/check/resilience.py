"""Call AWS concurrently, and limit the time that calls which fail or hang can cost a check.

This is the only module of a check that waits, and that reads a clock to do so.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

P = ParamSpec("P")
T = TypeVar("T")

TOO_LATE: Final = "TooLate"
ENDING: Final = "Ending"
_GLANCE_SECONDS: Final = 0.1
"""How often a wait looks whether the program is stopping."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one call, and of one service in one check, in seconds.

    A call is tried at most `most_attempts` times, and not again after `retrying`. Each attempt ends after
    `attempt`, and may wait `connect` for a connection and `read` for each part of an answer.
    So a call takes at most `retrying` plus one `attempt`. All pages of a list together may take `pages`.
    Once the other calls of a kind have answered, the last ones have `straggling` more.
    `budget` is how much of a check may be lost to one service. It is not shorter than one call, so that
    one call that hangs does not stop the others, even with a single worker.
    `credentials` limits a look-up of credentials.
    A call that takes `lost` never ends: every call is shorter. When the program stops, an update that is
    under way has `ending` to finish.
    """

    connect: float = 3.0
    read: float = 10.0
    attempt: float = 15.0
    most_attempts: int = 5
    retrying: float = 25.0
    pages: float = 60.0
    straggling: float = 15.0
    budget: float = 40.0
    credentials: float = 40.0
    lost: float = 300.0
    ending: float = 8.0

    @property
    def hanging(self) -> float:
        """Return the seconds after which a check hangs in which no call began, failed or ended.

        It waits `lost` for calls, and one more call may be under way by then.
        """
        return self.lost + self.retrying + self.attempt


FOR_LONG_ANSWERS: Final = Timeouts(
    read=30.0, attempt=60.0, most_attempts=12, retrying=40.0, pages=600.0, budget=90.0
)
"""Longer than in a check: two weeks of a target are megabytes, and no other run comes soon."""


@dataclass(slots=True)
class _Cost:
    """What one service has cost in this check, and how many calls to it are under way."""

    calls: int = 0
    failing_seconds: float = 0.0
    lost_seconds: float = 0.0


@dataclass(slots=True)
class Call:
    """A call under way, which may take several attempts."""

    budget: CallBudget
    cost: _Cost
    attempt_began: float
    lost_since: float

    def begin_attempt(self) -> None:
        """Start the clock of an attempt."""
        self.attempt_began = self.budget.clock()

    def fail_attempt(self) -> None:
        """Count the attempt, and the wait before it, as lost."""
        now = self.budget.progressed = self.budget.clock()
        with self.budget.lock:
            self.cost.failing_seconds += (now - self.attempt_began) / self.cost.calls
            self.cost.lost_seconds += (now - self.lost_since) / self.cost.calls
        self.lost_since = now


@dataclass(slots=True)
class CallBudget:
    """Track, per service, the time that a check has lost to failed attempts.

    Concurrent calls share the cost: ten calls that hang for 10 s together cost 10 s, not 100 s.
    """

    timeouts: Timeouts = Timeouts()
    clock: Callable[[], float] = time.monotonic
    costs: dict[str, _Cost] = field(default_factory=dict)
    progressed: float = 0.0
    """When a call last began, failed or ended, by the clock."""
    longest_until: float = 0.0
    """When the longest of the calls with a time limit of their own ends at the latest, by the clock."""
    lock: Lock = field(default_factory=Lock)

    def reset(self) -> None:
        """Start a new check; calls that are under way no longer count."""
        self.costs.clear()

    def is_exhausted(self, service: str) -> bool:
        """Return whether failed attempts, without the waits between them, have used up the budget."""
        return self._cost_of(service).failing_seconds >= self.timeouts.budget

    def allows_retry(self, service: str) -> bool:
        """Return whether a failed attempt may be repeated: waits between attempts count too."""
        return self._cost_of(service).lost_seconds < self.timeouts.budget

    @contextmanager
    def call(self, service: str, most_seconds: float = 0.0) -> Iterator[Call]:
        """Count a call as under way; `most_seconds` is its own time limit if that is not of the time-outs."""
        cost, now = self._cost_of(service), self.clock()
        self.progressed, self.longest_until = now, max(self.longest_until, now + most_seconds)
        with self.lock:
            cost.calls += 1
        try:
            yield Call(self, cost, attempt_began=now, lost_since=now)
        finally:
            self.progressed = self.clock()
            with self.lock:
                cost.calls -= 1

    def _cost_of(self, service: str) -> _Cost:
        return self.costs.setdefault(service, _Cost())


def isolate(what: str, work: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T | AwsError:
    """Return what some work returns, or its error as an AwsError.

    The cause of the AwsError is an exception that was not one: a fault of this program.
    """
    try:
        return work(*arguments, **named)
    except AwsError as error:
        return error
    except Exception as error:  # noqa: BLE001 - it is kept as the cause
        failure = AwsError(what, type(error).__name__, str(error))
        failure.__cause__ = error
        return failure


def never() -> bool:
    """Return False: `is_stopping` of a program that no signal stops."""
    return False


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait for the results of concurrent calls, in seconds.

    `straggling` is for the last results, counted from the one before; `lost` is the same while some calls
    have not started; `ending` is for all together once `is_stopping`.
    """

    straggling: float
    lost: float
    ending: float
    is_stopping: Callable[[], bool]

    @classmethod
    def for_lookups(cls, timeouts: Timeouts, is_stopping: Callable[[], bool] = never) -> Waits:
        """Return waits for answers that a check can do without; a program that stops waits for none."""
        return cls(timeouts.straggling, timeouts.lost, 0.0, is_stopping)

    @classmethod
    def for_changes(cls, timeouts: Timeouts, is_stopping: Callable[[], bool] = never) -> Waits:
        """Return waits for calls that should finish even when the program stops."""
        return cls(timeouts.lost, timeouts.lost, timeouts.ending, is_stopping)


def gather(what: str, futures: Sequence[Future[T]], waits: Waits) -> list[T | AwsError]:
    """Return the results of concurrent calls in order; a call that is given up on is an AwsError.

    A call that has not started by then never starts.
    """
    pending = {future for future in futures if not future.done()}
    given_up: AwsError | None = None
    progressed = queued = time.monotonic()
    stopping_since: float | None = None
    while pending and given_up is None:
        done, pending = wait(pending, _GLANCE_SECONDS)
        now = time.monotonic()
        is_queued = any(not (future.running() or future.done()) for future in pending)
        progressed = now if done else progressed
        queued = now if is_queued else queued
        if waits.is_stopping():
            stopping_since = stopping_since or now
        most_seconds = waits.lost if is_queued else waits.straggling
        if stopping_since is not None and now >= stopping_since + waits.ending:
            given_up = AwsError(what, ENDING, "no answer before the program had to stop")
        elif now >= (progressed if is_queued else max(progressed, queued)) + most_seconds:
            said = f"no answer within {most_seconds:g} s of the others; continuing without it"
            given_up = AwsError(what, TOO_LATE, said)
    return [
        given_up if given_up and (future.cancel() or not future.done()) else future.result()
        for future in futures
    ]
