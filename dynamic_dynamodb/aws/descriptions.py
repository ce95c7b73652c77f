"""Read the answer of DescribeTable: a malformed value spoils only the table or index that holds it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.error_translation import UNUSABLE_ANSWER
from dynamic_dynamodb.aws.parsing import LARGEST_NUMBER, shorten_value
from dynamic_dynamodb.aws.permissions import DESCRIBE_TABLE
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, is_safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD: Final = "STANDARD"
"""The class of a table whose class was never changed: its description leaves it out."""
_TABLE_CLASS: Final = re.compile("[A-Z_]{1,40}")
_STATUS: Final = re.compile("[A-Z_]{1,40}")
_ACCOUNT: Final = re.compile(r"arn:[^:]*:dynamodb:[^:]*:(\d{12}):")
_ON_DEMAND: Final = PerCapacity(0, 0)


def check_table(name: str, table: Mapping[str, Any]) -> None:
    """Raise ValueError if a description is of another table."""
    if table["TableName"] != name:
        raise ValueError(f"TableName is {shorten_value(table['TableName'])}")


def read_table(name: str, table: Mapping[str, Any], place: str = "") -> Mapping[Target, Description]:
    """Return the descriptions of a table and its indexes, the table first; `place` is that of the targets.

    Raises ValueError, or another error of a malformed answer, for another table and for a table without
    a status, which its indexes need too.
    """
    check_table(name, table)
    status = _read_status(table, "TableStatus")
    replicas, indexes = table.get("Replicas") or (), table.get("GlobalSecondaryIndexes", [])
    if not isinstance(indexes, list):
        indexes = [indexes]  # becomes an index without a name
    described = replace(
        _read_resource(Target(name, place=place), status, table),
        account=_find_account(str(table.get("TableArn"))),
        table_class=_find_class(table.get("TableClassSummary")),
        replicas=tuple(map(_name_region, replicas)) if isinstance(replicas, list) else (),
        unnamed=tuple(
            _describe_flaw(f"an index has no usable name: {shorten_value(index)}")
            for index in indexes
            if not _is_named(index)
        ),
    )
    descriptions = {described.target: described}
    for index in filter(_is_named, indexes):
        target = Target(name, index["IndexName"], place)
        is_on_demand = described.provisioned == _ON_DEMAND and not described.flaw
        parsed = replace(
            _read_index(target, status, index, is_on_demand=is_on_demand), table_class=described.table_class
        )
        if descriptions.setdefault(target, parsed) != parsed:
            descriptions[target] = _make_flawed(target, status, "it is listed twice with different values")
    return descriptions


def _is_named(index: object) -> bool:
    return isinstance(index, dict) and is_safe_name(index.get("IndexName"))


def _find_account(arn: str) -> str:
    """Return the account id in an ARN; empty if there is none."""
    found = _ACCOUNT.match(arn)
    return found[1] if found else ""


def _find_class(summary: object) -> str:
    """Return the class of a table; empty if it is malformed."""
    if summary is None:
        return STANDARD
    found = summary.get("TableClass") if isinstance(summary, dict) else None
    return found if isinstance(found, str) and _TABLE_CLASS.fullmatch(found) else ""


def _find_size(resource: Mapping[str, Any], key: str) -> int | None:
    """Return a size in bytes; None if it is missing or malformed, which no decision depends on."""
    size = resource.get(key)
    return size if type(size) is int and size >= 0 else None


def _name_region(replica: object) -> str:
    region = replica.get("RegionName") if isinstance(replica, dict) else None
    return region if isinstance(region, str) and region else "a region without a name"


def _read_index(
    target: Target, table_status: str, index: Mapping[str, Any], *, is_on_demand: bool
) -> Description:
    if is_on_demand and "ProvisionedThroughput" not in index:
        index = {**index, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}
    return _read_resource(target, table_status, index)


def _read_resource(target: Target, table_status: str, resource: Mapping[str, Any]) -> Description:
    try:
        status = _read_status(resource, "IndexStatus") if target.index else table_status
        throughput = _read_throughput(resource)
        return Description(
            target,
            PerCapacity(
                _read_count(throughput, "ReadCapacityUnits"), _read_count(throughput, "WriteCapacityUnits")
            ),
            status,
            table_status,
            decreases_today=_read_count(throughput, "NumberOfDecreasesToday", default=0),
            last_decrease=_read_moment(throughput, "LastDecreaseDateTime"),
            size_bytes=_find_size(resource, "IndexSizeBytes" if target.index else "TableSizeBytes"),
        )
    except ValueError as error:
        return _make_flawed(target, table_status, str(error))


def _make_flawed(target: Target, table_status: str, why: str) -> Description:
    return Description(target, _ON_DEMAND, "", table_status, flaw=_describe_flaw(why))


def _describe_flaw(why: str) -> str:
    return str(AwsError(DESCRIBE_TABLE, UNUSABLE_ANSWER, why))


def _read_status(resource: Mapping[str, Any], key: str) -> str:
    status = resource.get(key)
    if not isinstance(status, str) or not _STATUS.fullmatch(status):
        raise ValueError(f"{key} is {shorten_value(status)}")
    return status


def _read_throughput(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    throughput = resource.get("ProvisionedThroughput")
    if not isinstance(throughput, dict):
        raise ValueError(f"ProvisionedThroughput is {shorten_value(throughput)}")  # noqa: TRY004 - AWS's data, no fault of this program
    return throughput


def _read_count(throughput: Mapping[str, Any], key: str, *, default: int | None = None) -> int:
    count = throughput.get(key, default)
    if type(count) is not int or not 0 <= count <= LARGEST_NUMBER:  # not a bool
        raise ValueError(f"{key} is {shorten_value(count)}")
    return count


def _read_moment(throughput: Mapping[str, Any], key: str) -> datetime | None:
    moment = throughput.get(key)
    if moment is not None and not isinstance(moment, datetime):
        raise ValueError(f"{key} is {shorten_value(moment)}")
    return moment
