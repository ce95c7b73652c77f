"""Shortcuts for the calls to DynamoDB that tests make most."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.emulator import Emulator


def units(reads: int, writes: int) -> dict[str, int]:
    """Build a ProvisionedThroughput member."""
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def update(
    emulator: Emulator, table: str, own: tuple[int, int] | None = None, **indexes: tuple[int, int]
) -> dict[str, Any]:
    """Update the table's own units and those of these indexes, and return the description in the answer."""
    changes = [
        {"Update": {"IndexName": index, "ProvisionedThroughput": units(*wanted)}}
        for index, wanted in indexes.items()
    ]
    parameters: dict[str, Any] = {"TableName": table}
    if own is not None:
        parameters["ProvisionedThroughput"] = units(*own)
    if changes:
        parameters["GlobalSecondaryIndexUpdates"] = changes
    answer: dict[str, Any] = client(emulator, "dynamodb").update_table(**parameters)
    return answer["TableDescription"]  # type: ignore[no-any-return]


def describe(emulator: Emulator, table: str) -> dict[str, Any]:
    """Return the description of a table."""
    answer: dict[str, Any] = client(emulator, "dynamodb").describe_table(TableName=table)
    return answer["Table"]  # type: ignore[no-any-return]


@contextmanager
def refused(code: str, message: str) -> Iterator[None]:
    """Expect the block to end in this error of AWS."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    if error["Code"] != code or message not in error["Message"]:
        pytest.fail(f"expected {code} with {message!r}, got {error}")
