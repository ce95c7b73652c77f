"""Faults of AWS, and the expected state of the account after a check with each of them.

In the account, `busy` and `sick` are to be raised, `idle` and the index of `sick` lowered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.end_to_end.account import BEFORE, LOWERED, RAISED, Units

AT_ONCE: Final = (
    "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously"
)
Rule = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A row of docs/faults.md, how to cause it, and the expected account after a check.

    `said` must stand in the log. A `setup` is a control method of the emulator and its arguments.
    """

    fault: str
    rules: tuple[Rule, ...] = ()
    said: str = "sick: updated: reads 100 -> 150"
    code: int = 0
    sick: Units | None = RAISED
    index: Units | None = LOWERED
    busy: Units = RAISED
    idle: Units = LOWERED
    setup: tuple[tuple[str, dict[str, Any]], ...] = ()
    options: tuple[str, ...] = ()
    has_topic: bool = False
    most_calls: dict[str, int] = field(default_factory=dict)


def _all_denied(action: str, code: str = "AccessDeniedException") -> tuple[Rule, ...]:
    return ({"action": action, "code": code, "times": None},)


def _nothing(fault: str, rules: tuple[Rule, ...], said: str, **settings: Any) -> Case:
    """Return a case in which nothing can be changed."""
    untouched: dict[str, Any] = {"sick": BEFORE, "index": BEFORE, "busy": BEFORE, "idle": BEFORE, "code": 1}
    return Case(fault, rules, said, **{**untouched, **settings})


def _hang(action: str, table: str | None = None, times: int | None = None, **settings: Any) -> Rule:
    return {"kind": "hang", "action": action, "table": table, "times": times, **settings}


def _odd(action: str, *path: str | int, **settings: Any) -> Rule:
    return {"kind": "odd", "action": action, "path": path, "times": None, **settings}


_CONSUMED: Final = "ConsumedReadCapacityUnits"
_INDEX: Final = ("Table", "GlobalSecondaryIndexes", 0)

PASSING: Final = (
    Case("A burst of throttling", ({"code": "ThrottlingException", "times": 2},)),
    Case(
        "500 or 503 for a moment",
        (
            {"code": "InternalServerError", "action": "DescribeTable", "table": "sick"},
            {"code": "InternalServiceFault", "action": "GetMetricData"},
            {"code": "ServiceUnavailable", "action": "UpdateTable", "table": "sick"},
        ),
        most_calls={"GetMetricData": 2},
    ),
    Case(
        "A reset connection",
        tuple({"kind": "reset", "action": action} for action in ("ListTables", "GetMetricData")),
    ),
    Case(
        "A response that comes too late", (_hang("DescribeTable", "sick", 1), _hang("GetMetricData", times=1))
    ),
    Case(
        "A response that trickles in and never ends",
        tuple(
            {"kind": "drip", "action": action} for action in ("ListTables", "UpdateTable", "GetMetricData")
        ),
    ),
    Case(
        "A response that is an HTML page, or truncated",
        (
            {"kind": "html", "action": "ListTables"},
            {"kind": "html", "action": "DescribeTable", "table": "sick"},
            {"kind": "cut_body", "action": "GetMetricData"},
        ),
    ),
    Case(
        "Incomplete metrics (PartialData, InternalError)",
        (
            {"kind": "metric_status", "table": "sick", "metric_status": "PartialData"},
            {"kind": "metric_status", "table": "sick", "index": "by-date", "metric_status": "InternalError"},
            {"kind": "missing_results", "table": "sick", "after": 1},
        ),
        most_calls={"GetMetricData": 3},
    ),
    Case("Metrics on many pages", setup=(("set_pages", {"results": 2}),), most_calls={"GetMetricData": 8}),
    Case(
        "Too many concurrent updates",
        ({"action": "UpdateTable", "code": "LimitExceededException", "message": AT_ONCE, "times": 3},),
        most_calls={"UpdateTable": 6},
    ),
    Case(
        "An update that was made, but whose response is lost",
        (_hang("UpdateTable", "sick", 1, applied=True),),
        most_calls={"UpdateTable": 3},
    ),
    Case(
        "An update whose response is invalid",
        (_odd("UpdateTable", "TableDescription", table="sick", value=None),),
        most_calls={"UpdateTable": 3},
    ),
    Case(
        "An update that never reaches AWS",
        (_hang("UpdateTable", "sick", 1),),
        most_calls={"UpdateTable": 4},
    ),
)

ONE_TABLE: Final = (
    Case(
        "DescribeTable never responds for one table",
        (_hang("DescribeTable", "sick"),),
        "ERROR sick: failed: the description failed: TooLate: ",
        code=1,
        sick=BEFORE,
        index=BEFORE,
        most_calls={"DescribeTable": 2 + 3},
    ),
    Case(
        "DescribeTable trickles in for one table and never ends",
        ({"kind": "drip", "action": "DescribeTable", "table": "sick", "times": None},),
        "ERROR sick: failed: the description failed: TooLate: ",
        code=1,
        sick=BEFORE,
        index=BEFORE,
        most_calls={"DescribeTable": 2 + 3},
    ),
    Case(
        "A table deleted during the check",
        (
            {
                "kind": "control",
                "action": "UpdateTable",
                "table": "sick",
                "method": "remove_table",
                "arguments": {"name": "sick"},
            },
        ),
        "ERROR sick: failed: ",
        code=1,
        sick=None,
        index=None,
    ),
    Case(
        "An index deleted during the check",
        (
            {
                "kind": "control",
                "action": "UpdateTable",
                "table": "sick",
                "method": "remove_index",
                "arguments": {"table": "sick", "index": "by-date"},
            },
        ),
        "ERROR sick/by-date: failed: ",
        code=1,
        index=None,
    ),
    Case(
        "An index that is being created",
        setup=(("set_status", {"table": "sick", "index": "by-date", "status": "CREATING"}),),
        said="sick/by-date: unchanged: ",
        index=BEFORE,
        most_calls={"UpdateTable": 3},
    ),
    Case(
        "An index that another client changes during the check (ResourceInUseException)",
        (
            {
                "kind": "control",
                "action": "UpdateTable",
                "table": "sick",
                "method": "set_status",
                "arguments": {"table": "sick", "index": "by-date", "status": "UPDATING"},
            },
        ),
        "ERROR sick/by-date: failed: ",
        code=1,
        index=BEFORE,
        most_calls={"UpdateTable": 4, "DescribeTable": 4},
    ),
    Case(
        "No decreases left today",
        setup=(("set_decreases", {"table": "sick", "index": "by-date", "today": 4}),),
        said="4 decreases today, AWS allows the next at",
        index=BEFORE,
        most_calls={"UpdateTable": 3},
    ),
    Case(
        "A decrease that AWS refuses anyway (LimitExceededException)",
        ({"action": "UpdateTable", "table": "sick", "code": "LimitExceededException"},),
        "WARNING sick/by-date: unchanged: ",
        index=BEFORE,
        most_calls={"UpdateTable": 4},
    ),
    Case(
        "A capacity above AWS's limit for a table or the account",
        said="lower max-provisioned-reads or max-provisioned-writes, or ask AWS for a higher quota",
        setup=(
            ("set_limits", {"table_maximum": 180}),
            ("add_table", {"name": "vast", "reads": 170, "writes": 170}),
            ("put_metrics", {"table": "vast", "consumed_reads": 169, "consumed_writes": 169}),
        ),
        code=1,
        most_calls={"UpdateTable": 4},
    ),
    Case(
        "Too many concurrent updates, for longer than a check waits",
        (
            {
                "action": "UpdateTable",
                "table": "sick",
                "code": "LimitExceededException",
                "message": AT_ONCE,
                "times": None,
            },
        ),
        "ERROR sick: failed: ",
        code=1,
        sick=BEFORE,
        index=BEFORE,
    ),
    Case(
        "Metrics still incomplete at the third request",
        ({"kind": "metric_status", "table": "sick", "metric_status": "InternalError", "times": None},),
        "ERROR sick: failed: no metrics: cloudwatch:GetMetricData failed: IncompleteAnswer",
        code=1,
        sick=BEFORE,
        index=BEFORE,
        most_calls={"GetMetricData": 3},
    ),
    Case(
        "An invalid metric: not a number, negative, of another time, more values than timestamps",
        (_odd("GetMetricData", "Values", 0, table="sick", index="by-date", metric=_CONSUMED, raw="NaN"),),
        "ERROR sick/by-date: failed: no metrics: cloudwatch:GetMetricData failed: UnusableAnswer: ",
        code=1,
        index=BEFORE,
        most_calls={"GetMetricData": 3},
    ),
    Case(
        "An invalid description of an index",
        (
            _odd(
                "DescribeTable", *_INDEX, "ProvisionedThroughput", "ReadCapacityUnits", table="sick", value=-5
            ),
        ),
        "ERROR sick/by-date: failed: dynamodb:DescribeTable failed: UnusableAnswer: ReadCapacityUnits is -5",
        code=1,
        index=BEFORE,
    ),
    Case(
        "A description of another table, or an invalid one",
        (_odd("DescribeTable", "Table", "TableName", table="sick", value="idle"),),
        "ERROR sick: failed: ",
        code=1,
        sick=BEFORE,
        index=BEFORE,
    ),
    Case(
        "An invalid name in the list of tables",
        (_odd("ListTables", "TableNames", 2, value="../sick"),),
        "ERROR dynamodb:ListTables failed: UnusableAnswer: not a table name: '../sick'; ",
        code=1,
        sick=BEFORE,
        index=BEFORE,
    ),
)

WHOLE_SERVICE: Final = (
    _nothing("Expired keys", ({"code": "ExpiredTokenException", "times": None},), "ExpiredToken"),
    _nothing(
        "A clock so wrong that AWS refuses the calls (5 minutes or more)",
        ({"code": "InvalidSignatureException", "times": None},),
        "this machine's clock is wrong: set it, and keep it right with NTP",
    ),
    _nothing(
        "No permission for ListTables", _all_denied("ListTables"), "(allow dynamodb:ListTables in the IAM"
    ),
    _nothing("ListTables never responds", (_hang("ListTables"),), "ERROR dynamodb:ListTables failed: "),
    Case(
        "ListTables returns pages without end",
        ({"kind": "endless_pages", "action": "ListTables", "times": None},),
        "ERROR dynamodb:ListTables failed: ",
        code=1,
        most_calls={"ListTables": 1000},
    ),
    _nothing(
        "No permission for DescribeTable", _all_denied("DescribeTable"), "(allow dynamodb:DescribeTable in"
    ),
    _nothing(
        "DescribeTable never responds",
        (_hang("DescribeTable"),),
        "ERROR idle: failed: the description failed: TooLate: ",
        most_calls={"DescribeTable": 3 * 3, "GetMetricData": 0},
    ),
    Case(
        "No permission for GetMetricData",
        _all_denied("GetMetricData", "AccessDenied"),
        "(allow cloudwatch:GetMetricData in the IAM policy); using cloudwatch:GetMetricStatistics instead",
    ),
    _nothing(
        "No permission for GetMetricData or GetMetricStatistics",
        (*_all_denied("GetMetricData", "AccessDenied"), *_all_denied("GetMetricStatistics", "AccessDenied")),
        "(allow cloudwatch:GetMetricStatistics in the IAM policy)",
    ),
    _nothing(
        "GetMetricData never responds",
        (_hang("GetMetricData"),),
        "ERROR sick/by-date: failed: no metrics: cloudwatch:GetMetricData failed: TooLate: ",
        most_calls={"GetMetricData": 3, "UpdateTable": 0},
    ),
    _nothing(
        "GetMetricData returns pages without end",
        ({"kind": "endless_pages", "action": "GetMetricData", "times": None},),
        "no metrics: cloudwatch:GetMetricData failed: ",
        most_calls={"GetMetricData": 100, "UpdateTable": 0},
    ),
    _nothing(
        "No permission for UpdateTable", _all_denied("UpdateTable"), "(allow dynamodb:UpdateTable in the IAM"
    ),
    _nothing(
        "UpdateTable never responds",
        (_hang("UpdateTable"),),
        "but the update failed) - dynamodb:UpdateTable failed: ReadTimeoutError",
        most_calls={"UpdateTable": 3 * 3},
    ),
    Case(
        "No permission for Publish",
        _all_denied("Publish", "AuthorizationError"),
        "WARNING not published to ",
        has_topic=True,
    ),
    Case("Publish never responds", (_hang("Publish"),), "WARNING not published to ", has_topic=True),
    Case(
        "No permission for DescribeScalableTargets, with skip-aws-autoscaled",
        _all_denied("DescribeScalableTargets"),
        "(allow application-autoscaling:DescribeScalableTargets in the IAM policy)",
        code=1,
        index=BEFORE,
        idle=BEFORE,
        options=("skip-aws-autoscaled: true",),
    ),
    Case(
        "DescribeScalableTargets never responds, with skip-aws-autoscaled",
        (_hang("DescribeScalableTargets"),),
        "nothing is lowered until it is known what AWS scales itself",
        code=1,
        index=BEFORE,
        idle=BEFORE,
        options=("skip-aws-autoscaled: true",),
    ),
    Case(
        "DescribeScalableTargets returns pages without end",
        ({"kind": "endless_pages", "action": "DescribeScalableTargets", "times": None},),
        "nothing is lowered until it is known what AWS scales itself",
        code=1,
        index=BEFORE,
        idle=BEFORE,
        options=("skip-aws-autoscaled: true",),
        most_calls={"DescribeScalableTargets": 1000},
    ),
    _nothing(
        "No response from AWS ever ends",
        ({"kind": "drip", "times": None},),
        "ERROR dynamodb:ListTables failed: AnswerTooSlow: no complete answer within 0.6 s",
    ),
)
