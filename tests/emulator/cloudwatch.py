"""CloudWatch's two ways of reading metrics, with the limits AWS sets on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError
from tests.emulator.metrics import MetricKey, Window
from tests.emulator.moments import MINUTE, as_epoch, floor_minute, from_epoch
from tests.emulator.paging import next_page, remembered_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.state import State
    from tests.emulator.wire import Call

_MAXIMUM_QUERIES = 500
_MAXIMUM_STATISTICS = 1_440
_ID_PATTERN = "^[a-z][a-zA-Z0-9_]*$"
_UNITS = (None, "Count")


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of CloudWatch."""
    if call.action == "GetMetricData":
        return _get_metric_data(state, call.parameters)
    if call.action == "GetMetricStatistics":
        return _get_metric_statistics(state, call.parameters)
    raise ServiceError(code="InvalidAction", message=f"{call.action} is not emulated")


def metric_key(metric: Mapping[str, Any]) -> MetricKey:
    """Identify the series that a query or a GetMetricStatistics call asks for."""
    dimensions = frozenset((given["Name"], given["Value"]) for given in metric.get("Dimensions", []))
    return MetricKey(metric.get("Namespace", ""), metric.get("MetricName", ""), dimensions)


def _get_metric_data(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    settings = state.settings
    size = min(int(given.get("MaxDatapoints", settings.datapoints_per_page)), settings.datapoints_per_page)
    if "NextToken" in given:
        return remembered_page(state, given["NextToken"], size)
    queries = given.get("MetricDataQueries", [])
    _check_queries(queries)
    start, end = _span(given)
    newest_first = given.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    visible = state.clock.now().timestamp() - settings.publication_delay
    results = []
    for query in queries:
        if query.get("ReturnData", True) in (False, "false"):
            continue
        stat = query["MetricStat"]
        window = Window(floor_minute(start), end, _period(stat), visible)
        points = state.metrics.read(metric_key(stat["Metric"]), window) if stat.get("Unit") in _UNITS else []
        if newest_first:
            points.reverse()
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label", stat["Metric"]["MetricName"]),
                "Timestamps": [from_epoch(minute) for minute, _ in points],
                "Values": [float(total) for _, total in points],
                "StatusCode": "Complete",
            }
        )
    return next_page(state, results, size)


def _check_queries(queries: list[dict[str, Any]]) -> None:
    if not queries:
        raise _invalid(message="The parameter MetricDataQueries is required.")
    if len(queries) > _MAXIMUM_QUERIES:
        message = f"The collection MetricDataQueries must not have a size greater than {_MAXIMUM_QUERIES}."
        raise _invalid(message)
    seen: set[str] = set()
    for position, query in enumerate(queries, 1):
        where = f"MetricDataQueries.member.{position}"
        if not re.match(_ID_PATTERN, query.get("Id", "")):
            raise _invalid(
                message=f"The value '{query.get('Id', '')}' for parameter {where}.Id is not matching the "
                f"expected pattern {_ID_PATTERN}."
            )
        if query["Id"] in seen:
            raise _invalid(
                message=f"The values for parameter Id in MetricDataQueries are not unique: {query['Id']}."
            )
        seen.add(query["Id"])
        if "MetricStat" not in query:
            raise _invalid(
                message=f"The parameter {where}.MetricStat is required: metric math is not emulated."
            )
        statistic = (query["MetricStat"].get("Stat"), _period(query["MetricStat"]) == MINUTE)
        if statistic not in (("Sum", True), ("Sum", False), ("Maximum", True)):
            raise _invalid(
                message=f"The value of {where}.MetricStat.Stat is not emulated: only Sum is, and Maximum"
                " where it is the same, in a period of a minute."
            )


def _get_metric_statistics(state: State, given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("Statistics") != ["Sum"]:
        raise ServiceError(
            code="InvalidParameterValue", message="The statistics are not emulated: only Sum is."
        )
    start, end = _span(given)
    period = _period(given)
    if (end - start) / period > _MAXIMUM_STATISTICS:
        raise ServiceError(
            code="InvalidParameterCombination",
            message=f"You have requested up to {int((end - start) // period)} datapoints, which exceeds "
            f"the limit of {_MAXIMUM_STATISTICS}. You may reduce the datapoints requested by increasing "
            "Period, or decreasing the time range.",
        )
    visible = state.clock.now().timestamp() - state.settings.publication_delay
    window = Window(floor_minute(start), end, period, visible)
    points = state.metrics.read(metric_key(given), window) if given.get("Unit") in _UNITS else []
    # AWS promises no order, so the answer must not have a helpful one.
    scattered = points[1::2] + points[::2]
    datapoints = [
        {"Timestamp": from_epoch(minute), "Sum": float(total), "Unit": "Count"} for minute, total in scattered
    ]
    return {"Label": given.get("MetricName", ""), "Datapoints": datapoints}


def _span(given: Mapping[str, Any]) -> tuple[float, float]:
    for name in ("StartTime", "EndTime"):
        if name not in given:
            raise _invalid(message=f"The parameter {name} is required.")
    start, end = as_epoch(given["StartTime"]), as_epoch(given["EndTime"])
    if start >= end:
        raise _invalid(message="The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def _period(given: Mapping[str, Any]) -> int:
    period = int(given.get("Period", 0))
    if period < MINUTE or period % MINUTE:
        raise _invalid(message=f"The parameter Period must be a multiple of {MINUTE}.")
    return period


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)
