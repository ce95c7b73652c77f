"""The report of a check: what it found, decided and did, as one value."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.conditions import Notice
    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.scaling.back_pressure import Doubt
    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, Usage
    from dynamic_dynamodb.scaling.reasons import Reason
    from dynamic_dynamodb.scaling.usage import CapacitySeries, LookBackWindow


class Outcome(str, Enum):
    """What a check did with a target."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    WOULD_UPDATE = "would be updated"
    SKIPPED = "skipped"
    FAILED = "failed"


@value
class TargetReport:
    """What a check found of one target, decided, and did.

    `decision` is what AWS applied, and what guards and refusals held back; None if there was none, for the
    reason in `skipped`. `error` is AWS's last refusal, or what failed before there could be a decision.
    `section`, `description` and `usage` are what it was decided by. The usage follows from the `series` in
    the `window`. `memory` is what the next check starts from. Each is None if this check does not know it.
    """

    target: Target
    outcome: Outcome
    decision: Decision | None = None
    error: AwsError | None = None
    skipped: Reason | None = None
    section: Section | None = None
    description: Description | None = None
    usage: PerCapacity[Usage] | None = None
    memory: PerCapacity[Memory] | None = None
    window: LookBackWindow | None = None
    series: PerCapacity[CapacitySeries] | None = None

    @property
    def level(self) -> Level:
        """Return the level to log at."""
        if self.outcome is Outcome.FAILED:
            return Level.ERROR
        is_stopped = self.skipped is not None and self.skipped.code is Code.CIRCUIT_BREAKER
        return Level.WARNING if is_stopped or self._is_refused else Level.INFO

    @property
    def _is_refused(self) -> bool:
        """Return whether AWS's refusal held back a change in the end."""
        return self.error is not None and any(
            side.held_units is not None for side in (self.decision.capacities if self.decision else ())
        )

    def __str__(self) -> str:
        """Return one line: the outcome, the consumption, the decision and its reason, with times in UTC."""
        return self.describe(lambda moment: moment)

    def describe(self, to_zone: Callable[[datetime], datetime]) -> str:
        """Return the same line with times of the day in another zone."""
        if self.decision is None:
            why = self.skipped.write(to_zone) if self.skipped else ""
            return f"{self.target}: {self.outcome.value}: {why}"
        sides = "; ".join(_describe(side, to_zone) for side in self.decision.capacities)
        refusal = f" - {self.error}" if self._is_refused else ""
        return f"{self.target}: {self.outcome.value}: {sides}{refusal}"


@value
class Unpublished:
    """A message that was not published: by a dry run, if there is no error.

    With `is_uncertain`, the topic had not answered when the check stopped waiting.
    """

    message: Message
    error: AwsError | None = None
    is_uncertain: bool = False

    def __str__(self) -> str:
        """Return the sentence to log."""
        topic, subject = self.message.topic, self.message.subject
        if self.error is None:
            return f"would publish to {topic}: {subject}"
        return f"not published to {topic}: {subject}: {self.error}"


@value
class CheckReport:
    """The result of a check; `messages` has the messages to publish for each target.

    `notices` are the conditions in force, and `doubts` the throttling that more capacity may not end.
    With an `error`, nothing could be checked.
    `metrics_requested` counts the metrics that CloudWatch bills, without those that it was asked for again.
    `left_out` are the quiet targets that this check did not look at.
    `listed` are all tables of the region; None if they are not known.
    `now` is the time that it decided by; None if it came to no decision.
    """

    targets: tuple[TargetReport, ...] = ()
    notices: tuple[Notice, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    messages: tuple[tuple[Message, ...], ...] = ()
    error: AwsError | None = None
    is_list_missing: bool = False
    is_autoscaling_unknown: bool = False
    is_cut_short: bool = False
    metrics_requested: int = 0
    left_out: frozenset[Target] = frozenset()
    listed: Sequence[str] | None = None
    now: datetime | None = None

    @property
    def failures(self) -> int:
        """Return how many targets failed, plus one for each failure that concerns all targets."""
        failed = sum(report.outcome is Outcome.FAILED for report in self.targets)
        return failed + self.is_list_missing + self.is_autoscaling_unknown + (self.error is not None)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """Return how many targets had each outcome."""
        counts = dict.fromkeys(Outcome, 0)
        for report in self.targets:
            counts[report.outcome] += 1
        return counts

    @property
    def is_well(self) -> bool:
        """Return whether the check was complete and nothing failed."""
        return self.failures == 0 and not self.is_cut_short

    @property
    def unexpected(self) -> tuple[BaseException, ...]:
        """Return the exceptions that point to a fault of this program, each once."""
        return find_causes(
            (self.error, *(one.error for one in self.notices), *(one.error for one in self.targets))
        )

    def __str__(self) -> str:
        """Return one line that counts the outcomes."""
        if self.error is not None:
            return "checked 0 targets: nothing could be checked"
        parts = ", ".join(f"{count} {outcome.value}" for outcome, count in self.counts.items() if count)
        listed = ", not all tables could be listed" if self.is_list_missing else ""
        unknown = ", AWS's own auto scaling is not known" if self.is_autoscaling_unknown else ""
        ended = ", ended before the rest" if self.is_cut_short else ""
        targets = _count_targets(len(self.targets))
        quiet = f"; left out {_count_targets(len(self.left_out), 'quiet ')}" if self.left_out else ""
        none = "none due" if self.left_out else "none matched"
        return f"checked {targets}: {parts or none}{listed}{unknown}{ended}{quiet}"


def _count_targets(number: int, adjective: str = "") -> str:
    return f"{number} {adjective}{'target' if number == 1 else 'targets'}"


def find_missed(report: CheckReport, known: Iterable[Target]) -> set[Target]:
    """Return the known targets that may still exist although the check does not report them."""
    missed = set(known) - {one.target for one in report.targets}
    if report.error is not None or report.is_cut_short or report.is_list_missing:
        return missed
    failed = {
        one.target.table for one in report.targets if one.outcome is Outcome.FAILED and not one.target.index
    }
    return {target for target in missed if target in report.left_out or target.table in failed}


def find_causes(errors: Iterable[AwsError | None]) -> tuple[BaseException, ...]:
    """Return the exceptions behind errors, each once: they point to a fault of this program."""
    causes = (error.__cause__ for error in errors if error is not None)
    return tuple({id(cause): cause for cause in causes if cause is not None}.values())


def _describe(side: CapacityDecision, to_zone: Callable[[datetime], datetime]) -> str:
    units = (
        f"{side.provisioned}"
        if side.proposed == side.provisioned
        else f"{side.provisioned} -> {side.proposed}"
    )
    if side.held_units is not None:
        units += f", not {side.held_units}"
    return f"{side.capacity.value} {units} ({side.describe(to_zone)})"
