"""Sum up what one capacity of a table or an index consumed."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.scaling.usage import Datapoints

TARGET_PERCENT: Final = 85
"""The target utilization of the recommended configuration, which capacity is priced at."""
_HOURS_PER_DAY: Final = 24


class Peak(NamedTuple):
    """The busiest minute, in units a second."""

    units: float
    minute: datetime


class Load(NamedTuple):
    """The units that were consumed, and the busiest minute; None if nothing was consumed.

    `unit_hours` is the capacity that would have followed the load at the target utilization, hour by hour.
    """

    units: float = 0.0
    peak: Peak | None = None
    unit_hours: float = 0.0


def find_peak(sums: Datapoints) -> Peak | None:
    """Return the busiest minute of the units consumed by minute; None if nothing was consumed."""
    minute = max(sums, key=sums.__getitem__, default=None)
    return Peak(sums[minute] / SECONDS_PER_MINUTE, minute) if minute is not None and sums[minute] else None


def count_unit_hours(sums: Datapoints, hours: int) -> float:
    """Return the units that each hour's busiest minute needs, summed up over the hours: at least 1 each.

    `sums` are the units consumed by minute, in less than a month. If they begin within an hour, they meet
    one hour more, and the sum is that of as many average ones as there are.
    """
    busiest: dict[int, float] = {}
    for minute, units in sums.items():
        hour = minute.day * _HOURS_PER_DAY + minute.hour
        if units > busiest.get(hour, 0.0):
            busiest[hour] = units
    needed = [ceil(units / SECONDS_PER_MINUTE / TARGET_PERCENT * PERCENT) for units in busiest.values()]
    met = max(hours, len(needed))
    return (sum(needed) + met - len(needed)) * hours / met
