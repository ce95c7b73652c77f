"""Build the real adapters and hand them to the loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.session import AwsSession
from dynamic_dynamodb.aws.sns import SnsNotifier
from dynamic_dynamodb.circuit_breaker import HttpCircuitBreaker
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.loop import Adapters, Loop
from dynamic_dynamodb.state import CountStore, find_life
from dynamic_dynamodb.state_file import StateFile, find_state_file
from dynamic_dynamodb.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.config.loader import Configuration

LOOKUPS_AT_ONCE: Final = 16
UPDATES_AT_ONCE: Final = 4
"""AWS refuses some of ten simultaneous updates."""


def open_counts(
    options: Mapping[str, Any], circumstances: Circumstances, before: CountStore | None = None
) -> CountStore:
    """Give the counts of low checks that belong to these global options.

    `before` goes on if it is of the same file and region.
    """
    given = options["state_file"]
    path = (
        circumstances.find_path(given)
        if given
        else circumstances.directory / find_state_file(options["instance"], circumstances.environment)
    )
    life, file = find_life(options["check_interval"]), StateFile(path, options["region"])
    if before is not None and before.file == file:
        before.life = life
        return before
    return CountStore(life, file)


@contextmanager
def build_loop(
    configuration: Configuration, counts: CountStore, is_stopping: Callable[[], bool]
) -> Iterator[Loop]:
    """Build a loop on AWS; its threads end with the context. Raises ConfigurationError without a session."""
    options = configuration.global_options
    try:
        session = AwsSession(
            options["region"],
            options["aws_access_key_id"],
            options["aws_secret_access_key"],
            most_connections=LOOKUPS_AT_ONCE,
            is_stopping=is_stopping,
        )
    except AwsError as error:
        raise ConfigurationError((str(error),)) from error
    tables = DynamoDbTables(session)
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as lookups, ThreadPoolExecutor(UPDATES_AT_ONCE) as updates:
        adapters = Adapters(
            tables=tables,
            metrics=CloudWatchMetrics(session, lookups),
            notifier=SnsNotifier(session),
            circuit_breaker=HttpCircuitBreaker(LOOKUPS_AT_ONCE),
            counts=counts,
            lookups=lookups,
            updates=updates,
        )
        survey = Survey(tables, configuration.sections, counts, lookups)
        yield Loop(adapters, survey, is_dry_run=options["dry_run"], is_stopping=is_stopping)
