"""Build the real adapters and hand them to the loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.session import AwsSession
from dynamic_dynamodb.aws.sns import SnsNotifier
from dynamic_dynamodb.circuit_breaker import HttpCircuitBreaker
from dynamic_dynamodb.loop import Adapters, Loop
from dynamic_dynamodb.state import CountsInMemory
from dynamic_dynamodb.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamic_dynamodb.config.loader import Configuration

LOOKUPS_AT_ONCE: Final = 16
UPDATES_AT_ONCE: Final = 4
"""AWS refuses some of ten simultaneous updates."""


@contextmanager
def build_loop(configuration: Configuration, is_stopping: Callable[[], bool]) -> Iterator[Loop]:
    """Build a loop on AWS; its threads end with the context. Raises AwsError if boto3 has no session."""
    options = configuration.global_options
    session = AwsSession(
        options["region"],
        options["aws_access_key_id"],
        options["aws_secret_access_key"],
        most_connections=LOOKUPS_AT_ONCE,
    )
    tables, counts = DynamoDbTables(session), CountsInMemory()
    with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as lookups, ThreadPoolExecutor(UPDATES_AT_ONCE) as updates:
        adapters = Adapters(
            tables=tables,
            metrics=CloudWatchMetrics(session, lookups),
            notifier=SnsNotifier(session),
            circuit_breaker=HttpCircuitBreaker(),
            counts=counts,
            lookups=lookups,
            updates=updates,
        )
        survey = Survey(tables, configuration.sections, counts, lookups)
        yield Loop(adapters, survey, is_dry_run=options["dry_run"], is_stopping=is_stopping)
