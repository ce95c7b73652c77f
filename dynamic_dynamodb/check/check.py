"""One check of every target: discover, fetch, decide, update, report; then publish."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.metric_reader import MetricReader
from dynamic_dynamodb.check.notifications import write_alarms, write_change
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport, Unpublished
from dynamic_dynamodb.check.resilience import ENDING, Waits, gather, isolate
from dynamic_dynamodb.check.silence import NO_TABLES
from dynamic_dynamodb.check.updater import UpdateResult, apply_update
from dynamic_dynamodb.config.text import mask_url
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.back_pressure import TableContext, find_doubts
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import (
    find_ended_event,
    forget_checks,
    note_changes,
    note_decision,
    note_events,
    note_minutes,
    note_raises,
)
from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.quiet import Look, count_rest_as_unseen, double_load, is_quiet
from dynamic_dynamodb.scaling.reasons import (
    LEFT_FOR_NEXT_RUN,
    REFUSED,
    Code,
    Reason,
    circuit_breaker_open,
    metrics_failed,
)
from dynamic_dynamodb.scaling.table_update import plan
from dynamic_dynamodb.scaling.usage import UsageEstimator, find_history, find_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.discovered import Discovered, MatchedTarget
    from dynamic_dynamodb.check.metric_reader import Measured
    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.ports import TargetSeries, World
    from dynamic_dynamodb.check.state import AccountMemory
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.back_pressure import Doubt
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Target, Usage
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import TargetOptions

_BY_TARGET: Final = attrgetter("target")
_LOW_CHECKS: Final = attrgetter("low_checks")


@value
class _Decided:
    """A target with the decision on it, and the alarms that its usage causes.

    `memory` is what earlier checks have left.
    """

    matched: MatchedTarget
    memory: PerCapacity[Memory]
    series: TargetSeries
    usage: PerCapacity[Usage]
    decision: Decision
    alarms: tuple[Message, ...]

    @property
    def target(self) -> Target:
        """Return the target itself."""
        return self.decision.target

    @property
    def is_quiet(self) -> bool:
        """Return whether the target needs no look for a while: twice its load would cause no alarm either."""
        matched, options = self.matched, self.matched.section.typed
        look = Look(matched.description, options, self.usage, matched.autoscaled)
        if self.alarms or not is_quiet(self.decision, look):
            return False
        twice = self.usage.map(double_load)
        return not write_alarms(
            self.target, options, provisioned=matched.description.provisioned, usage=twice
        )


class Check:
    """Checks the targets of one account and region, as often as it is run."""

    def __init__(
        self,
        world: World,
        sections: Sequence[Section],
        memory: AccountMemory,
        *,
        is_dry_run: bool,
        is_stopping: Callable[[], bool],
    ) -> None:
        """Keep what the check needs.

        A dry run changes and publishes nothing. `is_stopping` is called before decisions and before
        each update; what has not begun by then is left for the next run.
        """
        self.world = world
        self.memory = memory
        self.is_stopping = is_stopping
        self.discovery = Discovery(
            world.tables,
            tuple(sections),
            world.lookups,
            world.autoscaling,
            Waits.for_lookups(world.budget.timeouts, is_stopping),
            world.conditions,
            place=world.place,
        )
        self._reader = MetricReader(world.metrics, memory)
        self._is_dry_run = is_dry_run
        self._has_schedules = any(
            one.blueprint is not None for section in sections for one in (section, *section.gsis)
        )

    def run(self, now: datetime) -> CheckReport:
        """Check every target once, as of `now` (UTC), and report on each in the order of their names.

        If AWS does not accept the credentials, nothing is checked, and the report has the error. `now` is
        corrected once the tables are described, when AWS has answered often enough to know its time.
        """
        world, memory = self.world, self.memory
        world.budget.reset()
        world.clock.begin()
        memory.begin(now)
        found = self.discovery.find(self.memory.resting.begin(now))
        if isinstance(found, AwsError):
            notices = world.conditions.in_force
            return CheckReport(error=found, notices=notices, is_cut_short=self.is_stopping())
        if found.listed is not None:
            memory.keep_only(found.listed)
        now = world.clock.correct(now)
        memory.correct(now)
        found = found.at(now) if self._has_schedules else found
        is_cut_short = self.is_stopping()
        due = self.memory.resting.take_due(found.matched)
        left_out = self.memory.resting.list_left_out(found, due)
        matched, skipped = ((), ()) if is_cut_short else self._skip(found, due)
        is_cut_short = self.is_stopping()  # a stop may have ended the wait for breakers
        lost = _find_lost(found, skipped)
        measured = self._reader.read(() if is_cut_short else matched, lost, now, left_out)
        decided, failed = self._decide(() if is_cut_short else matched, measured, now)
        is_cut_short = is_cut_short or len(decided) + len(failed) < len(matched)
        result = self._update(decided)
        settled = [self._settle(each, result, now) for each in decided]
        if not self._is_dry_run:
            memory.commit()
        self._note_quiet(found, decided, left_out)
        doubts = tuple(self._find_doubts(decided, result, found))
        return CheckReport(
            tuple(sorted((*found.failed, *skipped, *failed, *settled), key=_BY_TARGET)),
            world.conditions.in_force,
            doubts,
            tuple(written for each in decided if (written := _write_messages(each, result))),
            is_list_missing=found.is_list_missing and not is_cut_short,
            is_autoscaling_unknown=found.is_autoscaling_unknown and not is_cut_short,
            is_cut_short=is_cut_short,
            metrics_requested=measured.metrics,
            left_out=frozenset(one.target for one in left_out),
            listed=found.listed,
            now=now,
        )

    def _skip(
        self, found: Discovered, matched: Sequence[MatchedTarget]
    ) -> tuple[Sequence[MatchedTarget], Sequence[TargetReport]]:
        """Take out what must not be decided on; its counts of low checks are reset."""
        skipped = [*found.skipped]
        stopped = self._ask_breakers(matched)
        if stopped:
            skipped += [
                one.report(Outcome.SKIPPED, stopped[one.target]) for one in matched if one.target in stopped
            ]
            matched = tuple(one for one in matched if one.target not in stopped)
        for report in skipped:
            before = self.memory.get(report.target)
            self.memory.put(report.target, before.map(forget_checks))
        return matched, skipped

    def _ask_breakers(self, matched: Sequence[MatchedTarget]) -> dict[Target, Reason]:
        """Return the targets that an open circuit breaker stops."""
        guarded = [(one, one.section.circuit_breaker) for one in matched if one.section.circuit_breaker]
        if not guarded:
            return {}
        ask, waits = self.world.circuit_breaker.find_reason_to_stop, self._waits_for_changes
        calls = [self.world.lookups.submit(ask, breaker, one.target) for one, breaker in guarded]
        # Each ends by itself, but a time-out may be long.
        most_seconds = waits.lost + max(breaker.most_seconds for _, breaker in guarded)
        waits = replace(waits, straggling=most_seconds, lost=most_seconds, ending=0.0)
        answers = gather("the circuit breaker request", calls, waits)
        stopped = {}
        for (one, breaker), answer in zip(guarded, answers, strict=True):
            if answer is not None:
                url = mask_url(breaker.url)
                stopped[one.target] = Reason(Code.CIRCUIT_BREAKER, circuit_breaker_open, url, answer)
        return stopped

    @property
    def _waits_for_changes(self) -> Waits:
        return Waits.for_changes(self.world.budget.timeouts, self.is_stopping)

    def _decide(
        self, matched: Sequence[MatchedTarget], measured: Measured, now: datetime
    ) -> tuple[list[_Decided], list[TargetReport]]:
        """Decide on each target."""
        decided: list[_Decided] = []
        failed: list[TargetReport] = []
        for one in matched:
            series = measured.answers[one.target]
            if isinstance(series, AwsError):
                if series.code != ENDING:
                    reason = Reason(Code.METRICS_FAILED, metrics_failed, series)
                    failed.append(one.report(Outcome.FAILED, reason, series))
                continue
            window = find_window(one.section.typed, now)
            estimator = UsageEstimator(window, now=now, freshest=measured.freshest)
            result = isolate("the check", self._decide_one, one, series, estimator, now)
            if isinstance(result, AwsError):
                reason = Reason(Code.UNEXPECTED_ERROR, str, result)
                failed.append(one.report(Outcome.FAILED, reason, result))
            else:
                decided.append(result)
        return decided, failed

    def _decide_one(
        self, matched: MatchedTarget, series: TargetSeries, estimator: UsageEstimator, now: datetime
    ) -> _Decided:
        target, options = matched.target, matched.section.typed
        provisioned = matched.description.provisioned
        memory = self._recall(target, options, now)
        usage = series.combine(estimator.estimate, memory)
        counts = memory.map(_LOW_CHECKS)
        events = memory.combine(find_ended_event, options.capacities)
        decision = decide(
            target, options, provisioned=provisioned, usage=usage, counts=counts, ended_events=events
        )
        if decision.is_change:
            facts = Facts(matched.description, options, usage, now, matched.autoscaled)
            decision = guard(decision, facts)
        alarms = write_alarms(target, options, provisioned=provisioned, usage=usage)
        return _Decided(matched, memory, series, usage, decision, alarms)

    def _recall(self, target: Target, options: TargetOptions, now: datetime) -> PerCapacity[Memory]:
        """Return what earlier checks have left about a target."""
        memory, rest = self.memory.get(target), self.memory.resting.rests.get(target)
        history = find_history(options, now)
        if rest is None or history is None:
            return memory
        return memory.map(lambda one: count_rest_as_unseen(one, rest.looked, history))

    def _note_quiet(
        self, found: Discovered, decided: Sequence[_Decided], left_out: Sequence[MatchedTarget]
    ) -> None:
        """Remember which targets need not be looked at for a while."""
        if self.memory.resting.interval is None:
            return
        throttled = {
            each.target.table for each in decided if any(side.throttled_events for side in each.usage)
        }
        quiet = [each.matched for each in decided if each.is_quiet]
        self.memory.resting.note(found, left_out, quiet, throttled)

    def _update(self, decided: Sequence[_Decided]) -> UpdateResult:
        """Send one update for each table with a change, raises before mere decreases."""
        by_table: dict[str, list[Decision]] = {}
        for each in decided:
            if each.decision.is_change:
                by_table.setdefault(each.target.table, []).append(each.decision)
        result = UpdateResult()
        if not by_table:
            return result
        updates = [plan(table, decisions) for table, decisions in by_table.items()]
        updates.sort(key=lambda one: not one.is_raise)
        calls = [self.world.updates.submit(self._apply, update) for update in updates]
        answers = gather("the update", calls, self._waits_for_changes)
        for update, answer in zip(updates, answers, strict=True):
            one = _refuse(update, answer) if isinstance(answer, AwsError) else answer
            result.applied |= one.applied
            result.refused |= one.refused
        return result

    def _apply(self, update: TableUpdate) -> UpdateResult | AwsError:
        if self._is_dry_run:
            return UpdateResult(applied={decision.target: decision for decision in update.decisions})
        if self.is_stopping():
            return UpdateResult()
        tables = self.world.tables
        return isolate("the update", apply_update, update, tables.update, tables.describe)

    def _settle(self, decided: _Decided, result: UpdateResult, now: datetime) -> TargetReport:
        """Remember what the next check needs, and report on a target."""
        decision, target = decided.decision, decided.target
        applied, refusal = result.applied.get(target), result.refused.get(target)
        memory = note_decision(decided.memory, decision)
        options = decided.matched.section.typed
        window = find_window(options, now)
        if options.has_target_utilization:
            memory = PerCapacity(*map(note_minutes, memory, decided.usage, decision.capacities))
        if applied is not None:
            memory = note_changes(memory, applied, window.end)
            if options.has_target_utilization:
                memory = note_raises(memory, applied, now)
        memory = note_events(memory, options)
        self.memory.put(target, memory)
        if applied is not None:
            outcome = Outcome.WOULD_UPDATE if self._is_dry_run else Outcome.UPDATED
        elif refusal is not None and result.is_failure(decision):
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.UNCHANGED
        if applied is None and decision.is_change:
            decision = decision.hold(REFUSED if refusal else LEFT_FOR_NEXT_RUN)
        return TargetReport(
            target,
            outcome,
            applied or decision,
            refusal,
            section=decided.matched.section,
            description=decided.matched.description,
            usage=decided.usage,
            memory=memory,
            window=window,
            series=decided.series,
        )

    def _find_doubts(
        self, decided: Sequence[_Decided], result: UpdateResult, found: Discovered
    ) -> Iterator[Doubt]:
        """Find the throttling that more capacity may not end: of raises, those that were applied."""
        for each in decided:
            target = each.target
            decision = result.applied.get(target, each.decision)
            reads, writes = decision.capacities.reads, decision.capacities.writes
            if not (reads.is_doubtful or writes.is_doubtful):
                continue
            if decision.is_change and target not in result.applied:
                continue
            throttled = {one.target for one in decided if one.usage.writes.throttled_events}
            context = TableContext(found.indexes.get(target.table, ()), throttled)
            yield from find_doubts(decision, each.usage, self.memory.get(target), context)

    def publish(self, messages: Sequence[Sequence[Message]]) -> tuple[Unpublished, ...]:
        """Publish the messages of each target in their order, and return those that were not.

        The caller logs the report first, because a topic may take long to answer.
        """
        if self._is_dry_run:
            return tuple(Unpublished(message) for each in messages for message in each)
        if not messages:
            return ()
        calls = [self.world.lookups.submit(self._publish_one_by_one, each) for each in messages]
        answers = gather("the message", calls, self._waits_for_changes)
        unpublished: list[Unpublished] = []
        for each, answer in zip(messages, answers, strict=True):
            if isinstance(answer, AwsError):
                unpublished += (Unpublished(message, answer, is_uncertain=True) for message in each)
            else:
                unpublished += answer
        return tuple(unpublished)

    def _publish_one_by_one(self, messages: Sequence[Message]) -> list[Unpublished]:
        publish = self.world.notifier.publish
        answers = [(message, isolate("the message", publish, message)) for message in messages]
        return [Unpublished(message, error) for message, error in answers if error is not None]


def _find_lost(found: Discovered, skipped: Sequence[TargetReport]) -> frozenset[str] | None:
    """Return the tables whose metrics are needed but cannot be fetched; None if that is not known."""
    if found.is_list_missing:
        return None
    if not found.failed and not skipped:
        return NO_TABLES
    stopped = (one for one in skipped if one.skipped and one.skipped.code is Code.CIRCUIT_BREAKER)
    return frozenset(one.target.table for one in (*found.failed, *stopped))


def _refuse(update: TableUpdate, error: AwsError) -> UpdateResult:
    return UpdateResult(refused={decision.target: error for decision in update.decisions})


def _write_messages(decided: _Decided, result: UpdateResult) -> tuple[Message, ...]:
    """Write a target's alarms, and then the message about its update if AWS applied one."""
    applied = result.applied.get(decided.target)
    change = write_change(decided.matched.section.typed, applied) if applied else ()
    return (*decided.alarms, *change)
