"""What one check of a capacity leaves for the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
    from dynamic_dynamodb.scaling.model import Usage
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions


MOST_RAISES: Final = 20
"""How many raises are remembered: more than a capacity has while CloudWatch's minutes are late."""


class Raise(NamedTuple):
    """The moment of a raise, and the units that were provisioned before it."""

    moment: datetime
    units_before: int


@value
class Memory:
    """What one check of a capacity leaves for the next.

    `low_checks` is the count of low checks.
    `answered_until` is the end of the look-back window that the last applied raise was decided by: the raise
    has answered the throttling before it. It is None if no such raise is known.
    `doubtful_raises` counts the applied raises in a row that only throttling caused while consumption was
    low.
    `raises` are the last raises that AWS applied, the oldest first, if they are needed.
    `throttled_checks` counts the checks in a row that saw newly throttled minutes and did not raise, and
    `throttled_until` is the end of the youngest throttled minute that they saw.
    `datapoint_until` is the end of the youngest minute with a datapoint that any check saw; the time of the
    first check if there was none.
    `event` is the name of the schedule that `returns_at_once` and was open last, until a decrease after it.
    """

    low_checks: int = 0
    answered_until: datetime | None = None
    doubtful_raises: int = 0
    raises: tuple[Raise, ...] = ()
    throttled_checks: int = 0
    throttled_until: datetime | None = None
    datapoint_until: datetime | None = None
    event: str = ""


NO_MEMORY: Final = PerCapacity(Memory(), Memory())


def forget_checks(memory: Memory) -> Memory:
    """Return the memory without the checks that it counts in a row."""
    kept = count_low_checks(memory, 0)
    return replace(kept, throttled_checks=0) if kept.throttled_checks else kept


def count_low_checks(memory: Memory, count: int) -> Memory:
    """Return the memory with a new count of low checks."""
    if memory.low_checks == count:
        return memory
    # `replace` is slow, and a replay counts in nearly every check.
    return Memory(
        count,
        memory.answered_until,
        memory.doubtful_raises,
        memory.raises,
        memory.throttled_checks,
        memory.throttled_until,
        memory.datapoint_until,
        memory.event,
    )


def note_decision(before: PerCapacity[Memory], decision: Decision) -> PerCapacity[Memory]:
    """Return the memory with the counts of low checks of a decision."""
    return before.combine(_note_count, decision.capacities)


def _note_count(memory: Memory, side: CapacityDecision) -> Memory:
    return count_low_checks(memory, side.count)


def note_minutes(memory: Memory, usage: Usage, side: CapacityDecision) -> Memory:
    """Return the memory after a check that kept each minute: which minutes have been seen."""
    demand = usage.demand
    if demand is None:
        return memory
    seen = (side.throttled_checks, demand.throttled_until or memory.throttled_until, demand.datapoint_until)
    if seen == (memory.throttled_checks, memory.throttled_until, memory.datapoint_until):
        return memory
    return replace(memory, throttled_checks=seen[0], throttled_until=seen[1], datapoint_until=seen[2])


def note_changes(before: PerCapacity[Memory], applied: Decision, window_end: datetime) -> PerCapacity[Memory]:
    """Return the memory after an update that AWS applied: a decrease resets the count of low checks.

    `window_end` is the end of the look-back window that the update was decided by.
    """

    def note(memory: Memory, side: CapacityDecision) -> Memory:
        if not side.is_change:
            return memory
        doubtful_raises = memory.doubtful_raises + 1 if side.is_doubtful else 0
        if not side.is_raise:
            # Down to a lower maximum is not yet down to what demand needs.
            is_capped = any(reason.code is Code.ABOVE_MAXIMUM for reason in side.reasons)
            event = memory.event if is_capped else ""
            return replace(memory, low_checks=0, doubtful_raises=doubtful_raises, event=event)
        return replace(
            memory,
            answered_until=window_end,
            doubtful_raises=doubtful_raises,
            throttled_checks=0,
        )

    return before.combine(note, applied.capacities)


def note_events(before: PerCapacity[Memory], options: TargetOptions) -> PerCapacity[Memory]:
    """Return the memory with the schedules that are open now and return at once."""

    def note(memory: Memory, side: CapacityOptions) -> Memory:
        return replace(memory, event=side.event) if side.event not in ("", memory.event) else memory

    return before.combine(note, options.capacities)


def find_ended_event(memory: Memory, options: CapacityOptions) -> str:
    """Return the schedule that has closed and returns at once; empty if none has, or another is open."""
    return "" if options.event else memory.event


def note_raises(before: PerCapacity[Memory], applied: Decision, now: datetime) -> PerCapacity[Memory]:
    """Return the memory with the raises of an update that AWS applied: a target utilization needs them."""

    def note(memory: Memory, side: CapacityDecision) -> Memory:
        if not side.is_raise:
            return memory
        return replace(memory, raises=(*memory.raises, Raise(now, side.provisioned))[-MOST_RAISES:])

    return before.combine(note, applied.capacities)
