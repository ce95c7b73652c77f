"""What a check needs of the world; `aws`, `service` and the replay's simulator provide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.resilience import CallBudget
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, value
from dynamic_dynamodb.scaling.target_options import ALL_SERIES, NeededSeries
from dynamic_dynamodb.scaling.usage import CapacitySeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
    from dynamic_dynamodb.scaling.usage import LookBackWindow

TargetSeries: TypeAlias = PerCapacity[CapacitySeries]
"""CloudWatch's series of a target."""
Answers: TypeAlias = dict[Target, TargetSeries | AwsError]
"""The series of many targets, or the error that a target's series failed with."""
Descriptions: TypeAlias = dict[str, Mapping[Target, Description] | AwsError]
"""Tables by name, each with its indexes, or the error that its description failed with."""


@value
class Registration:
    """How AWS Application Auto Scaling scales one capacity: its limits, and the target of its policy.

    `target_percent` is None if no target tracking policy is known.
    """

    minimum: int
    maximum: int
    target_percent: float | None = None


Autoscaled: TypeAlias = Mapping[Target, frozenset[Capacity]]
"""The capacities that AWS Application Auto Scaling manages."""


@value
class TableList:
    """The table names of a region; with an `error` the list is not complete."""

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
        """Update a table and its indexes in one call; raise AwsError."""


ALL_METRICS: Final = 2 * ALL_SERIES.count
"""How many metrics all series of a target are."""


@value
class MetricRequest:
    """A target, the minutes to fetch its metrics of, and which of its series are needed.

    With a `history`, which holds the look-back window, the answer keeps each of its minutes.
    """

    target: Target
    window: LookBackWindow
    history: LookBackWindow | None = None
    needed: PerCapacity[NeededSeries] = PerCapacity(ALL_SERIES, ALL_SERIES)

    @property
    def span(self) -> LookBackWindow:
        """Return all minutes to fetch."""
        return self.history or self.window

    @property
    def metrics(self) -> int:
        """Return how many metrics CloudWatch bills for it."""
        return self.needed.reads.count + self.needed.writes.count

    @property
    def others(self) -> MetricRequest:
        """Return a request for the series that this one leaves out."""
        return MetricRequest(self.target, self.window, needed=self.needed.map(_invert))


def _invert(needed: NeededSeries) -> NeededSeries:
    return needed.others


class Metrics(Protocol):
    """CloudWatch."""

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Fetch the series of all targets. Never raise AwsError."""


class Autoscaling(Protocol):
    """AWS Application Auto Scaling, whose targets may have to be left alone."""

    def find_autoscaled(self) -> Autoscaled:
        """Find the capacities that it manages; raise AwsError."""


class Notifier(Protocol):
    """SNS."""

    def publish(self, message: Message) -> None:
        """Publish one message; raise AwsError."""


class CircuitBreaker(Protocol):
    """The operator's own service that can stop all changes."""

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        """Return None if the breaker is closed, else what it answered. Never raise."""


class NoCircuitBreaker:
    """The circuit breaker of a configuration that has none."""

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str:  # noqa: ARG002 - as above
        """Return a reason: a target with a circuit breaker is never changed without its answer."""
        return "it cannot be asked"


class Clock(Protocol):
    """A clock that may know the time better than this machine, once AWS has answered."""

    def begin(self) -> None:
        """Start a check, at the moment at which this machine's clock is read."""

    def correct(self, now: datetime) -> datetime:
        """Return the moment at which the check started, `now` by this machine's clock."""


class MachineClock:
    """This machine's clock, which is taken to be right."""

    def begin(self) -> None:
        """Do nothing."""

    def correct(self, now: datetime) -> datetime:
        """Return the moment as it is."""
        return now


@dataclass(frozen=True, slots=True)
class World:
    """What a check looks at and acts on: one account and region of AWS, or a model of one.

    `lookups` and `updates` run calls concurrently and limit how many are under way. Without `autoscaling`
    nothing is left alone because AWS scales it. The adapters set their `conditions`, and share the `budget`.
    `place` is what the names of its targets begin with, also those that the adapters return.
    """

    tables: Tables
    metrics: Metrics
    notifier: Notifier
    lookups: Executor
    updates: Executor
    circuit_breaker: CircuitBreaker = field(default_factory=NoCircuitBreaker)
    autoscaling: Autoscaling | None = None
    budget: CallBudget = field(default_factory=CallBudget)
    clock: Clock = field(default_factory=MachineClock)
    conditions: Conditions = field(default_factory=Conditions)
    place: str = ""
