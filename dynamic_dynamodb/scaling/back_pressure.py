"""Possible causes of throttling that more capacity does not end: an index, or a hot key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.calculators import percent_of
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import format_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, Usage

NOT_SCALED: Final = "not scaled; an index with too few write units throttles the writes of its table"
"""What it means that no section matches an index ("Using Global Secondary Indexes", DynamoDB guide)."""
MOST_NAMES: Final = 10
"""The most names that a sentence lists."""
_HOT_KEY: Final = "a hot key: one key gets at most 3,000 reads or 1,000 writes a second"
""""Best practices for designing and using partition keys effectively", DynamoDB guide."""


@value
class Index:
    """An index of a table, and whether a section matches it."""

    description: Description
    has_section: bool


@value
class Doubt:
    """Throttling while consumption is below the lower threshold: more capacity may not help.

    `times` counts the raises in a row that only throttling caused; without a raise, it counts the checks
    in a row that saw newly throttled minutes.
    `suspects` describes the indexes that may throttle a table's writes.
    """

    target: Target
    capacity: Capacity
    percent: Rational
    times: int
    suspects: tuple[str, ...] = ()
    is_raised: bool = True

    def __str__(self) -> str:
        """Return a warning that more capacity may not help, with the likely causes."""
        again = f", {self.times} times in a row" if self.times > 1 else ""
        fact = (
            f"raised because of throttling{again}"
            if self.is_raised
            else f"throttled in {self.times} checks in a row"
        )
        causes = _HOT_KEY
        if self.suspects:
            causes = (
                f"an index with too few write units, which throttles the writes of its table"
                f" ({join_names(self.suspects)}), or {_HOT_KEY}"
            )
        return (
            f"{self.target}: {self.capacity.value} are {fact}, although"
            f" only {format_number(self.percent)} % are consumed: more capacity may not help;"
            f" the cause may be {causes}"
        )


@value
class TableContext:
    """The indexes of a table, and the targets whose writes are throttled."""

    indexes: tuple[Index, ...]
    throttled: Collection[Target]


def find_doubts(
    decision: Decision, usage: PerCapacity[Usage], memory: PerCapacity[Memory], context: TableContext
) -> Iterator[Doubt]:
    """Return the doubts about a decision as it was applied; `memory` is what it has left."""
    for side in decision.capacities:
        if side.is_doubtful and not side.is_decrease and side.held_units is None:
            kept = memory[side.capacity]
            percent = percent_of(usage[side.capacity].consumed_per_second or 0, side.provisioned)
            is_of_table_writes = side.capacity is Capacity.WRITES and not decision.target.index
            suspects = find_throttling_indexes(context, side.provisioned) if is_of_table_writes else ()
            times = kept.doubtful_raises if side.is_raise else kept.throttled_checks
            yield Doubt(decision.target, side.capacity, percent, times, tuple(suspects), side.is_raise)


def find_throttling_indexes(context: TableContext, writes: int) -> Iterator[str]:
    """Return descriptions of the indexes that may throttle the writes of a table with this many units.

    These are indexes that are throttled themselves, that no section matches, or that have fewer write units
    than the table ("Using Global Secondary Indexes", DynamoDB guide: they should have at least as many).
    """
    for index in context.indexes:
        target, units = index.description.target, index.description.provisioned.writes
        is_throttled = target in context.throttled
        if is_throttled or not index.has_section or units < writes:
            facts = [f"{units:,} write units"]
            if is_throttled:
                facts.append("throttled too")
            if not index.has_section:
                facts.append("no section")
            yield f"{target.index} with {', '.join(facts)}"


def join_names(names: Collection[str]) -> str:
    """Return the first `MOST_NAMES` names for a sentence, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{'; '.join([*names][:MOST_NAMES])}{more}"
