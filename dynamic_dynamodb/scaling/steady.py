"""The consumption that leaves a capacity as it is: `raising` and `lowering`, seen from the other side.

A replay need not run the checks that find nothing else.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


def is_decided_by_thresholds(options: CapacityOptions) -> bool:
    """Return whether, without throttling, nothing but thresholds, minimum and maximum decides."""
    return (
        options.increase_consumed_scale is None
        and options.decrease_consumed_scale is None
        and options.target_utilization is None
    )


def keeps_low_checks(options: CapacityOptions) -> bool:
    """Return whether steady consumption never resets the count of low checks."""
    return options.num_checks_reset_percent == 0


def find_steady_units(options: CapacityOptions, provisioned: int, minutes: int) -> tuple[int, int] | None:
    """Return the least and the most units consumed in so many minutes that decide on nothing.

    Return None if these provisioned units are outside minimum and maximum, and change in any case.
    """
    if options.clamp(provisioned) != provisioned:
        return None
    whole = provisioned * minutes * SECONDS_PER_MINUTE
    return ceil(options.lower_threshold * whole / PERCENT), floor(options.upper_threshold * whole / PERCENT)
