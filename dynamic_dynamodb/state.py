"""Keep in memory what one check leaves for the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.core.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_CHECKS: Final = PerCapacity(0, 0)


@dataclass(slots=True)
class CountsInMemory:
    """Counts of low checks that end with the process."""

    counts: dict[Target, PerCapacity[int]] = field(default_factory=dict)

    def get(self, target: Target) -> PerCapacity[int]:
        """Give a target's counts; 0 if nothing is known of it."""
        return self.counts.get(target, NO_CHECKS)

    def put(self, target: Target, counts: PerCapacity[int]) -> None:
        """Keep a target's counts."""
        self.counts[target] = counts

    def keep_only(self, tables: Sequence[str]) -> None:
        """Forget the targets of tables that are gone."""
        listed = frozenset(tables)
        self.counts = {target: counts for target, counts in self.counts.items() if target.table in listed}
