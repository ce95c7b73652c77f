"""List, describe and update tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.descriptions import check_table, read_table
from dynamic_dynamodb.aws.error_translation import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.parsing import shorten_value
from dynamic_dynamodb.aws.permissions import DESCRIBE_TABLE, LIST_TABLES, UPDATE_TABLE
from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.check.resilience import gather, isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import is_safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.check.ports import Descriptions
    from dynamic_dynamodb.check.resilience import Waits
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.model import Description, Target
    from dynamic_dynamodb.scaling.table_update import TableUpdate

_DESCRIPTION: Final = "the description"
_MOST_SHOWN: Final = 3


class DynamoDbTables:
    """DynamoDB's control plane in one region; `place` is that of the targets that it returns."""

    def __init__(self, client: AwsClient, executor: Executor, waits: Waits, place: str = "") -> None:
        """Keep the client, and the threads for concurrent calls."""
        self._place = place
        self._client = client
        self._executor = executor
        self._waits = waits

    def list_tables(self) -> TableList:
        """Return the table names, 100 per page, up to the first error. Never raise AwsError."""
        names: list[str] = []
        malformed: list[str] = []
        pages = self._client.call_for_pages(
            LIST_TABLES, "list_tables", _parse_page, "ExclusiveStartTableName"
        )
        try:
            for listed in pages:
                names += filter(is_safe_name, listed)
                malformed += (shorten_value(one) for one in listed if not is_safe_name(one))
        except AwsError as error:
            return TableList(names, error)
        if not malformed:
            return TableList(names)
        message = f"not a table name: {', '.join(malformed[:_MOST_SHOWN])}"
        return TableList(names, AwsError(LIST_TABLES, UNUSABLE_ANSWER, message))

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Return the descriptions of a table and its indexes, the table first; raise AwsError."""
        return self._client.call(
            DESCRIBE_TABLE,
            "describe_table",
            lambda answer: read_table(table, answer["Table"], self._place),
            TableName=table,
        )

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe tables concurrently; a table that fails has an error in its place."""
        calls = {
            table: self._executor.submit(isolate, _DESCRIPTION, self.describe, table) for table in tables
        }
        answers = gather(_DESCRIPTION, list(calls.values()), self._waits)
        return dict(zip(calls, answers, strict=True))

    def update(self, update: TableUpdate) -> None:
        """Set the capacities of a table, its indexes, or both in one call; raise AwsError.

        If the answer is lost, the call is repeated only if the table has not changed.
        """
        parameters: dict[str, Any] = {"TableName": update.table}
        indexes = []
        for decision in update.decisions:
            throughput = _write_throughput(decision)
            if decision.target.index:
                change = {"IndexName": decision.target.index, "ProvisionedThroughput": throughput}
                indexes.append({"Update": change})
            else:
                parameters["ProvisionedThroughput"] = throughput
        if indexes:
            parameters["GlobalSecondaryIndexUpdates"] = indexes
        self._client.call(
            UPDATE_TABLE,
            "update_table",
            lambda answer: check_table(update.table, answer["TableDescription"]),
            allows_retry=lambda: self._is_unchanged(update),
            **parameters,
        )

    def _is_unchanged(self, update: TableUpdate) -> bool:
        try:
            return update.still_possible(self.describe(update.table)) == update
        except AwsError:
            return False


def _write_throughput(decision: Decision) -> dict[str, int]:
    reads, writes = decision.proposed
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


def _parse_page(answer: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    """Return the names of a page, and the last one if there are more; a malformed one ends the pages."""
    listed, last = answer["TableNames"], answer.get("LastEvaluatedTableName")
    if not isinstance(listed, list):
        raise ValueError(f"TableNames is {shorten_value(listed)}")  # noqa: TRY004 - AWS's data, no fault of this program
    return (listed, last) if last is None or is_safe_name(last) else ([*listed, last], None)
