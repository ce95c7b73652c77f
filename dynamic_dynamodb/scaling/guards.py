"""Hold decisions back: what may stop or trim a decision, in the order in which it is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
from dynamic_dynamodb.scaling.lowering import LATE
from dynamic_dynamodb.scaling.maintenance_windows import is_open
from dynamic_dynamodb.scaling.model import Code, Description, PerCapacity, Reason, Usage
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.target_options import TargetOptions

FREE_DECREASES_PER_DAY: Final = 4
"""Decreases a UTC day that AWS allows at any time (DynamoDB quotas, "Decreasing provisioned throughput")."""
DECREASE_SPACING: Final = timedelta(seconds=3600)
"""Time that must pass since the last decrease for each further one (the same page)."""


@value
class Facts:
    """What guards may look at: the target as AWS describes it, its options, its usage, the moment in UTC.

    `aws_autoscaled` says which capacities AWS scales itself; None that it could not be found out.
    """

    description: Description
    options: TargetOptions
    usage: PerCapacity[Usage]
    now: datetime
    aws_autoscaled: Collection[Capacity] | None = ()


Guard = Callable[[Decision, Facts], Decision]


def hold_unless_active(decision: Decision, facts: Facts) -> Decision:
    """Hold every change while AWS would refuse it: the target, or an index's table, is not ACTIVE."""
    description = facts.description
    if description.is_active:
        return decision
    state = f"{description.target.kind} is {description.status}"
    if description.target.index:
        state += f", its table {description.table_status}"
    reason = Reason(Code.NOT_ACTIVE, state)
    return decision.hold(reason)


def hold_what_aws_scales(decision: Decision, facts: Facts) -> Decision:
    """Leave to AWS what it scales itself, and hold decreases while that is not known."""
    autoscaled = facts.aws_autoscaled
    if autoscaled is None:
        sentence = "not known whether AWS Application Auto Scaling looks after it"
        return decision.hold_decreases(Reason(Code.AWS_AUTOSCALING_UNKNOWN, sentence))
    if not autoscaled:
        return decision
    reason = Reason(Code.AWS_AUTOSCALED, "AWS Application Auto Scaling looks after it")
    held = decision.hold_where(reason, lambda side: side.is_change and side.capacity in autoscaled)
    # The other capacity would wait for ever for one that is not ours.
    return replace(
        held,
        capacities=held.capacities.map(
            lambda side: replace(side, cannot_decrease=side.cannot_decrease or side.capacity in autoscaled)
        ),
    )


def hold_late_metrics(decision: Decision, facts: Facts) -> Decision:
    """Hold what the maximum asks for by figures that CloudWatch has not finished."""
    return decision.hold_where(LATE, lambda side: side.is_decrease and facts.usage[side.capacity].is_late)


def hold_outside_windows(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases outside the maintenance windows."""
    windows = facts.options.maintenance_windows
    if windows is None or is_open(windows, facts.now):
        return decision
    reason = Reason(Code.OUTSIDE_WINDOW, f"{facts.now:%H:%M} UTC is outside maintenance-windows")
    return decision.hold_decreases(reason)


def hold_beyond_budget(decision: Decision, facts: Facts) -> Decision:
    """Hold decreases that AWS would refuse today, so that they never sink a raise in the same call."""
    next_possible = find_next_decrease(facts.description, facts.now)
    if next_possible is None:
        return decision
    reason = Reason(
        Code.DECREASE_BUDGET,
        lambda: (
            f"{facts.description.decreases_today} decreases today use up what AWS allows,"
            f" next at {next_possible:%H:%M} UTC"
        ),
    )
    return decision.hold_decreases(reason)


def hold_unless_together(decision: Decision, facts: Facts) -> Decision:
    """Hold a decrease of one capacity whose other neither goes down too nor is unable to."""
    if not facts.options.always_decrease_rw_together:
        return decision
    reads, writes = decision.capacities
    return replace(
        decision, capacities=PerCapacity(_hold_if_alone(reads, writes), _hold_if_alone(writes, reads))
    )


GUARDS: Final[tuple[Guard, ...]] = (
    hold_unless_active,  # first: nothing at all can be done, so nothing else need be said
    hold_what_aws_scales,  # what is not ours is not ours, whatever the other rules say
    hold_late_metrics,  # a decrease by unfinished figures is not a decision yet
    hold_outside_windows,  # the operator's word
    hold_beyond_budget,  # AWS's word
    hold_unless_together,  # last: it must see what the others have left of each side
)


def guard(decision: Decision, facts: Facts) -> Decision:
    """Apply all guards; each sees what the ones before it have left."""
    for each in GUARDS:
        if not decision.is_change:
            break
        decision = each(decision, facts)
    return decision


def find_next_decrease(description: Description, now: datetime) -> datetime | None:
    """Give the moment from which AWS allows a decrease again; None if it does now."""
    last = description.last_decrease
    # AWS's clock may be in the new day a moment before ours.
    is_counter_of_today = last is None or last.date() >= now.date()
    if description.decreases_today < FREE_DECREASES_PER_DAY or not is_counter_of_today:
        return None
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=timezone.utc)
    spaced = midnight if last is None else min(last + DECREASE_SPACING, midnight)
    return spaced if spaced > now else None


def _hold_if_alone(side: CapacityDecision, other: CapacityDecision) -> CapacityDecision:
    if not side.is_decrease or other.is_decrease or (other.cannot_decrease and not other.is_raise):
        return side
    name = other.capacity.value
    return side.hold(Reason(Code.RW_TOGETHER, f"always-decrease-rw-together: {name} do not go down"))
