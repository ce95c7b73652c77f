"""Record the decisions on a target: every change with its reasons, and a code for each minute."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dynamic_dynamodb.check.report import TargetReport
    from dynamic_dynamodb.scaling.decision import Decision

CODES: Final = tuple(Code)
NOT_CHECKED: Final = len(CODES)
"""The code of a minute without a check."""
_NUMBERS: Final = {code: number for number, code in enumerate(CODES)}
_REFUSALS: Final = frozenset({_NUMBERS[Code.DECREASE_BUDGET], _NUMBERS[Code.LIMIT_EXCEEDED]})


@dataclass(slots=True)
class Timeline:
    """The decisions on one target whose recording starts at minute `first` of the account.

    `codes` has for each side and minute the index in `CODES` of the last reason.
    """

    first: int
    minutes: int
    codes: PerCapacity[array[int]] = field(init=False)
    changes: list[tuple[datetime, Decision]] = field(default_factory=list)
    refused_decreases: int = 0
    failure: str = ""
    _last: tuple[int, int] = (NOT_CHECKED, NOT_CHECKED)

    def __post_init__(self) -> None:
        """Start without checks."""
        blank = bytes([NOT_CHECKED]) * self.minutes
        self.codes = PerCapacity(array("B", blank), array("B", blank))

    def record(self, minute: int, now: datetime, report: TargetReport) -> None:
        """Record what a check reported on the target."""
        decision = report.decision
        if report.outcome is Outcome.FAILED:
            self.failure = self.failure or str(report)
        if decision is None:  # it failed, or the check did not see it yet
            return
        if report.outcome is Outcome.UPDATED:
            self.changes.append((now, decision))
        reads, writes = decision.capacities.reads, decision.capacities.writes
        self.record_codes(minute, reads.reasons[-1].code, writes.reasons[-1].code)

    def record_codes(self, minute: int, reads: Code, writes: Code) -> None:
        """Record the last reasons for both capacities."""
        self.record_all([(minute, reads, writes)])

    def record_all(self, codes: Iterable[tuple[int, Code, Code]]) -> None:
        """Record the last reasons for both capacities in many minutes, in their order."""
        numbers, first, (of_reads, of_writes) = _NUMBERS, self.first, self.codes
        last_read, last_write = self._last
        for minute, reads, writes in codes:
            read, write = numbers[reads], numbers[writes]
            of_reads[minute - first], of_writes[minute - first] = read, write
            if read != last_read or write != last_write:
                self.refused_decreases += read != last_read and read in _REFUSALS
                self.refused_decreases += write != last_write and write in _REFUSALS
                last_read, last_write = read, write
        self._last = last_read, last_write

    def write_lines(self, most: int | None = None) -> list[str]:
        """Return a line for each side of each change, or of the first ones: when, how many units, and why."""
        return [
            f"{moment:%Y-%m-%d %H:%M} {capacity.value} {side.provisioned} -> {side.proposed}"
            f" ({', but '.join(reason.sentence for reason in side.reasons)})"
            for moment, decision in self.changes[:most]
            for capacity in Capacity
            if (side := decision.capacities[capacity]).is_change
        ]
