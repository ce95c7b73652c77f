"""Fetch 1-minute series of tables and indexes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import GET_METRIC_DATA, GET_METRIC_STATISTICS
from dynamic_dynamodb.aws.client import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.results import list_minutes, parse_results, read_datapoints
from dynamic_dynamodb.check.resilience import gather, isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import SECONDS_PER_MINUTE, CapacitySeries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Executor
    from datetime import datetime

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.aws.results import Result
    from dynamic_dynamodb.check.ports import Answers, MetricRequest, TargetSeries
    from dynamic_dynamodb.check.resilience import Waits
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.usage import Datapoints, LookBackWindow


QUERIES_PER_CALL: Final = 500
"""The most metrics that one GetMetricData call takes (CloudWatch API reference, GetMetricData)."""
NAMESPACE: Final = "AWS/DynamoDB"
METRICS: Final = (
    "ConsumedReadCapacityUnits",
    "ReadThrottleEvents",
    "ConsumedWriteCapacityUnits",
    "WriteThrottleEvents",
)
"""CloudWatch's names of a target's series, in the order in which `_gather` takes them."""
_TARGETS_PER_CALL: Final = QUERIES_PER_CALL // len(METRICS)
MOST_PAGES: Final = 100
"""Far more than a call has: one page holds 100,800 datapoints, and each further one costs as much again."""
MOST_REPEATS: Final = 2
"""How often single queries are asked again that CloudWatch has not finished."""
_COMPLETE: Final = "Complete"
_FORBIDDEN: Final = "Forbidden"
_LAST_WORDS: Final = frozenset({_COMPLETE, _FORBIDDEN})


@dataclass(slots=True)
class _Found:
    """What there is of one query so far, and CloudWatch's word on it; with a `flaw` it cannot be used."""

    code: str = "missing"
    datapoints: Datapoints = field(default_factory=dict)
    flaw: str = ""

    def add(self, result: Result) -> None:
        """Take in what a page has of it."""
        self.code = result.code
        self.flaw = self.flaw or result.flaw
        if self.datapoints and any(
            self.datapoints.get(minute, number) != number for minute, number in result.datapoints.items()
        ):
            self.flaw = "two values for one minute"
        self.datapoints.update(result.datapoints)

    @property
    def is_final(self) -> bool:
        """Tell whether it need not be asked for again."""
        return self.code in _LAST_WORDS and not self.flaw


class CloudWatchMetrics:
    """CloudWatch in one region, asked for many targets in few calls."""

    def __init__(self, session: AwsClient, executor: Executor, waits: Waits) -> None:
        """Keep the session, and the threads for calls that can be made side by side."""
        self._session = session
        self._executor = executor
        self._waits = waits

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Fetch the series of all targets; what cannot be had of a target is an error in its place."""
        fetched: Answers = {}
        denied: list[MetricRequest] = []
        denial: AwsError | None = None
        batches = list(_batches(requests))
        asked = [self._executor.submit(self._fetch_batch, batch) for batch in batches]
        answers = gather(GET_METRIC_DATA, asked, self._waits)
        for batch, answer in zip(batches, answers, strict=True):
            if not isinstance(answer, AwsError):
                fetched |= answer
            elif answer.is_denied:
                denied += batch
                denial = answer
            else:
                fetched |= {request.target: answer for request in batch}
        sentence = f"{denial}; using {GET_METRIC_STATISTICS} instead, many more calls" if denial else None
        self._session.conditions.set("denied batches", sentence)
        asked_one_by_one = [self._executor.submit(self._fetch_by_statistics, request) for request in denied]
        one_by_one = gather(GET_METRIC_STATISTICS, asked_one_by_one, self._waits)
        return fetched | {request.target: series for request, series in zip(denied, one_by_one, strict=True)}

    def _fetch_batch(self, batch: Sequence[MetricRequest]) -> Answers | AwsError:
        return isolate(GET_METRIC_DATA, self._fetch_by_metric_data, batch)

    def _fetch_by_metric_data(self, batch: Sequence[MetricRequest]) -> Answers:
        queries = {
            _name_query(number, place): _write_query(_name_query(number, place), request.target, metric)
            for number, request in enumerate(batch)
            for place, metric in enumerate(METRICS)
        }
        found = self._ask(queries.values(), batch[0].window)
        for _ in range(MOST_REPEATS):
            unfinished = [query for name, query in queries.items() if not found[name].is_final]
            if not unfinished:
                break
            try:
                found |= self._ask(unfinished, batch[0].window)
            except AwsError:
                break  # what there is of the others must not be lost
        return {
            request.target: _gather(
                request.window, [found[_name_query(number, place)] for place in range(len(METRICS))]
            )
            for number, request in enumerate(batch)
        }

    def _ask(self, queries: Collection[dict[str, Any]], window: LookBackWindow) -> dict[str, _Found]:
        """Ask for some queries, page after page."""
        found = {query["Id"]: _Found() for query in queries}
        pages = self._session.call_for_pages(
            GET_METRIC_DATA,
            "get_metric_data",
            partial(parse_results, list_minutes(window.start, window.end)),
            "NextToken",
            most_pages=MOST_PAGES,
            MetricDataQueries=list(queries),
            **_write_window(window),
        )
        for result in chain.from_iterable(pages):
            if result.query in found:
                found[result.query].add(result)
        return found

    def _fetch_by_statistics(self, request: MetricRequest) -> TargetSeries | AwsError:
        return isolate(
            GET_METRIC_STATISTICS,
            lambda: _arrange(request.window, (self._fetch_one(request, metric) for metric in METRICS)),
        )

    def _fetch_one(self, request: MetricRequest, metric: str) -> Datapoints:
        return self._session.call(
            GET_METRIC_STATISTICS,
            "get_metric_statistics",
            partial(_parse_statistics, list_minutes(request.window.start, request.window.end)),
            **write_metric(request.target, metric),
            **_write_window(request.window),
            Period=SECONDS_PER_MINUTE,
            Statistics=["Sum"],
        )


def _batches(requests: Iterable[MetricRequest]) -> Iterator[Sequence[MetricRequest]]:
    """Cut the requests into calls: one look-back window each, and no more targets than fit."""
    by_window: dict[LookBackWindow, list[MetricRequest]] = {}
    for request in requests:
        by_window.setdefault(request.window, []).append(request)
    for same_window in by_window.values():
        for start in range(0, len(same_window), _TARGETS_PER_CALL):
            yield same_window[start : start + _TARGETS_PER_CALL]


def _gather(window: LookBackWindow, found: Sequence[_Found]) -> TargetSeries | AwsError:
    for metric, each in zip(METRICS, found, strict=True):
        if each.flaw:
            return AwsError(GET_METRIC_DATA, UNUSABLE_ANSWER, f"{metric} has {each.flaw}")
    bad = {each.code for each in found} - {_COMPLETE}
    if bad:
        message = f"the answer for this target is incomplete ({', '.join(sorted(bad))})"
        return AwsError(GET_METRIC_DATA, _FORBIDDEN if _FORBIDDEN in bad else "IncompleteAnswer", message)
    return _arrange(window, (each.datapoints for each in found))


def _arrange(window: LookBackWindow, metrics: Iterable[Datapoints]) -> TargetSeries:
    consumed_reads, throttled_reads, consumed_writes, throttled_writes = metrics
    return PerCapacity(
        CapacitySeries.of(window, consumed_reads, throttled_reads),
        CapacitySeries.of(window, consumed_writes, throttled_writes),
    )


def write_metric(target: Target, metric: str) -> dict[str, Any]:
    """Name a metric of a target as CloudWatch's calls want it."""
    dimensions = [{"Name": "TableName", "Value": target.table}]
    if target.index:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": target.index})
    return {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}


def _name_query(number: int, place: int) -> str:
    return f"m{number}_{place}"


def _write_query(query_id: str, target: Target, metric: str) -> dict[str, Any]:
    statistic = {"Metric": write_metric(target, metric), "Period": SECONDS_PER_MINUTE, "Stat": "Sum"}
    return {"Id": query_id, "MetricStat": statistic}


def _write_window(window: LookBackWindow) -> dict[str, Any]:
    return {"StartTime": window.start, "EndTime": window.end}


def _parse_statistics(minutes: AbstractSet[datetime], answer: Mapping[str, Any]) -> Datapoints:
    points = answer["Datapoints"]
    times, numbers = [point["Timestamp"] for point in points], [point["Sum"] for point in points]
    return read_datapoints(minutes, times, numbers)
