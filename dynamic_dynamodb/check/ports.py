"""Say what the loop needs of the outside world; adapters and the replay's model give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, value
from dynamic_dynamodb.scaling.usage import CapacitySeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.silence import Answer
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
    from dynamic_dynamodb.scaling.usage import LookBackWindow

TargetSeries: TypeAlias = PerCapacity[CapacitySeries]
"""What CloudWatch knows of a target."""
Answers: TypeAlias = dict[Target, TargetSeries | AwsError]
"""The series of many targets; what cannot be had of a target is an error in its place."""
Descriptions: TypeAlias = dict[str, Mapping[Target, Description] | AwsError]
"""Tables with their indexes by name; one that cannot be described has an error in its place."""
Autoscaled: TypeAlias = Mapping[Target, frozenset[Capacity]]
"""The capacities that AWS Application Auto Scaling looks after."""


@value
class TableList:
    """The table names of a region; with an `error` there may be more."""

    names: Sequence[str]
    error: AwsError | None = None


class Tables(Protocol):
    """DynamoDB's control plane."""

    def list_tables(self) -> TableList:
        """List the table names of the region. Never raise AwsError."""

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Describe a table and its indexes, the table first; raise AwsError."""

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe many tables. Never raise AwsError."""

    def update(self, update: TableUpdate) -> None:
        """Ask for new capacities in one call; raise AwsError."""


@value
class MetricRequest:
    """Whose metrics to fetch, and for which minutes."""

    target: Target
    window: LookBackWindow


class Metrics(Protocol):
    """CloudWatch."""

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Fetch the series of all targets. Never raise AwsError."""


class Autoscaling(Protocol):
    """AWS Application Auto Scaling, which must not work against us."""

    def find_autoscaled(self) -> Autoscaled:
        """Find the capacities that it looks after; raise AwsError."""


class Notifier(Protocol):
    """SNS."""

    def publish(self, message: Message) -> None:
        """Publish one message; raise AwsError."""


class CircuitBreaker(Protocol):
    """The operator's own service that can stop all changes."""

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        """Ask it; give None if it is closed, else what it answered. Never raise."""


class Clock(Protocol):
    """What knows the time better than the machine's own clock, once AWS has answered."""

    def begin(self) -> None:
        """Open a check, at the moment for which the machine's clock is read."""

    def correct(self, now: datetime) -> datetime:
        """Return the moment, in place of the machine's, at which the check was opened."""


class Counts(Protocol):
    """What outlives a check: what it leaves of each capacity, and how fresh CloudWatch was."""

    def begin(self, now: datetime) -> None:
        """Open a check."""

    def correct(self, now: datetime) -> None:
        """Go on with the check as of another moment."""

    def commit(self) -> None:
        """Let what this check has left outlive the process."""

    def get(self, target: Target) -> PerCapacity[Memory]:
        """Return what is known of a target; counts of 0 if nothing is."""

    def put(self, target: Target, memory: PerCapacity[Memory]) -> None:
        """Keep what a check leaves of a target."""

    def recall_freshest(self, answer: Answer) -> datetime | None:
        """Return the youngest minute that this check had a datapoint of; long ago if CloudWatch is silent."""

    def keep_only(self, tables: Sequence[str]) -> None:
        """Forget the targets of tables that are gone."""
