"""Open what calls of one AWS account and region go through."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.botocore_setup import make_clients
from dynamic_dynamodb.aws.client import AwsClient
from dynamic_dynamodb.aws.credentials import Credentials
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.history import CloudWatchHistory
from dynamic_dynamodb.aws.permissions import PUBLISH, list_topics
from dynamic_dynamodb.aws.workers import WorkerPool
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.resilience import CallBudget, Waits
from dynamic_dynamodb.errors import AwsError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.resilience import Timeouts
    from dynamic_dynamodb.config.loader import Configuration

UPDATES_AT_ONCE: Final = 4
"""AWS refuses some of ten simultaneous updates."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Threads for look-ups and for updates; they last as long as the process, whatever is read again."""

    lookups: WorkerPool
    updates: WorkerPool
    conditions: Conditions
    """The conditions of the process, which do not depend on its configuration."""


@contextmanager
def start_workers() -> Iterator[Workers]:
    """Give workers; a thread begins only when it is needed, and none keeps the process from ending."""
    conditions = Conditions()
    workers = Workers(
        WorkerPool("look-ups", 1, conditions), WorkerPool("updates", UPDATES_AT_ONCE, conditions), conditions
    )
    try:
        yield workers
    finally:
        workers.lookups.close()
        workers.updates.close()


class SnsNotifier:
    """SNS in one region."""

    def __init__(self, client: AwsClient) -> None:
        """Keep the client; nothing is called yet."""
        self._client = client

    def publish(self, message: Message) -> None:
        """Publish one message; raise AwsError."""
        self._client.call(
            PUBLISH,
            "publish",
            lambda answer: answer["MessageId"],
            TopicArn=message.topic,
            Subject=message.subject,
            Message=message.body,
        )


def open_session(
    configuration: Configuration,
    timeouts: Timeouts,
    is_stopping: Callable[[], bool],
    before: AwsClient | None = None,
) -> AwsClient:
    """Open a session, which calls nobody yet and goes on with the credentials and the clock of one before.

    Raises ConfigurationError for keys that cannot be sent and for a region that cannot be.
    """
    options = configuration.global_options
    key_id, secret_key = options["aws_access_key_id"], options["aws_secret_access_key"]
    try:
        credentials = Credentials(
            options["region"],
            (key_id, secret_key) if key_id and secret_key else None,
            timeouts=timeouts,
            is_stopping=is_stopping,
        )
        session = AwsClient(
            credentials,
            partial(
                make_clients,
                _list_services(configuration),
                region=credentials.region,
                credential_provider=credentials,
                timeouts=timeouts,
                most_connections=max(options["max_workers"], UPDATES_AT_ONCE),
            ),
            budget=CallBudget(timeouts),
            is_stopping=is_stopping,
        )
    except AwsError as error:
        raise ConfigurationError((str(error),)) from error
    if before is not None:
        credentials.adopt(before.credentials)
        session.clock.known = before.clock.known
    return session


def _list_services(configuration: Configuration) -> list[str]:
    """Return the services that a configuration uses: each client takes time to make."""
    services = ["dynamodb", "cloudwatch"]
    if list_topics(configuration):
        services.append("sns")
    if configuration.global_options["skip_aws_autoscaled"]:
        services.append("application-autoscaling")
    return services


def build_history(
    configuration: Configuration, workers: Workers, session: AwsClient
) -> tuple[Discovery, CloudWatchHistory]:
    """Build what a recording needs of AWS."""
    lookups = workers.lookups
    lookups.resize(configuration.global_options["max_workers"])
    tables = DynamoDbTables(session, lookups, Waits.for_lookups(session.budget.timeouts))
    discovery = Discovery(tables, configuration.sections, lookups, conditions=session.conditions)
    return discovery, CloudWatchHistory(session)
