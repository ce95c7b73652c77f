"""Rules that make chosen calls fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulator.metrics import TABLE_DIMENSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator.wire import Call

# Kinds that act before the call is served, answer in its place, or change GetMetricData's results.
BEFORE_KINDS = frozenset({"control", "slow"})
ANSWER_KINDS = frozenset({"error", "bare_error", "reset", "hang", "drip", "html", "cut_body", "short_body"})
RESULT_KINDS = frozenset({"metric_status", "missing_results", "odd"})
ENDLESS_PAGES = "endless_pages"
KINDS = BEFORE_KINDS | ANSWER_KINDS | RESULT_KINDS | {ENDLESS_PAGES, "date"}
PAGE_TOKENS = {
    "ListTables": ("ExclusiveStartTableName", "LastEvaluatedTableName"),
    "GetMetricData": ("NextToken", "NextToken"),
    "DescribeScalableTargets": ("NextToken", "NextToken"),
    "GetProducts": ("NextToken", "NextToken"),
}
"""How a call names the page it asks for, and how its answer names the next one."""

# What a value of an answer may be replaced with besides a value of JSON.
LEFT_OUT = "@left out@"
ONCE_MORE = "@once more@"


@dataclass
class Fault:
    """One rule: which calls fail, and how.

    Which calls: `action`, `table`, `region`, `account` (that of the access key) and `role` (the ARN that
    AssumeRole asks for) choose the calls (None means any); of these the first `after` pass untouched, then
    `times` are hit (None means all that follow).

    What happens, by `kind`:
    - "error": the AWS error `code`; `message` and `status` default to AWS's own for the known codes. In the
      message, {table} is the table of the call, and {token} the session token that it was signed with.
    - "bare_error": the AWS error `code` without a message.
    - "reset": the connection is reset without an answer.
    - "hang": no answer for `seconds` (None means for ever), then the connection closes.
    - "drip": an answer that never ends: a byte of its body each `seconds` (None means 0.05).
    - "slow": the ordinary answer, but `seconds` late.
    - "html": an HTML page with `status` (default 200).
    - "cut_body": the ordinary answer with the second half of its body missing, though its length is right.
    - "short_body": the ordinary answer with its checksum, but the connection closes in the midst of the body.
    - "metric_status": results of GetMetricData get `metric_status` (PartialData, InternalError, Forbidden),
      those of `table`, `index` and `metric` where given. PartialData keeps the first half of the values, or
      the first `keep`; the others keep none.
    - "missing_results": the same choice of results is left out.
    - "odd": at `path` (keys and positions) the answer has `value`, or the JSON text `raw`, instead; LEFT_OUT
      takes away what is there, ONCE_MORE, in a list, puts it in again. In GetMetricData the path begins in
      each result of `table`, `index` and `metric`, and without these in the answer.
    - "date": the answer's Date is `value`; None means none.
    - "endless_pages": each page is the first one, and names a next one that was never named before.
    - "control": the control method `method` runs with `arguments` before the call is served as ever.

    With `applied` the call takes effect before the fault answers (always so with cut_body and short_body).
    All rules that concern a call count it; of those that answer in its place the oldest one does.

    botocore does not notice a JSON answer which it cannot read (html, cut_body, and short_body where there is
    no checksum): its caller gets an answer without members.
    """

    kind: str = "error"
    action: str | None = None
    table: str | None = None
    region: str | None = None
    account: str | None = None
    role: str | None = None
    times: int | None = 1
    after: int = 0
    code: str = "InternalServerError"
    message: str | None = None
    status: int | None = None
    seconds: float | None = None
    applied: bool = False
    metric_status: str = "PartialData"
    index: str | None = None
    metric: str | None = None
    keep: int | None = None
    path: Sequence[str | int] = ()
    value: Any = None
    raw: str | None = None
    method: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an unknown kind, which would have no effect."""
        if self.kind not in KINDS:
            message = f"unknown kind of fault {self.kind!r}: choose one of {', '.join(sorted(KINDS))}"
            raise ValueError(message)

    def concerns(self, call: Call) -> bool:
        """Return whether the rule applies to this call."""
        chosen = (
            (self.action, call.action),
            (self.region, call.region),
            (self.account, call.identity.account),
            (self.role, call.parameters.get("RoleArn")),
        )
        if any(wanted not in (None, found) for wanted, found in chosen):
            return False
        if self.kind in RESULT_KINDS - {"odd"} and call.action != "GetMetricData":
            return False
        if self.kind == ENDLESS_PAGES and call.action not in PAGE_TOKENS:
            return False
        return self.table is None or self.table in tables_of(call)


@dataclass
class _Rule:
    fault: Fault
    passed: int = 0
    hits: int = 0

    def active(self, call: Call) -> bool:
        """Count a call that the rule applies to, and return whether to hit it."""
        fault = self.fault
        if not fault.concerns(call):
            return False
        if self.passed < fault.after:
            self.passed += 1
            return False
        return fault.times is None or self.hits < fault.times


@dataclass
class Taken:
    """The faults that hit one call; at most one answers in place of the service, and it comes last."""

    faults: list[Fault]
    released: threading.Event

    def wait(self, seconds: float | None) -> bool:
        """Wait, but only until the rules are cleared; return whether they were."""
        return self.released.wait(seconds)


class FaultRules:
    """The rules of one test; safe for use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._released = threading.Event()

    def add(self, fault: Fault) -> None:
        """Append a rule."""
        with self._lock:
            self._rules.append(_Rule(fault))

    def clear(self) -> None:
        """Remove all rules and end all calls that hang or are slow because of one."""
        with self._lock:
            self._rules = []
            self._released.set()
            self._released = threading.Event()

    def take(self, call: Call) -> Taken:
        """Choose the faults that hit a call."""
        with self._lock:
            taken: list[Fault] = []
            answering: Fault | None = None
            for rule in [rule for rule in self._rules if rule.active(call)]:
                if rule.fault.kind in ANSWER_KINDS:
                    if answering is not None:
                        continue
                    answering = rule.fault
                else:
                    taken.append(rule.fault)
                rule.hits += 1
            return Taken(taken if answering is None else [*taken, answering], self._released)


def tables_of(call: Call) -> set[str]:
    """Return the tables of a call, which a call to CloudWatch has in its dimensions."""
    parameters = call.parameters
    if "TableName" in parameters:
        return {str(parameters["TableName"])}
    metrics = [
        query.get("MetricStat", {}).get("Metric", {}) for query in parameters.get("MetricDataQueries", [])
    ]
    return {
        given["Value"]
        for metric in (parameters, *metrics)
        for given in metric.get("Dimensions", [])
        if given["Name"] == TABLE_DIMENSION
    }
