"""The emulator lists, describes, creates and deletes tables as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.asking import describe, refused, units
from tests.emulator.clients import client

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]


def test_a_table_shows_its_own_units_and_those_of_its_indexes(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2)})
    shown = describe(emulator, "orders")
    assert shown["TableStatus"] == "ACTIVE"
    assert shown["ProvisionedThroughput"] == units(10, 4) | {"NumberOfDecreasesToday": 0}
    assert [
        (index["IndexName"], index["IndexStatus"], index["ProvisionedThroughput"])
        for index in shown["GlobalSecondaryIndexes"]
    ] == [("by_date", "ACTIVE", units(3, 2) | {"NumberOfDecreasesToday": 0})]
    assert "BillingModeSummary" not in shown


def test_a_table_on_demand_shows_no_units(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=4, gsis={"by_date": (3, 2)}, on_demand=True)
    shown = describe(emulator, "orders")
    assert shown["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert shown["ProvisionedThroughput"] == units(0, 0) | {"NumberOfDecreasesToday": 0}
    assert shown["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_tables_are_listed_by_name_in_pages(emulator: Emulator) -> None:
    names = [f"table-{number:03}" for number in range(150)]
    for name in reversed(names):
        emulator.add_table(name)
    pages = list(client(emulator, "dynamodb").get_paginator("list_tables").paginate())
    assert [len(page["TableNames"]) for page in pages] == [100, 50]
    assert [name for page in pages for name in page["TableNames"]] == names
    emulator.set_pages(tables=40)
    pages = list(client(emulator, "dynamodb").get_paginator("list_tables").paginate())
    assert [len(page["TableNames"]) for page in pages] == [40, 40, 40, 30]


def test_tables_can_be_created_and_deleted_as_at_aws(emulator: Emulator) -> None:
    dynamodb = client(emulator, "dynamodb")
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    dynamodb.create_table(
        TableName="orders",
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput=units(7, 3),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_date",
                "KeySchema": keys,
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": units(2, 1),
            }
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName="orders")
    assert emulator.capacities() == {("orders", None): (7, 3), ("orders", "by_date"): (2, 1)}
    with refused("ResourceInUseException", "Table already exists: orders"):
        dynamodb.create_table(TableName="orders", KeySchema=keys, ProvisionedThroughput=units(1, 1))
    dynamodb.delete_table(TableName="orders")
    assert dynamodb.list_tables()["TableNames"] == []


def test_an_index_and_a_table_can_be_taken_away(emulator: Emulator) -> None:
    emulator.add_table("orders", gsis={"by_date": (1, 1)})
    emulator.remove_index("orders", "by_date")
    assert "GlobalSecondaryIndexes" not in describe(emulator, "orders")
    emulator.remove_table("orders")
    assert emulator.capacities() == {}


def test_items_are_not_emulated(emulator: Emulator) -> None:
    with refused("UnknownOperationException", "Scan is not emulated"):
        client(emulator, "dynamodb").scan(TableName="orders")
