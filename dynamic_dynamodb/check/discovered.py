"""What discovery finds: the targets to check, those to skip, and those that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.scaling.model import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.back_pressure import Index
    from dynamic_dynamodb.scaling.model import Description, Target
    from dynamic_dynamodb.scaling.reasons import Reason

NOT_AUTOSCALED: Final[frozenset[Capacity]] = frozenset()


@value
class MatchedTarget:
    """A target that a section matches, as AWS describes it now.

    `autoscaled` are the capacities that AWS scales itself; None if that is not known.
    """

    section: Section
    description: Description
    autoscaled: frozenset[Capacity] | None = NOT_AUTOSCALED

    @property
    def target(self) -> Target:
        """Return the target itself."""
        return self.description.target

    def at(self, now: datetime) -> MatchedTarget:
        """Return the same with the options that hold at this moment."""
        section = self.section.at(now)
        return self if section is self.section else replace(self, section=section)

    def report(self, outcome: Outcome, reason: Reason, error: AwsError | None = None) -> TargetReport:
        """Report that there is no decision, with the reason."""
        return TargetReport(
            self.target,
            outcome,
            error=error,
            skipped=reason,
            section=self.section,
            description=self.description,
        )


@value
class Discovered:
    """What there is to check, what is skipped, and what failed.

    `listed` are all tables of the region; None if they could not be listed. `indexes` are the provisioned
    ones of each table, with a section or without. `undescribed` are the tables that were left out.
    """

    matched: tuple[MatchedTarget, ...]
    skipped: tuple[TargetReport, ...]
    failed: tuple[TargetReport, ...]
    indexes: Mapping[str, tuple[Index, ...]]
    listed: Sequence[str] | None = None
    undescribed: frozenset[str] = frozenset()
    is_list_missing: bool = False
    is_autoscaling_unknown: bool = False

    def at(self, now: datetime) -> Discovered:
        """Return the same with the options that hold at this moment."""
        return replace(
            self,
            matched=tuple(one.at(now) for one in self.matched),
            skipped=tuple(_date_report(one, now) for one in self.skipped),
            failed=tuple(_date_report(one, now) for one in self.failed),
        )


def _date_report(report: TargetReport, now: datetime) -> TargetReport:
    section = report.section.at(now) if report.section else None
    return report if section is report.section else replace(report, section=section)
