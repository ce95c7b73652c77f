"""Sum up what a configuration or a baseline costs and throttles, on one target or on all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import compress, repeat
from operator import add, ge, mul, sub
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import NO_COST, Cost, bill, split_hours
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.scaling.costs import Prices

PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class SideResult:
    """Units of one capacity over a whole recording.

    `provisioned` is what could have been served; `from_burst` was served beyond the provisioned units.
    `cost` is without watching.
    """

    demand: float = 0.0
    served: float = 0.0
    throttled: float = 0.0
    provisioned: float = 0.0
    from_burst: float = 0.0
    cost: Cost = NO_COST

    def __add__(self, other: SideResult) -> SideResult:
        """Return the sum of two targets."""
        return SideResult(
            self.demand + other.demand,
            self.served + other.served,
            self.throttled + other.throttled,
            self.provisioned + other.provisioned,
            self.from_burst + other.from_burst,
            self.cost + other.cost,
        )

    @property
    def throttled_percent(self) -> float:
        """Return the throttled units in percent of the demand."""
        return PERCENT * self.throttled / self.demand if self.demand else 0.0


NO_SIDE: Final = SideResult()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the comparison: this configuration, a baseline or the lower bound.

    `minutes` is the time of all targets together, `limited_minutes` that of targets with a maximum.
    `is_bound` marks the lower bound, `is_scheduled` what changes capacity.
    `watching` is what CloudWatch bills for metrics or alarms, in dollars per 30 days.
    `units` are those of a fixed value. `fully_used_dollars`, of on-demand, are the cost of capacity that the
    demand would use in full.
    A sum of rows has `worst_percent`, the throttled share of the worst target, and `summed_updates_per_day`.
    `traces` are what it sums up; None where they are not kept, because they are large, and of requests.
    """

    name: str
    sides: PerCapacity[SideResult]
    minutes: int
    throttled_minutes: int = 0
    updates: int = 0
    refused_decreases: int = 0
    limited_minutes: int = 0
    minutes_at_max: int = 0
    watching: float = 0.0
    units: PerCapacity[int] | None = None
    fully_used_dollars: float = 0.0
    is_bound: bool = False
    is_scheduled: bool = True
    worst_percent: float | None = None
    summed_updates_per_day: float | None = None
    traces: PerCapacity[Trace | None] | None = field(default=None, repr=False, compare=False)

    @property
    def cost(self) -> Cost:
        """Return the cost of both sides, without watching."""
        return self.sides.reads.cost + self.sides.writes.cost

    @property
    def total(self) -> Cost:
        """Return the cost with watching."""
        return Cost(self.cost.hour_max + self.watching, self.cost.prorated + self.watching)

    @property
    def throttled_units(self) -> float:
        """Return the throttled units of both sides."""
        return self.sides.reads.throttled + self.sides.writes.throttled

    @property
    def throttled_percent(self) -> float:
        """Return the throttled share in percent, of the side with the higher one."""
        return max(side.throttled_percent for side in self.sides)

    @property
    def utilization_percent(self) -> float | None:
        """Return the served units in percent of the provisioned units; None if any were paid as requests."""
        provisioned = sum(side.provisioned for side in self.sides)
        if self.fully_used_dollars or not provisioned:
            return None
        return PERCENT * sum(side.served for side in self.sides) / provisioned

    @property
    def updates_per_day(self) -> float:
        """Return the updates per day, of all targets together."""
        if self.summed_updates_per_day is not None:
            return self.summed_updates_per_day
        return self.updates * MINUTES_PER_DAY / self.minutes

    @property
    def at_max_percent(self) -> float | None:
        """Return the percent of the time in which a side was at its maximum; None if there is no maximum."""
        return PERCENT * self.minutes_at_max / self.limited_minutes if self.limited_minutes else None


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to one capacity, minute by minute."""

    demand: Column[float]
    served: Sequence[float]
    throttled: Sequence[float]
    provisioned: Sequence[float]


NO_MAXIMUM: Final[PerCapacity[int | None]] = PerCapacity(None, None)


@dataclass(frozen=True, slots=True)
class Tally:
    """Facts of a row that do not come from its traces."""

    updates: int = 0
    refused_decreases: int = 0
    maximum: PerCapacity[int | None] = NO_MAXIMUM
    watching: float = 0.0
    units: PerCapacity[int] | None = None
    is_scheduled: bool = True


EMPTY_TALLY: Final = Tally()


def sum_up(
    name: str,
    recording: Recording,
    traces: PerCapacity[Trace | None],
    prices: Prices,
    tally: Tally = EMPTY_TALLY,
) -> Row:
    """Return the row for these traces; a side without a trace costs and counts nothing."""
    hours = split_hours(recording.start, recording.minutes)
    recorded = [
        (trace, maximum) for trace, maximum in zip(traces, tally.maximum, strict=True) if trace is not None
    ]
    minutes = range(recording.minutes)
    maxima = [(trace.provisioned, maximum) for trace, maximum in recorded if maximum is not None]
    at_max: set[int] = set()
    for units, maximum in maxima:
        at_max.update(compress(minutes, map(ge, units, repeat(maximum))))
    throttled: set[int] = set()
    for trace, _ in recorded:
        throttled.update(compress(minutes, trace.throttled))
    return Row(
        name,
        traces.combine(lambda trace, price: _sum_side(trace, hours, price), prices.capacity_hour),
        recording.minutes,
        throttled_minutes=len(throttled),
        updates=tally.updates,
        refused_decreases=tally.refused_decreases,
        limited_minutes=recording.minutes if maxima else 0,
        minutes_at_max=len(at_max),
        watching=tally.watching,
        units=tally.units,
        is_scheduled=tally.is_scheduled,
        traces=traces,
    )


def drop_traces(row: Row) -> Row:
    """Return a row without its traces."""
    return replace(row, traces=None)


def _sum_side(trace: Trace | None, hours: Sequence[slice], price: float) -> SideResult:
    if trace is None:
        return NO_SIDE
    beyond = map(sub, trace.served, map(mul, trace.provisioned, repeat(SECONDS_PER_MINUTE)))
    from_burst = sum(units for units in beyond if units > 0)
    return SideResult(
        demand=sum(trace.demand),
        served=sum(trace.served),
        throttled=sum(trace.throttled),
        provisioned=SECONDS_PER_MINUTE * sum(trace.provisioned),
        from_burst=from_burst,
        cost=bill(trace.provisioned, hours, price),
    )


def add_rows(rows: Sequence[Row]) -> Row:
    """Return the sum of the rows of all targets that have one name."""
    first = rows[0]
    return Row(
        first.name,
        PerCapacity(
            reduce(add, (row.sides.reads for row in rows)), reduce(add, (row.sides.writes for row in rows))
        ),
        sum(row.minutes for row in rows),
        throttled_minutes=sum(row.throttled_minutes for row in rows),
        updates=sum(row.updates for row in rows),
        refused_decreases=sum(row.refused_decreases for row in rows),
        limited_minutes=sum(row.limited_minutes for row in rows),
        minutes_at_max=sum(row.minutes_at_max for row in rows),
        watching=sum(row.watching for row in rows),
        fully_used_dollars=sum(row.fully_used_dollars for row in rows),
        is_bound=first.is_bound,
        is_scheduled=any(row.is_scheduled for row in rows),
        worst_percent=max(row.throttled_percent for row in rows),
        summed_updates_per_day=sum(row.updates_per_day for row in rows),
    )
