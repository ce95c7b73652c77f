"""The emulator applies and refuses updates of tables and indexes as AWS does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.emulator.asking import describe, refused, units, update
from tests.emulator.clients import client

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]

NOON = datetime(2031, 5, 7, 12, 0, 0, tzinfo=timezone.utc)


def test_one_call_updates_the_table_and_its_indexes(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2), "by_name": (1, 1)})
    update(emulator, "orders", (20, 8), by_date=(6, 2))
    assert emulator.capacities() == {
        ("orders", None): (20, 8),
        ("orders", "by_date"): (6, 2),
        ("orders", "by_name"): (1, 1),
    }


def test_an_update_of_an_index_leaves_the_table_unchanged(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2)})
    update(emulator, "orders", by_date=(6, 2))
    assert emulator.capacities() == {("orders", None): (10, 4), ("orders", "by_date"): (6, 2)}


def test_an_update_shows_the_old_units_until_it_ends(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2), "by_name": (1, 1)})
    emulator.set_update_seconds(60)
    answered = update(emulator, "orders", (20, 4), by_date=(6, 2))
    shown = describe(emulator, "orders")
    assert shown == answered
    assert shown["TableStatus"] == "UPDATING"
    assert shown["ProvisionedThroughput"]["ReadCapacityUnits"] == 10
    assert [index["IndexStatus"] for index in shown["GlobalSecondaryIndexes"]] == ["UPDATING", "ACTIVE"]
    assert emulator.capacities(pending=False)["orders", "by_date"] == (3, 2)
    emulator.finish_updates()
    shown = describe(emulator, "orders")
    assert shown["TableStatus"] == "ACTIVE"
    assert shown["ProvisionedThroughput"]["ReadCapacityUnits"] == 20
    assert [index["IndexStatus"] for index in shown["GlobalSecondaryIndexes"]] == ["ACTIVE", "ACTIVE"]
    assert emulator.capacities(pending=False)["orders", "by_date"] == (6, 2)


def test_an_update_ends_by_itself(emulator: Emulator) -> None:
    emulator.set_clock(NOON)
    emulator.add_table("orders", reads=10)
    emulator.set_update_seconds(60)
    update(emulator, "orders", (20, 5))
    emulator.set_clock(NOON + timedelta(seconds=59))
    assert describe(emulator, "orders")["TableStatus"] == "UPDATING"
    emulator.set_clock(NOON + timedelta(seconds=61))
    assert describe(emulator, "orders")["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize(
    ("own", "indexes", "code", "message"),
    [
        pytest.param(
            (10, 4),
            {},
            "ValidationException",
            "The provisioned throughput for the table will not change. The requested value equals the "
            "current value. Current ReadCapacityUnits provisioned for the table: 10. Requested "
            "ReadCapacityUnits: 10. Current WriteCapacityUnits provisioned for the table: 4. Requested "
            "WriteCapacityUnits: 4.",
            id="same-units-of-the-table",
        ),
        pytest.param(
            (20, 4),
            {"by_date": (3, 2)},
            "ValidationException",
            "The provisioned throughput for the index by_date will not change.",
            id="same-units-of-an-index",
        ),
        pytest.param(
            (0, 4),
            {},
            "ValidationException",
            "Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member "
            "must have value greater than or equal to 1",
            id="fewer-than-1",
        ),
        pytest.param(
            None, {}, "ValidationException", "At least one of ProvisionedThroughput", id="nothing-asked"
        ),
        pytest.param(
            (20, 4),
            {"unknown": (1, 1)},
            "ResourceNotFoundException",
            "Requested resource not found: Index: unknown",
            id="unknown-index",
        ),
        pytest.param(
            (40_001, 4),
            {},
            "LimitExceededException",
            "ReadCapacityUnits of 40001 exceeds the limit of 40000 per table",
            id="over-the-maximum",
        ),
    ],
)
def test_a_refused_update_changes_nothing(
    emulator: Emulator,
    own: tuple[int, int] | None,
    indexes: dict[str, tuple[int, int]],
    code: str,
    message: str,
) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2)})
    with refused(code, message):
        update(emulator, "orders", own, **indexes)
    assert emulator.capacities() == {("orders", None): (10, 4), ("orders", "by_date"): (3, 2)}


def test_an_update_names_each_index_once(emulator: Emulator) -> None:
    emulator.add_table("orders", gsis={"by_date": (3, 2)})
    change = {"Update": {"IndexName": "by_date", "ProvisionedThroughput": units(6, 6)}}
    with refused("ValidationException", "Only one global secondary index update per index is allowed"):
        client(emulator, "dynamodb").update_table(
            TableName="orders", GlobalSecondaryIndexUpdates=[change, change]
        )


@pytest.mark.parametrize("action", ["describe_table", "update_table", "delete_table"])
def test_an_unknown_table_is_not_found(emulator: Emulator, action: str) -> None:
    extra = {"ProvisionedThroughput": units(1, 1)} if action == "update_table" else {}
    with refused("ResourceNotFoundException", "Requested resource not found: Table: orders not found"):
        getattr(client(emulator, "dynamodb"), action)(TableName="orders", **extra)


def test_a_table_on_demand_takes_no_units(emulator: Emulator) -> None:
    emulator.add_table("orders", on_demand=True)
    with refused("ValidationException", "can be specified when BillingMode is PAY_PER_REQUEST"):
        update(emulator, "orders", (10, 10))


@pytest.mark.parametrize(
    ("own", "indexes"),
    [
        pytest.param((30, 30), {}, id="table"),
        pytest.param(None, {"by_date": (9, 9)}, id="index-in-change"),
        pytest.param(None, {"by_name": (9, 9)}, id="other-index"),
    ],
)
@pytest.mark.parametrize(
    "first",
    [
        pytest.param({"own": (20, 20)}, id="after-the-table"),
        pytest.param({"by_date": (6, 6)}, id="after-an-index"),
    ],
)
def test_nothing_changes_while_the_table_is_updating(
    emulator: Emulator,
    first: dict[str, tuple[int, int]],
    own: tuple[int, int] | None,
    indexes: dict[str, tuple[int, int]],
) -> None:
    emulator.add_table("orders", gsis={"by_date": (3, 3), "by_name": (3, 3)})
    emulator.set_update_seconds(60)
    update(emulator, "orders", **first)
    with refused("ResourceInUseException", "Attempt to change a resource which is still in use"):
        update(emulator, "orders", own, **indexes)


@pytest.mark.parametrize(
    "status", ["CREATING", "UPDATING", "DELETING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"]
)
def test_only_an_active_table_takes_an_update(emulator: Emulator, status: str) -> None:
    emulator.add_table("orders", status=status)
    assert describe(emulator, "orders")["TableStatus"] == status
    with refused("ResourceInUseException", "orders"):
        update(emulator, "orders", (20, 20))


def test_an_index_which_is_not_active_blocks_only_itself(emulator: Emulator) -> None:
    emulator.add_table("orders", gsis={"by_date": (3, 3)})
    emulator.set_status("orders", "by_date", status="CREATING")
    with refused("ResourceInUseException", "by_date"):
        update(emulator, "orders", by_date=(6, 6))
    update(emulator, "orders", (20, 20))
    assert describe(emulator, "orders")["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"


def test_the_maximum_of_a_table_can_be_set(emulator: Emulator) -> None:
    emulator.add_table("orders", gsis={"by_date": (3, 3)})
    emulator.set_limits(table_maximum=100)
    with refused("LimitExceededException", "WriteCapacityUnits of 101 exceeds the limit of 100"):
        update(emulator, "orders", by_date=(3, 101))
    update(emulator, "orders", by_date=(3, 100))


def test_the_number_of_simultaneous_updates_can_be_limited(emulator: Emulator) -> None:
    for name in ("a", "b", "c"):
        emulator.add_table(name)
    emulator.set_update_seconds(60)
    emulator.set_limits(simultaneous_updates=2)
    update(emulator, "a", (10, 10))
    update(emulator, "b", (10, 10))
    with refused(
        "LimitExceededException", "Only 2 tables can be created, updated, or deleted simultaneously"
    ):
        update(emulator, "c", (10, 10))
    emulator.finish_updates()
    update(emulator, "c", (10, 10))
