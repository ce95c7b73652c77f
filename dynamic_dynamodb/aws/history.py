"""Fetch a target's history for a recording: load in Sums, capacity in levels, minute by minute."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import GET_METRIC_DATA
from dynamic_dynamodb.aws.client import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.cloudwatch import MOST_PAGES, write_metric
from dynamic_dynamodb.aws.results import list_minutes, parse_results
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.usage import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.aws.results import Result
    from dynamic_dynamodb.check.resilience import CallBudget
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.usage import Datapoints

HISTORY_METRICS: Final = {
    "consumed_reads": ("ConsumedReadCapacityUnits", "Sum"),
    "consumed_writes": ("ConsumedWriteCapacityUnits", "Sum"),
    "throttled_reads": ("ReadThrottleEvents", "Sum"),
    "throttled_writes": ("WriteThrottleEvents", "Sum"),
    "provisioned_reads": ("ProvisionedReadCapacityUnits", "Maximum"),
    "provisioned_writes": ("ProvisionedWriteCapacityUnits", "Maximum"),
}
"""What a recording's columns are at CloudWatch."""

START_IS_ROUNDED_BY: Final = timedelta(minutes=5)
"""How much earlier an answer may begin whose start is 15 days ago (API reference, GetMetricData)."""


class CloudWatchHistory:
    """CloudWatch in one region, asked for long times: all series of a target in one call and its pages."""

    def __init__(self, session: AwsClient, patience: CallBudget) -> None:
        """Keep the session, which tries again, slower and slower, when CloudWatch asks for that."""
        self._session = session
        self._patience = patience

    def fetch(self, target: Target, start: datetime, end: datetime) -> dict[str, Datapoints]:
        """Give the series by column from `start` until before `end`, whole minutes; raise AwsError."""
        self._patience.reset()  # each target is a piece of work of its own
        found: dict[str, Datapoints] = {column: {} for column in HISTORY_METRICS}
        codes: dict[str, str] = {}
        for result in self._fetch_pages(target, start, end):
            if result.flaw:
                raise AwsError(GET_METRIC_DATA, UNUSABLE_ANSWER, f"{result.query} has {result.flaw}")
            if result.query in found:
                found[result.query].update(result.datapoints)
                codes[result.query] = result.code
        bad = {codes.get(column, "missing") for column in HISTORY_METRICS} - {"Complete"}
        if bad:
            message = f"the history of {target} is incomplete ({', '.join(sorted(bad))})"
            raise AwsError(
                GET_METRIC_DATA, "Forbidden" if "Forbidden" in bad else "IncompleteAnswer", message
            )
        return found

    def _fetch_pages(self, target: Target, start: datetime, end: datetime) -> Iterator[Result]:
        parameters: dict[str, Any] = {
            "MetricDataQueries": [
                {
                    "Id": column,
                    "MetricStat": {
                        "Metric": write_metric(target, metric),
                        "Period": SECONDS_PER_MINUTE,
                        "Stat": statistic,
                    },
                }
                for column, (metric, statistic) in HISTORY_METRICS.items()
            ],
            "StartTime": start,
            "EndTime": end,
        }
        minutes = list_minutes(start - START_IS_ROUNDED_BY, end)
        pages = self._session.call_for_pages(
            GET_METRIC_DATA,
            "get_metric_data",
            partial(parse_results, minutes),
            "NextToken",
            most_pages=MOST_PAGES,
            **parameters,
        )
        for results in pages:
            yield from results
