"""AWS target tracking minute by minute: slow, and easy to check against what AWS documents."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.comparison.baselines import get_traces
from dynamic_dynamodb.replay.comparison.results import Row, Tally, sum_up
from dynamic_dynamodb.replay.comparison.target_tracking import (
    SCALE_IN_DATAPOINTS,
    SCALE_IN_DISTANCE_PERCENT,
    SCALE_OUT_DATAPOINTS,
    name_tracking,
)
from dynamic_dynamodb.replay.simulator.target_model import SideModel, TargetModel
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import price_alarms
from dynamic_dynamodb.scaling.guards import find_next_decrease
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.comparison.baselines import BaselineSettings
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


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
        model.serve(range(minute, minute + 1))
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
