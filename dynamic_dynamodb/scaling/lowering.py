"""Propose a decrease: by consumption, after enough low checks, or down to the maximum."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling import reasons
from dynamic_dynamodb.scaling.calculators import PERCENT, decrease
from dynamic_dynamodb.scaling.demand import fit_to
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import METRICS_LATE, METRICS_UNKNOWN, Code, Reason

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.load import CapacityLoad
    from dynamic_dynamodb.scaling.reasons import Cause
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


@value
class Lowering:
    """Units to lower to, the count of low checks, and why.

    `units` equals the provisioned units if nothing is lowered.
    `is_impossible` is True if consumption is low and no decrease can follow from it.
    """

    units: int
    count: int
    reason: Reason
    is_impossible: bool = False


_IMPOSSIBLE: Final = (Code.ZERO_CONSUMPTION, Code.ROUNDS_TO_NOTHING)


def propose(load: CapacityLoad, count: int, ended_event: str = "") -> Lowering:
    """Return the units to lower to, and count this check if it found consumption low.

    After an `ended_event`, a decrease goes in one step to what demand needs.
    """
    options, units = load.options, load.provisioned
    count = min(count, options.num_checks_before_scale_down)
    if not load.is_known:
        return Lowering(units, count, METRICS_LATE if load.usage.is_late else METRICS_UNKNOWN)
    if options.num_checks_reset_percent > 0 and not load.is_below(options.num_checks_reset_percent):
        count = 0
    target = options.target_utilization
    lowering = (
        _lower_by_amount(load, count, ended_event) if target is None else _lower_to(target, load, count)
    )
    maximum = options.max_provisioned
    if maximum is None or lowering.units <= maximum:
        return lowering
    return Lowering(maximum, lowering.count, Reason(Code.ABOVE_MAXIMUM, reasons.above_maximum, load))


def refuse(load: CapacityLoad, units: int) -> Reason | None:
    """Return why a capacity must not go down to these units, whatever the rule; None if it may."""
    if load.consumed > units:
        return Reason(Code.BELOW_CONSUMPTION, reasons.below_consumption, load, units)
    return None if load.options.enable_down_scaling else _down_scaling_off(load)


def _find_amount(load: CapacityLoad) -> Rational:
    """Return how much to lower by; 0 if consumption is not low."""
    options = load.options
    if options.decrease_consumed_scale is not None:
        return options.decrease_consumed_scale.amount_at_or_below(load.consumed_percent)
    return options.decrease_consumed_with if load.is_below(options.lower_threshold) else 0


def _lower_by_amount(load: CapacityLoad, count: int, ended_event: str) -> Lowering:
    """Lower by the configured amount while consumption is low; after an event, in one step."""
    options, units = load.options, load.provisioned
    amount = _find_amount(load)
    if not amount:
        return Lowering(units, count, _find_reason_to_stay(load))
    has_scale = options.decrease_consumed_scale is not None
    cause = reasons.consumed if has_scale else reasons.consumed_below_threshold
    unit = options.decrease_consumed_unit
    code = Code.DECREASE_SCALE if has_scale else Code.CONSUMED_BELOW_THRESHOLD
    lower = decrease(units, amount, unit)
    reason = Reason(code, reasons.down_by, cause, load, amount, unit)
    middle = find_middle(options)
    if ended_event and middle and fit_to(load.peak_demand, middle) < units:
        lower = fit_to(load.peak_demand, middle)
        is_minimum = lower < options.min_provisioned
        write = reasons.down_at_once_to_minimum if is_minimum else reasons.down_at_once
        reason = Reason(code, write, cause, load, ended_event, middle)
    small = Reason(Code.ROUNDS_TO_NOTHING, reasons.rounds_to_nothing, amount, unit)
    return _count_and_lower(
        load,
        count,
        cause,
        obstacle=_find_obstacle(load, load.consumed, small if lower == units else None),
        lowered=(lower, reason),
    )


def find_middle(options: CapacityOptions) -> Rational:
    """Return the utilization in percent that lies in the middle of the two thresholds."""
    return Fraction(options.lower_threshold + options.upper_threshold, 2)


def _lower_to(target: Rational, load: CapacityLoad, count: int) -> Lowering:
    """Lower until the highest demand is the target utilization, once that demand is low."""
    options, units = load.options, load.provisioned
    peak = load.peak_demand
    if peak * PERCENT >= options.lower_threshold * units:
        return Lowering(units, count, _find_reason_to_stay(load))
    lower = fit_to(peak, target)
    write = reasons.down_to_target if lower >= options.min_provisioned else reasons.down_to_minimum
    fitting = Reason(Code.ROUNDS_TO_NOTHING, reasons.fits_already, load)
    return _count_and_lower(
        load,
        count,
        reasons.peak,
        obstacle=_find_obstacle(load, peak, fitting if lower >= units else None),
        lowered=(lower, Reason(Code.BELOW_TARGET, write, load)),
    )


def _count_and_lower(
    load: CapacityLoad, count: int, cause: Cause, *, obstacle: Reason | None, lowered: tuple[int, Reason]
) -> Lowering:
    """Count a low check, and lower after enough of them, unless an obstacle prevents both."""
    options, units = load.options, load.provisioned
    # A low figure that is not final proves nothing, and does not count either.
    if load.usage.is_late:
        obstacle = METRICS_LATE
    if obstacle is not None:
        reason = Reason(obstacle.code, reasons.but, cause, load, obstacle)
        return Lowering(units, count, reason, is_impossible=obstacle.code in _IMPOSSIBLE)
    enough = options.num_checks_before_scale_down
    counted = min(count + 1, enough)
    if counted < enough:
        reason = Reason(Code.WAITING_FOR_CHECKS, reasons.waiting_for_checks, cause, load, counted)
        return Lowering(units, counted, reason)
    lower, reason = lowered
    return Lowering(max(lower, options.min_provisioned), counted, reason)


def _find_obstacle(load: CapacityLoad, consumed: Rational, small: Reason | None) -> Reason | None:
    """Return why low consumption neither lowers nor counts, such as a decrease that is too small."""
    options = load.options
    if not options.enable_down_scaling:
        return _down_scaling_off(load)
    if load.is_throttled:
        return _still_throttled(load)
    if not consumed and not options.allow_scaling_down_on_0_percent:
        return Reason(Code.ZERO_CONSUMPTION, reasons.zero_consumption, load)
    if small is not None:
        return small
    if load.provisioned <= options.min_provisioned:
        return Reason(Code.AT_MINIMUM, reasons.at_minimum, load)
    return None


def _down_scaling_off(load: CapacityLoad) -> Reason:
    return Reason(Code.DOWN_SCALING_OFF, reasons.down_scaling_off, load)


def _still_throttled(load: CapacityLoad) -> Reason:
    return Reason(Code.STILL_THROTTLED, reasons.still_throttled, load)


def _find_reason_to_stay(load: CapacityLoad) -> Reason:
    options = load.options
    if options.target_utilization is not None:
        return _find_reason_to_stay_at_target(load)
    if options.increase_consumed_scale or options.decrease_consumed_scale:
        return Reason(Code.STEADY, reasons.no_step_reached, load)
    if not options.enable_up_scaling and load.is_above(options.upper_threshold):
        return Reason(Code.UP_SCALING_OFF, reasons.up_scaling_off, load)
    return Reason(Code.STEADY, reasons.within_thresholds, load)


def _find_reason_to_stay_at_target(load: CapacityLoad) -> Reason:
    if load.is_throttled:
        return _still_throttled(load)
    if not load.options.enable_up_scaling and load.is_demand_above_threshold:
        return Reason(Code.UP_SCALING_OFF, reasons.demand_but_up_scaling_off, load)
    return Reason(Code.STEADY, reasons.peak_within_thresholds, load)
