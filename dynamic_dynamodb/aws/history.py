"""Fetch a target's history for a recording: load in Sums, capacity in levels, minute by minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import GET_METRIC_DATA
from dynamic_dynamodb.aws.cloudwatch import parse_results, write_metric
from dynamic_dynamodb.core.usage import SECONDS_PER_MINUTE
from dynamic_dynamodb.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dynamic_dynamodb.aws.session import AwsSession
    from dynamic_dynamodb.core.model import Target
    from dynamic_dynamodb.core.usage import Datapoints
    from dynamic_dynamodb.patience import Patience

HISTORY_METRICS: Final = {
    "consumed_reads": ("ConsumedReadCapacityUnits", "Sum"),
    "consumed_writes": ("ConsumedWriteCapacityUnits", "Sum"),
    "throttled_reads": ("ReadThrottleEvents", "Sum"),
    "throttled_writes": ("WriteThrottleEvents", "Sum"),
    "provisioned_reads": ("ProvisionedReadCapacityUnits", "Maximum"),
    "provisioned_writes": ("ProvisionedWriteCapacityUnits", "Maximum"),
}
"""What a recording's columns are at CloudWatch."""


class CloudWatchHistory:
    """CloudWatch in one region, asked for long times: all series of a target in one call and its pages."""

    def __init__(self, session: AwsSession, patience: Patience) -> None:
        """Keep the session, which tries again, slower and slower, when CloudWatch asks for that."""
        self._session = session
        self._patience = patience

    def fetch(self, target: Target, start: datetime, end: datetime) -> dict[str, Datapoints]:
        """Give the series by column from `start` until before `end`, whole minutes; raise AwsError."""
        self._patience.renew()  # each target is a piece of work of its own
        found: dict[str, Datapoints] = {column: {} for column in HISTORY_METRICS}
        codes: dict[str, str] = {}
        for column, code, datapoints in self._fetch_pages(target, start, end):
            found[column].update(datapoints)
            codes[column] = code
        bad = {codes.get(column, "missing") for column in HISTORY_METRICS} - {"Complete"}
        if bad:
            message = f"the history of {target} is incomplete ({', '.join(sorted(bad))})"
            raise AwsError(
                GET_METRIC_DATA, "Forbidden" if "Forbidden" in bad else "IncompleteAnswer", message
            )
        return found

    def _fetch_pages(
        self, target: Target, start: datetime, end: datetime
    ) -> Iterator[tuple[str, str, Datapoints]]:
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
        pages = self._session.call_for_pages(
            GET_METRIC_DATA, "get_metric_data", parse_results, "NextToken", **parameters
        )
        for results in pages:
            yield from results
