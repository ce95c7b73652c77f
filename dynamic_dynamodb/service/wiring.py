"""Build a check of AWS from a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.aws.account import open_account
from dynamic_dynamodb.check.check import Check
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.failure_messages import Sender
from dynamic_dynamodb.check.failures import Rules, Subscription
from dynamic_dynamodb.check.ports import NoCircuitBreaker, World
from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.silence import MetricsSilence, find_longest_step
from dynamic_dynamodb.check.state import AccountMemory, find_life, find_spacing
from dynamic_dynamodb.config.sources import COMMANDS_THAT_START
from dynamic_dynamodb.service.check_log import CheckLog, LogChoices, PlaceLog
from dynamic_dynamodb.service.failure_watch import FailureWatch
from dynamic_dynamodb.service.logs import find_log_file
from dynamic_dynamodb.service.place_check import PlaceCheck
from dynamic_dynamodb.service.state_file import StateFile
from dynamic_dynamodb.service.status.keeper import StatusKeeper, StatusSettings
from dynamic_dynamodb.service.status.snapshot import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from dynamic_dynamodb.aws.account import AwsAccount, Workers
    from dynamic_dynamodb.aws.credential_pool import CredentialPool
    from dynamic_dynamodb.check.ports import CircuitBreaker
    from dynamic_dynamodb.check.resilience import CallBudget, Timeouts
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.place_check import PlaceSettings


@dataclass(frozen=True, slots=True)
class Opening:
    """What all places of a configuration are opened with; `started` is when the process began its work."""

    pool: CredentialPool
    configuration: Configuration
    sources: ConfigSources
    settings: PlaceSettings
    timeouts: Timeouts
    started: datetime


def open_state_file(
    options: Mapping[str, Any], sources: ConfigSources, place: Place, conditions: Conditions | None = None
) -> StateFile:
    """Return the state file of a place; a problem with it is set as one of the conditions."""
    return StateFile(
        sources.find_state_path(options),
        place.region,
        conditions or Conditions(),
        account=place.owner,
        label=place.label,
        is_own=place.role is None,
    )


def open_memory(options: Mapping[str, Any], file: StateFile) -> AccountMemory:
    """Return the memory of the checks of a place by these global options."""
    interval, is_daemon = int(options["check_interval"]), not options["run_once"]
    return AccountMemory(
        life=find_life(interval),
        spacing=find_spacing(interval) if is_daemon else timedelta(),
        file=file,
        silence=MetricsSilence(find_longest_step(interval)),
        resting=RestingTargets.every(options["quiet_check_interval"] if is_daemon else None),
    )


def open_failure_watch(
    options: Mapping[str, Any], place: Place, file: StateFile, memory: AccountMemory
) -> FailureWatch:
    """Return what follows the failures of a place by these global options.

    A problem with the state file is a condition that `memory` sets.
    """
    subscription = Subscription(options["sns_topic_arn"] or None, frozenset(options["sns_message_types"]))
    return FailureWatch(
        file,
        Rules(memory.life, memory.spacing, subscription, place.owner),
        Sender(place.region, options["instance"], place.label),
        is_dry_run=options["dry_run"],
    )


def open_status(
    configuration: Configuration,
    sources: ConfigSources,
    place: Place,
    started: datetime,
) -> StatusKeeper:
    """Return what keeps the status of a place by this configuration."""
    options, log_config = configuration.global_options, configuration.logging_options["log_config_file"]
    is_once = options["run_once"]
    if options["daemon"] in COMMANDS_THAT_START:
        mode = Mode.DAEMON
    else:
        mode = Mode.ONCE if is_once else Mode.FOREGROUND
    files = (sources.path, sources.find_path(log_config) if log_config else None)
    settings = StatusSettings(
        options["instance"],
        mode,
        options["dry_run"],
        started,
        place,
        tuple(str(file) for file in files if file is not None),
        None if is_once else int(options["check_interval"]),
        find_log_file,
    )
    return StatusKeeper(settings)


def open_place(opening: Opening, place: Place, workers: Workers, before: PlaceCheck | None) -> PlaceCheck:
    """Return a place of a configuration; nothing is called yet but what `before` shows to be needed.

    A reload must not give up credentials that work for others that fail: these are looked up now.
    Raises ConfigurationError and AwsError.
    """
    configuration, sources, settings = opening.configuration, opening.sources, opening.settings
    options = configuration.global_options
    cut_short = Event()

    def is_stopping() -> bool:
        return cut_short.is_set() or settings.is_stopping()

    account = open_account(
        configuration,
        workers,
        opening.timeouts,
        is_stopping,
        place=place,
        pool=opening.pool,
        before=before.account if before else None,
    )
    file = open_state_file(options, sources, place, account.conditions)
    memory = open_memory(options, file)
    is_prepared = before is not None and before.account.is_usable
    if is_prepared:
        account.prepare_early()
    return PlaceCheck(
        place,
        settings,
        build_check(configuration, place, memory, account, is_stopping),
        account,
        workers.conditions,
        CheckLog(
            LogChoices.of(configuration), place=PlaceLog(place.label, place.region, place.owner or None)
        ),
        open_status(configuration, sources, place, opening.started),
        open_failure_watch(options, place, file, memory),
        file,
        is_prepared=is_prepared,
        before=before and (before.before or before),  # a place that has not been checked yet has one before
        cut_short=cut_short,
    )


def build_check(
    configuration: Configuration,
    place: Place,
    memory: AccountMemory,
    account: AwsAccount,
    is_stopping: Callable[[], bool],
) -> Check:
    """Return a check of a place by a configuration."""
    options = configuration.global_options
    world = World(
        tables=account.tables,
        metrics=account.metrics,
        notifier=account.notifier,
        circuit_breaker=_open_circuit_breaker(configuration, account.budget),
        lookups=account.workers.lookups,
        updates=account.workers.updates,
        autoscaling=account.autoscaling if options["skip_aws_autoscaled"] else None,
        budget=account.budget,
        clock=account.clock,
        conditions=account.conditions,
        place=place.label,
    )
    return Check(
        world,
        configuration.sections_in(place),
        memory,
        is_dry_run=options["dry_run"],
        is_stopping=is_stopping,
    )


def _open_circuit_breaker(configuration: Configuration, budget: CallBudget) -> CircuitBreaker:
    """Return the client of the circuit breakers; without any, do not load requests, which is slow."""
    sections = [one for table in configuration.sections for one in (table, *table.gsis)]
    if not any(one.circuit_breaker for section in sections for one in section.variants):
        return NoCircuitBreaker()
    from dynamic_dynamodb.service.circuit_breaker import HttpCircuitBreaker  # noqa: PLC0415 - see above

    return HttpCircuitBreaker(configuration.global_options["max_workers"], budget)
