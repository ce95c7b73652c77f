"""Build the real adapters and hand them to the loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.history import CloudWatchHistory
from dynamic_dynamodb.aws.session import AwsSession, Credentials
from dynamic_dynamodb.aws.sns import SnsNotifier
from dynamic_dynamodb.circuit_breaker import HttpCircuitBreaker
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.loop import Adapters, Loop
from dynamic_dynamodb.patience import Patience
from dynamic_dynamodb.state import CountStore
from dynamic_dynamodb.state_file import StateFile, find_state_file
from dynamic_dynamodb.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor

    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.patience import Timeouts

SERVICES: Final = ("dynamodb", "cloudwatch", "sns")
AUTOSCALING_SERVICE: Final = "application-autoscaling"
UPDATES_AT_ONCE: Final = 4
"""AWS refuses some of ten simultaneous updates."""


def open_counts(
    options: Mapping[str, Any], circumstances: Circumstances, before: CountStore | None = None
) -> CountStore:
    """Give the counts of low checks that belong to these global options.

    `before` goes on if it is of the same file and region; with another file, what it heard of the region's
    CloudWatch does.
    """
    given = options["state_file"]
    path = (
        circumstances.find_path(given)
        if given
        else circumstances.directory / find_state_file(options["instance"], circumstances.environment)
    )
    file = StateFile(path, options["region"])
    if before is None:
        return CountStore(file=file)
    if before.file == file:
        return before
    is_same_region = isinstance(before.file, StateFile) and before.file.region == file.region
    return CountStore(file=file, heard=before.heard if is_same_region else None)


@dataclass(frozen=True, slots=True)
class Workers:
    """Threads for look-ups and for updates; they last as long as the process, whatever is read again.

    There are as many sets for look-ups as there were numbers of workers asked for: idle ones cost nothing.
    """

    stack: ExitStack
    updates: Executor
    lookups: dict[int, Executor] = field(default_factory=dict)

    def for_lookups(self, at_once: int) -> Executor:
        """Give the threads that make so many look-ups at once."""
        if at_once not in self.lookups:
            self.lookups[at_once] = self.stack.enter_context(ThreadPoolExecutor(at_once))
        return self.lookups[at_once]


@contextmanager
def start_workers() -> Iterator[Workers]:
    """Give workers that end with the context; a thread begins only when it is needed."""
    with ExitStack() as stack:
        yield Workers(stack, stack.enter_context(ThreadPoolExecutor(UPDATES_AT_ONCE)))


def _open_session(
    options: Mapping[str, Any],
    services: tuple[str, ...],
    patience: Patience,
    is_stopping: Callable[[], bool],
) -> AwsSession:
    try:
        return AwsSession(
            Credentials(options["region"], options["aws_access_key_id"], options["aws_secret_access_key"]),
            services,
            most_connections=max(options["max_workers"], UPDATES_AT_ONCE),
            patience=patience,
            is_stopping=is_stopping,
        )
    except AwsError as error:
        raise ConfigurationError((str(error),)) from error


def build_history(configuration: Configuration, workers: Workers) -> tuple[Survey, CloudWatchHistory]:
    """Build what a recording needs of AWS. Raises ConfigurationError without a session."""
    options = configuration.global_options
    patience = Patience()
    session = _open_session(options, SERVICES, patience, lambda: False)
    lookups = workers.for_lookups(options["max_workers"])
    survey = Survey(
        DynamoDbTables(session, lookups, patience.timeouts), configuration.sections, CountStore(), lookups
    )
    return survey, CloudWatchHistory(session, patience)


def build_loop(
    configuration: Configuration,
    counts: CountStore,
    workers: Workers,
    is_stopping: Callable[[], bool],
    timeouts: Timeouts,
) -> Loop:
    """Build a loop on AWS. Raises ConfigurationError without a session."""
    options = configuration.global_options
    at_once, is_skipping = options["max_workers"], options["skip_aws_autoscaled"]
    patience, lookups = Patience(timeouts), workers.for_lookups(at_once)
    services = (*SERVICES, AUTOSCALING_SERVICE) if is_skipping else SERVICES
    session = _open_session(options, services, patience, is_stopping)
    tables = DynamoDbTables(session, lookups, timeouts)
    adapters = Adapters(
        tables=tables,
        metrics=CloudWatchMetrics(session, lookups, timeouts),
        notifier=SnsNotifier(session),
        circuit_breaker=HttpCircuitBreaker(at_once, patience),
        counts=counts,
        lookups=lookups,
        updates=workers.updates,
        patience=patience,
    )
    autoscaling = ApplicationAutoScaling(session) if is_skipping else None
    survey = Survey(tables, configuration.sections, counts, lookups, autoscaling, timeouts)
    return Loop(adapters, survey, is_dry_run=options["dry_run"], is_stopping=is_stopping)
