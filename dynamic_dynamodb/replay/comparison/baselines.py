"""Run the alternatives that follow no load: one fixed value, on-demand, and the recorded capacity."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.results import NO_SIDE, Row, SideResult, Tally, Trace, sum_up
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import bill_on_demand, price_alarms, price_unit_minutes
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dynamic_dynamodb.replay.recordings.recording import Recording, SideRecording
    from dynamic_dynamodb.replay.simulator.capacity_model import Physics
    from dynamic_dynamodb.replay.simulator.target_model import SideModel, TargetModel
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

ON_DEMAND: Final = "on-demand"
FIXED: Final = "best fixed value"
RECORDED: Final = "as recorded"
RECORDED_ON_DEMAND: Final = "as recorded: on-demand"


@dataclass(frozen=True, slots=True)
class BaselineSettings:
    """The conditions of the replay, which baselines share."""

    physics: Physics
    prices: Prices
    start: PerCapacity[int]
    limits: PerCapacity[CapacityOptions]


def get_traces(model: TargetModel) -> PerCapacity[Trace | None]:
    """Return the traces of a model that has run to its end."""
    return model.sides.map(_get_trace)


def _get_trace(side: SideModel) -> Trace | None:
    if side.demand is None:
        return None
    return Trace(side.demand, side.consumed, side.throttled, side.provisioned)


def run_fixed(recording: Recording, settings: BaselineSettings, allowed_percent: float) -> Row:
    """Run the lowest fixed value of each side that throttles no more than is allowed."""
    units = PerCapacity(*(_find_fixed(side, settings.physics, allowed_percent) for side in recording.sides))
    traces = PerCapacity(
        *(
            None if side is None else _run_schedule(side, settings.physics, [(fixed, recording.minutes)])
            for side, fixed in zip(recording.sides, units, strict=True)
        )
    )
    return sum_up(FIXED, recording, traces, settings.prices, Tally(units=units, is_scheduled=False))


def run_recorded(recording: Recording, settings: BaselineSettings) -> Row | None:
    """Run the recorded demand on the recorded capacity, or on demand if it was billed on demand.

    Return None if the capacity of a side was not recorded, or if the target was billed both ways.
    """
    if recording.billing == {Billing.ON_DEMAND}:
        return replace(run_on_demand(recording, settings), name=RECORDED_ON_DEMAND)
    if Billing.ON_DEMAND in recording.billing or any(
        side is not None and side.provisioned is None for side in recording.sides
    ):
        return None
    traces = recording.sides.map(
        lambda side: None if side is None else _run_schedule(side, settings.physics, _find_runs(side))
    )
    levels = [side.provisioned for side in recording.sides if side is not None and side.provisioned]
    registered = sum(one is not None and one.target_percent is not None for one in recording.registered)
    changes = sum(first != second for first, second in pairwise(zip(*levels, strict=True)))
    tally = Tally(updates=changes, watching=price_alarms(registered))
    return sum_up(RECORDED, recording, traces, settings.prices, tally)


def _find_fixed(side: SideRecording | None, physics: Physics, allowed_percent: float) -> int:
    if side is None:
        return 1
    allowed = allowed_percent / 100 * sum(side.consumed)
    least = (sum(side.consumed) - allowed) / len(side.consumed) / SECONDS_PER_MINUTE  # serves that much
    low, high = max(1, floor(least)), max(1, ceil(max(side.consumed) / SECONDS_PER_MINUTE))
    while low < high:
        middle = (low + high) // 2
        if CapacityModel(physics, middle).is_enough(side.consumed, allowed):
            high = middle
        else:
            low = middle + 1
    return low


def _find_runs(side: SideRecording) -> Iterator[tuple[int, int]]:
    """Yield the recorded units of a side, each with the number of minutes for which they were in force."""
    for units, run in groupby(map(ceil, side.provisioned or ())):
        yield units, sum(1 for _ in run)


def _run_schedule(side: SideRecording, physics: Physics, runs: Iterable[tuple[int, int]]) -> Trace:
    """Serve a side on units for a number of minutes each; the bucket starts empty."""
    demand = side.consumed
    model = CapacityModel(physics, 0)  # the first minute sets the capacity
    served, throttled = array("d", demand), array("d", bytes(8 * len(demand)))
    provisioned: array[int] = array("q")
    for units, minutes in runs:
        begin = len(provisioned)
        provisioned.extend(array("q", [units]) * minutes)
        model.provision(units)
        model.serve(demand, range(begin, len(provisioned)), served, throttled)
    return Trace(demand, served, throttled, provisioned)


def run_on_demand(recording: Recording, settings: BaselineSettings) -> Row:
    """Bill every unit as a request; nothing is throttled."""

    def serve(side: SideRecording | None, price: float) -> SideResult:
        if side is None:
            return NO_SIDE
        demand = sum(side.consumed)
        return SideResult(demand, demand, cost=bill_on_demand(demand, recording.minutes, price))

    prices = settings.prices
    sides = recording.sides.combine(serve, prices.million_requests)
    used = [
        price_unit_minutes(0.0, side.demand / SECONDS_PER_MINUTE, recording.minutes, price)
        for side, price in zip(sides, prices.capacity_hour, strict=True)
    ]
    return Row(
        ON_DEMAND,
        sides,
        recording.minutes,
        fully_used_dollars=sum(cost.prorated for cost in used),
        is_scheduled=False,
    )
