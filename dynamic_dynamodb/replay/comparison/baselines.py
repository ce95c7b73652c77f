"""Run the alternatives: AWS target tracking, one fixed value, on-demand, and the recorded capacity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise, repeat
from math import ceil
from operator import add
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.results import NO_SIDE, Row, SideResult, Tally, Trace, sum_up
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel, is_enough
from dynamic_dynamodb.replay.simulator.target_model import SideModel, TargetModel
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import NO_COST, bill_on_demand, price_alarms, price_unit_minutes
from dynamic_dynamodb.scaling.guards import find_next_decrease
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamic_dynamodb.replay.recordings.recording import Recording, SideRecording
    from dynamic_dynamodb.replay.simulator.capacity_model import Physics
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

SCALE_OUT_DATAPOINTS: Final = 2
SCALE_IN_DATAPOINTS: Final = 15
SCALE_IN_DISTANCE_PERCENT: Final = 20
"""The alarms that Application Auto Scaling creates for DynamoDB: 1-minute datapoints (Developer Guide,
"Managing throughput capacity automatically with DynamoDB auto scaling"), and percentage points below the
target (AWS Knowledge Center, "dynamodb-auto-scaling").
"""

DEFAULT_TARGET_PERCENT: Final = 70
"""The target of AWS target tracking unless another is set."""

ON_DEMAND: Final = "on-demand"
FIXED: Final = "best fixed value"
RECORDED: Final = "as recorded"
RECORDED_ON_DEMAND: Final = "as recorded: on-demand"


def name_tracking(target_percent: int) -> str:
    """Return the name of a row of target tracking."""
    return f"AWS target tracking {target_percent} %"


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


def run_tracking(recording: Recording, settings: BaselineSettings, target_percent: int) -> Row:
    """Run AWS target tracking on both sides, within the configured minimum and maximum.

    It starts within these limits, as Application Auto Scaling does when a target is registered.
    A side scales out after 2 datapoints above the target, and in after 15 datapoints more than 20 percentage
    points below it, none of them missing; an alarm goes off `Physics.alarm` minutes after its last datapoint.
    AWS does not document by how much a side scales: here to the consumption of the last datapoint / target.
    """
    model = TargetModel(
        recording,
        settings.physics,
        PerCapacity(
            *(limits.clamp(units) for units, limits in zip(settings.start, settings.limits, strict=True))
        ),
    )
    sides = tuple(zip(model.sides, settings.limits, strict=True))
    refused = 0
    was_refused = False
    for minute in range(recording.minutes):
        model.settle(minute)
        if not model.is_updating:
            published = max(0, model.published - settings.physics.alarm)
            proposed = [_track(side, published, limits, target_percent) for side, limits in sides]
            is_refused = False
            if any(proposed):
                now, before = recording.start + minute * MINUTE, model.provisioned
                requested = PerCapacity(*(one or units for one, units in zip(proposed, before, strict=True)))
                is_refused = find_next_decrease(model.describe(is_table_updating=False), now) is not None
                applied = requested.combine(max, before) if is_refused else requested
                refused += applied != requested and not was_refused
                if applied != before:
                    model.update(applied, minute, now)
            was_refused = is_refused
        model.serve(minute)
    watching = price_alarms(sum(side is not None for side in recording.sides))
    tally = Tally(
        model.updates, refused, settings.limits.map(lambda limits: limits.max_provisioned), watching
    )
    return sum_up(name_tracking(target_percent), recording, get_traces(model), settings.prices, tally)


def _track(side: SideModel, published: int, limits: CapacityOptions, target_percent: int) -> int | None:
    """Return the units that an alarm sets; None if there is no alarm, or if it changes nothing."""
    if side.demand is None or published < SCALE_OUT_DATAPOINTS:
        return None
    units, consumed = side.model.provisioned, side.consumed
    last = consumed[published - 1]
    full = units * SECONDS_PER_MINUTE / 100
    if last > target_percent * full:
        if consumed[published - 2] <= target_percent * full:
            return None
        proposed = max(units, limits.clamp(_find_units_at(last, target_percent)))
    else:
        low = (target_percent - SCALE_IN_DISTANCE_PERCENT) * full
        if not 0 < last < low or published < SCALE_IN_DATAPOINTS:
            return None
        recent = consumed[published - SCALE_IN_DATAPOINTS : published]
        if max(recent) >= low or min(recent) == 0:
            return None
        proposed = min(units, limits.clamp(_find_units_at(last, target_percent)))
    return None if proposed == units else proposed


def _find_units_at(consumed: float, target_percent: int) -> int:
    return ceil(consumed * 100 / SECONDS_PER_MINUTE / target_percent)


def run_fixed(recording: Recording, settings: BaselineSettings, allowed_percent: float) -> Row:
    """Run the lowest fixed value of each side that throttles no more than is allowed."""
    units = PerCapacity(*(_find_fixed(side, settings.physics, allowed_percent) for side in recording.sides))
    traces = PerCapacity(
        *(
            None if side is None else _run_schedule(side, settings.physics, repeat(fixed))
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
        lambda side: None if side is None else _run_schedule(side, settings.physics, side.provisioned or ())
    )
    levels = [side.provisioned for side in recording.sides if side is not None and side.provisioned]
    changes = sum(first != second for first, second in pairwise(zip(*levels, strict=True)))
    return sum_up(RECORDED, recording, traces, settings.prices, Tally(updates=changes))


def _find_fixed(side: SideRecording | None, physics: Physics, allowed_percent: float) -> int:
    if side is None:
        return 1
    allowed = allowed_percent / 100 * sum(side.consumed)
    low, high = 1, max(1, ceil(max(side.consumed) / SECONDS_PER_MINUTE))
    while low < high:
        middle = (low + high) // 2
        if is_enough(side.consumed, physics, middle, allowed):
            high = middle
        else:
            low = middle + 1
    return low


def _run_schedule(side: SideRecording, physics: Physics, schedule: Iterable[float]) -> Trace:
    model = CapacityModel(physics, 0)  # the first minute sets the capacity, and the bucket starts empty
    run = SideModel(model, side.consumed)
    for minute, units in zip(range(len(side.consumed)), map(ceil, schedule), strict=False):
        if units != model.provisioned:
            model.provision(units)
        run.serve(minute)
    return Trace(side.consumed, run.consumed, run.throttled, run.provisioned)


def run_on_demand(recording: Recording, settings: BaselineSettings) -> Row:
    """Bill every unit as a request; nothing is throttled."""
    sides = PerCapacity(
        *(
            NO_SIDE if side is None else SideResult(demand=sum(side.consumed), served=sum(side.consumed))
            for side in recording.sides
        )
    )
    prices = settings.prices
    costs = [
        bill_on_demand(side.demand, recording.minutes, price)
        for side, price in zip(sides, prices.million_requests, strict=True)
    ]
    used = [
        price_unit_minutes(0.0, side.demand / SECONDS_PER_MINUTE, recording.minutes, price)
        for side, price in zip(sides, prices.capacity_hour, strict=True)
    ]
    return Row(
        ON_DEMAND,
        sides,
        reduce(add, costs, NO_COST),
        recording.minutes,
        fully_used_dollars=sum(cost.prorated for cost in used),
        is_scheduled=False,
    )
