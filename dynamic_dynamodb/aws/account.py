"""Open one AWS account in one region: everything that a check or a recording calls there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError
from botocore.utils import validate_region_name

from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
from dynamic_dynamodb.aws.botocore_setup import make_clients
from dynamic_dynamodb.aws.client import AwsClient
from dynamic_dynamodb.aws.cloudwatch import CloudWatchMetrics
from dynamic_dynamodb.aws.credential_pool import CredentialPool
from dynamic_dynamodb.aws.dynamodb import DynamoDbTables
from dynamic_dynamodb.aws.history import CloudWatchHistory
from dynamic_dynamodb.aws.notifier import SnsNotifier
from dynamic_dynamodb.aws.permissions import list_topics
from dynamic_dynamodb.aws.prices import PriceList, find_endpoint
from dynamic_dynamodb.aws.workers import WorkerPool
from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.resilience import CallBudget, Waits
from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dynamic_dynamodb.aws.attempts import Observer
    from dynamic_dynamodb.aws.credentials import Credentials
    from dynamic_dynamodb.check.resilience import Timeouts
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place

UPDATES_AT_ONCE: Final = 4
"""AWS refuses some of ten simultaneous updates."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Threads for look-ups and for updates, which last as long as the process, across reloads."""

    lookups: WorkerPool
    updates: WorkerPool
    conditions: Conditions
    """The conditions of the process, which do not depend on its configuration."""
    observers: list[Observer] = field(default_factory=list)
    """Called after each attempt of a call to AWS, in the thread that made it."""

    def close(self) -> None:
        """Let the threads end when they are idle; do not wait for them."""
        self.lookups.close()
        self.updates.close()


def make_workers(observers: list[Observer] | None = None) -> Workers:
    """Return workers; a thread starts when it is needed, and none keeps the process from ending."""
    conditions = Conditions()
    return Workers(
        WorkerPool("look-ups", 1, conditions),
        WorkerPool("updates", UPDATES_AT_ONCE, conditions),
        conditions,
        [] if observers is None else observers,
    )


@contextmanager
def start_workers() -> Iterator[Workers]:
    """Return workers that are closed in the end."""
    workers = make_workers()
    try:
        yield workers
    finally:
        workers.close()


class AwsAccount:
    """One account in one region: its services, called with one set of credentials."""

    def __init__(
        self,
        client: AwsClient,
        workers: Workers,
        waits: Waits,
        pool: CredentialPool,
        notifier: SnsNotifier,
    ) -> None:
        """Build the other adapters; nothing is called yet."""
        self.client = client
        self.workers = workers
        self.place = place = notifier.place
        self.pool = pool
        self.tables = DynamoDbTables(client, workers.lookups, waits, place.label)
        self.metrics = CloudWatchMetrics(client, workers.lookups, waits)
        self.history = CloudWatchHistory(client)
        self.autoscaling = ApplicationAutoScaling(client, place.label)
        self.prices = PriceList(client)
        self.notifier = notifier
        self.budget = client.budget
        self.clock = client.clock
        self.conditions = client.conditions

    @property
    def is_usable(self) -> bool:
        """Return whether it has been prepared, and its credentials have not expired."""
        return self.client.is_usable

    @property
    def account_id(self) -> str:
        """Return the twelve digits of the account; empty where it is unknown or need not be known."""
        if self.place.role is not None:
            return self.place.role.account_id
        return self.pool.own_account.account_id if self.pool.own_account else ""

    def prepare(self) -> None:
        """Start a check: see `AwsClient.prepare`, and find the id of the account if it must be known.

        Raises AwsError.
        """
        self.client.prepare()
        self._identify()

    def prepare_early(self) -> None:
        """Prepare the first check in a reload; raise AwsError.

        A look-up that has ended, for another region of the account, is not repeated.
        """
        if self.client.credentials.has_looked_up:
            self.client.open()
        else:
            self.client.prepare()
        self._identify()

    def _identify(self) -> None:
        if self.place.role is None and self.pool.own_account is not None:
            self.pool.own_account.identify(self.place, self.conditions)


def open_account(  # noqa: PLR0913 - of which three are keywords
    configuration: Configuration,
    workers: Workers,
    timeouts: Timeouts,
    is_stopping: Callable[[], bool],
    *,
    place: Place | None = None,
    pool: CredentialPool | None = None,
    before: AwsAccount | None = None,
) -> AwsAccount:
    """Return a place of a configuration, by default its first one; nothing is called yet.

    Its credentials are those of `pool`, by default of a pool of its own, which uses what `before`, the
    account of the previous configuration, has found. What that account's clock knows is used in any case.
    Raises ConfigurationError for unusable keys and for a region that cannot exist.
    """
    options = configuration.global_options
    place = configuration.places[0] if place is None else place
    try:
        validate_region_name(place.region)
    except BotoCoreError as error:
        raise ConfigurationError((str(error),)) from error
    if pool is None:
        pool = CredentialPool(
            configuration,
            timeouts,
            is_stopping,
            observers=workers.observers,
            before=before.pool if before else None,
        )
    budget = CallBudget(timeouts)

    def open_client(credentials: Credentials, services: Mapping[str, str]) -> AwsClient:
        client = AwsClient(
            credentials,
            partial(
                make_clients,
                services,
                profile=options["aws_profile"],
                credential_provider=credentials,
                timeouts=timeouts,
                most_connections=max(options["max_workers"], UPDATES_AT_ONCE),
            ),
            budget=budget,
            is_stopping=is_stopping,
        )
        client.observers = workers.observers
        return client

    credentials = pool.find(place)
    client = open_client(credentials, list_services(configuration, place))
    credentials.report_to(client.conditions)
    if before is not None:
        client.clock.known = before.clock.known
    notifier = SnsNotifier(
        place,
        client,
        lambda region, is_of_place: open_client(credentials if is_of_place else pool.own, {"sns": region}),
    )
    return AwsAccount(client, workers, Waits.for_lookups(timeouts, is_stopping), pool, notifier)


def list_services(configuration: Configuration, place: Place) -> dict[str, str]:
    """Return the services that a configuration uses in a place, with the region of each.

    Each client takes time to make.
    """
    options = configuration.global_options
    services = ["dynamodb", "cloudwatch"]
    if list_topics(configuration, place):
        services.append("sns")
    is_survey = bool(options["record"] or options["init"])
    if options["skip_aws_autoscaled"] or is_survey:
        services.append("application-autoscaling")
    regions = dict.fromkeys(services, place.region)
    return {**regions, "pricing": find_endpoint(place.region)} if is_survey else regions
