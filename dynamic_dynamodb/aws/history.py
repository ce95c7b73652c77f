"""Fetch a target's history for a recording, minute by minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.metric_data import fetch_series, find_error
from dynamic_dynamodb.aws.metrics import METRICS, write_query
from dynamic_dynamodb.aws.pacing import Pace, find_share
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.usage import Datapoints

START_IS_ROUNDED_BY: Final = timedelta(minutes=5)
"""How much earlier an answer may start if its start is 15 days ago (API reference, GetMetricData)."""


class CloudWatchHistory:
    """CloudWatch in one region, which returns all series of one target in a call and its pages."""

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
