"""An account on a virtual clock with changing load and failing calls, which records all requests.

Tables and AWS's rules for updates are the emulator's; load, failures and the record are made here.
"""

from __future__ import annotations

import math
import random
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.ports import TableList
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, NO_DATAPOINTS, CapacitySeries
from tests.emulator.errors import ServiceError
from tests.emulator.state import Settings
from tests.emulator.tables import Table
from tests.emulator.throughput import Throughput
from tests.emulator.update_table import check_update
from tests.end_to_end.fault_cases import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.check.ports import Answers, Descriptions, MetricRequest, TargetSeries
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
    from dynamic_dynamodb.scaling.usage import LookBackWindow

START = datetime(2031, 5, 1, 20, 2, 30, tzinfo=timezone.utc)
GROUPS = "abcde"
"""First letters of the tables' names, by which sections choose them."""
TABLES = 50
FIRST_UNITS = (100, 100)
INDEX = "by-date"
MINUTES_PER_DAY = 24 * 60
SPIKES = (1, 1, 1, 1, 0, 0.1, 2.5, 6)
"""Factors of the load in half an hour, relative to the day's wave."""
LOST = AwsError("dynamodb:UpdateTable", "ReadTimeoutError", is_transient=True, is_answer_lost=True)
NOT_APPLIED = ("lost", "throttled", "at once")
"""Failures in which AWS applies no update of the table during a check."""


@dataclass
class Failures:
    """The failures of one check."""

    is_list_lost: bool = False
    is_breaker_open: bool = False
    late_minutes: int = 0
    undescribed: set[str] = field(default_factory=set)
    unmeasured: set[Target] = field(default_factory=set)
    silent: set[Target] = field(default_factory=set)
    updates: dict[str, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)


@dataclass
class Record:
    """What the program read and requested in one check, and the result.

    `described` are the first descriptions, `consumed` sums over the look-back window; `moved` are targets
    that another client changed after they were described.
    """

    described: dict[Target, Description] = field(default_factory=dict)
    consumed: dict[Target, PerCapacity[int]] = field(default_factory=dict)
    sent: list[TableUpdate] = field(default_factory=list)
    applied: dict[Target, Decision] = field(default_factory=dict)
    moved: set[Target] = field(default_factory=set)


class Account:
    """All ports of a check in one object."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 - the same failures for the same seed
        self.now = START
        self.settings = Settings()
        self.failures, self.record = Failures(), Record()
        self.failure_count = self.decreases = self.increases = 0
        self.tables: dict[str, Table] = {}
        for number in range(TABLES):
            indexes = {INDEX: Throughput(FIRST_UNITS)} if number % 2 else {}
            name = f"{GROUPS[number % len(GROUPS)]}-{number:02}"
            self.tables[name] = Table(name, Throughput(FIRST_UNITS), START, indexes=indexes)
        self.whole = dict(self.tables)

    # What happens from check to check

    def begin(self, now: datetime) -> None:
        """Advance the time, end updates, restore deleted targets, and choose failures of the next check."""
        self.now = now
        self.tables = dict(self.whole)
        for table in self.tables.values():
            table.settle(now)
        self.failures, self.record = self._choose_failures(), Record()
        if self._happens(0.02):
            self._change_from_outside(self.chance.choice(list(self.tables)))

    def _choose_failures(self) -> Failures:
        failures = Failures(
            is_list_lost=self._happens(0.02),
            is_breaker_open=self._happens(0.05),
            late_minutes=self.chance.randint(1, 4) if self._happens(0.03) else 0,
        )
        if self._happens(0.05):
            failures.undescribed |= set(self.chance.sample(list(self.tables), 3))
        if self._happens(0.05):
            failures.unmeasured |= self._some_targets()
        if self._happens(0.05):
            failures.silent |= self._some_targets()
        if self._happens(0.3):
            for name in self.chance.sample(list(self.tables), 10):
                failures.updates[name] = self.chance.choice(
                    ("lost", "lost but applied", "throttled", "at once")
                )
        if self._happens(0.5):
            failures.events = self.chance.sample(list(self.tables), 20)
        found = (failures.is_list_lost, failures.late_minutes, failures.undescribed, failures.unmeasured)
        self.failure_count += sum(map(bool, (*found, failures.silent, failures.is_breaker_open)))
        self.failure_count += len(failures.updates) + len(failures.events)
        return failures

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _some_targets(self) -> set[Target]:
        names = self.chance.sample(list(self.tables), 8)
        return {Target(name, self.chance.choice(("", INDEX))) for name in names}

    def _change_from_outside(self, name: str) -> None:
        """Set capacities as another client can, even beyond the limits of the configuration."""
        table = self.tables[name]
        if table.throughput.status == "ACTIVE":
            table.throughput.units = (self.chance.choice((1, 5, 2_000)), self.chance.choice((1, 5, 2_000)))

    def _interfere(self) -> None:
        """Change tables once a check as other clients can, between their description and the update."""
        events, self.failures.events = self.failures.events, []
        for name in events:
            table = self.tables[name]
            index = table.indexes.get(INDEX)
            event = self.chance.choice(("delete", "decrease", "raise", "index busy"))
            if event == "delete":
                del self.tables[name]
                self.record.moved |= {Target(name), Target(name, INDEX)}
            elif event == "decrease":
                table.throughput.decreases = 4
                table.throughput.last_decrease = self.now
            elif event == "raise":
                reads, writes = table.throughput.units
                table.throughput.units = (reads + 1, writes + 1)
                self.record.moved.add(Target(name))
            elif index is not None and index.status == "ACTIVE":
                index.pending, index.status = index.units, "UPDATING"
                self.record.moved.add(Target(name, INDEX))
                table.update_ends = self.now + timedelta(seconds=30)

    # DynamoDB

    def list_tables(self) -> TableList:
        if self.failures.is_list_lost:
            return TableList((), AwsError("dynamodb:ListTables", "InternalServerError"))
        return TableList(sorted(self.tables))

    def describe(self, table: str) -> Mapping[Target, Description]:
        if table in self.failures.undescribed:
            raise AwsError("dynamodb:DescribeTable", "ReadTimeoutError")
        found = self._find(table)
        resources = {Target(table): found.throughput}
        resources |= {Target(table, index): one for index, one in found.indexes.items()}
        descriptions = {
            target: Description(
                target,
                PerCapacity(*one.units),
                one.status,
                found.throughput.status,
                one.decreases_today(self.now),
                one.last_decrease,
            )
            for target, one in resources.items()
        }
        for target, description in descriptions.items():
            self.record.described.setdefault(target, description)
        return descriptions

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        return {table: isolate("the description", self.describe, table) for table in tables}

    def _find(self, table: str) -> Table:
        if table not in self.tables:
            raise AwsError("dynamodb:DescribeTable", "ResourceNotFoundException", f"no {table}")
        return self.tables[table]

    def update(self, update: TableUpdate) -> None:
        self.record.sent.append(update)
        failure = self.failures.updates.get(update.table, "")
        if failure == "lost":
            raise LOST
        if failure == "throttled":
            raise AwsError("dynamodb:UpdateTable", "ThrottlingException", is_transient=True)
        if failure == "at once":
            raise AwsError("dynamodb:UpdateTable", "LimitExceededException", AT_ONCE)
        table = self._find(update.table)
        requested = {
            one.target.index or None: (one.proposed.reads, one.proposed.writes) for one in update.decisions
        }
        try:
            check_update(table, requested, self.settings, self.now)
        except ServiceError as error:
            raise AwsError("dynamodb:UpdateTable", error.code, error.message or "") from None
        for decision in update.decisions:
            self.decreases += any(side.is_decrease for side in decision.capacities)
            self.increases += decision.is_raise
            self.record.applied[decision.target] = decision
        table.begin_update(requested, self.now, seconds=self.chance.choice((20, 100, 400)))
        if failure == "lost but applied":
            raise LOST

    # CloudWatch

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        answers = {request.target: self._measure(request) for request in requests}
        self._interfere()
        return answers

    def _measure(self, request: MetricRequest) -> TargetSeries | AwsError:
        target, window = request.target, request.window
        if target in self.failures.unmeasured:
            return AwsError("cloudwatch:GetMetricData", "InternalServiceFault")
        series = PerCapacity.of(lambda capacity: self._make_series(target, capacity, window))
        if target not in self.record.described:  # a quiet one that is asked only if CloudWatch is late
            return series.combine(CapacitySeries.select, request.needed)
        self.record.consumed[target] = series.map(lambda one: int(one.consumed.total if one.consumed else 0))
        return series.combine(CapacitySeries.select, request.needed)

    def _make_series(self, target: Target, capacity: Capacity, window: LookBackWindow) -> CapacitySeries:
        if target in self.failures.silent:
            return CapacitySeries(NO_DATAPOINTS, NO_DATAPOINTS)
        consumed: dict[datetime, float] = {}
        throttled: dict[datetime, float] = {}
        units = self._find_units(target)[capacity]
        for number in range(window.minutes - self.failures.late_minutes):
            minute = window.start + number * MINUTE
            requested = self._find_load(target, capacity, minute)
            if requested >= 1:
                consumed[minute] = float(min(requested, 2 * units) * 60)
            if requested > units:
                throttled[minute] = float((requested - units) * 60)
        return CapacitySeries.of(window, consumed, throttled)

    def _find_units(self, target: Target) -> PerCapacity[int]:
        """Return the units as the check knows them, or as they are if it has not described the target."""
        described = self.record.described.get(target)
        if described is not None:
            return described.provisioned
        table = self.tables.get(target.table)
        if table is None:  # CloudWatch keeps the metrics of a table that another client has just deleted
            return PerCapacity(1, 1)
        return PerCapacity(*(table.indexes[target.index] if target.index else table.throughput).units)

    def _find_load(self, target: Target, capacity: Capacity, minute: datetime) -> int:
        """Return the requested units a second: a wave over the day, and spikes of half an hour.

        An index has the spikes of its table, so that both change in one call.
        """
        key = f"{self.seed} {target.table} {capacity.value}"
        own = zlib.crc32(key.encode())
        since = (minute - START) // MINUTE
        wave = 1 + 0.8 * math.sin(2 * math.pi * (since + own) / MINUTES_PER_DAY)
        spike = SPIKES[zlib.crc32(f"{key} {(since + own) // 30}".encode()) % len(SPIKES)]
        return int((20 + own % 200) * wave * spike)

    # SNS and the circuit breaker

    def publish(self, message: Message) -> None:
        if self._happens(0.1):
            raise AwsError("sns:Publish", "EndpointConnectionError", message.subject)

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        del options, target
        return "it answered 503" if self.failures.is_breaker_open else None
