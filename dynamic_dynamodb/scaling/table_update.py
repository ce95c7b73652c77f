"""Gather the decisions of one table into the update that AWS is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.model import Code, Reason
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.model import Description, Target


@value
class TableUpdate:
    """One UpdateTable call: the table, its indexes or both, only what changes.

    Each resource is sent with both its capacities, as AWS wants it.
    """

    table: str
    decisions: tuple[Decision, ...]

    @property
    def is_raise(self) -> bool:
        """Tell whether the call adds capacity anywhere."""
        return any(decision.is_raise for decision in self.decisions)

    def raises_only(self) -> TableUpdate:
        """Leave every decrease out, as AWS allows raises at any time."""
        reason = Reason(Code.LIMIT_EXCEEDED, "left out: AWS allows no decrease now")
        return plan(self.table, (decision.hold_decreases(reason) for decision in self.decisions))

    def all_but_one(self) -> tuple[TableUpdate, ...]:
        """Leave out one resource after the other: mere decreases first, then the largest, as AWS's maxima."""
        ordered = sorted(self.decisions, key=lambda decision: (decision.is_raise, -max(decision.proposed)))
        return tuple(
            TableUpdate(self.table, tuple(one for one in self.decisions if one is not left_out))
            for left_out in ordered
        )

    def one_by_one(self) -> tuple[TableUpdate, ...]:
        """Split it into one call for each resource, raises first."""
        ordered = sorted(self.decisions, key=lambda decision: not decision.is_raise)
        return tuple(TableUpdate(self.table, (decision,)) for decision in ordered)

    def still_possible(self, descriptions: Mapping[Target, Description]) -> TableUpdate:
        """Keep the resources that are there, ACTIVE, and as they were when they were decided on."""
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
    """Collect the decisions that change something."""
    return TableUpdate(table, tuple(decision for decision in decisions if decision.is_change))
