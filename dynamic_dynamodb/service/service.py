"""Run checks, once or at an interval until a stop is requested, and reload the configuration."""

from __future__ import annotations

import gc
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb import __version__
from dynamic_dynamodb.aws.account import Workers, make_workers
from dynamic_dynamodb.aws.credential_pool import CredentialPool
from dynamic_dynamodb.aws.deadlines import watch_deadlines
from dynamic_dynamodb.check.resilience import Timeouts
from dynamic_dynamodb.config.lowered_limits import describe_lowered_limits
from dynamic_dynamodb.config.sources import COMMANDS_THAT_START
from dynamic_dynamodb.errors import AwsError, ConfigurationError, ListenError
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.check_log import ChangeLog, PlaceLog
from dynamic_dynamodb.service.check_runs import CheckRuns
from dynamic_dynamodb.service.logs import LogSettings, set_up_logging
from dynamic_dynamodb.service.place_check import FirstLookups, PlaceSettings
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.reload import MOST_WAIT_SECONDS, ReloadWait
from dynamic_dynamodb.service.status.board import StatusBoard, find_write_delay
from dynamic_dynamodb.service.status.file import StatusFile
from dynamic_dynamodb.service.web.host import WebHost
from dynamic_dynamodb.service.web.site import Site
from dynamic_dynamodb.service.wiring import Opening, open_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.resilience import CallBudget
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.place_check import Observer, PlaceCheck
    from dynamic_dynamodb.service.reload import NoteKeeper
    from dynamic_dynamodb.service.signals import SignalRequests

_GLANCE_SECONDS: Final = 0.1
"""How often a reload looks whether its credentials have been looked up."""
_UNSTABLE: Final = f"the file kept changing for {MOST_WAIT_SECONDS:.0f} s: reload again when it is complete"


@dataclass(frozen=True, slots=True)
class ActiveConfiguration:
    """A configuration in force, with the checks of its places, and the status of all of them."""

    configuration: Configuration
    places: tuple[PlaceCheck, ...]
    board: StatusBoard

    @property
    def interval_seconds(self) -> int:
        """Return the seconds from the start of one check of a place to the start of the next."""
        return int(self.configuration.global_options["check_interval"])

    @property
    def is_daemon(self) -> bool:
        """Return whether there is a next check."""
        return not self.configuration.global_options["run_once"]

    @property
    def budget(self) -> CallBudget:
        """Return what counts the calls of the main thread: those of an only place, or of a reload."""
        return self.places[0].account.budget


@dataclass(frozen=True, slots=True)
class _Coming:
    """A configuration that has been read again, while its credentials are looked up."""

    configuration: Configuration
    pool: CredentialPool


@dataclass(slots=True)
class Service:
    """Runs checks, by one configuration after the other.

    `before_check` is called before each check: a daemon shows there that it is alive. `notes` keeps the
    outcome of reloads, for the command that waits for it.
    """

    sources: ConfigSources
    requests: SignalRequests
    workers: Workers
    before_check: Callable[[], None] | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    reload_wait: ReloadWait | None = None
    """The wait of a reload until its file is stable."""
    notes: NoteKeeper | None = None
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    pulse: Pulse = field(default_factory=Pulse)
    web: WebHost | None = None
    """Where the pages are served; None does not listen, as in the check before a restart."""
    changes: ChangeLog = field(default_factory=ChangeLog)
    """The log of conditions that concern all of several places."""
    runs: CheckRuns = field(init=False)
    opened: ActiveConfiguration | None = None
    """The configuration in force."""
    _coming: _Coming | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Start without a check."""
        self.runs = CheckRuns(self.requests.wake, self.workers.conditions)

    def open(
        self,
        configuration: Configuration,
        before: ActiveConfiguration | None = None,
        pool: CredentialPool | None = None,
    ) -> ActiveConfiguration:
        """Put a configuration in force, in place of an older one if there is one.

        Its credentials are those of `pool`, by default of one that is opened now. Raises ConfigurationError
        if it cannot be used, ListenError if its address cannot be listened on, and AwsError if a place has no
        credentials although it has them by the older one.
        """
        options = configuration.global_options
        pool = self._open_pool(configuration, before) if pool is None else pool
        settings = self._choose_settings(configuration)
        opening = Opening(pool, configuration, self.sources, settings, self.timeouts, self.started)
        known = {one.place.owned: one for one in before.places} if before else {}
        places = tuple(
            open_place(opening, one, self._find_workers(one, known.get(one.owned)), known.get(one.owned))
            for one in configuration.places
        )
        server = self.web.bind(options["listen"]) if self.web is not None else None
        self._set_up_logging(configuration)
        if self.web is not None:
            self.web.switch(server)
        # Not before: a configuration that cannot be put in force must change nothing.
        board = self._open_board(places, options, before)
        for one in places:
            one.account.workers.lookups.resize(options["max_workers"])
            one.take_over()
            one.observers = self._list_observers(one, is_listening=server is not None)
        self._close_workers(known.values(), [one.account.workers for one in places])
        return ActiveConfiguration(configuration, places, board)

    def _open_pool(
        self, configuration: Configuration, before: ActiveConfiguration | None = None
    ) -> CredentialPool:
        """Return the credentials of all accounts; raise ConfigurationError.

        In a reload with several places, look-ups that are due have been started: checks do not wait for them.
        """
        pool = CredentialPool(
            configuration,
            self.timeouts,
            self.requests.is_stopping,
            observers=self.workers.observers,
            before=before.places[0].account.pool if before else None,
        )
        if len(configuration.places) > 1 or (before is not None and len(before.places) > 1):
            pool.start_early()
        return pool

    def _open_board(
        self, places: Sequence[PlaceCheck], options: Mapping[str, Any], before: ActiveConfiguration | None
    ) -> StatusBoard:
        """Return the status of all places, in place of the one of an older configuration, and show it."""
        file = StatusFile(self.sources.find_status_path(options), self.workers.conditions)
        board = StatusBoard(
            file, tuple(one.status for one in places), find_write_delay(options["check_interval"])
        )
        if before is not None:
            before.board.retire()
            board.continue_from(before.board)
        if self.web is not None:
            self.web.site.show(board, options["check_interval"])
        return board

    def _choose_settings(self, configuration: Configuration) -> PlaceSettings:
        options = configuration.global_options
        return PlaceSettings(
            instance=options["instance"],
            state_path=self.sources.find_state_path(options),
            is_dry_run=options["dry_run"],
            interval_seconds=None if options["run_once"] else int(options["check_interval"]),
            is_stopping=self.requests.is_stopping,
            before_check=self._show_alive,
            pulse=self.pulse,
        )

    def _show_alive(self) -> None:
        if self.before_check is not None:
            with self._lock:
                self.before_check()

    def _find_workers(self, place: Place, before: PlaceCheck | None) -> Workers:
        """Return the threads of a place: a place that hangs must not keep those of another busy.

        They outlive a configuration, like those of an only place, unless the place gets another name.
        """
        if not place.label:
            return self.workers
        if before is not None and before.place.label == place.label:
            return before.account.workers
        return make_workers(self._watch_attempts(PlaceLog(place.label, place.region, place.owner or None)))

    def _close_workers(self, places: Iterable[PlaceCheck], kept: Sequence[Workers] = ()) -> None:
        """Let the threads of several places end when they are idle, but those that are kept."""
        for workers in (one.account.workers for one in places):
            if workers is not self.workers and workers not in kept:
                workers.close()

    def _watch_attempts(self, log: PlaceLog) -> list[Callable[[Attempt], None]]:
        """Return what follows the calls to AWS of a place, or of the program itself."""
        if self.web is None:
            return [log.log_attempt]
        return [log.log_attempt, partial(self.web.site.count_attempt, log.name)]

    def _list_observers(self, place: PlaceCheck, *, is_listening: bool) -> tuple[Observer, ...]:
        keeper = place.status
        observers: list[Observer] = [keeper.observe]
        if self.web is not None:
            observers.append(partial(self.web.site.observe, keeper))
            if is_listening:
                observers.append(partial(self.web.site.record, keeper))
        return tuple(observers)

    def run(self, configuration: Configuration, on_ready: Callable[[str], None] | None = None) -> bool:
        """Run once, or until a stop is requested; return whether every check succeeded.

        `on_ready` is called after the first look-up of credentials in each place, with what cannot be checked
        yet, else "". Raises ConfigurationError if the configuration cannot be used, and OSError if
        its address cannot be listened on, or without enough threads.
        """
        first = FirstLookups(on_ready, configuration.places) if on_ready is not None else None
        watch_deadlines()
        if not configuration.global_options["run_once"]:
            self.web = WebHost(Site(self.pulse))
        self.workers.observers.extend(self._watch_attempts(PlaceLog()))
        self.opened = self.open(configuration)
        try:
            is_well = self._run(self.opened, first)
        finally:
            self._close(self.opened)
        if self.opened.is_daemon:
            LOGGER.info("stopped")
        return is_well

    def _close(self, opened: ActiveConfiguration) -> None:
        opened.board.flush()
        self._log_conditions(opened)
        for one in opened.places:
            one.presence.leave()
        self._close_workers(opened.places)
        if self.web is not None:
            self.web.close()

    def _run(self, opened: ActiveConfiguration, first: FirstLookups | None) -> bool:
        following: ActiveConfiguration | None = opened
        while following is not None:
            self.opened = opened = following
            if self.notes is not None:
                self.notes.set_status(opened.board.file.path)
            self._introduce(opened.configuration)
            if not opened.is_daemon:
                return self.runs.run_once(opened.places, first)
            following = self._run_until_stopped(opened, first)
            gc.collect()  # botocore's sessions are cycles, and hold sockets
        self.runs.wait_for_all()
        return True

    def _introduce(self, configuration: Configuration) -> None:
        options, names = configuration.global_options, [one.name for one in configuration.places]
        mode = "once" if options["run_once"] else f"every {options['check_interval']} s"
        where = options["region"] if len(names) == 1 else f"{len(names)} places"
        facts = (__version__, where, mode, options["instance"])
        LOGGER.info("Dynamic DynamoDB %s checks %s %s, instance %s", *facts)
        if len(names) > 1:
            LOGGER.info("the places are %s", ", ".join(names))
        for warning in configuration.warnings:
            LOGGER.warning("%s", warning)

    def _run_until_stopped(
        self, opened: ActiveConfiguration, first: FirstLookups | None
    ) -> ActiveConfiguration | None:
        """Run checks until a stop is requested; return a new configuration as soon as there is one."""
        self.runs.begin(opened.places)
        while not self.requests.is_stopping():
            self.pulse.work(opened.budget)
            self.runs.start_due(opened.interval_seconds, first)
            successor = self._wait(opened)
            if successor is not None:
                return successor
        return None

    def _wait(self, opened: ActiveConfiguration) -> ActiveConfiguration | None:
        """Wait for the next check, and handle signals; return as soon as there is a new configuration."""
        while not self.requests.is_stopping():
            self._log_conditions(opened)
            if self.requests.take_reopen_request():
                self._reopen_logs(opened.configuration)
            if self.requests.take_reload_request() and self.reload_wait is None:
                self.reload_wait = ReloadWait(self.sources.path, time.monotonic())
            wait, unstable_seconds = self.reload_wait, math.inf
            if wait is not None and self._coming is None:
                unstable_seconds = wait.find_seconds_left(time.monotonic(), time.time())
                if not unstable_seconds:
                    self.reload_wait, unstable_seconds = None, math.inf
                    self._begin_reload(opened, is_stable=not wait.is_timed_out)
            if self._coming is not None and self._coming.pool.is_ready:
                successor = self._end_reload(opened, self._coming)
                if successor is not None:
                    return successor
            left = self.runs.find_next(opened.interval_seconds) - time.monotonic()
            if left <= 0:
                break
            wait_seconds = min(left, unstable_seconds, math.inf if self._coming is None else _GLANCE_SECONDS)
            self.pulse.rest(wait_seconds)
            self.requests.wait(wait_seconds)
            self.pulse.work(opened.budget)
        return None

    def _log_conditions(self, opened: ActiveConfiguration) -> None:
        """Log the conditions of the process; an only place reports them with its own."""
        if len(opened.places) > 1:
            self.changes.update_all(self.workers.conditions.in_force)

    def _reopen_logs(self, configuration: Configuration) -> None:
        try:
            self._set_up_logging(configuration)
        except ConfigurationError as error:
            LOGGER.error("cannot reopen the logs: %s", "; ".join(error.faults))  # noqa: TRY400 - a sentence
        else:
            LOGGER.info("logs reopened")

    def _begin_reload(self, old: ActiveConfiguration, *, is_stable: bool) -> None:
        """Read the configuration again, and start the look-ups of its credentials."""
        if self.notes is not None:
            self.notes.begin_reload()
        try:
            configuration = self._load_again(is_stable=is_stable)
            self._coming = _Coming(configuration, self._open_pool(configuration, old))
        except Exception as error:  # noqa: BLE001 - of any kind: the old configuration works
            self._keep_old(old, error)

    def _keep_old(self, old: ActiveConfiguration, error: Exception) -> None:
        """Log why a reload has failed."""
        with suppress(Exception):  # the log stays as it is
            self._set_up_logging(old.configuration)
        faults = self._find_faults(error)
        for fault in faults:
            LOGGER.error("reload failed, keeping the old configuration: %s", fault)
        self._note(f"reload failed, keeping the old configuration: {'; '.join(faults)}")
        LOGGER.debug("the error of this reload", exc_info=error)

    def _end_reload(self, old: ActiveConfiguration, coming: _Coming) -> ActiveConfiguration | None:
        """Put a configuration in force and reopen the logs; return None if it cannot be used."""
        self._coming = None
        try:
            successor = self.open(coming.configuration, old, coming.pool)
        except Exception as error:  # noqa: BLE001 - of any kind: the old configuration works
            self._keep_old(old, error)
            return None
        lowered = describe_lowered_limits(old.configuration, successor.configuration)
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
