"""Propose a decrease: by consumption, after enough low checks, or down to the maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import decrease
from dynamic_dynamodb.scaling.load import tell
from dynamic_dynamodb.scaling.model import Code, Reason
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.load import CapacityCheck


LATE: Final = Reason(
    Code.METRICS_LATE, "CloudWatch is late: no datapoint anywhere reaches the end of the look-back window"
)


@value
class Lowering:
    """Units to go down to, the count of low checks, and why.

    `units` equals the provisioned ones when nothing is to be lowered.
    `is_impossible` says that consumption is low and yet no decrease can come of it.
    """

    units: int
    count: int
    reason: Reason
    is_impossible: bool = False


def propose(check: CapacityCheck, count: int) -> Lowering:
    """Propose units and count this check, if it found consumption low."""
    options = check.options
    enough = options.num_checks_before_scale_down
    reset_percent = options.num_checks_reset_percent
    is_reset = reset_percent > 0 and check.is_known and not check.is_below(reset_percent)
    by_consumption = _by_consumption(check, 0 if is_reset else min(count, enough))
    maximum = options.max_provisioned
    if maximum is None or by_consumption.units <= maximum or not check.is_known:
        return by_consumption
    sentence = f"{check.provisioned} is above {check.name('max_provisioned')} {maximum}"
    return Lowering(maximum, by_consumption.count, Reason(Code.ABOVE_MAXIMUM, sentence))


def refuse(check: CapacityCheck, units: int) -> Reason | None:
    """Give the reason not to go down to these units, whatever asked for it."""
    if check.consumed > units:
        return Reason(Code.BELOW_CONSUMPTION, f"{tell(check.consumed)} consumed units are more than {units}")
    return None if check.options.enable_down_scaling else _turned_off(check)


def _by_consumption(check: CapacityCheck, count: int) -> Lowering:
    options, units = check.options, check.provisioned
    if not check.is_known:
        return Lowering(units, count, _describe_unknown(check))
    amount = _find_amount(check)
    if not amount:
        return Lowering(units, count, _describe_steady(check))
    seen = _describe_low(check)
    # A low figure that is not finished proves nothing, and does not count either.
    obstacle = LATE if check.usage.is_late else _find_obstacle(check, amount)
    if obstacle is not None:
        is_impossible = obstacle.code in (Code.ZERO_CONSUMPTION, Code.ROUNDS_TO_NOTHING)
        reason = Reason(obstacle.code, lambda: f"{seen.sentence}, but {obstacle.sentence}")
        return Lowering(units, count, reason, is_impossible=is_impossible)
    enough = options.num_checks_before_scale_down
    counted = min(count + 1, enough)
    if counted < enough:
        name = check.name("num_checks_before_scale_down")
        reason = Reason(Code.WAITING_FOR_CHECKS, lambda: f"{seen.sentence}: {counted} of {name} {enough}")
        return Lowering(units, counted, reason)
    unit = options.decrease_consumed_unit
    lower = max(decrease(units, amount, unit), options.min_provisioned)
    reason = Reason(seen.code, lambda: f"{seen.sentence}: down by {tell(amount)} {unit}")
    return Lowering(lower, counted, reason)


def _describe_unknown(check: CapacityCheck) -> Reason:
    return LATE if check.usage.is_late else Reason(Code.METRICS_UNKNOWN, "consumption is not known yet")


def _find_amount(check: CapacityCheck) -> Rational:
    """Give how much to go down by; 0 if consumption is not low."""
    options = check.options
    if options.decrease_consumed_scale:
        return options.decrease_consumed_scale.amount_at_or_below(check.consumed_percent)
    return options.decrease_consumed_with if check.is_below(options.lower_threshold) else 0


def _describe_low(check: CapacityCheck) -> Reason:
    if check.options.decrease_consumed_scale:
        return Reason(Code.DECREASE_SCALE, check.tell_consumed)
    return Reason(
        Code.CONSUMED_BELOW_THRESHOLD,
        lambda: (
            f"{check.tell_consumed()} is below"
            f" {check.name('lower_threshold')} {tell(check.options.lower_threshold)} %"
        ),
    )


def _find_obstacle(check: CapacityCheck, amount: Rational) -> Reason | None:
    """Give the reason why low consumption neither lowers nor counts."""
    options = check.options
    if not options.enable_down_scaling:
        return _turned_off(check)
    if check.is_throttled:
        sentence = (
            f"{tell(check.usage.throttled_events)} throttled events are more than"
            f" {check.name('throttled_upper_threshold')} {options.throttled_upper_threshold}"
        )
        return Reason(Code.STILL_THROTTLED, sentence)
    if not check.consumed and not options.allow_scaling_down_on_0_percent:
        return Reason(Code.ZERO_CONSUMPTION, f"{check.name('allow_scaling_down_on_0_percent')} is off")
    if decrease(check.provisioned, amount, options.decrease_consumed_unit) == check.provisioned:
        sentence = f"{tell(amount)} {options.decrease_consumed_unit} rounds to nothing"
        return Reason(Code.ROUNDS_TO_NOTHING, sentence)
    if check.provisioned <= options.min_provisioned:
        return Reason(
            Code.AT_MINIMUM, lambda: f"it is at {check.name('min_provisioned')} {options.min_provisioned}"
        )
    return None


def _turned_off(check: CapacityCheck) -> Reason:
    return Reason(Code.DOWN_SCALING_OFF, f"{check.name('enable_down_scaling')} is off")


def _describe_steady(check: CapacityCheck) -> Reason:
    options = check.options
    if options.increase_consumed_scale or options.decrease_consumed_scale:
        return Reason(Code.STEADY, lambda: f"{check.tell_consumed()} asks for no change")
    if not options.enable_up_scaling and check.is_above(options.upper_threshold):
        return Reason(
            Code.UP_SCALING_OFF,
            lambda: (
                f"{check.tell_consumed()} is above"
                f" {check.name('upper_threshold')} {tell(options.upper_threshold)} %,"
                f" but {check.name('enable_up_scaling')} is off"
            ),
        )
    return Reason(
        Code.STEADY,
        lambda: (
            f"{check.tell_consumed()} is within the thresholds"
            f" {tell(options.lower_threshold)} % and {tell(options.upper_threshold)} %"
        ),
    )
