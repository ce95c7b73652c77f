"""Demand: what is consumed and throttled, by the minutes that a target utilization sizes a capacity by."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE, add, exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.model import Demand

NEWEST_MINUTES: Final = 2
"""A raise is sized by the newest known minutes: with one alone, a single burst would decide."""
MOST_GROWTH: Final = 2
"""Demand counts up to this multiple of what was consumed or provisioned, whichever is more.

Throttle metrics count requests and the retries of SDKs, consumption counts units.
"""


def find_recent(demand: Demand, provisioned: int) -> Rational | None:
    """Return the demand of the newest known minutes in units a second; None if no minute is known."""
    if not demand.known:
        return None
    minutes = demand.minutes
    end = minutes.before + demand.known
    begin = max(minutes.before, end - NEWEST_MINUTES)
    if not any(minutes.throttled[begin:end]):
        return Fraction(add(minutes.consumed[begin:end]), (end - begin) * SECONDS_PER_MINUTE)
    # Apart: else the minutes that have led to a raise would count more once it is made, and raise again.
    parts = groupby(range(begin, end), key=lambda place: _units_in(demand, place, provisioned))
    total = sum(_sum_up(demand, [*places], units) for units, places in parts)
    return Fraction(total, (end - begin) * SECONDS_PER_MINUTE)


def find_peak(demand: Demand, provisioned: int) -> Rational:
    """Return the demand of the highest minute in units a second."""
    minutes = demand.minutes
    highest = exact(max(minutes.consumed, default=0))
    for place, throttled in enumerate(minutes.throttled):
        if throttled:
            per_minute = _units_in(demand, place, provisioned) * SECONDS_PER_MINUTE
            highest = max(highest, _bound(exact(minutes.consumed[place]), exact(throttled), per_minute))
    return Fraction(highest, SECONDS_PER_MINUTE)


def fit_to(demand_per_second: Rational, target_percent: Rational) -> int:
    """Return the units of which the demand is the target utilization; fractions are rounded up."""
    part = demand_per_second.numerator * target_percent.denominator * PERCENT
    return -(-part // (demand_per_second.denominator * target_percent.numerator))


def _sum_up(demand: Demand, places: Sequence[int], provisioned: int) -> Rational:
    """Return the units of demand in minutes that passed with so many units provisioned a second."""
    consumed = add([demand.minutes.consumed[place] for place in places])
    throttled = add([demand.minutes.throttled[place] for place in places])
    return _bound(consumed, throttled, provisioned * len(places) * SECONDS_PER_MINUTE)


def _bound(consumed: Rational, throttled: Rational, provisioned: int) -> Rational:
    return min(consumed + throttled, MOST_GROWTH * max(consumed, provisioned)) if throttled else consumed


def _units_in(demand: Demand, place: int, provisioned: int) -> int:
    """Return what was provisioned when a minute passed: the units before the first raise after it."""
    return next((units for minutes, units in demand.raises if place < minutes), provisioned)
