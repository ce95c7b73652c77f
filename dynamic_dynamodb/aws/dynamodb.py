"""List, describe and update tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import DESCRIBE_TABLE, LIST_TABLES, UPDATE_TABLE
from dynamic_dynamodb.aws.client import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.descriptions import check_table, read_table
from dynamic_dynamodb.aws.parsing import show
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
    """DynamoDB's control plane in one region."""

    def __init__(self, session: AwsClient, executor: Executor, waits: Waits) -> None:
        """Keep the session, and the threads for calls that can be made side by side."""
        self._session = session
        self._executor = executor
        self._waits = waits

    def list_tables(self) -> TableList:
        """List the table names, page after page (100 a page), until an error. Never raise AwsError."""
        names: list[str] = []
        odd: list[str] = []
        pages = self._session.call_for_pages(
            LIST_TABLES, "list_tables", _parse_page, "ExclusiveStartTableName"
        )
        try:
            for listed in pages:
                names += filter(is_safe_name, listed)
                odd += (show(one) for one in listed if not is_safe_name(one))
        except AwsError as error:
            return TableList(names, error)
        if not odd:
            return TableList(names)
        message = f"not the name of a table: {', '.join(odd[:_MOST_SHOWN])}"
        return TableList(names, AwsError(LIST_TABLES, UNUSABLE_ANSWER, message))

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Describe a table and its indexes, the table first; raise AwsError."""
        return self._session.call(
            DESCRIBE_TABLE,
            "describe_table",
            lambda answer: read_table(table, answer["Table"]),
            TableName=table,
        )

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe many tables side by side; what cannot be had of one is an error in its place."""
        asked = {
            table: self._executor.submit(isolate, _DESCRIPTION, self.describe, table) for table in tables
        }
        answers = gather(_DESCRIPTION, list(asked.values()), self._waits)
        return dict(zip(asked, answers, strict=True))

    def update(self, update: TableUpdate) -> None:
        """Ask for new capacities of a table, its indexes or both in one call; raise AwsError.

        If an answer is lost, the call is repeated only if the table still is as it was before.
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
        self._session.call(
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
    """Return what is listed, and the name after which to go on; an odd one is listed, and ends the pages."""
    listed, last = answer["TableNames"], answer.get("LastEvaluatedTableName")
    if not isinstance(listed, list):
        raise ValueError(f"TableNames is {show(listed)}")  # noqa: TRY004 - no bug of ours
    return (listed, last) if last is None or is_safe_name(last) else ([*listed, last], None)
