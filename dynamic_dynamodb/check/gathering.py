"""Wait for what others do side by side, but never without end."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamic_dynamodb.check.budget import Timeouts

T = TypeVar("T")

TOO_LATE: Final = "TooLate"
ENDING: Final = "Ending"
_GLANCE_SECONDS: Final = 0.1
"""How often a wait looks whether the program is to end."""


def never() -> bool:
    """Return what `is_stopping` does in a program that only ends by itself."""
    return False


@dataclass(frozen=True, slots=True)
class Waits:
    """How long results are waited for, in seconds.

    `straggling` is for the last ones, after the one before; `lost` is the same while some have not begun;
    `ending` is for all together once `is_stopping`.
    """

    straggling: float
    lost: float
    ending: float
    is_stopping: Callable[[], bool]

    @classmethod
    def for_lookups(cls, timeouts: Timeouts, is_stopping: Callable[[], bool] = never) -> Waits:
        """Wait for answers that the check can do without, and not when the program is to end."""
        return cls(timeouts.straggling, timeouts.lost, 0.0, is_stopping)

    @classmethod
    def for_changes(cls, timeouts: Timeouts, is_stopping: Callable[[], bool] = never) -> Waits:
        """Wait for what must be finished if it can be."""
        return cls(timeouts.lost, timeouts.lost, timeouts.ending, is_stopping)


def gather(what: str, futures: Sequence[Future[T]], waits: Waits) -> list[T | AwsError]:
    """Return the results in their order; what has been waited for too long is an AwsError.

    What has not begun by then never begins.
    """
    if all(future.done() for future in futures):
        return [future.result() for future in futures]
    wait = _Wait(what, futures, waits)
    given_up: AwsError | None = None
    for place, future in enumerate(futures):
        while given_up is None and not future.done():
            with suppress(NotYet):
                future.exception(_GLANCE_SECONDS)
            given_up = wait.find_reason_to_give_up(place)
        if given_up is not None:
            break
    return [future.result() if given_up is None or _is_known(future) else given_up for future in futures]


def _is_known(future: Future[T]) -> bool:
    """Tell whether there is a result; what has not begun never will."""
    return not future.cancel() and future.done()


@dataclass(slots=True)
class _Wait(Generic[T]):
    """When something has come last, when something had not begun last, and since when the program ends."""

    what: str
    futures: Sequence[Future[T]]
    waits: Waits
    latest: float = field(default_factory=time.monotonic)
    queued: float = 0.0
    ending_since: float | None = None

    def __post_init__(self) -> None:
        for future in self.futures:
            future.add_done_callback(self._note)

    def _note(self, _: Future[T]) -> None:
        self.latest = time.monotonic()

    def find_reason_to_give_up(self, place: int) -> AwsError | None:
        """Tell why no more is waited for; None if it is, for those from this place on."""
        now, waits = time.monotonic(), self.waits
        if waits.is_stopping():
            self.ending_since = self.ending_since or now
            if now >= self.ending_since + waits.ending:
                return AwsError(self.what, ENDING, "no answer before the program had to end")
        limit = waits.straggling
        if now < max(self.latest, self.queued) + limit:
            return None
        if any(not one.running() and not one.done() for one in self.futures[place:]):
            self.queued, limit = now, waits.lost
            if now < self.latest + limit:
                return None
        said = f"no answer in the {limit:g} s after the others'; the check went on without it"
        return AwsError(self.what, TOO_LATE, said)
