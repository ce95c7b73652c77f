"""Tables that most tests need, and their capacities after a check with the configuration `ALL`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator import Emulator

Units = tuple[int, int]
Capacities = dict[tuple[str, str | None], Units]

LIMITS = """\
max-provisioned-reads: 1000
max-provisioned-writes: 1000
"""
BEFORE: Units = (100, 100)
RAISED: Units = (150, 150)
LOWERED: Units = (50, 50)


def everywhere(*options: str, with_indexes: bool = True) -> str:
    """Return a configuration of every table, and every index, with these options and the defaults."""
    sections = ("[table: .*]", "[gsi: .* table: .*]")[: 1 + with_indexes]
    return "\n".join(("[default_options]", LIMITS, *options, *sections, ""))


SOON = ("--check-interval", "1")
ALL = everywhere()
"""Up by 50 % above 90 %, down by 50 % below 30 %."""


def add_busy(emulator: Emulator, name: str = "busy") -> None:
    """Add a table that is to be raised on both sides."""
    emulator.add_table(name, reads=100, writes=100)
    emulator.put_metrics(name, consumed_reads=95, consumed_writes=95)


def add_idle(emulator: Emulator, name: str = "idle") -> None:
    """Add a table that is to be lowered on both sides."""
    emulator.add_table(name, reads=100, writes=100)
    emulator.put_metrics(name, consumed_reads=10, consumed_writes=10)


def add_busy_with_index(emulator: Emulator, name: str = "orders", index: str = "by-date") -> None:
    """Add a table that is to be raised, like its index."""
    emulator.add_table(name, reads=100, writes=100, gsis={index: (100, 100)})
    emulator.put_metrics(name, consumed_reads=95, consumed_writes=95)
    emulator.put_metrics(name, index, consumed_reads=95, consumed_writes=95)


def find_senders(emulator: Emulator) -> set[str]:
    """Return the access keys that sent requests."""
    return {request.access_key for request in emulator.requests()}


def actions(emulator: Emulator) -> list[str]:
    """Return the actions of all requests in their order."""
    return [request.action for request in emulator.requests()]


def updates(emulator: Emulator) -> list[tuple[str, Units | None, dict[str, Units]]]:
    """Return each UpdateTable call as (table, its own units if sent, units of indexes sent), in order."""
    return [
        (
            request.parameters["TableName"],
            _units(request.parameters) if "ProvisionedThroughput" in request.parameters else None,
            {
                change["Update"]["IndexName"]: _units(change["Update"])
                for change in request.parameters.get("GlobalSecondaryIndexUpdates", [])
            },
        )
        for request in emulator.requests("UpdateTable")
    ]


def _units(parameters: dict[str, dict[str, int]]) -> Units:
    throughput = parameters["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]
