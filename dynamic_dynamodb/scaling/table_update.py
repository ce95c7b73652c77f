"""The UpdateTable call that carries out the decisions on one table and its indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import DECREASES_LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.model import Description, Target


@value
class TableUpdate:
    """One UpdateTable call: the table, its indexes or both, but only those that change.

    Each is sent with both capacities, as AWS requires.
    """

    table: str
    decisions: tuple[Decision, ...]

    @property
    def is_raise(self) -> bool:
        """Return whether the call raises any capacity."""
        return any(decision.is_raise for decision in self.decisions)

    def raises_only(self) -> TableUpdate:
        """Return the update without its decreases; AWS allows raises at any time."""
        return plan(self.table, (each.hold_decreases(DECREASES_LEFT_OUT) for each in self.decisions))

    def all_but_one(self) -> tuple[TableUpdate, ...]:
        """Return the updates that leave out one decision each: decreases first, then the largest raises."""
        ordered = sorted(self.decisions, key=lambda decision: (decision.is_raise, -max(decision.proposed)))
        return tuple(
            TableUpdate(self.table, tuple(one for one in self.decisions if one is not left_out))
            for left_out in ordered
        )

    def one_by_one(self) -> tuple[TableUpdate, ...]:
        """Return one update for each decision, raises first."""
        ordered = sorted(self.decisions, key=lambda decision: not decision.is_raise)
        return tuple(TableUpdate(self.table, (decision,)) for decision in ordered)

    def still_possible(self, descriptions: Mapping[Target, Description]) -> TableUpdate:
        """Return the update of those targets that still exist, are ACTIVE and have not been changed since."""
        return plan(
            self.table,
            (
                decision
                for decision in self.decisions
                if (description := descriptions.get(decision.target)) is not None
                and description.is_active
                and description.provisioned == decision.provisioned
            ),
        )


def plan(table: str, decisions: Iterable[Decision]) -> TableUpdate:
    """Return the update with those decisions that change something."""
    return TableUpdate(table, tuple(decision for decision in decisions if decision.is_change))
