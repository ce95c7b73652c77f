"""A fault affects exactly the calls that its rule selects."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import client

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]

NOON = datetime(2031, 5, 7, 12, 0, 0, tzinfo=timezone.utc)


def describe(emulator: Emulator, table: str = "orders", **options: Any) -> str:
    answer = client(emulator, "dynamodb", **options).describe_table(TableName=table)
    return str(answer["Table"]["TableStatus"])


def metric_data(emulator: Emulator, *tables: str) -> dict[str, dict[str, Any]]:
    emulator.set_clock(NOON)
    queries = [
        {
            "Id": table,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/DynamoDB",
                    "MetricName": "ConsumedReadCapacityUnits",
                    "Dimensions": [{"Name": "TableName", "Value": table}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for table in tables
    ]
    answer = client(emulator, "cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=NOON - timedelta(minutes=4), EndTime=NOON
    )
    return {result["Id"]: result for result in answer["MetricDataResults"]}


def statuses(emulator: Emulator, *tables: str) -> list[str]:
    return [status_or_error(emulator, table) for table in tables]


def status_or_error(emulator: Emulator, table: str) -> str:
    try:
        return describe(emulator, table)
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def test_a_fault_hits_calls_by_after_and_times(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_fault(code="Throttling", after=1, times=2)
    failing = "Throttling"
    assert statuses(emulator, *["orders"] * 5) == ["ACTIVE", failing, failing, "ACTIVE", "ACTIVE"]


def test_a_fault_without_times_hits_until_cleared(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_fault(code="Throttling", times=None)
    assert statuses(emulator, *["orders"] * 3) == ["Throttling"] * 3
    emulator.clear_faults()
    assert describe(emulator) == "ACTIVE"


def test_a_fault_hits_only_its_action_and_table(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_table("users")
    emulator.add_fault(code="Throttling", action="DescribeTable", table="users")
    client(emulator, "dynamodb").list_tables()
    assert statuses(emulator, "orders", "users", "users") == ["ACTIVE", "Throttling", "ACTIVE"]


def test_a_fault_of_a_table_hits_the_call_which_reads_its_metrics(emulator: Emulator) -> None:
    emulator.add_fault(code="Throttling", table="users")
    metric_data(emulator, "orders")
    with pytest.raises(ClientError, match="Rate exceeded"):
        metric_data(emulator, "orders", "users")


def test_the_oldest_fault_answers_first(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_fault(code="First")
    emulator.add_fault(code="Second")
    assert statuses(emulator, *["orders"] * 3) == ["First", "Second", "ACTIVE"]


@pytest.mark.parametrize(("status", "kept"), [("PartialData", 2), ("InternalError", 0), ("Forbidden", 0)])
def test_a_result_of_a_metric_can_be_incomplete(emulator: Emulator, status: str, kept: int) -> None:
    for table in ("orders", "users"):
        emulator.put_metrics(table, consumed_reads=1, until=NOON)
    emulator.add_fault(kind="metric_status", table="users", metric_status=status)
    found = metric_data(emulator, "orders", "users")
    assert (found["orders"]["StatusCode"], len(found["orders"]["Values"])) == ("Complete", 4)
    assert (found["users"]["StatusCode"], len(found["users"]["Values"])) == (status, kept)
    assert found["users"]["Messages"][0]["Code"] == status
    assert metric_data(emulator, "users")["users"]["StatusCode"] == "Complete"


def test_a_result_of_a_metric_can_be_missing(emulator: Emulator) -> None:
    emulator.add_fault(kind="missing_results", table="users")
    assert set(metric_data(emulator, "orders", "users")) == {"orders"}


def test_results_of_several_tables_can_be_changed_in_one_call(emulator: Emulator) -> None:
    emulator.add_fault(kind="metric_status", table="orders", metric_status="Forbidden")
    emulator.add_fault(kind="missing_results", table="users")
    found = metric_data(emulator, "orders", "users", "items")
    assert {table: result["StatusCode"] for table, result in found.items()} == {
        "orders": "Forbidden",
        "items": "Complete",
    }


def test_a_table_can_vanish_before_a_call(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_fault(
        kind="control", action="DescribeTable", after=1, method="remove_table", arguments={"name": "orders"}
    )
    assert statuses(emulator, *["orders"] * 2) == ["ACTIVE", "ResourceNotFoundException"]


def test_a_misspelt_fault_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="unknown kind of fault 'resett'"):
        emulator.add_fault(kind="resett")
    with pytest.raises(TypeError, match="tabel"):
        emulator.add_fault(tabel="orders")


def test_a_reset_drops_all_faults(emulator: Emulator) -> None:
    emulator.add_fault(times=None)
    emulator.reset()
    emulator.add_table("orders")
    assert describe(emulator) == "ACTIVE"
