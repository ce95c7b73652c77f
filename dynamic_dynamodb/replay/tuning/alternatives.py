"""Cost and throttling of every alternative for a target, on both halves and in all models of AWS."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import (
    FIXED,
    ON_DEMAND,
    RECORDED,
    RECORDED_ON_DEMAND,
    BaselineSettings,
    run_fixed,
    run_on_demand,
    run_recorded,
)
from dynamic_dynamodb.replay.comparison.comparison import TARGETS_PERCENT, make_row
from dynamic_dynamodb.replay.comparison.outlines import (
    CapacityOutline,
    LoadOutline,
    add_up,
    outline_capacity,
    outline_load,
    split_columns,
)
from dynamic_dynamodb.replay.comparison.results import drop_traces
from dynamic_dynamodb.replay.comparison.table_classes import find_class, find_prices
from dynamic_dynamodb.replay.comparison.target_tracking import (
    DEFAULT_TARGET_PERCENT,
    REGISTERED,
    name_tracking,
    run_registered,
    run_tracking,
)
from dynamic_dynamodb.replay.comparison.verdict import THIS_CONFIGURATION
from dynamic_dynamodb.replay.recordings.recording import NOT_REGISTERED, Billing
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.simulator.simulator import Scenario, simulate
from dynamic_dynamodb.scaling.costs import NO_COST, Cost, Prices, TableClass
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.recordings.recording import Recording, SideRecording
    from dynamic_dynamodb.replay.simulator.capacity_model import Physics
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

MEAN_OF_BILLS: Final = "mean"
SECTION: Final = "this section"
DEFAULT_LIMIT_PERCENT: Final = 0.01
"""The throttling that is always allowed, unless --fail-if sets another."""
SLACK_PERCENT: Final = 1e-9
SHOWN_PHYSICS: Final = "ideal"
"""The model of AWS in charts."""
COLUMNS_PER_HALF: Final = 45
"""Columns of a chart for each half of a recording."""
NO_OUTLINES: Final[PerCapacity[CapacityOutline | None]] = PerCapacity(None, None)
HARDEST_FIRST: Final = ("no-burst", "slow", "ideal")
"""The models of AWS, in the order in which settings usually fail in them."""


class Intervals(NamedTuple):
    """The seconds from check to check, and from look to look at quiet targets; None if all are looked at."""

    check: int
    quiet: int | None = None


class TuneSettings(NamedTuple):
    """The settings of a search, the same for all targets.

    `billing` is hour-max, prorated or the mean of both; `limit_percent` is the throttling that is allowed.
    `price_source` is where the prices come from.
    """

    levers: str
    billing: str
    limit_percent: float
    prices: Prices
    start: PerCapacity[int] | None = None
    price_source: str = ""

    def bill(self, cost: Cost) -> float:
        """Return the dollars of a cost by the chosen way of billing."""
        if self.billing == MEAN_OF_BILLS:
            return (cost.hour_max + cost.prorated) / 2
        return cost.by(self.billing)


@dataclass(frozen=True, slots=True)
class Figures:
    """Dollars per 30 days with watching, and throttled percent of the worse side; of the worse half each.

    `cost_in_other_class` is what it would cost in the table class that the table does not have.
    """

    cost: Cost
    throttled_percent: float
    cost_in_other_class: Cost = NO_COST


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to provide the capacity of a target, with its figures by the model of AWS.

    `meets_goal` is whether it throttles no more than the goal, on each side, half and model.
    `units` are those of a fixed value. `outlines` are what a chart shows of each side, by the model
    `SHOWN_PHYSICS`; None if it was not recorded, or is not provisioned.
    """

    name: str
    figures: Mapping[str, Figures]
    meets_goal: bool
    units: PerCapacity[int] | None = None
    outlines: PerCapacity[CapacityOutline | None] = NO_OUTLINES

    @property
    def throttled_percent(self) -> float:
        """Return the throttling in the model in which it is highest."""
        return max(one.throttled_percent for one in self.figures.values())

    def bill(self, settings: TuneSettings, *, in_other_class: bool = False) -> float:
        """Return the dollars per 30 days by the chosen way of billing, the mean of all models."""
        return fmean(
            settings.bill(one.cost_in_other_class if in_other_class else one.cost)
            for one in self.figures.values()
        )


Rows = Mapping[tuple[int, str], "Row"]
"""The rows of one alternative by the number of the half and the model of AWS."""


class Bench:
    """The halves of one recording, and the goal on each: AWS's throttling at 70 %, or the limit if higher."""

    def __init__(
        self, halves: Sequence[Recording], limits: PerCapacity[CapacityOptions], settings: TuneSettings
    ) -> None:
        """Keep what all alternatives share."""
        self.halves = tuple(halves)
        self.limits = limits
        self.settings = settings
        recording = self.halves[0]
        self.prices = find_prices(recording, settings.prices)
        other = (find_class(recording) or TableClass.STANDARD).other
        self._factors = _divide(find_prices(recording, settings.prices, other), self.prices)
        self._tracked: dict[int, Rows] = {}
        self._columns = [split_columns(half.minutes, COLUMNS_PER_HALF) for half in self.halves]

    def run(self, run_one: Callable[[Recording, BaselineSettings], Row]) -> Rows:
        """Run an alternative on both halves, in all models of AWS."""
        return {
            (half, physics): run_one(self.halves[half], self.set_up(half, PRESETS[physics]))
            for half, physics in product(range(len(self.halves)), PRESETS)
        }

    def set_up(self, half: int, physics: Physics) -> BaselineSettings:
        """Return the conditions of a baseline."""
        start = self.halves[half].find_start_capacity(self.settings.start, self.limits)
        return BaselineSettings(physics, self.prices, start, self.limits)

    def run_tracking(self, percent: int) -> Rows:
        """Run AWS target tracking; its results are kept."""
        if percent not in self._tracked:
            self._tracked[percent] = self.run(lambda half, settings: run_tracking(half, settings, percent))
        return self._tracked[percent]

    def replay(self, sections: Sequence[Section], half: int, physics: str, intervals: Intervals) -> Row:
        """Replay a half with sections for its target."""
        scenario = Scenario(
            PRESETS[physics],
            intervals.check,
            self.settings.start,
            quiet_check_interval=intervals.quiet,
        )
        (replayed,) = simulate(sections, [self.halves[half]], scenario)
        row = make_row(SECTION, replayed, self.prices)
        return row if physics == SHOWN_PHYSICS else drop_traces(row)

    def find_goal(self, half: int, physics: str) -> PerCapacity[float]:
        """Return the highest throttling that is allowed for each side, in percent."""
        tracked = self.run_tracking(DEFAULT_TARGET_PERCENT)[half, physics]
        return tracked.sides.map(lambda side: max(self.settings.limit_percent, side.throttled_percent))

    def find_failing(self, row: Row, half: int, physics: str) -> set[Capacity]:
        """Return the sides that throttle more than is allowed."""
        goal = self.find_goal(half, physics)
        return {
            capacity
            for capacity in Capacity
            if row.sides[capacity].throttled_percent > goal[capacity] + SLACK_PERCENT
        }

    def sum_up(self, name: str, rows: Rows, units: PerCapacity[int] | None = None) -> Alternative:
        """Return an alternative with the figures of its worse half."""
        figures = {}
        for physics in PRESETS:
            halves = [rows[half, physics] for half in range(len(self.halves))]
            figures[physics] = Figures(
                _find_highest([row.total for row in halves]),
                max(row.throttled_percent for row in halves),
                _find_highest([self._price_in_other_class(row) for row in halves]),
            )
        meets_goal = not any(self.find_failing(row, *key) for key, row in rows.items())
        return Alternative(name, figures, meets_goal, units, self._outline(rows))

    def outline_load(self) -> PerCapacity[LoadOutline | None]:
        """Return the load of each side that was recorded, for charts."""

        def outline(capacity: Capacity) -> LoadOutline | None:
            sides = [half.sides[capacity] for half in self.halves]
            return add_up(
                None if side is None else outline_load(side.consumed, columns)
                for side, columns in zip(sides, self._columns, strict=True)
            )

        return PerCapacity.of(outline)

    def _outline(self, rows: Rows) -> PerCapacity[CapacityOutline | None]:
        """Return the capacity of each side, for charts."""

        def outline(capacity: Capacity) -> CapacityOutline | None:
            traces = [rows[half, SHOWN_PHYSICS].traces for half in range(len(self.halves))]
            return add_up(
                None
                if trace is None or (side := trace[capacity]) is None
                else outline_capacity(side, columns)
                for trace, columns in zip(traces, self._columns, strict=True)
            )

        return PerCapacity.of(outline)

    def _price_in_other_class(self, row: Row) -> Cost:
        is_by_request = row.name in (ON_DEMAND, RECORDED_ON_DEMAND)
        factors = self._factors.million_requests if is_by_request else self._factors.capacity_hour
        watching = Cost(row.watching, row.watching)
        return sum(row.sides.combine(lambda side, factor: side.cost * factor, factors), start=watching)


def _divide(prices: Prices, others: Prices) -> Prices:
    """Return how many times as much each price is; 1 if one is free."""

    def divide(price: float, other: float) -> float:
        return price / other if other else 1.0

    return Prices(
        prices.capacity_hour.combine(divide, others.capacity_hour),
        prices.million_requests.combine(divide, others.million_requests),
    )


def _find_highest(costs: Sequence[Cost]) -> Cost:
    return Cost(max(one.hour_max for one in costs), max(one.prorated for one in costs))


def list_baselines(bench: Bench) -> Iterator[Alternative]:
    """Yield AWS target tracking, on-demand, and a fixed value if it holds in both halves."""
    for percent in TARGETS_PERCENT:
        yield bench.sum_up(name_tracking(percent), bench.run_tracking(percent))
    yield bench.sum_up(ON_DEMAND, bench.run(run_on_demand))
    fixed = _run_fixed(bench)
    if fixed.meets_goal:
        yield fixed


def _run_fixed(bench: Bench) -> Alternative:
    """Run the fixed value that the first half needs without burst capacity."""
    conditions = bench.set_up(0, PRESETS["no-burst"])
    units = run_fixed(bench.halves[0], conditions, bench.settings.limit_percent).units or PerCapacity(1, 1)
    rows = bench.run(lambda half, settings: _hold(half, units, settings))
    return bench.sum_up(FIXED, rows, units)


def _hold(half: Recording, units: PerCapacity[int], settings: BaselineSettings) -> Row:
    """Run a half on fixed units."""

    def fix(side: SideRecording | None, fixed: int) -> SideRecording | None:
        return side and replace(side, provisioned=array("d", [fixed]) * half.minutes)

    held = replace(half, sides=half.sides.combine(fix, units), billing=frozenset(), registered=NOT_REGISTERED)
    return _require(run_recorded(held, settings))


def find_present(bench: Bench, sections: Sequence[Section], intervals: Intervals) -> Alternative | None:
    """Return what runs now: on-demand, else these sections, else the recorded or the registered capacity.

    Return None if it is not known.
    """
    if bench.halves[0].billing == {Billing.ON_DEMAND}:
        return bench.sum_up(RECORDED_ON_DEMAND, bench.run(run_on_demand))
    if sections:
        rows = {
            (half, physics): bench.replay(sections, half, physics, intervals)
            for half, physics in product(range(len(bench.halves)), PRESETS)
        }
        return bench.sum_up(THIS_CONFIGURATION, rows)
    for name, run in ((RECORDED, run_recorded), (REGISTERED, run_registered)):
        if all(run(half, bench.set_up(number, PRESETS["ideal"])) for number, half in enumerate(bench.halves)):
            return bench.sum_up(name, bench.run(lambda half, settings: _require(run(half, settings))))  # noqa: B023
    return None


def _require(row: Row | None) -> Row:
    """Return a row that is there."""
    if row is None:
        message = "a baseline was expected"
        raise ValueError(message)
    return row
