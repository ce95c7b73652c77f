"""Run checks, once or at an interval until a stop is requested, and reload the configuration."""

from __future__ import annotations

import gc
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import __version__
from dynamic_dynamodb.aws.account import AwsAccount, Workers, open_account
from dynamic_dynamodb.aws.deadlines import watch_deadlines
from dynamic_dynamodb.check.report import CheckReport, Unpublished
from dynamic_dynamodb.check.resilience import Timeouts, isolate
from dynamic_dynamodb.config.sections import describe_lowered_limits
from dynamic_dynamodb.config.sources import COMMANDS_THAT_START
from dynamic_dynamodb.errors import AwsError, ConfigurationError, ListenError
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.check_log import CheckLog, LogChoices, log_attempt
from dynamic_dynamodb.service.log_lines import TargetLog
from dynamic_dynamodb.service.logs import LogSettings, set_up_logging
from dynamic_dynamodb.service.presence import Presence
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.reload import MOST_WAIT_SECONDS, ReloadWait
from dynamic_dynamodb.service.web.host import WebHost
from dynamic_dynamodb.service.web.site import Site
from dynamic_dynamodb.service.wiring import build_check, open_failure_watch, open_memory, open_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamic_dynamodb.check.check import Check
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.failure_watch import FailureWatch
    from dynamic_dynamodb.service.reload import NoteKeeper
    from dynamic_dynamodb.service.signals import SignalRequests
    from dynamic_dynamodb.service.status.keeper import StatusKeeper

_UNSTABLE: Final = f"the file kept changing for {MOST_WAIT_SECONDS:.0f} s: reload again when it is complete"


@dataclass(frozen=True, slots=True)
class ActiveConfiguration:
    """A configuration in force, with its check, its AWS account, its log, and the observers of its reports.

    The log writes each report; each further observer is called with it, and the seconds that the check took.
    The status is the first of them.
    """

    configuration: Configuration
    check: Check
    account: AwsAccount
    log: CheckLog
    status: StatusKeeper
    failures: FailureWatch
    observers: tuple[Callable[[CheckReport, float], None], ...] = ()

    @property
    def interval_seconds(self) -> int:
        """Return the seconds from the start of one check to the start of the next."""
        return int(self.configuration.global_options["check_interval"])

    @property
    def is_daemon(self) -> bool:
        """Return whether there is a next check."""
        return not self.configuration.global_options["run_once"]


@dataclass(slots=True)
class Service:
    """Runs checks, by one configuration after the other.

    `before_check` is called before each check: a daemon shows there that it is alive. `notes` keeps the
    outcome of reloads, for the command that waits for it. `prepared` is an account that a reload has already
    prepared for the next check.
    """

    sources: ConfigSources
    requests: SignalRequests
    workers: Workers
    before_check: Callable[[], None] | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    reload_wait: ReloadWait | None = None
    """The wait of a reload until its file is stable."""
    prepared: AwsAccount | None = None
    on_ready: Callable[[str], None] | None = None
    notes: NoteKeeper | None = None
    presence: Presence = field(default_factory=Presence)
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pulse: Pulse = field(default_factory=Pulse)
    web: WebHost | None = None
    """Where the pages are served; None does not listen, as in the check before a restart."""

    def open(
        self, configuration: Configuration, before: ActiveConfiguration | None = None
    ) -> ActiveConfiguration:
        """Put a configuration in force, in place of an older one if there is one.

        Raises ConfigurationError if it cannot be used, ListenError if its address cannot be listened on, and
        AwsError if it has no credentials although the older one has.
        """
        options, is_stopping = configuration.global_options, self.requests.is_stopping
        account = open_account(
            configuration,
            self.workers,
            self.timeouts,
            is_stopping,
            before=before.account if before else None,
        )
        memory = open_memory(
            options, self.sources, account.conditions, before.check.memory if before else None
        )
        status = open_status(
            configuration,
            self.sources,
            self.workers.conditions,
            self.started,
            before.status if before else None,
        )
        if before is not None and before.account.is_usable:
            account.prepare()  # now: working credentials must not be given up for failing ones
            self.prepared = account
        failures = open_failure_watch(options, self.sources, memory, before.failures if before else None)
        check = build_check(configuration, configuration.places[0], memory, account, is_stopping)
        server = self.web.bind(options["listen"]) if self.web is not None else None
        self._set_up_logging(configuration)
        if self.web is not None:
            self.web.switch(server)
        # Not before: a configuration that cannot be put in force must change nothing.
        self.workers.lookups.resize(options["max_workers"])
        is_same_region = before and before.configuration.global_options["region"] == options["region"]
        known = before.log.targets if before and is_same_region else TargetLog()
        log = CheckLog(LogChoices.of(configuration), known)
        observers: list[Callable[[CheckReport, float], None]] = [status.observe]
        if self.web is not None:
            self.web.site.show(status, options["check_interval"])
            observers.append(self.web.site.observe)
            if server is not None:
                observers.append(self.web.site.record)
        return ActiveConfiguration(configuration, check, account, log, status, failures, tuple(observers))

    def run(self, configuration: Configuration, on_ready: Callable[[str], None] | None = None) -> bool:
        """Run once, or until a stop is requested; return whether every check succeeded.

        `on_ready` is called after the first look-up of credentials, with the reason if that failed, else "".
        Raises ConfigurationError if the configuration cannot be used, and OSError if its address cannot be
        listened on, or without enough threads.
        """
        self.on_ready = on_ready
        watch_deadlines()
        self.workers.observers.append(log_attempt)
        if not configuration.global_options["run_once"]:
            self.web = WebHost(Site(self.pulse))
            self.workers.observers.append(self.web.site.counters.count_attempt)
        opened = self.open(configuration)
        try:
            return self._run(opened)
        finally:
            self.presence.leave()
            if self.web is not None:
                self.web.close()

    def _run(self, opened: ActiveConfiguration | None) -> bool:
        while opened is not None:
            if self.notes is not None:
                self.notes.set_status(opened.status.file.path)
            self._introduce(opened.configuration)
            if not opened.is_daemon:
                return self._check(opened)
            opened = self._run_until_stopped(opened)
            gc.collect()  # botocore's sessions are cycles, and hold sockets
        LOGGER.info("stopped")
        return True

    def _introduce(self, configuration: Configuration) -> None:
        options = configuration.global_options
        mode = "once" if options["run_once"] else f"every {options['check_interval']} s"
        facts = (__version__, options["region"], mode, options["instance"])
        LOGGER.info("Dynamic DynamoDB %s checks %s %s, instance %s", *facts)
        for warning in configuration.warnings:
            LOGGER.warning("%s", warning)

    def _run_until_stopped(self, opened: ActiveConfiguration) -> ActiveConfiguration | None:
        """Run checks until a stop is requested; return a new configuration as soon as there is one."""
        while not self.requests.is_stopping():
            started = time.monotonic()
            self.pulse.work(opened.account.budget)
            self._check(opened)
            successor = self._wait(opened, until=started + opened.interval_seconds)
            if successor is not None:
                return successor
        return None

    def _wait(self, opened: ActiveConfiguration, until: float) -> ActiveConfiguration | None:
        """Wait for the next check, and handle signals; return as soon as there is a new configuration."""
        while not self.requests.is_stopping():
            if self.requests.take_reopen_request():
                self._reopen_logs(opened.configuration)
            if self.requests.take_reload_request() and self.reload_wait is None:
                self.reload_wait = ReloadWait(self.sources.path, time.monotonic())
            wait, unstable_seconds = self.reload_wait, math.inf
            if wait is not None:
                unstable_seconds = wait.find_seconds_left(time.monotonic(), time.time())
                if not unstable_seconds:
                    self.reload_wait, unstable_seconds = None, math.inf
                    successor = self._reload(opened, is_stable=not wait.is_timed_out)
                    if successor is not None:
                        return successor
            left = until - time.monotonic()
            if left <= 0:
                break
            wait_seconds = min(left, unstable_seconds)
            self.pulse.rest(wait_seconds)
            self.requests.wait(wait_seconds)
            self.pulse.work(opened.account.budget)
        return None

    def _reopen_logs(self, configuration: Configuration) -> None:
        try:
            self._set_up_logging(configuration)
        except ConfigurationError as error:
            LOGGER.error("cannot reopen the logs: %s", "; ".join(error.faults))  # noqa: TRY400 - a sentence
        else:
            LOGGER.info("logs reopened")

    def _reload(self, old: ActiveConfiguration, *, is_stable: bool) -> ActiveConfiguration | None:
        """Read the configuration again and reopen the logs; return None if it cannot be used."""
        if self.notes is not None:
            self.notes.begin_reload()
        try:
            successor = self.open(self._load_again(is_stable=is_stable), old)
        except Exception as error:  # of any kind: the old configuration works
            with suppress(Exception):  # the log stays as it is
                self._set_up_logging(old.configuration)
            faults = self._find_faults(error)
            for fault in faults:
                LOGGER.error("reload failed, keeping the old configuration: %s", fault)  # noqa: TRY400 - a sentence
            self._note(f"reload failed, keeping the old configuration: {'; '.join(faults)}")
            LOGGER.debug("the error of this reload", exc_info=True)
            return None
        lowered = describe_lowered_limits(old.configuration.sections, successor.configuration.sections)
        remark = f"; lower than before: {lowered}" if lowered else ""
        level = logging.WARNING if lowered else logging.INFO
        LOGGER.log(level, "configuration reloaded%s", remark)
        self._note(f"the new configuration is in force{remark}", is_in_force=True)
        return successor

    def _note(self, sentence: str, *, is_in_force: bool = False) -> None:
        if self.notes is not None:
            self.notes.end_reload(sentence, is_in_force=is_in_force)

    def _load_again(self, *, is_stable: bool) -> Configuration:
        if not is_stable:
            raise ConfigurationError((_UNSTABLE,))
        return self.sources.load()

    def _find_faults(self, error: Exception) -> list[str]:
        if isinstance(error, ConfigurationError):
            source = error.source or self.sources.source
            return [f"{source}: {fault}" for fault in error.faults]
        is_sentence = isinstance(error, (AwsError, ListenError))
        return [str(error) if is_sentence else f"{type(error).__name__}: {error}"]

    def _set_up_logging(self, configuration: Configuration) -> None:
        options = configuration.global_options
        is_detached = options["daemon"] in COMMANDS_THAT_START
        settings = LogSettings(
            find_path=self.sources.find_path,
            is_dry_run=options["dry_run"],
            is_one_off=options["run_once"],
            own_log=self.sources.find_own_log(options["instance"]) if is_detached else None,
        )
        set_up_logging(configuration.logging_options, settings)

    def _check(self, opened: ActiveConfiguration) -> bool:
        """Check once, hand the report to the observers, and return whether all went well."""
        started = time.monotonic()
        report = isolate("the check", self._run_check, opened)
        seconds = time.monotonic() - started
        if isinstance(report, AwsError):
            notices, is_stopping = opened.account.conditions.in_force, self.requests.is_stopping()
            report = CheckReport(error=report, notices=notices, is_cut_short=is_stopping)
        report = replace(report, notices=(*self.workers.conditions.in_force, *report.notices))
        opened.log.write(report)
        for observe in opened.observers:
            failure = isolate("the report of the check", observe, report, seconds)
            if failure is not None:
                _log_unexpected(failure)
        unpublished = self._publish(opened, report)
        seconds = time.monotonic() - started
        is_slow = opened.is_daemon and seconds > opened.interval_seconds
        slow = f"a check takes longer than check-interval {opened.interval_seconds} s: increase it"
        self.workers.conditions.set("slow", slow if is_slow else None)
        opened.log.write_end(report, unpublished, seconds, new=self.workers.conditions.in_force)
        return report.is_well

    def _publish(self, opened: ActiveConfiguration, report: CheckReport) -> Sequence[Unpublished]:
        """Publish what a check reports and what fails, and return what was not published.

        This follows the log of the report, because a topic may take long to answer.
        """
        now = datetime.now(timezone.utc)
        failures = isolate("the messages about failures", opened.failures.prepare, report, now)
        if isinstance(failures, AwsError):
            _log_unexpected(failures)
            failures = ()
        messages = (*((one,) for one in failures), *report.messages)
        unpublished = isolate("the publishing", opened.check.publish, messages)
        if isinstance(unpublished, AwsError):
            unpublished = tuple(
                Unpublished(message, unpublished, is_uncertain=True) for each in messages for message in each
            )
        failure = isolate("the memory of failures", opened.failures.note, unpublished, now)
        if failure is not None:
            _log_unexpected(failure)
        return unpublished

    def _run_check(self, opened: ActiveConfiguration) -> CheckReport:
        """Run a check, and what comes before it; raise AwsError without credentials."""
        if self.before_check is not None:
            self.before_check()
        self._look_for_others(opened)
        # Before the look-up of credentials, whose duration varies: checks must not seem too close.
        now = datetime.now(timezone.utc)
        self._prepare_check(opened.account)
        return opened.check.run(now)

    def _look_for_others(self, opened: ActiveConfiguration) -> None:
        """Warn about other runs with the same counts: they may not know about each other's updates."""
        options = opened.configuration.global_options
        if options["dry_run"]:
            self.presence.leave()
            return
        self.presence.enter(self.sources.find_state_path(options), options["region"])
        others = ", ".join(map(str, self.presence.find_others()))
        sentence = (
            f"another run also scales {options['region']} as instance {options['instance']} (pid {others}):"
            " stop one of them, or give it its own --instance and tables"
        )
        self.workers.conditions.set("others", sentence if others else None)

    def _prepare_check(self, account: AwsAccount) -> None:
        """Look up credentials unless a reload has just done so; raise AwsError."""
        is_prepared, self.prepared = self.prepared is account, None
        failure = ""
        try:
            if not is_prepared:
                account.prepare()
        except AwsError as error:
            failure = str(error)
            raise
        finally:
            on_ready, self.on_ready = self.on_ready, None
            if on_ready is not None and not self.requests.is_stopping():
                on_ready(failure)


def _log_unexpected(error: AwsError) -> None:
    LOGGER.error("%s", error, exc_info=error.__cause__)
