"""GetMetricData's pages: each has a limited number of datapoints; a result may continue on the next."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError

if TYPE_CHECKING:
    from tests.emulator.state import State

Result = dict[str, Any]


def next_page(state: State, results: list[Result], size: int) -> dict[str, Any]:
    """Cut one page off the results and remember the rest under a token."""
    page, rest = _cut(results, size, state.settings.results_per_page)
    answer: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
    if rest:
        token = str(uuid.uuid4())
        state.metric_pages[token] = rest
        answer["NextToken"] = token
    return answer


def remembered_page(state: State, token: str, size: int) -> dict[str, Any]:
    """Return the page of a token, which can be used again, as a retry does."""
    if token not in state.metric_pages:
        raise ServiceError(code="InvalidNextToken", message="The next token specified is invalid.")
    return next_page(state, state.metric_pages[token], size)


def _cut(results: list[Result], size: int, most_results: int | None) -> tuple[list[Result], list[Result]]:
    room = size
    page: list[Result] = []
    for position, result in enumerate(results):
        if room == 0 or len(page) == most_results:
            return page, results[position:]
        if len(result["Values"]) > room:
            page.append(_part(result, slice(None, room)) | {"StatusCode": "PartialData"})
            return page, [_part(result, slice(room, None)), *results[position + 1 :]]
        page.append(result)
        room -= len(result["Values"])
    return page, []


def _part(result: Result, part: slice) -> Result:
    return result | {"Timestamps": result["Timestamps"][part], "Values": result["Values"][part]}
