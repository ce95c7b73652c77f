"""The tables of an account in a region: what ListTables and DescribeTable show."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ACCOUNT, ServiceError

if TYPE_CHECKING:
    from tests.emulator.throughput import Throughput, Units

KEYS = [{"AttributeName": "id", "KeyType": "HASH"}]


@dataclass
class Table:
    """One table with its indexes; call settle() before reading its state."""

    name: str
    throughput: Throughput
    created: datetime
    on_demand: bool = False
    indexes: dict[str, Throughput] = field(default_factory=dict)
    update_ends: datetime | None = None
    replicas: tuple[str, ...] = ()
    sizes: dict[str | None, int] = field(default_factory=dict)
    table_class: str | None = None
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    account: str = ACCOUNT

    def begin_update(self, requested: dict[str | None, Units], now: datetime, seconds: float) -> None:
        """Accept new units for the table (None) or its indexes; the table is UPDATING in each case."""
        for index, units in requested.items():
            self.resource(index).accept(units, now)
        self.throughput.status = "UPDATING"
        self.update_ends = now + timedelta(seconds=seconds)

    def settle(self, now: datetime) -> None:
        """Finish the update in flight when its time has come."""
        if self.update_ends is not None and now >= self.update_ends:
            self.finish_update()

    def finish_update(self) -> None:
        """Put all pending units in force now."""
        self.update_ends = None
        if self.throughput.status == "UPDATING":
            self.throughput.status = "ACTIVE"
        for resource in (self.throughput, *self.indexes.values()):
            resource.settle()

    def resource(self, index: str | None) -> Throughput:
        """Find the throughput of the table itself (None) or of one of its indexes."""
        if index is None:
            return self.throughput
        if index not in self.indexes:
            message = f"Requested resource not found: Index: {index} not found for table: {self.name}"
            raise ServiceError(code="ResourceNotFoundException", message=message)
        return self.indexes[index]

    def describe(self, now: datetime, region: str) -> dict[str, Any]:
        """Build the answer member Table or TableDescription."""
        arn = table_arn(self.name, region, self.account)
        described: dict[str, Any] = {
            "TableName": self.name,
            "TableStatus": self.throughput.status,
            "TableArn": arn,
            "TableId": self.identity,
            "CreationDateTime": self.created,
            "KeySchema": KEYS,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "ItemCount": 0,
            "TableSizeBytes": self.sizes.get(None, 0),
            "DeletionProtectionEnabled": False,
            "ProvisionedThroughput": self.throughput.describe(now),
        }
        if self.on_demand:
            described["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
        if self.table_class is not None:  # AWS leaves it out for a table whose class was never changed
            described["TableClassSummary"] = {"TableClass": self.table_class}
        if self.replicas:
            described["GlobalTableVersion"] = "2019.11.21"
            described["Replicas"] = [
                {"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in self.replicas
            ]
        if self.indexes:
            described["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": name,
                    "IndexStatus": throughput.status,
                    "IndexArn": f"{arn}/index/{name}",
                    "KeySchema": KEYS,
                    "Projection": {"ProjectionType": "ALL"},
                    "ItemCount": 0,
                    "IndexSizeBytes": self.sizes.get(name, 0),
                    "ProvisionedThroughput": throughput.describe(now),
                }
                for name, throughput in self.indexes.items()
            ]
        return described


def table_arn(name: str, region: str, account: str) -> str:
    """Build the ARN of a table."""
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


class Tables:
    """Keep the tables of a place by name."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def add(self, table: Table) -> None:
        """Store a table, which must not exist yet."""
        if table.name in self._tables:
            raise ServiceError(code="ResourceInUseException", message=f"Table already exists: {table.name}")
        self._tables[table.name] = table

    def remove(self, name: str) -> None:
        """Forget a table, if it exists."""
        self._tables.pop(name, None)

    def get(self, name: str, now: datetime) -> Table:
        """Find a table, its finished update applied."""
        if name not in self._tables:
            raise ServiceError(
                code="ResourceNotFoundException",
                message=f"Requested resource not found: Table: {name} not found",
            )
        table = self._tables[name]
        table.settle(now)
        return table

    def all(self, now: datetime) -> list[Table]:
        """List the tables in the order of their names."""
        for table in self._tables.values():
            table.settle(now)
        return [self._tables[name] for name in sorted(self._tables)]

    def page(self, after: str | None, size: int) -> tuple[list[str], bool]:
        """Return one page of names after another name, and whether more remain."""
        names = sorted(self._tables)
        if after is not None:
            names = [name for name in names if name > after]
        return names[:size], len(names) > size
