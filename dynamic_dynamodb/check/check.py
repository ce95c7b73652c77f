"""Check every target once: observe, decide, guard, update, notify."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.notifications import write_alarms, write_change
from dynamic_dynamodb.check.ports import MetricRequest
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.check.resilience import ENDING, CallBudget, Waits, gather, isolate
from dynamic_dynamodb.check.silence import NO_TABLES, Answer
from dynamic_dynamodb.check.updater import UpdateResult, apply_update
from dynamic_dynamodb.config.text import mask_url
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.back_pressure import Surroundings, find_doubtful_raises
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import count_low_checks, forget_low_checks, note_changes
from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.reasons import (
    LEFT_FOR_NEXT_RUN,
    REFUSED,
    Code,
    Reason,
    circuit_breaker_open,
    metrics_failed,
)
from dynamic_dynamodb.scaling.table_update import plan
from dynamic_dynamodb.scaling.usage import UsageEstimator, find_freshest, find_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from dynamic_dynamodb.check.discovery import Discovered, Discovery, MatchedTarget
    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.ports import (
        Answers,
        CircuitBreaker,
        Clock,
        Counts,
        Metrics,
        Notifier,
        Tables,
        TargetSeries,
    )
    from dynamic_dynamodb.scaling.back_pressure import DoubtfulRaise
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Target, Usage
    from dynamic_dynamodb.scaling.table_update import TableUpdate

LOGGER: Final = logging.getLogger("dynamic-dynamodb")


_BY_NAME: Final = attrgetter("target")
_LOW_CHECKS: Final = attrgetter("low_checks")


class GivenClock:
    """A clock that takes each moment for what it is."""

    def begin(self) -> None:
        """Do nothing."""

    def correct(self, now: datetime) -> datetime:
        """Return the moment as it is."""
        return now


@dataclass(frozen=True, slots=True)
class Adapters:
    """The outside world, as the loop sees it; `updates` bounds how many updates are in flight."""

    tables: Tables
    metrics: Metrics
    notifier: Notifier
    circuit_breaker: CircuitBreaker
    counts: Counts
    lookups: Executor
    updates: Executor
    patience: CallBudget = field(default_factory=CallBudget)
    clock: Clock = field(default_factory=GivenClock)


@value
class _Checked:
    """A target with what was decided on it, and the alarms that its usage gives cause for.

    `memory` is what checks before this one have left.
    """

    subject: MatchedTarget
    memory: PerCapacity[Memory]
    usage: PerCapacity[Usage]
    decision: Decision
    alarms: tuple[Message, ...]


@dataclass(slots=True)
class Check:
    """Run checks. With `is_dry_run` nothing is changed or published.

    `is_stopping` is asked before there are decisions, and before each update: what has not begun by
    then is left for the next run.
    """

    adapters: Adapters
    discovery: Discovery
    is_dry_run: bool
    is_stopping: Callable[[], bool]
    lost_before: list[str] = field(default_factory=list)

    def check(self, now: datetime) -> CheckReport:
        """Check every target once, as of `now` (UTC), and log a line for each in the order of their names.

        When the tables are described, AWS has answered often enough to tell whether `now` is right.
        Raises AwsError, having done nothing, without credentials that AWS takes.
        """
        self.adapters.patience.reset()
        self.adapters.clock.begin()
        self.adapters.counts.begin(now)
        found = self.discovery.find()
        now = self.adapters.clock.correct(now)
        self.adapters.counts.correct(now)
        is_cut_short = self.is_stopping()
        subjects, skipped = ((), ()) if is_cut_short else self._skip(found)
        is_cut_short = self.is_stopping()  # a breaker may not have been waited for
        checked, failed = self._decide(() if is_cut_short else subjects, _find_lost(found, skipped), now)
        is_cut_short = is_cut_short or len(checked) + len(failed) < len(subjects)
        result = self._update(checked)
        settled = [self._settle(each, result, now) for each in checked]
        reports = sorted((*found.failed, *skipped, *failed, *settled), key=_BY_NAME)
        if not self.is_dry_run:
            self.adapters.counts.commit()
        self._log(reports)
        doubts = tuple(self._find_doubts(checked, result, found))
        for doubt in doubts:
            LOGGER.warning("%s", doubt)
        # Last, because a topic that does not answer must not keep a table waiting.
        messages = [written for each in checked if (written := _write_messages(each, result))]
        self._publish(messages)
        return CheckReport(
            tuple(reports),
            is_list_missing=found.is_list_missing and not is_cut_short,
            is_autoscaling_unknown=found.is_autoscaling_unknown and not is_cut_short,
            is_cut_short=is_cut_short,
            doubts=doubts,
        )

    def _log(self, reports: Sequence[TargetReport]) -> None:
        """Log a line for each target, but not again that nothing could be had of any, as it was before."""
        if not LOGGER.isEnabledFor(logging.CRITICAL):
            return  # a replay makes thousands of checks that nobody hears of
        lost = [str(one) for one in reports if one.outcome is Outcome.FAILED and one.decision is None]
        is_repeated = bool(lost) and len(lost) == len(reports) and lost == self.lost_before
        self.lost_before = lost
        for report in reports:
            LOGGER.log(logging.DEBUG if is_repeated else report.level, "%s", report)

    def _skip(self, found: Discovered) -> tuple[Sequence[MatchedTarget], Sequence[TargetReport]]:
        """Take out what must not be decided on; its counts start anew."""
        subjects, skipped = found.subjects, [*found.skipped]
        stopped = self._ask_breakers(subjects)
        if stopped:
            subjects = tuple(one for one in subjects if one.target not in stopped)
            skipped += [TargetReport(one, Outcome.SKIPPED, skipped=why) for one, why in stopped.items()]
        for report in skipped:
            before = self.adapters.counts.get(report.target)
            self.adapters.counts.put(report.target, before.map(forget_low_checks))
        return subjects, skipped

    def _ask_breakers(self, subjects: Sequence[MatchedTarget]) -> dict[Target, Reason]:
        """Give the targets that an open circuit breaker stops."""
        asked = [(one, one.section.circuit_breaker) for one in subjects if one.section.circuit_breaker]
        if not asked:
            return {}
        ask, patient = self.adapters.circuit_breaker.find_reason_to_stop, self._waits_for_changes
        questions = [self.adapters.lookups.submit(ask, breaker, one.target) for one, breaker in asked]
        # Each ends by itself, but a time-out may be long.
        most_seconds = patient.lost + max(breaker.most_seconds for _, breaker in asked)
        waits = replace(patient, straggling=most_seconds, lost=most_seconds, ending=0.0)
        answers = gather("the question", questions, waits)
        stopped = {}
        for (one, breaker), answer in zip(asked, answers, strict=True):
            if answer is not None:
                url = mask_url(breaker.url)
                stopped[one.target] = Reason(Code.CIRCUIT_BREAKER, circuit_breaker_open, url, answer)
        return stopped

    @property
    def _waits_for_changes(self) -> Waits:
        return Waits.for_changes(self.adapters.patience.timeouts, self.is_stopping)

    def _decide(
        self, subjects: Sequence[MatchedTarget], lost: frozenset[str] | None, now: datetime
    ) -> tuple[list[_Checked], list[TargetReport]]:
        """Decide on each subject; `lost` are tables that are to be asked for too, but cannot be now."""
        requests = [
            MetricRequest(subject.target, find_window(subject.section.typed, now)) for subject in subjects
        ]
        answers = self.adapters.metrics.fetch(requests)
        freshest = self.adapters.counts.recall_freshest(_sum_up(requests, answers, lost))
        checked, failed = [], []
        for subject, request in zip(subjects, requests, strict=True):
            estimator = UsageEstimator(request.window, now=now, freshest=freshest)
            decided = isolate("the check", self._decide_one, subject, answers[subject.target], estimator, now)
            if isinstance(decided, AwsError):
                if decided.code == ENDING:
                    continue  # which is no failure
                reason = Reason(Code.METRICS_FAILED, metrics_failed, decided)
                failed.append(TargetReport(subject.target, Outcome.FAILED, skipped=reason))
            else:
                checked.append(decided)
        return checked, failed

    def _decide_one(
        self,
        subject: MatchedTarget,
        answer: TargetSeries | AwsError,
        estimator: UsageEstimator,
        now: datetime,
    ) -> _Checked:
        if isinstance(answer, AwsError):
            raise answer
        target, options = subject.target, subject.section.typed
        provisioned = subject.description.provisioned
        memory = self.adapters.counts.get(target)
        usage = answer.combine(estimator.estimate, memory)
        counts = memory.map(_LOW_CHECKS)
        decision = decide(target, options, provisioned=provisioned, usage=usage, counts=counts)
        if decision.is_change:
            facts = Facts(subject.description, options, usage, now, subject.autoscaled)
            decision = guard(decision, facts)
        alarms = write_alarms(target, options, provisioned=provisioned, usage=usage)
        return _Checked(subject, memory, usage, decision, alarms)

    def _update(self, checked: Sequence[_Checked]) -> UpdateResult:
        """Send one update for each table with a change, raises before mere decreases."""
        by_table: dict[str, list[Decision]] = {}
        for each in checked:
            if each.decision.is_change:
                by_table.setdefault(each.decision.target.table, []).append(each.decision)
        result = UpdateResult()
        if not by_table:
            return result
        updates = [plan(table, decisions) for table, decisions in by_table.items()]
        updates.sort(key=lambda one: not one.is_raise)
        asked = [self.adapters.updates.submit(self._apply, update) for update in updates]
        answers = gather("the update", asked, self._waits_for_changes)
        for update, answer in zip(updates, answers, strict=True):
            one = _refuse(update, answer) if isinstance(answer, AwsError) else answer
            result.applied |= one.applied
            result.refused |= one.refused
        return result

    def _apply(self, update: TableUpdate) -> UpdateResult:
        if self.is_dry_run:
            return UpdateResult(applied={decision.target: decision for decision in update.decisions})
        if self.is_stopping():
            return UpdateResult()
        tables = self.adapters.tables
        result = isolate("the update", apply_update, update, tables.update, tables.describe)
        return _refuse(update, result) if isinstance(result, AwsError) else result

    def _settle(self, checked: _Checked, result: UpdateResult, now: datetime) -> TargetReport:
        """Keep what the next check must know, and sum up what became of a target."""
        decision = checked.decision
        target = decision.target
        applied, refusal = result.applied.get(target), result.refused.get(target)
        memory = checked.memory.combine(count_low_checks, decision.counts(applied))
        if applied is not None:
            memory = note_changes(memory, applied, find_window(checked.subject.section.typed, now).end)
        self.adapters.counts.put(target, memory)
        if applied is not None:
            outcome = Outcome.WOULD_UPDATE if self.is_dry_run else Outcome.UPDATED
        elif refusal is not None and result.is_failure(decision):
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.UNCHANGED
        if applied is None and decision.is_change:
            decision = decision.hold(REFUSED if refusal else LEFT_FOR_NEXT_RUN)
        return TargetReport(target, outcome, applied or decision, refusal)

    def _find_doubts(
        self, checked: Sequence[_Checked], result: UpdateResult, found: Discovered
    ) -> Iterator[DoubtfulRaise]:
        """Find the raises that were made because of throttling, and may not help."""
        for each in checked if result.applied else ():
            target = each.decision.target
            applied = result.applied.get(target)
            if applied is None or not any(side.is_doubtful for side in applied.capacities):
                continue
            throttled = {one.decision.target for one in checked if one.usage.writes.throttled_events}
            surroundings = Surroundings(found.indexes.get(target.table, ()), throttled)
            yield from find_doubtful_raises(
                applied, each.usage, self.adapters.counts.get(target), surroundings
            )

    def _publish(self, messages: Sequence[Sequence[Message]]) -> None:
        """Publish the messages of each target in their order."""
        if not messages:
            return
        asked = [self.adapters.lookups.submit(self._publish_one_by_one, written) for written in messages]
        lost = [one for one in gather("the message", asked, self._waits_for_changes) if one is not None]
        if lost:
            LOGGER.warning("messages of %d targets may not have been published: %s", len(lost), lost[0])

    def _publish_one_by_one(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if self.is_dry_run:
                LOGGER.info("would publish to %s: %s", message.topic, message.subject)
                continue
            error = isolate("the message", self.adapters.notifier.publish, message)
            if error is not None:
                LOGGER.warning("not published to %s: %s: %s", message.topic, message.subject, error)


def _find_lost(found: Discovered, skipped: Sequence[TargetReport]) -> frozenset[str] | None:
    """Name the tables that CloudWatch should be asked for, but is not; None if that is not known."""
    if found.is_list_missing:
        return None
    if not found.failed and not skipped:
        return NO_TABLES
    stopped = (one for one in skipped if one.skipped and one.skipped.code is Code.CIRCUIT_BREAKER)
    return frozenset(one.target.table for one in (*found.failed, *stopped))


def _sum_up(requests: Sequence[MetricRequest], answers: Answers, lost: frozenset[str] | None) -> Answer:
    """Sum up what CloudWatch said of all targets."""
    known, answered, failed, busy = [], set(), set(), set()
    for request in requests:
        table, answer = request.target.table, answers[request.target]
        if isinstance(answer, AwsError):
            failed.add(table)
            continue
        known.append((request.window, answer))
        answered.add(table)
        if answer.reads.reach or answer.writes.reach:
            busy.add(table)
    return Answer(
        find_freshest(known),
        frozenset(busy),
        frozenset(answered - failed - lost if lost else answered - failed),
        None if lost is None else lost | failed,
    )


def _refuse(update: TableUpdate, error: AwsError) -> UpdateResult:
    return UpdateResult(refused={decision.target: error for decision in update.decisions})


def _write_messages(checked: _Checked, result: UpdateResult) -> tuple[Message, ...]:
    """Write a target's alarms, and then the message about its update if AWS took one."""
    applied = result.applied.get(checked.decision.target)
    change = write_change(checked.subject.section.typed, applied) if applied else ()
    return (*checked.alarms, *change)
