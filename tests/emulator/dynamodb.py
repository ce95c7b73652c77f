"""The DynamoDB actions of the control plane; items are not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError
from tests.emulator.tables import Table
from tests.emulator.throughput import Throughput
from tests.emulator.update_table import check_simultaneous, check_update, invalid, requested_units

if TYPE_CHECKING:
    from tests.emulator.state import State
    from tests.emulator.wire import Call

_LIST_MAXIMUM = 100


def serve(state: State, call: Call) -> dict[str, Any]:
    """Answer one call of DynamoDB."""
    action = _ACTIONS.get(call.action)
    if action is None:
        raise ServiceError(code="UnknownOperationException", message=f"{call.action} is not emulated")
    return action(state, call)


def new_throughput(parameters: dict[str, Any] | None) -> Throughput:
    """Make an ACTIVE throughput; without parameters it has the 0 units of an on-demand table."""
    given = parameters or {}
    return Throughput((given.get("ReadCapacityUnits", 0), given.get("WriteCapacityUnits", 0)))


def _list_tables(state: State, call: Call) -> dict[str, Any]:
    limit = call.parameters.get("Limit", _LIST_MAXIMUM)
    if not 1 <= limit <= _LIST_MAXIMUM:
        raise invalid(
            message=f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint"
        )
    size = min(limit, state.settings.tables_per_page)
    after = None if state.settings.lists_in_circles else call.parameters.get("ExclusiveStartTableName")
    names, more = state.tables.page(after, size)
    return {"TableNames": names, "LastEvaluatedTableName": names[-1]} if more else {"TableNames": names}


def _describe_table(state: State, call: Call) -> dict[str, Any]:
    now = state.clock.now()
    return {"Table": state.tables.get(_table_name(call), now).describe(now, call.region)}


def _update_table(state: State, call: Call) -> dict[str, Any]:
    now = state.clock.now()
    requested = requested_units(call.parameters)
    table = state.tables.get(_table_name(call), now)
    check_update(table, requested, state.settings, now)
    check_simultaneous(state.tables, state.settings.simultaneous_updates, now)
    table.begin_update(requested, now, state.settings.update_seconds)
    return {"TableDescription": table.describe(now, call.region)}


def _create_table(state: State, call: Call) -> dict[str, Any]:
    given = call.parameters
    now = state.clock.now()
    on_demand = given.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand == ("ProvisionedThroughput" in given):
        raise invalid(message="ProvisionedThroughput must be given with PROVISIONED billing and only with it")
    table = Table(
        name=_table_name(call),
        throughput=new_throughput(given.get("ProvisionedThroughput")),
        created=now,
        on_demand=on_demand,
        indexes={
            index["IndexName"]: new_throughput(index.get("ProvisionedThroughput"))
            for index in given.get("GlobalSecondaryIndexes", [])
        },
        account=state.account,
    )
    state.tables.add(table)
    return {"TableDescription": table.describe(now, call.region) | {"TableStatus": "CREATING"}}


def _delete_table(state: State, call: Call) -> dict[str, Any]:
    now = state.clock.now()
    table = state.tables.get(_table_name(call), now)
    if table.throughput.status != "ACTIVE":
        message = f"Attempt to change a resource which is still in use: Table is being updated: {table.name}"
        raise ServiceError(code="ResourceInUseException", message=message)
    state.tables.remove(table.name)
    return {"TableDescription": table.describe(now, call.region) | {"TableStatus": "DELETING"}}


def _table_name(call: Call) -> str:
    if "TableName" not in call.parameters:
        raise invalid(message="The parameter 'TableName' is required but was not present in the request")
    return str(call.parameters["TableName"])


_ACTIONS = {
    "CreateTable": _create_table,
    "DeleteTable": _delete_table,
    "DescribeTable": _describe_table,
    "ListTables": _list_tables,
    "UpdateTable": _update_table,
}
