"""Check one place: run its check, log and publish the report, and hand it to its observers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import CheckReport, Unpublished
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from dynamic_dynamodb.aws.account import AwsAccount
    from dynamic_dynamodb.check.check import Check
    from dynamic_dynamodb.check.conditions import Conditions, Notice
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.service.check_log import CheckLog
    from dynamic_dynamodb.service.failure_watch import FailureWatch
    from dynamic_dynamodb.service.pulse import Pulse
    from dynamic_dynamodb.service.state_file import StateFile
    from dynamic_dynamodb.service.status.keeper import StatusKeeper

Observer = Callable[[CheckReport, float], None]

_OF_A_PLACE: Final = ("slow", "others", "threads for look-ups", "threads for updates")
"""The topics of conditions that end with a place; an only place shares its conditions with the process."""


@dataclass(slots=True)
class FirstLookups:
    """Calls `on_ready` once, when the first look-up of credentials of each place has ended.

    It is called with what cannot be checked, and why; empty if no look-up has failed.
    """

    on_ready: Callable[[str], None]
    places: Sequence[Place]
    failures: list[str] = field(default_factory=list)
    _left: set[str] = field(init=False)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Wait for all places."""
        self._left = {one.name for one in self.places}

    def note(self, place: Place, failure: str) -> None:
        """Note the end of a look-up, from the thread of its place."""
        with self._lock:
            if place.name not in self._left:
                return
            self._left.remove(place.name)
            if failure:
                self.failures.append(f"{place.label}: {failure}" if place.label else failure)
            if self._left:
                return
        self.on_ready(self._describe_failures())

    def _describe_failures(self) -> str:
        if not self.failures:
            return ""
        failed, every = len(self.failures), len(self.places)
        what = "nothing can" if failed == every else f"{failed} of {every} places cannot"
        return f"{what} be checked yet: {'; '.join(self.failures)}"


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What the checks of all places have in common; `interval_seconds` is None for a single run."""

    instance: str
    state_path: Path
    is_dry_run: bool
    interval_seconds: int | None
    is_stopping: Callable[[], bool]
    before_check: Callable[[], None]
    pulse: Pulse


@dataclass(slots=True)
class PlaceCheck:
    """A place in force: its check, its AWS account, its log, and the observers of its reports.

    The log writes each report; each further observer is called with it, and the seconds that the check took.
    `conditions` are those of the place that do not depend on its configuration.
    `is_prepared` says that a reload has already looked up credentials for the next check.
    """

    place: Place
    settings: PlaceSettings
    check: Check
    account: AwsAccount
    conditions: Conditions
    log: CheckLog
    status: StatusKeeper
    failures: FailureWatch
    state_file: StateFile
    presence: Presence = field(default_factory=Presence)
    observers: Sequence[Observer] = ()
    is_prepared: bool = False
    before: PlaceCheck | None = None
    """The same place by an older configuration, which may still be checking it."""
    cut_short: Event = field(default_factory=Event)
    """Set where a check under way must end as when the program stops; the check looks for it, too."""

    def take_over(self) -> None:
        """Keep what the checks by the older configuration have found; call it again when they have ended.

        The place may have another label since.
        """
        before = self.before
        if before is None:
            return
        self.presence = before.presence
        self.status.continue_from(before.status)
        is_renamed = before.place.label != self.place.label
        self.check.memory.continue_from(before.check.memory, self.place.label if is_renamed else None)
        self.failures.continue_from(before.failures)
        if is_renamed:
            before.end_conditions()
        else:
            self.log.targets = before.log.targets

    def end_early(self) -> None:
        """Begin no update from now on, and end a check that is under way."""
        self.cut_short.set()
        if self.before is not None:
            self.before.end_early()

    def leave(self) -> None:
        """End what is known of the place, and be visible to other runs no longer."""
        self.presence.leave()
        self.end_conditions()

    def end_conditions(self) -> None:
        """End the conditions that do not concern the process itself."""
        for topic in _OF_A_PLACE:
            self.conditions.set(topic, None)

    def run(self, first: FirstLookups | None = None) -> bool:
        """Check once, hand the report to the observers, and return whether all went well."""
        self.settings.pulse.work(self.account.budget, self.place.label)
        try:
            return self._run(first)
        finally:
            self.settings.pulse.end(self.place.label)
            if self.cut_short.is_set():
                self.leave()  # the check may have begun after the place was left

    def _run(self, first: FirstLookups | None) -> bool:
        started, interval = time.monotonic(), self.settings.interval_seconds
        report = isolate("the check", self._run_check, first)
        seconds = time.monotonic() - started
        if isinstance(report, AwsError):
            notices, is_stopping = self.account.conditions.in_force, self.settings.is_stopping()
            is_cut_short = is_stopping or self.cut_short.is_set()
            report = CheckReport(error=report, notices=notices, is_cut_short=is_cut_short)
        report = replace(report, notices=self._name_place((*self.conditions.in_force, *report.notices)))
        self.log.write(report)
        for observe in self.observers:
            failure = isolate("the report of the check", observe, report, seconds)
            if failure is not None:
                _log_unexpected(failure)
        unpublished = self._publish(report)
        seconds = time.monotonic() - started
        is_slow = interval is not None and seconds > interval
        slow = f"a check takes longer than check-interval {interval} s: increase it"
        self.conditions.set("slow", slow if is_slow else None)
        self.log.write_end(report, unpublished, seconds, new=self._name_place(self.conditions.in_force))
        return report.is_well

    def _name_place(self, notices: Iterable[Notice]) -> tuple[Notice, ...]:
        """Return the notices with the place that they are about, where there are several.

        One that names a target has it already.
        """
        label = self.place.label
        if not label:
            return tuple(notices)
        return tuple(
            one if f"{label} " in one.sentence else replace(one, sentence=f"{label}: {one.sentence}")
            for one in notices
        )

    def _publish(self, report: CheckReport) -> Sequence[Unpublished]:
        """Publish what a check reports and what fails, and return what was not published.

        This follows the log of the report, because a topic may take long to answer.
        """
        now = datetime.now(timezone.utc)
        failures = isolate("the messages about failures", self.failures.prepare, report, now)
        if isinstance(failures, AwsError):
            _log_unexpected(failures)
            failures = ()
        messages = (*((one,) for one in failures), *report.messages)
        unpublished = isolate("the publishing", self.check.publish, messages)
        if isinstance(unpublished, AwsError):
            unpublished = tuple(
                Unpublished(message, unpublished, is_uncertain=True) for each in messages for message in each
            )
        failure = isolate("the memory of failures", self.failures.note, unpublished, now)
        if failure is not None:
            _log_unexpected(failure)
        return unpublished

    def _run_check(self, first: FirstLookups | None) -> CheckReport:
        """Run a check, and what comes before it; raise AwsError without credentials."""
        self.settings.before_check()
        self._look_for_others()
        # Before the look-up of credentials, whose duration varies: checks must not seem too close.
        now = datetime.now(timezone.utc)
        self._prepare(first)
        return self.check.run(now)

    def _prepare(self, first: FirstLookups | None) -> None:
        """Look up credentials unless a reload has just done so; raise AwsError."""
        is_prepared, self.is_prepared = self.is_prepared, False
        failure = ""
        try:
            if not is_prepared:
                self.account.prepare()
            self._identify()
        except AwsError as error:
            failure = str(error)
            raise
        finally:
            if first is not None and not self.settings.is_stopping():
                first.note(self.place, "" if self.cut_short.is_set() else failure)

    def _identify(self) -> None:
        """Keep the state under the id of the account, where it is found out only now."""
        self.state_file.account = self.account.account_id
        self.log.place.account = self.account.account_id or None
        self.status.account = self.account.account_id or self.status.account

    def _look_for_others(self) -> None:
        """Warn about other runs with the same counts: they may not know about each other's updates."""
        if self.settings.is_dry_run:
            self.presence.leave()
            return
        self.presence.enter(self.settings.state_path, "_".join(filter(None, self.place.owned)))
        others = ", ".join(map(str, self.presence.find_others()))
        sentence = (
            f"another run also scales {self.place.name} as instance {self.settings.instance} (pid {others}):"
            " stop one of them, or give it its own --instance and tables"
        )
        self.conditions.set("others", sentence if others else None)


def _log_unexpected(error: AwsError) -> None:
    LOGGER.error("%s", error, exc_info=error.__cause__)
