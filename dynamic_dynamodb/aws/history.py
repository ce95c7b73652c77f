"""Fetch the history of targets: minute by minute for a recording, or one metric of many in a call."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.aws.metric_data import fetch_series, find_error
from dynamic_dynamodb.aws.metrics import METRICS, write_query
from dynamic_dynamodb.aws.pacing import Pace, find_share
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.usage import Datapoints

START_IS_ROUNDED_BY: Final = timedelta(minutes=5)
"""How much earlier an answer may start if its start is 15 days ago (API reference, GetMetricData)."""


class Consumed(NamedTuple):
    """What one capacity of a target consumes: a metric of CloudWatch."""

    target: Target
    capacity: Capacity


class CloudWatchHistory:
    """CloudWatch in one region; a call and its pages return several series."""

    def __init__(self, client: AwsClient) -> None:
        """Keep the client; nothing is called yet."""
        self._client = client
        self._pace = Pace()

    def fetch(self, target: Target, start: datetime, end: datetime) -> dict[str, Datapoints]:
        """Return the series by column from `start` until before `end`, whole minutes; raise AwsError.

        Threads may call it for several targets at a time.
        """
        self._client.budget.reset()  # a target that fails does not stop the next ones
        minutes = (end - start) // MINUTE
        self._pace.wait(find_share(len(METRICS), minutes, timedelta(minutes=minutes)))
        queries = [write_query(column, target, metric) for column, metric in METRICS.items()]
        found = fetch_series(self._client, queries, start, end, earliest=start - START_IS_ROUNDED_BY)
        error = find_error(found, f"the history of {target}")
        if error is not None:
            raise error
        return {column: series.datapoints for column, series in found.items()}

    def fetch_sums(
        self, metrics: Sequence[Consumed], start: datetime, end: datetime, period: timedelta
    ) -> list[Datapoints | AwsError]:
        """Return the units that were consumed in each period, for at most 500 metrics; raise AwsError.

        `start` and `end` are multiples of the period. A metric that fails has an error in its place. Threads
        may call it for several batches at a time.
        """
        self._client.budget.reset()  # a batch that fails does not stop the next ones
        periods = (end - start) // period
        self._pace.wait(find_share(len(metrics), periods, end - start))
        queries = [
            write_query(
                f"m{number}",
                one.target,
                METRICS[f"consumed_{one.capacity.value}"],
                int(period.total_seconds()),
            )
            for number, one in enumerate(metrics)
        ]
        found = fetch_series(self._client, queries, start, end, earliest=start - START_IS_ROUNDED_BY)
        series = [found[query["Id"]] for query in queries]
        what = "the answer"
        return [find_error({what: one}, what) or one.datapoints for one in series]
