"""Propose a decrease: by consumption, after enough low checks, or down to the maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling import reasons
from dynamic_dynamodb.scaling.calculators import decrease
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import METRICS_LATE, METRICS_UNKNOWN, Code, Reason

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.load import CapacityLoad


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


def propose(load: CapacityLoad, count: int) -> Lowering:
    """Return the units to lower to, and count this check if it found consumption low."""
    options, units = load.options, load.provisioned
    count = min(count, options.num_checks_before_scale_down)
    if not load.is_known:
        return Lowering(units, count, METRICS_LATE if load.usage.is_late else METRICS_UNKNOWN)
    if options.num_checks_reset_percent > 0 and not load.is_below(options.num_checks_reset_percent):
        count = 0
    amount = _find_amount(load)
    lowering = (
        _lower_by(load, amount, count) if amount else Lowering(units, count, _find_reason_to_stay(load))
    )
    maximum = options.max_provisioned
    if maximum is None or lowering.units <= maximum:
        return lowering
    return Lowering(maximum, lowering.count, Reason(Code.ABOVE_MAXIMUM, reasons.above_maximum, load))


def refuse(load: CapacityLoad, units: int) -> Reason | None:
    """Return why a capacity must not go down to these units, whatever asked for it; None if it may."""
    if load.consumed > units:
        return Reason(Code.BELOW_CONSUMPTION, reasons.below_consumption, load, units)
    return None if load.options.enable_down_scaling else _down_scaling_off(load)


def _find_amount(load: CapacityLoad) -> Rational:
    """Return how much to lower by; 0 if consumption is not low."""
    options = load.options
    if options.decrease_consumed_scale is not None:
        return options.decrease_consumed_scale.amount_at_or_below(load.consumed_percent)
    return options.decrease_consumed_with if load.is_below(options.lower_threshold) else 0


def _lower_by(load: CapacityLoad, amount: Rational, count: int) -> Lowering:
    """Lower by an amount that low consumption asks for, if nothing prevents it and enough checks were low."""
    options, units = load.options, load.provisioned
    has_scale = options.decrease_consumed_scale is not None
    cause = reasons.consumed if has_scale else reasons.consumed_below_threshold
    # A low figure that is not final proves nothing, and does not count either.
    obstacle = METRICS_LATE if load.usage.is_late else _find_obstacle(load, amount)
    if obstacle is not None:
        reason = Reason(obstacle.code, reasons.but, cause, load, obstacle)
        return Lowering(units, count, reason, is_impossible=obstacle.code in _IMPOSSIBLE)
    enough = options.num_checks_before_scale_down
    counted = min(count + 1, enough)
    if counted < enough:
        reason = Reason(Code.WAITING_FOR_CHECKS, reasons.waiting_for_checks, cause, load, counted)
        return Lowering(units, counted, reason)
    unit = options.decrease_consumed_unit
    code = Code.DECREASE_SCALE if has_scale else Code.CONSUMED_BELOW_THRESHOLD
    reason = Reason(code, reasons.down_by, cause, load, amount, unit)
    return Lowering(max(decrease(units, amount, unit), options.min_provisioned), counted, reason)


def _find_obstacle(load: CapacityLoad, amount: Rational) -> Reason | None:
    """Return why low consumption neither lowers nor counts; None if it does."""
    options = load.options
    if not options.enable_down_scaling:
        return _down_scaling_off(load)
    if load.is_throttled:
        return Reason(Code.STILL_THROTTLED, reasons.still_throttled, load)
    if not load.consumed and not options.allow_scaling_down_on_0_percent:
        return Reason(Code.ZERO_CONSUMPTION, reasons.zero_consumption, load)
    unit = options.decrease_consumed_unit
    if decrease(load.provisioned, amount, unit) == load.provisioned:
        return Reason(Code.ROUNDS_TO_NOTHING, reasons.rounds_to_nothing, amount, unit)
    if load.provisioned <= options.min_provisioned:
        return Reason(Code.AT_MINIMUM, reasons.at_minimum, load)
    return None


def _down_scaling_off(load: CapacityLoad) -> Reason:
    return Reason(Code.DOWN_SCALING_OFF, reasons.down_scaling_off, load)


def _find_reason_to_stay(load: CapacityLoad) -> Reason:
    options = load.options
    if options.increase_consumed_scale or options.decrease_consumed_scale:
        return Reason(Code.STEADY, reasons.no_step_reached, load)
    if not options.enable_up_scaling and load.is_above(options.upper_threshold):
        return Reason(Code.UP_SCALING_OFF, reasons.up_scaling_off, load)
    return Reason(Code.STEADY, reasons.within_thresholds, load)
