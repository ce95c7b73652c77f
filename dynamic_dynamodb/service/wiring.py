"""Build the real adapters and hand them to the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.sns import SnsNotifier
from dynamic_dynamodb.check.check import Adapters, Check
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.resilience import Waits
from dynamic_dynamodb.check.state import CountStore
from dynamic_dynamodb.service.circuit_breaker import HttpCircuitBreaker
from dynamic_dynamodb.service.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynamic_dynamodb.aws.account import Workers
    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources


def open_counts(
    options: Mapping[str, Any], sources: ConfigSources, before: CountStore | None = None
) -> CountStore:
    """Give the counts of low checks that belong to these global options.

    `before` goes on if it is of the same file and region; with another file, what it knows goes on.
    """
    file = StateFile(sources.find_state_path(options), options["region"])
    if before is None:
        return CountStore(file=file)
    if before.file == file:
        return before
    if isinstance(before.file, StateFile) and before.file.region == file.region:
        return CountStore(file=file, entries=before.entries, heard=before.heard)
    return CountStore(file=file)


def build_check(
    configuration: Configuration,
    counts: CountStore,
    workers: Workers,
    session: AwsClient,
    is_stopping: Callable[[], bool],
) -> Check:
    """Build a loop on AWS."""
    options = configuration.global_options
    at_once, patience, lookups = options["max_workers"], session.patience, workers.lookups
    waits = Waits.for_lookups(patience.timeouts, is_stopping)
    tables = DynamoDbTables(session, lookups, waits)
    adapters = Adapters(
        tables=tables,
        metrics=CloudWatchMetrics(session, lookups, waits),
        notifier=SnsNotifier(session),
        circuit_breaker=HttpCircuitBreaker(at_once, patience),
        counts=counts,
        lookups=lookups,
        updates=workers.updates,
        patience=patience,
        clock=session.clock,
    )
    autoscaling = ApplicationAutoScaling(session) if options["skip_aws_autoscaled"] else None
    discovery = Discovery(tables, configuration.sections, counts, lookups, autoscaling, waits)
    return Check(adapters, discovery, is_dry_run=options["dry_run"], is_stopping=is_stopping)
