"""Ask for many things side by side, and go on without the last ones if they do not come."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

TOO_LATE: Final = "TooLate"


def gather(what: str, futures: Sequence[Future[T]], most_seconds: float) -> list[T | AwsError]:
    """Give the results in their order; what the others have waited for too long is an AwsError.

    Nothing is given up while something still waits for a worker; from then on each further result is
    waited for as long as `most_seconds` after the one before.
    """
    if all(future.done() for future in futures):
        return [future.result() for future in futures]
    latest = time.monotonic()

    def note(_: Future[T]) -> None:
        nonlocal latest
        latest = time.monotonic()

    for future in futures:
        future.add_done_callback(note)
    latest = time.monotonic()
    results: list[T | AwsError] = []
    for place, future in enumerate(futures):
        while True:
            try:
                results.append(future.result(max(0.0, latest + most_seconds - time.monotonic())))
                break
            except NotYet:
                if any(not one.running() and not one.done() for one in futures[place:]):
                    latest = time.monotonic()
                elif time.monotonic() >= latest + most_seconds:
                    said = (
                        f"no answer in the {most_seconds:g} s after the others'; the check went on without it"
                    )
                    results.append(AwsError(what, TOO_LATE, said))
                    break
    return results
