"""Ten thousand real checks on a virtual clock, each judged by its requests to the account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from tests.builders import make_check, section
from tests.soak.account import NOT_APPLIED, START, TABLES, Account
from tests.soak.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from dynamic_dynamodb.check.check import Check
    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.scaling.decision import CapacityDecision
    from dynamic_dynamodb.scaling.model import Description, Target
    from dynamic_dynamodb.scaling.table_update import TableUpdate

CHECKS = 10_000
INTERVAL = timedelta(minutes=5)
SMALLEST, LARGEST = 10, 500
LIMITS = {
    f"{word}_provisioned_{capacity}": str(units)
    for word, units in (("min", SMALLEST), ("max", LARGEST))
    for capacity in ("reads", "writes")
}
GROUP_OPTIONS: dict[str, dict[str, str]] = {
    "a": {},
    "b": {"num_read_checks_before_scale_down": "3", "always_decrease_rw_together": "yes"},
    "c": {"maintenance_windows": "22:00-06:00", "throttled_reads_upper_threshold": "100"},
    "d": {"decrease_reads_unit": "units", "decrease_reads_with": "40", "increase_writes_with": "80"},
    "e": {"allow_scaling_down_reads_on_0_percent": "yes", "reads_upper_alarm_threshold": "80"},
}
UPPER_PERCENT, FREE_DECREASES, SPACING, WINDOW_SECONDS = 90, 4, timedelta(hours=1), 300
"""The rules, written independently of the product, so that its mistakes are not repeated here."""
WITHOUT_ZERO_RULE = "e"
WITH_BREAKER = "e"


@dataclass
class Verdict:
    """What the checks did, and the faults found."""

    checks: int = 0
    raises_due: int = 0
    left_out: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    first_fault: str = ""

    def note(self, fault: str, where: object) -> None:
        """Count a fault, and keep where the first one was."""
        self.faults[fault] += 1
        self.first_fault = self.first_fault or f"check {self.checks}: {fault}: {where}"


FAULTS = (
    "updates above the maximum or below the minimum",
    "raises lost",
    "decreases sent beyond the budget",
    "decreases without facts",
    "updates past an open breaker",
    "reports that are wrong",
    "looks that come too late",
    "unhandled errors",
)
(
    BEYOND_LIMITS,
    LOST_RAISES,
    BEYOND_BUDGET,
    WITHOUT_FACTS,
    PAST_BREAKER,
    WRONG_REPORTS,
    LATE_LOOKS,
    UNHANDLED,
) = FAULTS


def run(checks: int, seed: int, quiet_seconds: int | None = None) -> tuple[Account, Verdict]:
    """Run this many checks, and judge each; quiet targets rest for so many seconds."""
    account, verdict = Account(seed), Verdict()
    check = _build(account, quiet_seconds)
    looked: dict[Target, datetime] = {}
    for number in range(checks):
        now = START + number * INTERVAL
        account.begin(now)
        report = check.run(now)
        check.publish(report.messages)
        verdict.checks += 1
        for fault, where in judge(account, report):
            verdict.note(fault, where)
        looked |= {each.target: now for each in report.targets}
        for target in report.left_out:
            if now - looked[target] >= timedelta(seconds=quiet_seconds or 0):
                verdict.note(LATE_LOOKS, target)
        verdict.left_out += len(report.left_out)
        for error in report.unexpected:
            verdict.note(UNHANDLED, repr(error))
        verdict.raises_due += sum(1 for _ in find_due_raises(account, report.left_out))
    return account, verdict


def soak_account(checks: int, seed: int, quiet_seconds: int | None = None) -> list[Figure]:
    """Return the figures of a run."""
    account, verdict = run(checks, seed, quiet_seconds)
    return [
        Figure("checks on a virtual clock", verdict.checks, at_least=checks),
        Figure("tables of the simulated account", TABLES),
        Figure("failures injected", account.failure_count),
        Figure("raises made", account.increases),
        Figure("decreases made", account.decreases),
        Figure("raises that were due", verdict.raises_due),
        Figure("quiet targets left out", verdict.left_out),
        *(Figure(fault, verdict.faults[fault], limit=0) for fault in FAULTS),
    ]


def _build(account: Account, quiet_seconds: int | None) -> Check:
    breaker = CircuitBreakerOptions("http://localhost/ok", 100)
    sections = tuple(
        replace(
            section(f"{group}-.*", gsis=(section(**LIMITS, **options),), **LIMITS, **options),
            circuit_breaker=breaker if group == WITH_BREAKER else None,
        )
        for group, options in GROUP_OPTIONS.items()
    )
    memory = AccountMemory(resting=RestingTargets.every(quiet_seconds))
    return make_check(
        sections, memory, tables=account, metrics=account, notifier=account, circuit_breaker=account
    )


def judge(account: Account, report: CheckReport) -> Iterator[tuple[str, object]]:
    """Yield the faults of one check: requests that contradict what it could know."""
    record, failures = account.record, account.failures
    for update in record.sent:
        if update.table.startswith(WITH_BREAKER) and failures.is_breaker_open and _has_table(update):
            yield PAST_BREAKER, update
        for decision in update.decisions:
            for side in decision.capacities:
                yield from _judge_side(account, decision.target, side)
    for target, capacity in find_due_raises(account, report.left_out):
        if failures.updates.get(target.table) in NOT_APPLIED:
            is_requested = any(
                one.target == target and one.capacities[capacity].is_raise
                for update in record.sent
                for one in update.decisions
            )
        else:
            applied = record.applied.get(target)
            is_requested = target in record.moved or (
                applied is not None and applied.capacities[capacity].is_raise
            )
        if not is_requested:
            yield LOST_RAISES, (target, capacity, record.described[target])
    for each in report.targets:
        is_applied = each.target in record.applied
        if (each.outcome is Outcome.UPDATED) != is_applied and each.target not in record.moved:
            yield WRONG_REPORTS, each


def _has_table(update: TableUpdate) -> bool:
    """Return whether the table itself is changed: an index has its table's section, but no breaker here."""
    return any(not decision.target.index for decision in update.decisions)


def _judge_side(account: Account, target: Target, side: CapacityDecision) -> Iterator[tuple[str, object]]:
    if side.is_change and not SMALLEST <= side.proposed <= LARGEST:
        yield BEYOND_LIMITS, (target, side)
    if not side.is_decrease:
        return
    if not _may_decrease(account.record.described[target], account.now):
        yield BEYOND_BUDGET, (target, side)
    is_silent = target in account.failures.silent and side.provisioned <= LARGEST
    has_zero_rule = target.table.startswith(WITHOUT_ZERO_RULE) and side.capacity is Capacity.READS
    if (
        target not in account.record.consumed
        or account.failures.late_minutes
        or (is_silent and not has_zero_rule)
    ):
        yield WITHOUT_FACTS, (target, side)


def _may_decrease(description: Description, now: datetime) -> bool:
    last = description.last_decrease
    if last is None or last.date() != now.date() or description.decreases_today < FREE_DECREASES:
        return True
    return now - last >= SPACING


def find_due_raises(account: Account, left_out: Collection[Target]) -> Iterator[tuple[Target, Capacity]]:
    """Yield the raises that were due: complete data above the threshold, and units below the maximum.

    Quiet targets that were left out are raised by a later check.
    """
    record, failures = account.record, account.failures
    if failures.late_minutes:
        return
    for target, consumed in record.consumed.items():
        if target in left_out:
            continue
        description = record.described[target]
        for capacity in Capacity:
            units = description.provisioned[capacity]
            is_high = 100 * consumed[capacity] > UPPER_PERCENT * units * WINDOW_SECONDS
            if is_high and units < LARGEST and description.is_active:
                yield target, capacity
