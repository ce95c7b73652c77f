"""Hand-written fakes of the world around a check: each keeps the calls it got."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target
from dynamic_dynamodb.scaling.usage import CapacitySeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.ports import Answers, Descriptions, MetricRequest, TargetSeries
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
    from dynamic_dynamodb.scaling.usage import Datapoints, LookBackWindow

    Load = PerCapacity[tuple[Datapoints, Datapoints]]
    """The datapoints of each capacity: units consumed, and events throttled."""

IDLE: Load = PerCapacity(({}, {}), ({}, {}))


class ThisThread(Executor):
    """An executor that runs each call at once, in the calling thread."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Run it and return its result as a future."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


@dataclass
class FakeTables:
    """An account whose answers are set by the test; an error in a queue is raised by the next update."""

    descriptions: dict[Target, Description] = field(default_factory=dict)
    update_errors: list[AwsError | None] = field(default_factory=list)
    list_error: AwsError | None = None
    listed_before_error: tuple[str, ...] = ()
    unlisted: frozenset[str] = frozenset()
    describe_errors: dict[str, AwsError] = field(default_factory=dict)
    updates: list[TableUpdate] = field(default_factory=list)

    def add(self, target: Target, provisioned: PerCapacity[int], **settings: Any) -> None:
        """Add a table or an index to the account."""
        given = {"status": "ACTIVE", "table_status": "ACTIVE", **settings}
        self.descriptions[target] = Description(target, provisioned, **given)

    def list_tables(self) -> TableList:
        """List all tables, or those before the failure if a test sets one."""
        names = {target.table for target in self.descriptions} - self.unlisted
        return TableList(sorted(self.listed_before_error if self.list_error else names), self.list_error)

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Describe a table as it is now, or fail if a test says so."""
        if table in self.describe_errors:
            raise self.describe_errors[table]
        return {target: one for target, one in self.descriptions.items() if target.table == table}

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe some tables, or fail if a test says so."""
        return {table: isolate("the description", self.describe, table) for table in tables}

    def update(self, update: TableUpdate) -> None:
        """Keep the call, and apply it unless an error is queued for it."""
        self.updates.append(update)
        error = self.update_errors.pop(0) if self.update_errors else None
        if error is not None:
            raise error
        for decision in update.decisions:
            described = self.descriptions[decision.target]
            self.descriptions[decision.target] = replace(described, provisioned=decision.proposed)


@dataclass
class FakeMetrics:
    """CloudWatch with given answers; a target without one is idle. An error fails the whole fetch."""

    answers: dict[Target, Load | AwsError] = field(default_factory=dict)
    error: Exception | None = None
    requests: list[MetricRequest] = field(default_factory=list)

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Keep the requests and answer each, with no minute outside its window."""
        self.requests += requests
        if self.error is not None:
            raise self.error
        return {request.target: self._answer(request) for request in requests}

    def _answer(self, request: MetricRequest) -> TargetSeries | AwsError:
        answer = self.answers.get(request.target, IDLE)
        if isinstance(answer, AwsError):
            return answer
        span = request.span
        series = answer.map(
            lambda one: CapacitySeries.of(
                request.window, *(_clip(each, span) for each in one), history=request.history
            )
        )
        return series.combine(CapacitySeries.select, request.needed)


def _clip(datapoints: Datapoints, window: LookBackWindow) -> Datapoints:
    return {minute: one for minute, one in datapoints.items() if window.start <= minute < window.end}


@dataclass
class FakeNotifier:
    """A topic that keeps its messages, and then fails if a test says so."""

    messages: list[Message] = field(default_factory=list)
    error: AwsError | None = None

    def publish(self, message: Message) -> None:
        """Keep the message."""
        self.messages.append(message)
        if self.error:
            raise self.error


@dataclass
class FakeCircuitBreaker:
    """A breaker with one answer for all targets but those with their own; None is closed."""

    answer: str | None = None
    answers: dict[Target, str] = field(default_factory=dict)
    questions: list[tuple[CircuitBreakerOptions, Target]] = field(default_factory=list)

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        """Keep the question and return the answer."""
        self.questions.append((options, target))
        return self.answers.get(target, self.answer)
