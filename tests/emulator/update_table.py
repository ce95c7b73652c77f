"""What AWS checks before it accepts an UpdateTable call; a call is accepted or refused as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.errors import ServiceError
from tests.emulator.throughput import Units

if TYPE_CHECKING:
    from datetime import datetime

    from tests.emulator.state import Settings
    from tests.emulator.tables import Table, Tables

Requested = dict[str | None, Units]

_REFERENCE = (
    "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
)
_SIDES = (("ReadCapacityUnits", "readCapacityUnits"), ("WriteCapacityUnits", "writeCapacityUnits"))


def requested_units(parameters: dict[str, Any]) -> Requested:
    """Read the wanted units of the table (None) and of its indexes from the call."""
    requested: Requested = {}
    if "ProvisionedThroughput" in parameters:
        requested[None] = _units(parameters["ProvisionedThroughput"])
    for change in parameters.get("GlobalSecondaryIndexUpdates", []):
        if set(change) != {"Update"}:
            raise invalid(message="Only the Update of a global secondary index is emulated.")
        index = change["Update"]["IndexName"]
        if index in requested:
            raise invalid(
                message="One or more parameter values were invalid: Only one global secondary index update "
                f"per index is allowed simultaneously. Index: {index}"
            )
        requested[index] = _units(change["Update"]["ProvisionedThroughput"])
    if not requested:
        raise invalid(
            message="At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
            "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    return requested


def check_update(table: Table, requested: Requested, settings: Settings, now: datetime) -> None:
    """Refuse the whole call when one of its resources may not change so at this moment."""
    _check_idle(table, requested)
    if table.on_demand:
        raise invalid(
            message="One or more parameter values were invalid: Neither ReadCapacityUnits nor "
            "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    for index, units in requested.items():
        _check_changes(index, table.resource(index).units, units)
    for units in requested.values():
        _check_maximum(units, settings.table_maximum)
    for index, units in requested.items():
        resource = table.resource(index)
        if resource.lowers(units):
            resource.check_decrease(now)


def check_simultaneous(tables: Tables, maximum: int | None, now: datetime) -> None:
    """Refuse one more update when the account already has its maximum in flight."""
    if maximum is None:
        return
    if sum(table.update_ends is not None for table in tables.all(now)) >= maximum:
        raise ServiceError(
            code="LimitExceededException",
            message=f"Subscriber limit exceeded: Only {maximum} tables can be created, updated, or deleted "
            "simultaneously",
        )


def invalid(message: str) -> ServiceError:
    """Make the error for a request that can never succeed."""
    return ServiceError("ValidationException", message)


def _units(given: dict[str, Any]) -> Units:
    for member, path in _SIDES:
        if member not in given:
            raise invalid(
                message=f"1 validation error detected: Value null at 'provisionedThroughput.{path}' failed "
                "to satisfy constraint: Member must not be null"
            )
        if given[member] < 1:
            raise invalid(
                message=f"1 validation error detected: Value '{given[member]}' at "
                f"'provisionedThroughput.{path}' failed to satisfy constraint: Member must have value "
                "greater than or equal to 1"
            )
    return given["ReadCapacityUnits"], given["WriteCapacityUnits"]


def _check_idle(table: Table, requested: Requested) -> None:
    in_use = "Attempt to change a resource which is still in use: "
    if table.throughput.status != "ACTIVE":
        raise ServiceError(
            code="ResourceInUseException", message=f"{in_use}Table is being updated: {table.name}"
        )
    for index in requested:
        if table.resource(index).status != "ACTIVE":
            message = f"{in_use}Index is being updated: {index} Table: {table.name}"
            raise ServiceError(code="ResourceInUseException", message=message)


def _check_changes(index: str | None, current: Units, units: Units) -> None:
    if current != units:
        return
    subject, where = ("the table", "the table") if index is None else (f"the index {index}", f"index {index}")
    details = " ".join(
        f"Current {member} provisioned for {where}: {current[side]}. Requested {member}: {units[side]}."
        for side, (member, _) in enumerate(_SIDES)
    )
    raise invalid(
        message=f"The provisioned throughput for {subject} will not change. The requested value equals the "
        f"current value. {details} {_REFERENCE}"
    )


def _check_maximum(units: Units, maximum: int) -> None:
    for (member, _), wanted in zip(_SIDES, units, strict=True):
        if wanted > maximum:
            raise ServiceError(
                code="LimitExceededException",
                message=f"Subscriber limit exceeded: The requested {member} of {wanted} exceeds the limit of "
                f"{maximum} per table. {_REFERENCE}",
            )
