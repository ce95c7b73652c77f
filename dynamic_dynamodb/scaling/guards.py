"""Guards: conditions that hold changes back, in the order in which they apply."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final
from zlib import crc32

from dynamic_dynamodb.scaling import reasons
from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Usage, value
from dynamic_dynamodb.scaling.reasons import (
    AWS_AUTOSCALED,
    AWS_AUTOSCALING_UNKNOWN,
    METRICS_LATE,
    Code,
    Reason,
)

if TYPE_CHECKING:
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import TargetOptions

FREE_DECREASES_PER_DAY: Final = 4
"""Decreases a UTC day that AWS allows at any time (DynamoDB quotas, "Decreasing provisioned throughput")."""
EARLIEST_LATE: Final = timedelta(minutes=53)
LATE_SPREAD: Final = timedelta(minutes=2)
"""A fleet is spread over these minutes, early enough that AWS has made its decreases before the hour ends.

Five minutes are left, in which there is a check even if there is one each 300 s.
"""
LAST_MINUTE: Final = timedelta(minutes=1)
DECREASE_SPACING: Final = timedelta(seconds=3600)
"""Time that must pass since the last decrease for each further one (the same page)."""


@value
class Facts:
    """What guards look at: the target as AWS describes it, its options and usage, and the time in UTC.

    `aws_autoscaled` holds the capacities that AWS Application Auto Scaling manages; None if not known.
    """

    description: Description
    options: TargetOptions
    usage: PerCapacity[Usage]
    now: datetime
    aws_autoscaled: Collection[Capacity] | None = ()


Guard = Callable[[Decision, Facts], Decision]


def hold_unless_active(decision: Decision, facts: Facts) -> Decision:
    """Hold every change while the target, or the table of an index, is not ACTIVE: AWS would refuse it."""
    description = facts.description
    if description.is_active:
        return decision
    return decision.hold(Reason(Code.NOT_ACTIVE, reasons.not_active, description))


def hold_what_aws_scales(decision: Decision, facts: Facts) -> Decision:
    """Hold what AWS Application Auto Scaling manages; hold decreases while that is not known."""
    autoscaled = facts.aws_autoscaled
    if autoscaled is None:
        return decision.hold_decreases(AWS_AUTOSCALING_UNKNOWN)
    if not autoscaled:
        return decision
    held = decision.hold_where(AWS_AUTOSCALED, lambda side: side.is_change and side.capacity in autoscaled)
    # The other capacity would wait forever for one that this program does not scale.
    return replace(
        held,
        capacities=held.capacities.map(
            lambda side: replace(side, cannot_decrease=side.cannot_decrease or side.capacity in autoscaled)
        ),
    )


def hold_late_metrics(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases, such as down to the maximum, while CloudWatch is late: the figures are not final."""
    return decision.hold_where(
        METRICS_LATE, lambda side: side.is_decrease and facts.usage[side.capacity].is_late
    )


def hold_outside_windows(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases outside the maintenance windows."""
    windows = facts.options.maintenance_windows
    if windows is None or windows.is_open(facts.now):
        return decision
    return decision.hold_decreases(Reason(Code.OUTSIDE_WINDOW, reasons.outside_window, facts.now))


def hold_until_late_in_hour(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases to more than half until the hour is nearly over: AWS bills its highest units.

    A decrease that AWS's budget has held past the end of an hour goes as soon as the budget allows.
    """
    if not facts.options.decrease_late_in_hour:
        return decision
    hour = facts.now.replace(minute=0, second=0, microsecond=0)
    start = hour + find_late_start(decision.target)
    allowed = _find_end_of_spacing(facts.description, facts.now)
    if facts.now >= start or (allowed is not None and allowed >= hour - LAST_MINUTE):
        return decision
    reason = Reason(Code.LATE_IN_HOUR, reasons.late_in_hour, start)
    return decision.hold_where(reason, _is_worth_waiting)


def find_late_start(target: Target) -> timedelta:
    """Return how long after the full hour a target is lowered: 53 to 55 minutes, spread by its name."""
    return EARLIEST_LATE + LATE_SPREAD * (crc32(str(target).encode()) % 1000) / 1000


def find_next_turn(description: Description, now: datetime) -> datetime:
    """Return the next moment at which guards may hold another decrease than now, windows left aside."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    turns = (hour + find_late_start(description.target), find_next_decrease(description, now))
    return min((turn for turn in turns if turn is not None and turn > now), default=hour + timedelta(hours=1))


def _is_worth_waiting(side: CapacityDecision) -> bool:
    """Return whether a decrease saves too little at once to be worth blocking further ones for an hour."""
    is_above_maximum = any(reason.code is Code.ABOVE_MAXIMUM for reason in side.reasons)
    return side.is_decrease and 2 * side.proposed > side.provisioned and not is_above_maximum


def hold_beyond_budget(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases that AWS would refuse now, because it would refuse a raise in the same call too."""
    next_possible = find_next_decrease(facts.description, facts.now)
    if next_possible is None:
        return decision
    used = facts.description.decreases_today
    return decision.hold_decreases(Reason(Code.DECREASE_BUDGET, reasons.decrease_budget, used, next_possible))


def hold_unless_together(decision: Decision, facts: Facts) -> Decision:
    """Hold a decrease of one capacity unless the other is lowered too, or cannot be."""
    if not facts.options.always_decrease_rw_together:
        return decision
    reads, writes = decision.capacities
    return replace(
        decision, capacities=PerCapacity(_hold_if_alone(reads, writes), _hold_if_alone(writes, reads))
    )


GUARDS: Final[tuple[Guard, ...]] = (
    hold_unless_active,  # first: nothing can be changed, so no other reason matters
    hold_what_aws_scales,  # no other rule may touch what AWS scales
    hold_late_metrics,  # figures that are not final decide no decrease
    hold_outside_windows,  # the operator's limit
    hold_until_late_in_hour,  # before AWS's limit, which a decrease that waits does not meet
    hold_beyond_budget,  # AWS's limit
    hold_unless_together,  # last: it depends on what the others have left of each capacity
)


def guard(decision: Decision, facts: Facts) -> Decision:
    """Apply the guards in their order, each to what the ones before it have left."""
    for each in GUARDS:
        if not decision.is_change:
            break
        decision = each(decision, facts)
    return decision


def find_next_decrease(description: Description, now: datetime) -> datetime | None:
    """Return when AWS allows the next decrease; None if it does now."""
    spaced = _find_end_of_spacing(description, now)
    return spaced if spaced is not None and spaced > now else None


def count_free_decreases(description: Description, now: datetime) -> int:
    """Return how many decreases AWS allows at any time for the rest of the UTC day."""
    last = description.last_decrease
    # AWS's clock may reach the new day a moment before ours.
    is_counter_of_today = last is None or last.date() >= now.date()
    used = description.decreases_today if is_counter_of_today else 0
    return max(0, FREE_DECREASES_PER_DAY - used)


def _find_end_of_spacing(description: Description, now: datetime) -> datetime | None:
    """Return from when on AWS allows a decrease, which may be past; None while any is free."""
    if count_free_decreases(description, now):
        return None
    last = description.last_decrease
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=timezone.utc)
    return midnight if last is None else min(last + DECREASE_SPACING, midnight)


def _hold_if_alone(side: CapacityDecision, other: CapacityDecision) -> CapacityDecision:
    if not side.is_decrease or other.is_decrease or (other.cannot_decrease and not other.is_raise):
        return side
    return side.hold(Reason(Code.RW_TOGETHER, reasons.rw_together, other.capacity))
