"""Propose a raise: the largest of all rules, within minimum and maximum."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling import reasons
from dynamic_dynamodb.scaling.calculators import increase
from dynamic_dynamodb.scaling.demand import fit_to
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.scaling.reasons import Code, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from dynamic_dynamodb.scaling.calculators import Rational, Scale
    from dynamic_dynamodb.scaling.load import CapacityLoad
    from dynamic_dynamodb.scaling.reasons import Cause
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


@value
class Proposal:
    """A number of units and why."""

    units: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _ScaleRule:
    """A scale of raises: its options, the percentage that it is looked up by, and what to call that."""

    code: Code
    scale: Callable[[CapacityOptions], Scale | None]
    unit: Callable[[CapacityOptions], str]
    percent: Callable[[CapacityLoad], Fraction]
    cause: Cause
    needs_consumption: bool = True


CHECKS_BEFORE_FORCED_RAISE: Final = 3
"""Checks in a row that see newly throttled minutes before a raise that demand does not explain.

Large items make a few throttled requests many units, so that demand looks lower than it is.
"""

# In this order, because the first of several equal proposals gives the reason.
_SCALE_RULES: Final = (
    _ScaleRule(
        Code.THROTTLED_BY_PROVISIONED,
        attrgetter("increase_throttled_by_provisioned_scale"),
        attrgetter("increase_throttled_by_provisioned_unit"),
        attrgetter("throttled_by_provisioned_percent"),
        reasons.throttled_share_of_provisioned,
        needs_consumption=False,  # CloudWatch may have throttled events before it has the consumption
    ),
    _ScaleRule(
        Code.THROTTLED_BY_CONSUMED,
        attrgetter("increase_throttled_by_consumed_scale"),
        attrgetter("increase_throttled_by_consumed_unit"),
        attrgetter("throttled_by_consumed_percent"),
        reasons.throttled_share_of_consumed,
    ),
    _ScaleRule(
        Code.CONSUMED_SCALE,
        attrgetter("increase_consumed_scale"),
        attrgetter("increase_consumed_unit"),
        attrgetter("consumed_percent"),
        reasons.consumed,
    ),
)


def propose(load: CapacityLoad) -> Proposal | None:
    """Return the units to raise to and why; None if no rule applies.

    Capped at the maximum, the units may be no raise at all.
    """
    options, units = load.options, load.provisioned
    why: tuple[Reason, ...] = ()
    for proposal in _find_proposals(load) if options.enable_up_scaling else ():
        if proposal.units > units:  # of equal proposals, the first gives the reason
            units, why = proposal.units, proposal.reasons
    if units < options.min_provisioned and (load.is_known or load.usage.is_late or why):
        units, why = options.min_provisioned, (*why, _below_minimum(load))
    maximum = options.max_provisioned
    if why and maximum is not None and units > maximum:
        units, why = maximum, (*why, Reason(Code.CAPPED_AT_MAXIMUM, reasons.capped_at_maximum, load))
    return Proposal(units, why) if why else None


def _below_minimum(load: CapacityLoad) -> Reason:
    schedule = load.options.minimum_schedule
    if schedule:
        return Reason(Code.SCHEDULED_MINIMUM, reasons.scheduled_minimum, load, schedule)
    return Reason(Code.BELOW_MINIMUM, reasons.below_minimum, load)


def _find_proposals(load: CapacityLoad) -> Iterator[Proposal]:
    options = load.options
    target = options.target_utilization
    if target is not None:
        yield from _by_target(load, target)
    elif load.has_unanswered_throttling:
        yield _by_throttled_count(load, reasons.throttled_count)
    for rule in _SCALE_RULES:
        scale = rule.scale(options)
        if scale and (load.is_known or not rule.needs_consumption):
            step = scale.amount_at_or_above(rule.percent(load))
            if step:
                yield _raise(load, step, rule.unit(options), rule.code, rule.cause)
    if target is not None:
        return
    if load.is_known and not options.increase_consumed_scale and load.is_above(options.upper_threshold):
        amount, unit = options.increase_consumed_with, options.increase_consumed_unit
        yield _raise(load, amount, unit, Code.CONSUMED_ABOVE_THRESHOLD, reasons.consumed_above_threshold)


def _by_target(load: CapacityLoad, target: Rational) -> Iterator[Proposal]:
    """Yield the raise to a target utilization, and the one for throttling that it does not answer."""
    demand = load.recent_demand
    if demand is None:
        if load.has_unanswered_throttling:
            yield _by_throttled_count(load, reasons.throttled_count)
        return
    units = fit_to(demand, target)
    if load.is_throttled or load.is_demand_above_threshold:
        yield Proposal(units, (Reason(Code.ABOVE_TARGET, reasons.above_target, load, demand),))
    if units <= load.provisioned and load.throttled_checks >= CHECKS_BEFORE_FORCED_RAISE and not load.is_low:
        yield _by_throttled_count(load, reasons.throttled_again_and_again)


def _by_throttled_count(load: CapacityLoad, cause: Cause) -> Proposal:
    return _raise(load, load.options.increase_with, load.options.increase_unit, Code.THROTTLED_COUNT, cause)


def _raise(load: CapacityLoad, amount: Rational, unit: str, code: Code, cause: Cause) -> Proposal:
    units = increase(load.provisioned, load.known_consumption, amount, unit)
    return Proposal(units, (Reason(code, reasons.up_by, cause, load, amount, unit),))
