"""A day of an account for the page: checks every five minutes, and what they have found in the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from math import cos, pi, sin
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.guards import FREE_DECREASES_PER_DAY
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from dynamic_dynamodb.service.web.history import History
from tests.builders import make_check, section
from tests.fakes import FakeMetrics, FakeTables
from tests.service.status.builders import program

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.scaling.table_update import TableUpdate
    from dynamic_dynamodb.service.status.snapshot import Status
    from tests.fakes import Load

INTERVAL: Final = timedelta(minutes=5)
CHECKS: Final = 288
HOURS: Final = 24.0
FAILS_FROM_HOUR: Final = 23.6
MINUTES_OF_METRICS: Final = 20


@dataclass(frozen=True)
class Demand:
    """The units a second that are asked for at an hour of the day that ends now."""

    reads: Callable[[float], float]
    writes: Callable[[float], float]
    provisioned: int


def wave(low: float, high: float, peak: float = 20) -> Callable[[float], float]:
    """Return a load that is highest at one hour, and lowest half a day away."""
    return lambda hour: (low + (high - low) * (1 + cos(2 * pi * (hour - peak) / HOURS)) / 2) * _unrest(hour)


def ramp(rest: float, slope: float, *, start: float, least: float = 0) -> Callable[[float], float]:
    """Return a steady load that grows or falls from an hour on, by this many units an hour."""
    return lambda hour: max(least, rest + max(0, hour - start) * slope) * _unrest(hour)


def burst(rest: float, high: float, *, start: float, end: float) -> Callable[[float], float]:
    """Return a steady load with one burst."""
    return lambda hour: (high if start <= hour < end else rest) * _unrest(hour)


def _unrest(hour: float) -> float:
    """Return the factor by which a load differs from its curve."""
    return 1 + 0.05 * sin(4.3 * hour) + 0.03 * sin(9.7 * hour)


DEMANDS: Final = {
    Target("sessions"): Demand(wave(60, 180), wave(30, 60), 200),
    Target("orders"): Demand(burst(70, 230, start=23.2, end=24.1), wave(40, 60), 120),
    Target("orders", "by-customer"): Demand(ramp(30, 900, start=23.5), wave(20, 30), 60),
    Target("carts"): Demand(wave(200, 470, peak=14), wave(80, 120), 300),
    Target("users"): Demand(burst(90, 142, start=23.9, end=24.1), wave(50, 70), 150),
    Target("events-2026-03"): Demand(wave(50, 80), ramp(300, -280, start=22.7, least=9), 400),
    Target("catalog"): Demand(burst(120, 420, start=9, end=13), wave(5, 8), 200),
    Target("invoices"): Demand(wave(40, 55), wave(30, 44), 100),
    Target("audit-log"): Demand(wave(2, 3), wave(60, 90, peak=4), 100),
}
UNMEASURED: Final = Target("imports")
ON_DEMAND: Final = Target("archive")


class Tables(FakeTables):
    """Tables that count their decreases, as AWS does."""

    now = datetime.fromtimestamp(0, timezone.utc)

    def update(self, update: TableUpdate) -> None:
        """Apply an update, and count a decrease."""
        super().update(update)
        for decision in update.decisions:
            described = self.descriptions[decision.target]
            if any(side.is_decrease for side in decision.capacities):
                used = min(described.decreases_today + 1, FREE_DECREASES_PER_DAY)
                described = replace(described, decreases_today=used, last_decrease=self.now)
            self.descriptions[decision.target] = described

    def begin(self, now: datetime) -> None:
        """Begin a check; another UTC day allows decreases again."""
        if now.date() != self.now.date():
            for target, one in self.descriptions.items():
                self.descriptions[target] = replace(one, decreases_today=0)
        self.now = now


def run_day(end: datetime) -> tuple[Status, History]:
    """Return the status after the last check, which begins at `end`, and the history of the day before."""
    tables, metrics, history = Tables(), FakeMetrics(), History()
    for target, demand in DEMANDS.items():
        tables.add(target, PerCapacity(demand.provisioned, demand.provisioned))
    tables.add(UNMEASURED, PerCapacity(50, 50))
    tables.add(ON_DEMAND, PerCapacity(0, 0))
    throttled = dict.fromkeys(("throttled_reads_upper_threshold", "throttled_writes_upper_threshold"), "400")
    limits = {"max_provisioned_reads": "1000", "max_provisioned_writes": "1000"}
    sections = (
        section("orders", max_provisioned_reads="150", gsis=(section(".*", **throttled, **limits),)),
        section(".*", **throttled, **limits),
    )
    check = make_check(sections, tables=tables, metrics=metrics)
    status: Status | None = None
    for number in range(CHECKS):
        now = end - (CHECKS - 1 - number) * INTERVAL
        hour = number * HOURS / CHECKS
        tables.begin(now)
        for target, demand in DEMANDS.items():
            metrics.answers[target] = _measure(demand, tables.descriptions[target].provisioned, hour, now)
        if hour >= FAILS_FROM_HOUR:
            tables.describe_errors["sessions"] = AwsError(
                "dynamodb:DescribeTable",
                "AccessDeniedException",
                "User: arn:aws:sts::123456789012:assumed-role/scaling/i-0 is not authorized",
            )
        report = check.run(now)
        for one in report.targets:
            str(one)
        status = continue_status(
            status, program(started=end - timedelta(days=3)), report, Moment(now, 1.4, 300)
        )
        history.record(status)
    assert status is not None
    return status, history


def _measure(demand: Demand, provisioned: PerCapacity[int], hour: float, now: datetime) -> Load:
    """Return the series of both capacities: what is asked for beyond the provisioned units is throttled."""
    minutes = [now.replace(second=0) - number * MINUTE for number in range(MINUTES_OF_METRICS)]

    def serve(asked: float, units: int) -> tuple[dict[datetime, float], dict[datetime, float]]:
        served = min(asked, units)
        refused = round((asked - served) * 60)
        return dict.fromkeys(minutes, served * 60), dict.fromkeys(minutes, refused) if refused else {}

    return PerCapacity(
        serve(demand.reads(hour), provisioned.reads), serve(demand.writes(hour), provisioned.writes)
    )
