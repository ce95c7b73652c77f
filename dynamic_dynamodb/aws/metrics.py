"""CloudWatch's metrics of a table or an index, and how calls spell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.model import Target

NAMESPACE: Final = "AWS/DynamoDB"
COMPLETE: Final = "Complete"
"""The status code of a complete series (API reference, MetricDataResult)."""


class Metric(NamedTuple):
    """A metric, and the statistic to request: a sum of events, or a level."""

    name: str
    statistic: str


METRICS: Final = {
    "consumed_reads": Metric("ConsumedReadCapacityUnits", "Sum"),
    "consumed_writes": Metric("ConsumedWriteCapacityUnits", "Sum"),
    "throttled_reads": Metric("ReadThrottleEvents", "Sum"),
    "throttled_writes": Metric("WriteThrottleEvents", "Sum"),
    "provisioned_reads": Metric("ProvisionedReadCapacityUnits", "Maximum"),
    "provisioned_writes": Metric("ProvisionedWriteCapacityUnits", "Maximum"),
}
"""The metrics of a target, by the column that holds each in a recording."""
USAGE: Final = ("consumed_reads", "throttled_reads", "consumed_writes", "throttled_writes")
"""The columns that a check needs."""


def write_metric(target: Target, metric: Metric) -> dict[str, Any]:
    """Return a metric of a target as CloudWatch's calls spell it."""
    dimensions = [{"Name": "TableName", "Value": target.table}]
    if target.index:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": target.index})
    return {"Namespace": NAMESPACE, "MetricName": metric.name, "Dimensions": dimensions}


def write_query(
    query_id: str, target: Target, metric: Metric, period_seconds: int = SECONDS_PER_MINUTE
) -> dict[str, Any]:
    """Return a query of GetMetricData for a metric, minute by minute or in longer periods."""
    statistic = {
        "Metric": write_metric(target, metric),
        "Period": period_seconds,
        "Stat": metric.statistic,
    }
    return {"Id": query_id, "MetricStat": statistic}
