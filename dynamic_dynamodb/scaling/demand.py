"""Demand: what is consumed and throttled, by the minutes that a target utilization sizes a capacity by."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE, add, exact

if TYPE_CHECKING:
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
    raised = min(max(begin, demand.minutes_before_raise), end)
    # Apart: else the minutes that have led to a raise would count more once it is made, and raise again.
    units = _sum_up(demand, begin, raised, provisioned) + _sum_up(demand, raised, end, provisioned)
    return Fraction(units, (end - begin) * SECONDS_PER_MINUTE)


def find_peak(demand: Demand, provisioned: int) -> Rational:
    """Return the demand of the highest minute in units a second."""
    minutes = demand.minutes
    highest: Rational
    if any(minutes.throttled):
        highest = max(
            _bound(
                exact(consumed), exact(throttled), _units_in(demand, place, provisioned) * SECONDS_PER_MINUTE
            )
            for place, (consumed, throttled) in enumerate(
                zip(minutes.consumed, minutes.throttled, strict=True)
            )
        )
    else:
        highest = exact(max(minutes.consumed, default=0))
    return Fraction(highest, SECONDS_PER_MINUTE)


def fit_to(demand_per_second: Rational, target_percent: Rational) -> int:
    """Return the units of which the demand is the target utilization; fractions are rounded up."""
    return ceil(Fraction(demand_per_second * PERCENT, target_percent))


def _sum_up(demand: Demand, begin: int, end: int, provisioned: int) -> Rational:
    """Return the units of demand in some minutes, which passed with the same units provisioned."""
    minutes = demand.minutes
    consumed, throttled = add(minutes.consumed[begin:end]), add(minutes.throttled[begin:end])
    seconds = (end - begin) * SECONDS_PER_MINUTE
    return _bound(consumed, throttled, _units_in(demand, begin, provisioned) * seconds)


def _bound(consumed: Rational, throttled: Rational, provisioned: int) -> Rational:
    return min(consumed + throttled, MOST_GROWTH * max(consumed, provisioned)) if throttled else consumed


def _units_in(demand: Demand, place: int, provisioned: int) -> int:
    return demand.units_before_raise if place < demand.minutes_before_raise else provisioned
