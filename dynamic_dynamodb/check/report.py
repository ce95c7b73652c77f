"""Say what a check found and did: one value per target, and one line of it."""

from __future__ import annotations

import logging
from enum import Enum
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.scaling.back_pressure import DoubtfulRaise
    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.reasons import Reason


class Outcome(str, Enum):
    """What became of a target in a check."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    WOULD_UPDATE = "would be updated"
    SKIPPED = "skipped"
    FAILED = "failed"


@value
class TargetReport:
    """What a check found of one target, decided, and did.

    `decision` is what AWS took, and what guards and refusals held back; `refusal` is AWS's last word if
    it did not take all.
    A target that was not decided on has a `skipped` reason instead.
    """

    target: Target
    outcome: Outcome
    decision: Decision | None = None
    refusal: AwsError | None = None
    skipped: Reason | None = None

    @property
    def level(self) -> int:
        """Give the log level that fits."""
        if self.outcome is Outcome.FAILED:
            return logging.ERROR
        is_stopped = self.skipped is not None and self.skipped.code is Code.CIRCUIT_BREAKER
        return logging.WARNING if is_stopped or self._is_refused else logging.INFO

    @property
    def _is_refused(self) -> bool:
        """Tell whether AWS's refusal held anything back in the end."""
        return self.refusal is not None and any(
            side.held_units is not None for side in (self.decision.capacities if self.decision else ())
        )

    def __str__(self) -> str:
        """Say it in one line: what was seen, what was decided, why, and what came of it."""
        if self.decision is None:
            return f"{self.target}: {self.outcome.value}: {self.skipped.sentence if self.skipped else ''}"
        sides = "; ".join(map(_describe, self.decision.capacities))
        refusal = f" - {self.refusal}" if self._is_refused else ""
        return f"{self.target}: {self.outcome.value}: {sides}{refusal}"

    def as_fields(self) -> dict[str, Any]:
        """Give it as fields for programs."""
        fields: dict[str, Any] = {
            "table": self.target.table,
            "index": self.target.index or None,
            "event": self.outcome.name.lower(),
        }
        if self.skipped:
            fields["reason"] = self.skipped.code.value
        for side in self.decision.capacities if self.decision else ():
            fields[side.capacity.value] = {
                "provisioned": side.provisioned,
                "proposed": side.proposed,
                "held": side.held_units,
                "low_checks": side.count,
                "reasons": [reason.code.value for reason in side.reasons],
            }
        return fields


@value
class CheckReport:
    """What a whole check did; `doubts` are raises that may not help."""

    targets: tuple[TargetReport, ...]
    is_list_missing: bool = False
    is_autoscaling_unknown: bool = False
    is_cut_short: bool = False
    doubts: tuple[DoubtfulRaise, ...] = ()

    @property
    def failures(self) -> int:
        """Count the targets that failed, and what could not be had for all."""
        failed = sum(report.outcome is Outcome.FAILED for report in self.targets)
        return failed + self.is_list_missing + self.is_autoscaling_unknown

    @property
    def is_well(self) -> bool:
        """Tell whether every target was seen to."""
        return self.failures == 0 and not self.is_cut_short

    def __str__(self) -> str:
        """Count the outcomes."""
        counts = dict.fromkeys(Outcome, 0)
        for report in self.targets:
            counts[report.outcome] += 1
        parts = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
        listed = ", not all tables could be listed" if self.is_list_missing else ""
        unknown = ", AWS's own auto scaling is not known" if self.is_autoscaling_unknown else ""
        ended = ", ended before the rest" if self.is_cut_short else ""
        targets = "1 target" if len(self.targets) == 1 else f"{len(self.targets)} targets"
        return f"checked {targets}: {parts or 'none matched'}{listed}{unknown}{ended}"


def _describe(side: CapacityDecision) -> str:
    units = (
        f"{side.provisioned}"
        if side.proposed == side.provisioned
        else f"{side.provisioned} -> {side.proposed}"
    )
    if side.held_units is not None:
        units += f", not {side.held_units}"
    why = ", but ".join(reason.sentence for reason in side.reasons)
    return f"{side.capacity.value} {units} ({why})"
