"""Build a check of AWS from a configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.check.check import Check
from dynamic_dynamodb.check.failure_messages import Sender
from dynamic_dynamodb.check.failures import Rules, Subscription
from dynamic_dynamodb.check.ports import NoCircuitBreaker, World
from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.silence import MetricsSilence, find_longest_step
from dynamic_dynamodb.check.state import AccountMemory, find_life, find_spacing
from dynamic_dynamodb.config.sources import COMMANDS_THAT_START
from dynamic_dynamodb.service.failure_watch import FailureWatch
from dynamic_dynamodb.service.logs import find_log_file
from dynamic_dynamodb.service.state_file import StateFile
from dynamic_dynamodb.service.status.file import StatusFile
from dynamic_dynamodb.service.status.keeper import StatusKeeper, StatusSettings
from dynamic_dynamodb.service.status.snapshot import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from dynamic_dynamodb.aws.account import AwsAccount
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.check.ports import CircuitBreaker
    from dynamic_dynamodb.check.resilience import CallBudget
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sources import ConfigSources


def open_memory(
    options: Mapping[str, Any],
    sources: ConfigSources,
    conditions: Conditions,
    before: AccountMemory | None = None,
) -> AccountMemory:
    """Return the memory of checks by these global options; `before` is kept if it is of the same region.

    A problem with its file is set as one of the conditions.
    """
    file = StateFile(sources.find_state_path(options), options["region"], conditions)
    interval, is_daemon = int(options["check_interval"]), not options["run_once"]
    silence = MetricsSilence(find_longest_step(interval))
    memory = AccountMemory(
        life=find_life(interval),
        spacing=find_spacing(interval) if is_daemon else timedelta(),
        file=file,
        silence=silence,
        resting=RestingTargets.every(options["quiet_check_interval"] if is_daemon else None),
    )
    if before is not None and isinstance(before.file, StateFile) and before.file.region == file.region:
        memory.entries = before.entries
        memory.silence = replace(before.silence, longest_step=silence.longest_step)
    return memory


def open_failure_watch(
    options: Mapping[str, Any],
    sources: ConfigSources,
    memory: AccountMemory,
    before: FailureWatch | None = None,
) -> FailureWatch:
    """Return what follows failures by these global options, with what was known `before` of the same region.

    A problem with the state file is a condition that `memory` sets.
    """
    subscription = Subscription(options["sns_topic_arn"] or None, frozenset(options["sns_message_types"]))
    watch = FailureWatch(
        StateFile(sources.find_state_path(options), options["region"]),
        Rules(memory.life, memory.spacing, subscription),
        Sender(options["region"], options["instance"]),
        is_dry_run=options["dry_run"],
    )
    if before is not None:
        watch.continue_from(before)
    return watch


def open_status(
    configuration: Configuration,
    sources: ConfigSources,
    conditions: Conditions,
    started: datetime,
    before: StatusKeeper | None = None,
) -> StatusKeeper:
    """Return what keeps the status of this configuration, with what was known `before` of the same tables.

    A problem with its file is set as one of the conditions.
    """
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
        options["region"],
        tuple(str(file) for file in files if file is not None),
        None if is_once else int(options["check_interval"]),
        find_log_file,
    )
    keeper = StatusKeeper(StatusFile(sources.find_status_path(options), conditions), settings)
    if before is not None:
        keeper.continue_from(before)
    return keeper


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
