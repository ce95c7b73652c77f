"""Run one check as a bare boto3 script: the same calls and thread pools, nothing else.

Its only rule raises capacity by half above 90 percent. It keeps only what it needs of each answer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from botocore.config import Config

AT_ONCE = 16
UPDATES_AT_ONCE = 4
QUERIES_PER_CALL = 500
METRICS = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
"""The metrics that the program requests with the default options."""
Key = tuple[str, str]
Units = tuple[int, int]

config = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=AT_ONCE,
    retries={"total_max_attempts": 1, "mode": "standard"},
)
dynamodb = boto3.client("dynamodb", config=config)
cloudwatch = boto3.client("cloudwatch", config=config)
sns = boto3.client("sns", config=config)


def describe(name: str) -> dict[Key, Units]:
    table: Any = dynamodb.describe_table(TableName=name)["Table"]
    return {
        (name, resource.get("IndexName", "")): (
            resource["ProvisionedThroughput"]["ReadCapacityUnits"],
            resource["ProvisionedThroughput"]["WriteCapacityUnits"],
        )
        for resource in (table, *table.get("GlobalSecondaryIndexes", ()))
    }


def query(number: int, key: Key, metric: str) -> Any:
    dimensions = [{"Name": "TableName", "Value": key[0]}]
    if key[1]:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": key[1]})
    asked = {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"m{number}", "MetricStat": {"Metric": asked, "Period": 60, "Stat": "Sum"}}


def measure(keys: list[Key]) -> dict[Key, tuple[float, float]]:
    end = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(minutes=10)
    queries = [
        query(number * len(METRICS) + place, key, metric)
        for number, key in enumerate(keys)
        for place, metric in enumerate(METRICS)
    ]
    sums: dict[str, float] = {}
    parameters: dict[str, Any] = {}
    while True:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime=end - timedelta(minutes=5), EndTime=end, **parameters
        )
        for result in answer["MetricDataResults"]:
            sums[result["Id"]] = sums.get(result["Id"], 0) + sum(result["Values"])
        if "NextToken" not in answer:
            break
        parameters = {"NextToken": answer["NextToken"]}
    return {
        key: (
            sums[f"m{number * len(METRICS)}"] / 300,
            sums[f"m{number * len(METRICS) + 1}"] / 300,
        )
        for number, key in enumerate(keys)
    }


def throughput(units: Units, used: tuple[float, float]) -> dict[str, int] | None:
    wanted = [one + one // 2 if rate > 0.9 * one else one for one, rate in zip(units, used, strict=True)]
    if tuple(wanted) == units:
        return None
    return {"ReadCapacityUnits": wanted[0], "WriteCapacityUnits": wanted[1]}


def update(name: str, wanted: dict[str, Any]) -> None:
    parameters: dict[str, Any] = {"TableName": name}
    if "" in wanted:
        parameters["ProvisionedThroughput"] = wanted.pop("")
    if wanted:
        parameters["GlobalSecondaryIndexUpdates"] = [
            {"Update": {"IndexName": index, "ProvisionedThroughput": units}}
            for index, units in wanted.items()
        ]
    dynamodb.update_table(**parameters)


def main() -> None:
    pages = dynamodb.get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    provisioned: dict[Key, Units] = {}
    used: dict[Key, tuple[float, float]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for described in pool.map(describe, names):
            provisioned |= described
        keys, size = list(provisioned), QUERIES_PER_CALL // len(METRICS)
        for measured in pool.map(
            measure, [keys[start : start + size] for start in range(0, len(keys), size)]
        ):
            used |= measured
    changes: dict[str, dict[str, Any]] = {}
    for (name, index), units in provisioned.items():
        wanted = throughput(units, used[name, index])
        if wanted:
            changes.setdefault(name, {})[index] = wanted
    with ThreadPoolExecutor(UPDATES_AT_ONCE) as pool:
        list(pool.map(update, changes, changes.values()))


if __name__ == "__main__":
    main()
