"""Compute a lower bound on the cost of any capacity that throttles no more than is allowed.

The bound knows the whole demand and changes capacity without delay and without a limit on decreases. Every
hour starts with a full burst bucket, and throttled units do not come back. Every capacity that follows the
model costs at least as much.

Billed at its highest value, an hour may as well have that value throughout. Its throttling is then a convex,
piecewise linear function of its units, and the cheapest sum over all hours lowers capacity where a throttled
unit saves most: this is exact for fractional units.
Billed by the minute, unused units are assumed to be kept forever, and each minute has at least 1 unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.results import NO_SIDE, Row, SideResult
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import price_unit_minutes, split_hours
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.replay.comparison.baselines import BaselineSettings
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.recordings.rows import Column

LOWER_BOUND: Final = "lower bound"
LEAST_UNITS: Final = 1.0
_CLOSE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class LinearPiece:
    """A linear piece: a capacity, the units it throttles, and how many fewer one more unit throttles."""

    units: float
    throttled: float
    slope: float

    def at(self, units: float) -> float:
        """Return the units that another capacity on this line throttles."""
        return self.throttled + self.slope * (self.units - units)


def measure_hour(demands: Sequence[float], burst: int, units: float) -> LinearPiece:
    """Return the line at this capacity, for an hour that starts with a full bucket."""
    each, most_kept = units * SECONDS_PER_MINUTE, units * burst
    bucket, bucket_slope = most_kept, float(burst)
    throttled = slope = 0.0
    for demand in demands:
        left = bucket + each - demand
        if left < 0:
            throttled -= left
            slope += bucket_slope + SECONDS_PER_MINUTE
            bucket = bucket_slope = 0.0
        elif left < most_kept:
            bucket = left
            bucket_slope += SECONDS_PER_MINUTE
        else:
            bucket, bucket_slope = most_kept, float(burst)
    return LinearPiece(units, throttled, slope)


def find_sufficient(demands: Sequence[float], burst: int) -> LinearPiece:
    """Return the lowest capacity that throttles nothing in an hour, and the slope just below it.

    Newton's method ends exactly on the last linear piece; the slope is 0 at the lowest units.
    """
    units, slope = LEAST_UNITS, 0.0
    close = _CLOSE * (1 + max(demands) * _CLOSE)  # the last digits of huge numbers are noise
    while (line := measure_hour(demands, burst, units)).throttled > close:
        units += line.throttled / line.slope
        slope = line.slope
    return LinearPiece(units, 0.0, slope)


def find_lower_end(demands: Sequence[float], burst: int, upper: LinearPiece) -> LinearPiece:
    """Return the lower end of the linear piece below a capacity, with the slope of the next piece.

    `upper.slope` is the slope of the piece itself.
    """
    low = measure_hour(demands, burst, LEAST_UNITS)
    while low.slope > upper.slope + _CLOSE:
        rise = low.at(0.0) - upper.at(0.0)
        units = rise / (low.slope - upper.slope)  # where both lines meet
        expected = low.at(units)
        found = measure_hour(demands, burst, units)
        if found.throttled <= expected + _CLOSE * (1 + expected):
            return LinearPiece(units, expected, low.slope)
        low = found
    return LinearPiece(LEAST_UNITS, upper.at(LEAST_UNITS), 0.0)


def bound_hour_max(
    demands: Column[float], hours: Sequence[slice], burst: int, most_throttled: float
) -> float:
    """Return the lowest unit-minutes if each hour is billed at its highest value."""
    parts = [demands[hour] for hour in hours]
    lines = [find_sufficient(part, burst) for part in parts]
    billed = sum(line.units * len(part) for line, part in zip(lines, parts, strict=True))
    # The throttling for each unit-minute saved by lowering an hour, the lowest first.
    lowerings = [
        (line.slope / len(part), number)
        for number, (line, part) in enumerate(zip(lines, parts, strict=True))
        if line.slope
    ]
    heapify(lowerings)
    left = most_throttled
    while lowerings and left > 0:
        rate, number = lowerings[0]
        upper, part = lines[number], parts[number]
        lower = find_lower_end(part, burst, upper)
        saved = min((upper.units - lower.units) * len(part), left / rate)
        billed -= saved
        left -= saved * rate
        lines[number] = lower
        if lower.slope:
            heapreplace(lowerings, (lower.slope / len(part), number))
        else:
            heappop(lowerings)
    return billed


def bound_prorated(demands: Sequence[float], most_throttled: float) -> float:
    """Return the lowest unit-minutes if capacity is billed by the minute."""
    count = len(demands)
    most = count * LEAST_UNITS
    asked = -most_throttled
    for minute, demand in enumerate(demands, 1):
        asked += demand
        needed = asked / SECONDS_PER_MINUTE + (count - minute) * LEAST_UNITS
        most = max(most, needed)
    return most


def compute_lower_bound(recording: Recording, settings: BaselineSettings, allowed_percent: float) -> Row:
    """Return the row of the lower bound, which throttles as much of each side as is allowed."""
    hours = split_hours(recording.start, recording.minutes)
    sides = []
    for side, price in zip(recording.sides, settings.prices.capacity_hour, strict=True):
        if side is None:
            sides.append(NO_SIDE)
            continue
        demand = sum(side.consumed)
        allowed = allowed_percent / 100 * demand
        prorated = bound_prorated(side.consumed, allowed)
        by_hour = bound_hour_max(side.consumed, hours, settings.physics.burst, allowed)
        hour_max = max(by_hour, prorated)  # a bill by the highest value is never below one by the minute
        cost = price_unit_minutes(hour_max, prorated, recording.minutes, price)
        provisioned = hour_max * SECONDS_PER_MINUTE
        sides.append(SideResult(demand, demand - allowed, allowed, provisioned, cost=cost))
    return Row(LOWER_BOUND, PerCapacity(*sides), recording.minutes, is_bound=True, is_scheduled=False)
