"""Carry from check to check what the next check of a capacity must know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision


@value
class Memory:
    """What a check leaves of one capacity for the next.

    `low_checks` is the count of low checks. `answered_until` is the end of the look-back window of the last
    raise that was applied, which has answered the throttling before; None if no such raise is known.
    `doubtful_raises` counts applied raises in a row that only throttling asked for while consumption was low.
    """

    low_checks: int = 0
    answered_until: datetime | None = None
    doubtful_raises: int = 0


NO_MEMORY: Final = PerCapacity(Memory(), Memory())


def forget_low_checks(memory: Memory) -> Memory:
    """Let the count of low checks start anew."""
    return count_low_checks(memory, 0)


def count_low_checks(memory: Memory, count: int) -> Memory:
    """Keep a new count of low checks."""
    if memory.low_checks == count:
        return memory
    # Not by `replace`, which takes long: a replay counts in nearly every check.
    return Memory(count, memory.answered_until, memory.doubtful_raises)


def note_changes(before: PerCapacity[Memory], applied: Decision, window_end: datetime) -> PerCapacity[Memory]:
    """Keep what was applied of a decision that was made by the window that ends then."""

    def note(memory: Memory, side: CapacityDecision) -> Memory:
        if not side.is_change:
            return memory
        answered_until = window_end if side.is_raise else memory.answered_until
        doubtful_raises = memory.doubtful_raises + 1 if side.is_doubtful else 0
        return replace(memory, answered_until=answered_until, doubtful_raises=doubtful_raises)

    return before.combine(note, applied.capacities)
