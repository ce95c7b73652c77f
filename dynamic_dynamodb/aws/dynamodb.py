"""List, describe and update tables."""

from __future__ import annotations

import re
from datetime import timezone
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.actions import DESCRIBE_TABLE, LIST_TABLES, UPDATE_TABLE
from dynamic_dynamodb.containment import contain
from dynamic_dynamodb.core.model import Description, PerCapacity, Target
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.gathering import gather

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from dynamic_dynamodb.aws.session import AwsSession
    from dynamic_dynamodb.core.decision import Decision
    from dynamic_dynamodb.core.plan import TableUpdate
    from dynamic_dynamodb.patience import Timeouts
    from dynamic_dynamodb.ports import Descriptions

_DESCRIPTION: Final = "the description"
_ACCOUNT: Final = re.compile(r"arn:[^:]*:dynamodb:[^:]*:(\d{12}):")


class DynamoDbTables:
    """DynamoDB's control plane in one region."""

    def __init__(self, session: AwsSession, executor: Executor, timeouts: Timeouts) -> None:
        """Keep the session, and the threads for calls that can be made side by side."""
        self._session = session
        self._executor = executor
        self._timeouts = timeouts

    def list_tables(self) -> Sequence[str]:
        """List all table names, page after page (100 a page); raise AwsError."""
        pages = self._session.call_for_pages(
            LIST_TABLES, "list_tables", _parse_page, "ExclusiveStartTableName"
        )
        return list(chain.from_iterable(pages))

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Describe a table and its indexes, the table first; raise AwsError."""
        return self._session.call(DESCRIBE_TABLE, "describe_table", _parse_table, TableName=table)

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe many tables side by side; what cannot be had of one is an error in its place."""
        asked = {
            table: self._executor.submit(contain, _DESCRIPTION, self.describe, table) for table in tables
        }
        answers = gather(_DESCRIPTION, list(asked.values()), self._timeouts.straggling)
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
            lambda answer: answer["TableDescription"],
            may_repeat=lambda: self._is_unchanged(update),
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


def _parse_page(answer: Mapping[str, Any]) -> tuple[list[str], str | None]:
    return answer["TableNames"], answer.get("LastEvaluatedTableName")


def _parse_table(answer: Mapping[str, Any]) -> Mapping[Target, Description]:
    table = answer["Table"]
    name, status = table["TableName"], table["TableStatus"]
    descriptions = [_parse_resource(Target(name), status, status, table)]
    for index in table.get("GlobalSecondaryIndexes", ()):
        target = Target(name, index["IndexName"])
        descriptions.append(_parse_resource(target, index["IndexStatus"], status, index))
    return {description.target: description for description in descriptions}


def _parse_resource(
    target: Target, status: str, table_status: str, resource: Mapping[str, Any]
) -> Description:
    if target.index and "ProvisionedThroughput" not in resource:
        return Description(target, PerCapacity(0, 0), status, table_status)  # billed on demand
    replicas = (
        replica.get("RegionName", "a region without a name") for replica in resource.get("Replicas", ())
    )
    throughput = resource["ProvisionedThroughput"]
    last_decrease = throughput.get("LastDecreaseDateTime")
    return Description(
        target,
        PerCapacity(int(throughput["ReadCapacityUnits"]), int(throughput["WriteCapacityUnits"])),
        status,
        table_status,
        decreases_today=int(throughput.get("NumberOfDecreasesToday", 0)),
        last_decrease=last_decrease.astimezone(timezone.utc) if last_decrease else None,
        replicas=tuple(replicas),
        account=_find_account(str(resource.get("TableArn"))),
    )


def _find_account(arn: str) -> str:
    """Return the account's number in an ARN; nothing if there is none."""
    found = _ACCOUNT.match(arn)
    return found[1] if found else ""
