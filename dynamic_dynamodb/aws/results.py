"""Read the results of GetMetricData: an odd value spoils the result that it is in, and no other."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb.aws.parsing import LARGEST_NUMBER, show
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from dynamic_dynamodb.scaling.usage import Datapoints

_NUMBERS: Final = frozenset({float, int})
"""Not their subclass bool."""


class Result(NamedTuple):
    """What one page says of one query; with a `flaw` it cannot be used. A tuple, as there are so many."""

    query: str
    code: str
    datapoints: Datapoints
    flaw: str = ""


def list_minutes(start: datetime, end: datetime) -> AbstractSet[datetime]:
    """Return the minutes from `start` until before `end`, both whole minutes."""
    return frozenset(start + number * MINUTE for number in range((end - start) // MINUTE))


def parse_results(
    minutes: AbstractSet[datetime], answer: Mapping[str, Any]
) -> tuple[list[Result], str | None]:
    """Return what can be attributed to a query, and the token of the next page.

    An odd token is taken for none: each result says itself whether it is complete.
    """
    results = [
        _parse_result(minutes, result)
        for result in answer["MetricDataResults"]
        if isinstance(result, dict) and isinstance(result.get("Id"), str)
    ]
    token = answer.get("NextToken")
    return results, token if token and isinstance(token, str) else None


def _parse_result(minutes: AbstractSet[datetime], result: Mapping[str, Any]) -> Result:
    query, code = result["Id"], result.get("StatusCode")
    if not isinstance(code, str):
        return Result(query, "", {}, f"the status {show(code)}")
    try:
        return Result(query, code, read_datapoints(minutes, result.get("Timestamps"), result.get("Values")))
    except ValueError as error:
        return Result(query, code, {}, str(error))


def read_datapoints(minutes: AbstractSet[datetime], times: object, numbers: object) -> Datapoints:
    """Return numbers by minute; raise ValueError unless each is in range and belongs to one of `minutes`."""
    if not isinstance(times, list) or not isinstance(numbers, list):
        said = f"the values {show(numbers)} for the times {show(times)}"
        raise ValueError(said)  # noqa: TRY004 - no bug of ours
    if len(times) != len(numbers):
        raise ValueError(f"{len(numbers)} values for {len(times)} times")
    if not numbers:
        return {}
    with suppress(TypeError):  # a time that cannot be a key
        datapoints = dict(zip(times, numbers, strict=True))
        if (
            len(datapoints) == len(numbers)
            and datapoints.keys() <= minutes
            and _NUMBERS.issuperset(map(type, numbers))
            and min(numbers) >= 0
            and max(numbers) <= LARGEST_NUMBER
            and not math.isnan(sum(numbers))
        ):
            return datapoints
    raise ValueError(_find_flaw(minutes, times, numbers))


def _find_flaw(minutes: AbstractSet[datetime], times: list[Any], numbers: list[Any]) -> str:
    for number in numbers:
        if type(number) not in _NUMBERS or not 0 <= number <= LARGEST_NUMBER:
            return f"the value {show(number)}"
    for time in times:
        if not isinstance(time, datetime):
            return f"the time {show(time)}"
        if time not in minutes:
            return f"the time {time}, which was not asked for"
    return "two values for one minute"
