"""Call GetMetricData and read its results: a malformed value spoils only the result that holds it."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb.aws.error_translation import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.metrics import COMPLETE
from dynamic_dynamodb.aws.parsing import LARGEST_NUMBER, shorten_value
from dynamic_dynamodb.aws.permissions import GET_METRIC_DATA
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.scaling.usage import Datapoints

MOST_PAGES: Final = 100
"""Far more than a call has: one page holds 100,800 datapoints, and each further page as many."""
_FORBIDDEN: Final = "Forbidden"
_FINAL_CODES: Final = frozenset({COMPLETE, _FORBIDDEN})
_NUMBERS: Final = frozenset({float, int})
"""Without bool, a subclass of int."""


class _Result(NamedTuple):
    """The part of one query on one page; a tuple, because there are many."""

    query: str
    code: str
    datapoints: Datapoints
    flaw: str = ""


@dataclass(slots=True)
class Series:
    """The datapoints of one query from all pages so far, with CloudWatch's last status code.

    A `flaw` says why the datapoints cannot be used.
    """

    code: str = "missing"
    datapoints: Datapoints = field(default_factory=dict)
    flaw: str = ""

    def add(self, result: _Result) -> None:
        """Add the part on one page."""
        self.code = result.code
        self.flaw = self.flaw or result.flaw
        if self.datapoints and any(
            self.datapoints.get(minute, number) != number for minute, number in result.datapoints.items()
        ):
            self.flaw = "two values for one minute"
        self.datapoints.update(result.datapoints)

    @property
    def is_final(self) -> bool:
        """Return whether another call would return the same."""
        return self.code in _FINAL_CODES and not self.flaw


def fetch_series(
    client: AwsClient,
    queries: Collection[dict[str, Any]],
    start: datetime,
    end: datetime,
    *,
    earliest: datetime | None = None,
) -> dict[str, Series]:
    """Return the series of each query by its id, from `start` until before `end`; raise AwsError.

    Datapoints before `start` are malformed, unless `earliest` allows them.
    """
    found = {query["Id"]: Series() for query in queries}
    pages = client.call_for_pages(
        GET_METRIC_DATA,
        "get_metric_data",
        partial(_parse_page, list_minutes(earliest or start, end)),
        "NextToken",
        most_pages=MOST_PAGES,
        MetricDataQueries=list(queries),
        StartTime=start,
        EndTime=end,
    )
    for result in chain.from_iterable(pages):
        if result.query in found:
            found[result.query].add(result)
    return found


def find_error(series: Mapping[str, Series], what: str) -> AwsError | None:
    """Return why series, by the name to show for each, cannot be used; None if all of them can.

    `what` is the subject of the sentence about incomplete series.
    """
    for name, one in series.items():
        if one.flaw:
            return AwsError(GET_METRIC_DATA, UNUSABLE_ANSWER, f"{name} has {one.flaw}")
    codes = {one.code for one in series.values()} - {COMPLETE}
    if not codes:
        return None
    message = f"{what} is incomplete ({', '.join(sorted(codes))})"
    return AwsError(GET_METRIC_DATA, _FORBIDDEN if _FORBIDDEN in codes else "IncompleteAnswer", message)


def list_minutes(start: datetime, end: datetime) -> AbstractSet[datetime]:
    """Return the minutes from `start` until before `end`, both whole minutes."""
    return frozenset(start + number * MINUTE for number in range((end - start) // MINUTE))


def _parse_page(
    minutes: AbstractSet[datetime], answer: Mapping[str, Any]
) -> tuple[list[_Result], str | None]:
    """Return the results that belong to a query, and the token of the next page.

    A malformed token ends the pages: the code of each result says whether it is complete.
    """
    results = [
        _parse_result(minutes, result)
        for result in answer["MetricDataResults"]
        if isinstance(result, dict) and isinstance(result.get("Id"), str)
    ]
    token = answer.get("NextToken")
    return results, token if token and isinstance(token, str) else None


def _parse_result(minutes: AbstractSet[datetime], result: Mapping[str, Any]) -> _Result:
    query, code = result["Id"], result.get("StatusCode")
    if not isinstance(code, str):
        return _Result(query, "", {}, f"the status {shorten_value(code)}")
    try:
        return _Result(query, code, read_datapoints(minutes, result.get("Timestamps"), result.get("Values")))
    except ValueError as error:
        return _Result(query, code, {}, str(error))


def read_datapoints(minutes: AbstractSet[datetime], times: object, numbers: object) -> Datapoints:
    """Return numbers by minute; raise ValueError unless each is in range and belongs to one of `minutes`."""
    if not isinstance(times, list) or not isinstance(numbers, list):
        message = f"the values {shorten_value(numbers)} for the times {shorten_value(times)}"
        raise ValueError(message)  # noqa: TRY004 - AWS's data, no fault of this program
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
            return f"the value {shorten_value(number)}"
    for time in times:
        if not isinstance(time, datetime):
            return f"the time {shorten_value(time)}"
        if time not in minutes:
            return f"the time {time}, which was not requested"
    return "two values for one minute"
