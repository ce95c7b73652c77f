"""Stand in for AWS: the ports of a check, on models of tables."""

from __future__ import annotations

import sys
from bisect import bisect_right
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

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

NEVER: Final = sys.maxsize
"""A minute after all others."""

P = ParamSpec("P")
T = TypeVar("T")


class _Done(Future[T]):
    """A future with its result, without the locks of the standard library's."""

    def __init__(self, result: T) -> None:
        self._given = result

    def done(self) -> bool:
        return True

    def result(self, timeout: float | None = None) -> T:  # noqa: ARG002 - the result is there
        return self._given


class InlineExecutor(Executor):
    """An executor that runs each call at once, in the calling thread."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call, and return its future."""
        return _Done(fn(*args, **kwargs))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The minutes of the account in which a model exists: `first` <= minute < `end`.

    Checks see it from the minute `seen_from`, when their look-back window lies within the recording.
    """

    model: TargetModel
    first: int
    seen_from: int
    end: int


class Account:
    """An account with the modelled tables, as the ports Tables, Metrics, Notifier and CircuitBreaker.

    Minutes count from `origin`, the first minute of the earliest recording. Until `next_change` no table
    appears or disappears, neither in the account nor to checks.
    """

    def __init__(self, lifetimes: Sequence[Lifetime], origin: datetime) -> None:
        """Create the account as it is before the first minute."""
        self._lifetimes = {lifetime.model.target: lifetime for lifetime in lifetimes}
        self._origin = origin
        self._changes = sorted(
            {turn for lifetime in lifetimes for turn in (lifetime.first, lifetime.seen_from, lifetime.end)}
        )
        self.next_change = self._changes[0]
        self.serving: list[Lifetime] = []
        self.seen: dict[str, list[TargetModel]] = {}
        self._descriptions: dict[str, dict[Target, Description]] = {}
        self._minute = 0

    def begin(self, minute: int) -> None:
        """Begin a minute: updates come into force, tables appear and disappear."""
        self._minute = minute
        if minute >= self.next_change:
            self._update_tables()
        for lifetime in self.serving:
            if lifetime.model.settle(minute - lifetime.first):
                self._descriptions.pop(lifetime.model.target.table, None)

    def serve(self, end: int) -> None:
        """Serve or throttle the demand of this minute and all others before `end`."""
        for lifetime in self.serving:
            lifetime.model.serve(range(self._minute - lifetime.first, end - lifetime.first))

    def _update_tables(self) -> None:
        minute = self._minute
        later = bisect_right(self._changes, minute)
        self.next_change = self._changes[later] if later < len(self._changes) else NEVER
        self.serving = [
            lifetime for lifetime in self._lifetimes.values() if lifetime.first <= minute < lifetime.end
        ]
        self.seen = {}
        for lifetime in self.serving:
            if lifetime.seen_from <= minute:
                self.seen.setdefault(lifetime.model.target.table, []).append(lifetime.model)
        self._descriptions.clear()

    def list_tables(self) -> TableList:
        """Return the tables that checks see."""
        return TableList(tuple(self.seen))

    def describe(self, table: str) -> Mapping[Target, Description]:
        """Return the descriptions of a table and its indexes; a table without a recording is on-demand."""
        described = self._descriptions.get(table)
        if described is None:
            models = self.seen[table]
            is_updating = any(model.is_updating for model in models)
            target = models[0].target.table_target
            unknown = Description(target, PerCapacity(0, 0), ACTIVE, UPDATING if is_updating else ACTIVE)
            described = {target: unknown}
            for model in models:
                described[model.target] = model.describe(is_table_updating=is_updating)
            self._descriptions[table] = described
        return described

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Return the descriptions of many tables."""
        return {table: self.describe(table) for table in tables}

    def update(self, update: TableUpdate) -> None:
        """Carry out an update as a whole; raise AwsError if it is refused."""
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
        """Return the published part of each window."""
        return {request.target: self._fetch_one(request) for request in requests}

    def _fetch_one(self, request: MetricRequest) -> TargetSeries:
        lifetime = self._lifetimes[request.target]
        model, window = lifetime.model, request.window
        model.requested_metrics += request.metrics
        first = (window.start - self._origin) // MINUTE - lifetime.first
        end = min(first + window.minutes, model.published)
        history = None
        if request.history is not None:
            begin = (request.history.start - self._origin) // MINUTE - lifetime.first
            period = request.history.minutes
            history = History(begin, min(begin + period, model.published), period)
        reads, writes = (side.read(first, end, history) for side in model.sides)
        return PerCapacity(reads.select(request.needed.reads), writes.select(request.needed.writes))

    def publish(self, message: Message) -> None:
        """Publish nothing."""

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> None:
        """Return None: the circuit breaker is closed in a replay."""
