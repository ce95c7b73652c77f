"""Fetch the metrics of all targets in few calls."""

from __future__ import annotations

from datetime import datetime, timezone
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.metric_data import fetch_series, find_error, list_minutes, read_datapoints
from dynamic_dynamodb.aws.metrics import METRICS, USAGE, write_metric, write_query
from dynamic_dynamodb.aws.pacing import STATISTICS_CALLS_PER_SECOND, Pace, find_share
from dynamic_dynamodb.aws.permissions import GET_METRIC_DATA, GET_METRIC_STATISTICS
from dynamic_dynamodb.check.resilience import gather, isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import CapacitySeries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Executor

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.aws.metric_data import Series
    from dynamic_dynamodb.aws.metrics import Metric
    from dynamic_dynamodb.check.ports import Answers, MetricRequest, TargetSeries
    from dynamic_dynamodb.check.resilience import Waits
    from dynamic_dynamodb.scaling.usage import Datapoints, LookBackWindow

QUERIES_PER_CALL: Final = 500
"""The most metrics that one GetMetricData call takes (CloudWatch API reference, GetMetricData)."""
DATAPOINTS_PER_CALL: Final = 100_800
"""The most datapoints of one page of an answer (the same page)."""
DATAPOINTS_PER_STATISTICS_CALL: Final = 1_440
"""The most datapoints of one GetMetricStatistics call (CloudWatch API reference, GetMetricStatistics)."""
MOST_REPEATS: Final = 2
"""How often to call again for series that CloudWatch has not finished."""


class CloudWatchMetrics:
    """CloudWatch in one region, which returns the usage of many targets per call."""

    def __init__(self, client: AwsClient, executor: Executor, waits: Waits, pace: Pace | None = None) -> None:
        """Keep the client, the threads for concurrent calls, and the pace of these calls."""
        self._client = client
        self._pace = pace or Pace()
        self._executor = executor
        self._waits = waits

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Return the usage of all targets; a target without has an error in its place."""
        fetched: Answers = {one.target: _arrange(one, {}) for one in requests if not one.metrics}
        denied: list[MetricRequest] = []
        denial: AwsError | None = None
        batches = list(_batch(one for one in requests if one.metrics))
        calls = [
            self._executor.submit(isolate, GET_METRIC_DATA, self._fetch_batch, batch) for batch in batches
        ]
        for batch, answer in zip(batches, gather(GET_METRIC_DATA, calls, self._waits), strict=True):
            if not isinstance(answer, AwsError):
                fetched |= answer
            elif answer.is_denied:
                denied += batch
                denial = answer
            else:
                fetched |= {request.target: answer for request in batch}
        fallback = f"{denial}; using {GET_METRIC_STATISTICS} instead, which takes many more calls"
        if batches:  # a check that requests nothing finds out nothing
            self._client.conditions.set("denied batches", fallback if denial else None)
        calls_of_one = [
            self._executor.submit(isolate, GET_METRIC_STATISTICS, self._fetch_one, request)
            for request in denied
        ]
        answers = gather(GET_METRIC_STATISTICS, calls_of_one, self._waits)
        return fetched | {request.target: answer for request, answer in zip(denied, answers, strict=True)}

    def _fetch_batch(self, batch: Sequence[MetricRequest]) -> Answers:
        queries = {
            _name_query(number, column): write_query(
                _name_query(number, column), request.target, METRICS[column]
            )
            for number, request in enumerate(batch)
            for column in _list_columns(request)
        }
        span = batch[0].span
        found = self._fetch_series(queries.values(), span)
        for _ in range(MOST_REPEATS):
            unfinished = [query for name, query in queries.items() if not found[name].is_final]
            if not unfinished:
                break
            try:
                found |= self._fetch_series(unfinished, span)
            except AwsError:
                break  # the other targets must not lose their series
        answers: Answers = {}
        for number, request in enumerate(batch):
            series = {column: found[_name_query(number, column)] for column in _list_columns(request)}
            named = {METRICS[column].name: one for column, one in series.items()}
            error = find_error(named, "the answer for this target")
            datapoints = {column: one.datapoints for column, one in series.items()}
            answers[request.target] = error or _arrange(request, datapoints)
        return answers

    def _fetch_series(self, queries: Collection[dict[str, Any]], span: LookBackWindow) -> dict[str, Series]:
        age = datetime.now(timezone.utc) - span.start
        self._keep_pace(GET_METRIC_DATA, find_share(len(queries), span.minutes, age))
        return fetch_series(self._client, queries, span.start, span.end)

    def _keep_pace(self, action: str, share: Fraction) -> None:
        """Wait until a call may start, unless it would fail at once."""
        if not self._client.budget.is_exhausted(action):
            self._pace.wait(share)

    def _fetch_one(self, request: MetricRequest) -> TargetSeries:
        columns = _list_columns(request)
        return _arrange(
            request, {column: self._fetch_statistics(request, METRICS[column]) for column in columns}
        )

    def _fetch_statistics(self, request: MetricRequest, metric: Metric) -> Datapoints:
        datapoints: Datapoints = {}
        for part in request.span.split(DATAPOINTS_PER_STATISTICS_CALL):
            self._keep_pace(GET_METRIC_STATISTICS, Fraction(1, STATISTICS_CALLS_PER_SECOND))
            datapoints |= self._client.call(
                GET_METRIC_STATISTICS,
                "get_metric_statistics",
                partial(_parse_statistics, list_minutes(part.start, part.end)),
                **write_metric(request.target, metric),
                StartTime=part.start,
                EndTime=part.end,
                Period=SECONDS_PER_MINUTE,
                Statistics=[metric.statistic],
            )
        return datapoints


def _batch(requests: Iterable[MetricRequest]) -> Iterator[Sequence[MetricRequest]]:
    """Split requests into calls: each is for the same minutes, and its answer fits on one page.

    All metrics of a target are in one call, so that their answers are of the same moment.
    """
    by_span: dict[LookBackWindow, list[MetricRequest]] = {}
    for request in requests:
        by_span.setdefault(request.span, []).append(request)
    for span, same_span in by_span.items():
        most = min(QUERIES_PER_CALL, DATAPOINTS_PER_CALL // span.minutes)
        batch: list[MetricRequest] = []
        queries = 0
        for request in same_span:
            if batch and queries + request.metrics > most:
                yield batch
                batch, queries = [], 0
            batch.append(request)
            queries += request.metrics
        yield batch


def _name_query(number: int, column: str) -> str:
    return f"{column}_{number}"


def _list_columns(request: MetricRequest) -> list[str]:
    """Return the columns of the series that a request needs."""
    reads, writes = request.needed.reads, request.needed.writes
    needed = (reads.consumed, reads.throttled, writes.consumed, writes.throttled)
    return [column for column, is_needed in zip(USAGE, needed, strict=True) if is_needed]


def _arrange(request: MetricRequest, datapoints: Mapping[str, Datapoints]) -> TargetSeries:
    """Return datapoints by column as the series of both capacities."""

    def arrange(consumed: str, throttled: str) -> CapacitySeries:
        return CapacitySeries.of(
            request.window, datapoints.get(consumed), datapoints.get(throttled), history=request.history
        )

    return PerCapacity(
        arrange("consumed_reads", "throttled_reads"), arrange("consumed_writes", "throttled_writes")
    )


def _parse_statistics(minutes: AbstractSet[datetime], answer: Mapping[str, Any]) -> Datapoints:
    points = answer["Datapoints"]
    times, numbers = [point["Timestamp"] for point in points], [point["Sum"] for point in points]
    return read_datapoints(minutes, times, numbers)
