"""Continue the status with the report of a check; what the check does not report stays as last seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import Outcome, find_missed
from dynamic_dynamodb.scaling.guards import FREE_DECREASES_PER_DAY, count_free_decreases, find_next_decrease
from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.service.status.snapshot import (
    SEVERITY,
    CapacityStatus,
    Cause,
    Change,
    CheckStatus,
    Condition,
    Direction,
    Failure,
    Notice,
    Status,
    TargetStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamic_dynamodb.check import conditions
    from dynamic_dynamodb.check.report import CheckReport, TargetReport
    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.decision import CapacityDecision
    from dynamic_dynamodb.scaling.model import Description
    from dynamic_dynamodb.scaling.reasons import Reason
    from dynamic_dynamodb.scaling.target_options import CapacityOptions
    from dynamic_dynamodb.service.status.snapshot import ProgramStatus

NEAR_SHARE: Final = 0.9
"""Consumption is near a threshold from this share of it on."""
_PERCENT: Final = 100
_DIGITS: Final = 3
_MOST_CHARACTERS: Final = 1_000
"""How much of a sentence is kept; it may contain a message of AWS."""
_BLANK: Final = TargetStatus("", None, Condition.STEADY, "", datetime.fromtimestamp(0, timezone.utc))
_NO_CAPACITIES: Final[PerCapacity[CapacityStatus | None]] = PerCapacity(None, None)


@value
class Moment:
    """When a check began, how long it took, and the seconds until the next one; None after a single run."""

    started: datetime
    seconds: float
    interval_seconds: int | None = None


def continue_status(
    before: Status | None, program: ProgramStatus, report: CheckReport, moment: Moment
) -> Status:
    """Return the status after a check, from the one before it and the report of the check."""
    now, interval, error = moment.started, moment.interval_seconds, report.error
    known = {one.target: one for one in before.targets} if before else {}
    seen = {one.target: _see(one, known.get(one.target, _BLANK), now) for one in report.targets}
    kept = {target: known[target] for target in find_missed(report, known)}
    targets = sorted((seen | kept).items()) if kept else seen.items()
    account = find_account(report) or program.account or (before.program.account if before else None)
    check = CheckStatus(
        started=now,
        seconds=round(moment.seconds, _DIGITS),
        complete=error is None and not report.is_cut_short,
        failures=report.failures,
        metrics_requested=report.metrics_requested,
        next=None if interval is None else now + timedelta(seconds=interval),
        failing=_fail(before.check.failing if before else None, _explain(error), now) if error else None,
    )
    return Status(
        replace(program, account=account),
        check,
        quote_notices(report.notices),
        tuple(one for _, one in targets),
    )


def quote_notices(notices: Iterable[conditions.Notice]) -> tuple[Notice, ...]:
    """Return conditions in force as the status has them."""
    return tuple(Notice(one.level.name.lower(), one.sentence) for one in notices)


def find_account(report: CheckReport) -> str | None:
    """Return the account that AWS named when it described the targets; None if it described none."""
    return next((one.description.account for one in report.targets if one.description), "") or None


def _see(report: TargetReport, before: TargetStatus, now: datetime) -> TargetStatus:
    """Return a target as a check reports it, with what is still known from earlier checks."""
    section, description, decision = report.section, report.description, report.decision
    refusal = _explain(report.error) if report.error else None
    skipped = _quote(report.skipped) if report.skipped else None
    failing, cause = None, refusal or skipped
    if report.outcome is Outcome.FAILED and cause is not None:
        failing, refusal = _fail(before.failing, cause, now), None
    left, next_decrease = before.free_decreases_left, before.next_decrease
    if description is not None:
        left, next_decrease = find_decreases(report, description, now)
    sides = _see_capacities(report, before, now)
    return TargetStatus(
        report.target.table,
        report.target.index or None,
        _find_condition(report, sides),
        report.outcome.name.lower(),
        now,
        now if description is not None else before.described,
        now if decision is not None else before.decided,
        section.title if section is not None else before.section,
        description.status if description is not None else before.status,
        failing,
        skipped,
        refusal,
        left,
        next_decrease,
        sides.reads,
        sides.writes,
        report.target.place or None,
    )


def _see_capacities(
    report: TargetReport, before: TargetStatus, now: datetime
) -> PerCapacity[CapacityStatus | None]:
    """Return both capacities; None for a target without provisioned capacity, or one never described."""
    description, decision = report.description, report.decision
    if description is not None and description.is_on_demand:
        return _NO_CAPACITIES
    earlier = PerCapacity(before.reads, before.writes)
    if decision is not None:
        return decision.capacities.combine(lambda side, one: _decide(report, side, one, now), earlier)
    if description is not None:
        return earlier.combine(_describe, description.provisioned)
    return earlier


def _decide(
    report: TargetReport, side: CapacityDecision, before: CapacityStatus | None, now: datetime
) -> CapacityStatus:
    """Return a capacity that this check has decided on."""
    capacity = side.capacity
    is_changed = report.outcome is Outcome.UPDATED and side.is_change
    provisioned = side.proposed if is_changed else side.provisioned
    consumed = throttled = low_checks = needed = minimum = maximum = None
    if report.usage is not None:
        usage = report.usage[capacity]
        consumed, throttled = round_figure(usage.consumed_per_second), round_figure(usage.throttled_events)
    if report.memory is not None:
        low_checks = report.memory[capacity].low_checks
    if report.section is not None:
        options = report.section.typed.capacities[capacity]
        needed = options.num_checks_before_scale_down
        minimum, maximum = options.min_provisioned, options.max_provisioned
    change = before.last_change if before is not None else None
    return CapacityStatus(
        provisioned,
        consumed,
        find_percent(consumed, provisioned),
        throttled,
        side.proposed,
        side.held_units,
        tuple([reason.code.value for reason in side.reasons]),
        side.sentence[:_MOST_CHARACTERS],
        low_checks,
        needed,
        minimum,
        maximum,
        _note_change(side, now) if is_changed else change,
    )


def _describe(before: CapacityStatus | None, provisioned: int) -> CapacityStatus:
    """Return a capacity that this check has described, but not decided on."""
    if before is None:
        return CapacityStatus(provisioned)
    percent = find_percent(before.consumed, provisioned)
    return replace(before, provisioned=provisioned, consumed_percent=percent)


def _note_change(side: CapacityDecision, now: datetime) -> Change:
    direction = Direction.UP if side.is_raise else Direction.DOWN
    return Change(now, direction, side.provisioned, side.proposed)


def find_decreases(
    report: TargetReport, description: Description, now: datetime
) -> tuple[int | None, datetime | None]:
    """Return how many decreases are free today, and when AWS allows the next one; None on demand.

    The description is from before the update of this check, which may have made a decrease.
    """
    decision = report.decision
    if description.is_on_demand:
        return None, None
    if report.outcome is Outcome.UPDATED and decision and any(one.is_decrease for one in decision.capacities):
        used = FREE_DECREASES_PER_DAY - count_free_decreases(description, now)
        description = replace(description, decreases_today=used + 1, last_decrease=now)
    return count_free_decreases(description, now), find_next_decrease(description, now)


def _find_condition(report: TargetReport, sides: PerCapacity[CapacityStatus | None]) -> Condition:
    """Return the first condition, in the order of their severity, that a reported target is in."""
    if report.outcome is Outcome.FAILED:
        return Condition.FAILING
    if report.decision is None:
        is_stopped = report.skipped is not None and report.skipped.code is Code.CIRCUIT_BREAKER
        return Condition.STOPPED if is_stopped else Condition.SKIPPED
    rest = Condition.STEADY if report.outcome is Outcome.UNCHANGED else Condition.CHANGED
    if report.section is None:
        return rest
    options = report.section.typed.capacities
    reads = _find_sign(sides.reads, options.reads, rest)
    writes = _find_sign(sides.writes, options.writes, rest)
    return reads if SEVERITY[reads] <= SEVERITY[writes] else writes


def _find_sign(side: CapacityStatus | None, options: CapacityOptions, rest: Condition) -> Condition:
    """Return the condition that one capacity puts its target in; `rest` if it is in none."""
    if side is None:
        return rest
    if side.throttled_events:
        return Condition.THROTTLED
    if Code.CAPPED_AT_MAXIMUM in side.codes:
        return Condition.AT_MAXIMUM
    percent = side.consumed_percent
    if percent is not None and percent >= options.upper_threshold * NEAR_SHARE:
        return Condition.NEAR_THRESHOLD
    if Code.METRICS_UNKNOWN in side.codes:
        return Condition.UNKNOWN
    return rest if side.held is None else Condition.HELD


def _fail(before: Failure | None, cause: Cause, now: datetime) -> Failure:
    """Return a failure that began with this check, or that goes on."""
    since, checks = (before.since, before.checks) if before else (now, 0)
    return Failure(since, checks + 1, cause.code, cause.sentence)


def _quote(reason: Reason) -> Cause:
    return Cause(reason.code.value, reason.sentence[:_MOST_CHARACTERS])


def _explain(error: AwsError) -> Cause:
    return Cause(error.code, str(error)[:_MOST_CHARACTERS])


def round_figure(number: Rational | None) -> float | None:
    """Return a number with three decimals."""
    if number is None or type(number) is int:
        return number
    return round(number.numerator / number.denominator, _DIGITS)  # float() of a Fraction is slow


def find_percent(consumed: float | None, provisioned: int) -> float | None:
    """Return consumption as a share of what is provisioned."""
    return None if consumed is None else round(consumed * _PERCENT / provisioned, _DIGITS)
