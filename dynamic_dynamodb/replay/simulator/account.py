"""Stand in for AWS: adapters for the loop's ports on models of tables."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.replay.simulator.target_model import UPDATING, History
from dynamic_dynamodb.scaling.model import ACTIVE, Description, PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.ports import Answers, Descriptions, MetricRequest, TargetSeries
    from dynamic_dynamodb.replay.simulator.target_model import TargetModel
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions

P = ParamSpec("P")
T = TypeVar("T")


class _Done(Future[T]):
    """A result that is there; the standard library's would make locks that nobody needs."""

    def __init__(self, result: T) -> None:
        self._given = result

    def done(self) -> bool:
        return True

    def result(self, timeout: float | None = None) -> T:  # noqa: ARG002 - nobody has to wait
        return self._given


class Inline(Executor):
    """Do the loop's work at once, in the thread that asks."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it now."""
        return _Done(fn(*args, **kwargs))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a model is there, in minutes of the account: from `first` until before `end` it serves.

    The loop sees it from `seen_from` on, when its look-back window lies in the recording.
    """

    model: TargetModel
    first: int
    seen_from: int
    end: int


class Account:
    """Tables in time, as the loop's adapters show them; it is Tables, Metrics, Notifier and CircuitBreaker.

    Minutes count from `origin`, the first minute of the earliest recording.
    """

    def __init__(self, lifetimes: Sequence[Lifetime], origin: datetime) -> None:
        """Begin before the first minute."""
        self._lifetimes = {lifetime.model.target: lifetime for lifetime in lifetimes}
        self._origin = origin
        self._turns = {
            turn for lifetime in lifetimes for turn in (lifetime.first, lifetime.seen_from, lifetime.end)
        }
        self._serving: list[Lifetime] = []
        self._seen: dict[str, list[TargetModel]] = {}
        self._descriptions: dict[str, dict[Target, Description]] = {}
        self._minute = 0

    def begin(self, minute: int) -> None:
        """Let a minute begin: updates come into force, tables come and go."""
        self._minute = minute
        if minute in self._turns:
            self._look_around()
        for lifetime in self._serving:
            if lifetime.model.settle(minute - lifetime.first):
                self._descriptions.pop(lifetime.model.target.table, None)

    def serve(self) -> None:
        """Let the minute pass: its demand is served or throttled."""
        for lifetime in self._serving:
            lifetime.model.serve(self._minute - lifetime.first)

    def _look_around(self) -> None:
        minute = self._minute
        self._serving = [
            lifetime for lifetime in self._lifetimes.values() if lifetime.first <= minute < lifetime.end
        ]
        self._seen = {}
        for lifetime in self._serving:
            if lifetime.seen_from <= minute:
                self._seen.setdefault(lifetime.model.target.table, []).append(lifetime.model)
        self._descriptions.clear()

    def list_tables(self) -> TableList:
        """List the tables that are there."""
        return TableList(tuple(self._seen))

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Describe a table and its indexes; a table that was not recorded seems to be billed on demand."""
        described = self._descriptions.get(table)
        if described is None:
            models = self._seen[table]
            is_updating = any(model.is_updating for model in models)
            unknown = Description(
                Target(table), PerCapacity(0, 0), ACTIVE, UPDATING if is_updating else ACTIVE
            )
            described = {Target(table): unknown}
            for model in models:
                described[model.target] = model.describe(is_table_updating=is_updating)
            self._descriptions[table] = described
        return described

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Describe many tables."""
        return {table: self.describe(table) for table in tables}

    def update(self, update: TableUpdate) -> None:
        """Take an update, or refuse it as a whole; raise AwsError."""
        now = self._origin + self._minute * MINUTE
        lifetimes = [(self._lifetimes[decision.target], decision.proposed) for decision in update.decisions]
        for lifetime, units in lifetimes:
            refusal = lifetime.model.find_refusal(units, now)
            if refusal is not None:
                raise refusal
        for lifetime, units in lifetimes:
            lifetime.model.update(units, self._minute - lifetime.first, now)
        self._descriptions.pop(update.table, None)

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Give what has been published of each window."""
        return {request.target: self._fetch_one(request) for request in requests}

    def _fetch_one(self, request: MetricRequest) -> TargetSeries:
        lifetime = self._lifetimes[request.target]
        model, window = lifetime.model, request.window
        first = (window.start - self._origin) // MINUTE - lifetime.first
        end = min(first + window.minutes, model.published)
        history = None
        if request.history is not None:
            begin = (request.history.start - self._origin) // MINUTE - lifetime.first
            period = request.history.minutes
            history = History(begin, min(begin + period, model.published), period)
        return PerCapacity(model.reads.read(first, end, history), model.writes.read(first, end, history))

    def publish(self, message: Message) -> None:
        """Publish nothing: a replay disturbs nobody."""

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> None:
        """Find none: a circuit breaker is taken for closed."""
