"""Find quiet targets: nothing changes them, and twice their load would not raise them either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling import raising
from dynamic_dynamodb.scaling.load import CapacityLoad
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Demand, Description, PerCapacity, Usage
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions
    from dynamic_dynamodb.scaling.usage import LookBackWindow

_TWICE: Final = 2
"""A quiet target is not raised even at this multiple of its load."""
_STAYS: Final = frozenset(
    {
        Code.STEADY,
        Code.AT_MINIMUM,
        Code.ZERO_CONSUMPTION,
        Code.ROUNDS_TO_NOTHING,
        Code.DOWN_SCALING_OFF,
        Code.UP_SCALING_OFF,
    }
)
"""Reasons of a capacity that stays, and that no decrease waits for."""


@value
class Look:
    """What a check found when it looked at a target, and by which options.

    `autoscaled` holds the capacities that AWS scales itself; None if that is not known.
    """

    description: Description
    options: TargetOptions
    usage: PerCapacity[Usage]
    autoscaled: Collection[Capacity] | None = ()

    def is_measured(self, capacity: Capacity) -> bool:
        """Return whether the consumption of a capacity is known, or no rule and no alarm needs it."""
        usage = self.usage[capacity]
        is_known = usage.consumed_per_second is not None and not usage.is_late
        return is_known or not self.options.needed_series[capacity].consumed


def is_quiet(decision: Decision, look: Look) -> bool:
    """Return whether a target may be left alone for a while, by the decision on it."""
    if decision.is_change or not look.description.is_active or look.autoscaled is None:
        return False
    return all(
        look.is_measured(capacity)
        and (
            capacity in look.autoscaled
            or _is_side_quiet(
                decision.capacities[capacity], look.options.capacities[capacity], look.usage[capacity]
            )
        )
        for capacity in Capacity
    )


def _is_side_quiet(side: CapacityDecision, options: CapacityOptions, usage: Usage) -> bool:
    if not options.enable_autoscaling:
        return True
    is_counting = side.count > 0 and options.num_checks_before_scale_down > 1
    if is_counting or side.is_doubtful:
        return False
    # Throttled events that no rule needs are not fetched, and would not change anything.
    if usage.throttled_events or any(reason.code not in _STAYS for reason in side.reasons):
        return False
    twice = CapacityLoad(side.capacity, options, double_load(usage), side.provisioned)
    return raising.propose(twice) is None


def double_load(usage: Usage) -> Usage:
    """Return the usage at twice the load: with a target utilization, of the highest minute in all minutes."""
    consumed, demand = usage.consumed_per_second, usage.demand
    return replace(
        usage,
        consumed_per_second=None if consumed is None else _TWICE * consumed,
        demand=None if demand is None else _double_demand(demand),
    )


def _double_demand(demand: Demand) -> Demand:
    minutes = demand.minutes
    highest = _TWICE * max(minutes.consumed, default=0)
    return replace(demand, minutes=replace(minutes, consumed=[highest] * len(minutes.consumed)))


def count_rest_as_unseen(memory: Memory, looked: datetime, history: LookBackWindow) -> Memory:
    """Return the memory of a capacity that was at rest since it was `looked` at.

    Minutes between that look and the `history` of this one were not fetched, and may have had datapoints. So
    silence begins with the history, if the last look still had a datapoint.
    """
    last = memory.datapoint_until
    if last is None or last >= history.start or last < looked - history.minutes * MINUTE:
        return memory
    return replace(memory, datapoint_until=history.start)
