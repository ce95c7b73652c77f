"""The consumption that leaves a capacity as it is: `raising` and `lowering`, seen from the other side.

A replay need not run the checks that find nothing else. All of this holds while nothing is throttled.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

_ROUNDING: Final = 1e-9
"""The share by which a sum of floats may differ from the exact sum, which decisions are made by."""


class Limit(NamedTuple):
    """A number of units: a sum under `below` is less than it, a sum over `above` is more.

    Sums in between are too close to tell.
    """

    below: float
    above: float


def is_within_limits(options: CapacityOptions, provisioned: int) -> bool:
    """Return whether provisioned units are within minimum and maximum; others change in any case."""
    return options.clamp(provisioned) == provisioned


def find_raising_percent(options: CapacityOptions) -> Rational:
    """Return the share of the provisioned units up to which consumption raises nothing."""
    scale = options.increase_consumed_scale
    return options.upper_threshold if scale is None else scale.lowest_key


def find_lowering_percent(options: CapacityOptions) -> Rational:
    """Return the share of the provisioned units above which consumption lowers nothing."""
    scale = options.decrease_consumed_scale
    return options.lower_threshold if scale is None else scale.highest_key


def find_limit(percent: Rational, provisioned: int, minutes: int, *, is_whole: bool) -> Limit:
    """Return a share of what is provisioned in so many minutes; sums of whole units are exact."""
    units = Fraction(percent * provisioned * minutes * SECONDS_PER_MINUTE, PERCENT)
    if is_whole:
        return Limit(ceil(units), floor(units))
    return Limit(float(units) * (1 - _ROUNDING), float(units) * (1 + _ROUNDING))
