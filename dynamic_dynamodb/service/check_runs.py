"""Start the check of each place when it is due, so that no place waits for another."""

from __future__ import annotations

import time
from concurrent.futures import wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.workers import WorkerPool
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.service import LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.config.places import Owned
    from dynamic_dynamodb.service.place_check import FirstLookups, PlaceCheck


@dataclass(slots=True)
class CheckRuns:
    """The checks that are under way, and when each place is due.

    The check of an only place runs in the thread that calls; those of several places run in threads of their
    own, which call `wake` at their end. A place that is the same as one of an older configuration waits until
    the check by that one has ended.
    """

    wake: Callable[[], None]
    conditions: Conditions
    places: Sequence[PlaceCheck] = ()
    _pool: WorkerPool = field(init=False)
    _started: dict[Owned, float] = field(default_factory=dict)
    _running: dict[Owned, Future[bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start no thread yet; a shortage of threads is one of the conditions."""
        self._pool = WorkerPool("checks", 1, self.conditions)

    def begin(self, places: Sequence[PlaceCheck]) -> None:
        """Check these places from now on, each at once, and no others."""
        staying = {one.place.owned for one in places}
        for one in self.places:
            if one.place.owned not in staying:
                self._leave(one)
        self.places, self._started = places, {}
        self._pool.resize(len(places) + len(self._running))

    def _leave(self, place: PlaceCheck) -> None:
        """Leave a place; a check of it that is under way ends first, as it does when the program stops."""
        place.end_early()
        call = self._running.get(place.place.owned)
        if call is None:
            place.leave()
        else:
            call.add_done_callback(lambda _: place.leave())

    def start_due(self, interval_seconds: float, first: FirstLookups | None = None) -> None:
        """Start the checks that are due: an interval after they began, and not before they have ended."""
        now = time.monotonic()
        self._drop_ended()
        for one in self.places:
            owned = one.place.owned
            started = self._started.get(owned)
            is_due = started is None or started + interval_seconds <= now
            if not is_due or owned in self._running:
                continue
            self._started[owned] = now
            one.take_over()
            one.before = None
            if len(self.places) == 1:
                one.run(first)
                continue
            call = self._running[owned] = self._pool.submit(_run, one, first)
            call.add_done_callback(lambda _: self.wake())

    def find_next(self, interval_seconds: float) -> float:
        """Return the monotonic time when a check is due next, of a place that is not being checked."""
        self._drop_ended()
        idle = (one.place.owned for one in self.places if one.place.owned not in self._running)
        due = (self._started[one] + interval_seconds if one in self._started else 0.0 for one in idle)
        return min(due, default=time.monotonic() + interval_seconds)

    def run_once(self, places: Sequence[PlaceCheck], first: FirstLookups | None = None) -> bool:
        """Check all places side by side, and return whether all went well."""
        self.begin(places)
        if len(places) == 1:
            return places[0].run(first)
        calls = [self._pool.submit(_run, one, first) for one in places]
        wait(calls)
        return all(call.result() for call in calls)

    def wait_for_all(self) -> None:
        """Wait for the end of the checks under way, which a stop shortens."""
        wait(self._running.values())

    def _drop_ended(self) -> None:
        self._running = {owned: call for owned, call in self._running.items() if not call.done()}


def _run(place: PlaceCheck, first: FirstLookups | None) -> bool:
    """Run a check in a thread of its own; whatever fails is logged, and the next check tries again."""
    result = isolate("the check", place.run, first)
    if isinstance(result, AwsError):
        LOGGER.error("%s: %s", place.place.name, result, exc_info=result.__cause__)
        return False
    return result
