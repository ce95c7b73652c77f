"""Propose a raise: the largest of all that the rules ask for, within minimum and maximum."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import increase
from dynamic_dynamodb.scaling.load import tell
from dynamic_dynamodb.scaling.model import Code, Reason
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from dynamic_dynamodb.scaling.calculators import Rational, Scale
    from dynamic_dynamodb.scaling.load import CapacityCheck
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


@value
class Proposal:
    """A number of units and why."""

    units: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _ScaleRule:
    """A scale of raises: where its options are, what it is looked up by, and how to speak of that."""

    code: Code
    scale: Callable[[CapacityOptions], Scale | None]
    unit: Callable[[CapacityOptions], str]
    percent: Callable[[CapacityCheck], Fraction]
    seen: str
    needs_consumption: bool = True


# In this order, because the first of several equal proposals gives the reason.
_SCALE_RULES: Final = (
    _ScaleRule(
        Code.THROTTLED_BY_PROVISIONED,
        attrgetter("increase_throttled_by_provisioned_scale"),
        attrgetter("increase_throttled_by_provisioned_unit"),
        attrgetter("throttled_by_provisioned_percent"),
        "throttled events are {} % of provisioned units",
        needs_consumption=False,  # throttling shows before CloudWatch has the consumption
    ),
    _ScaleRule(
        Code.THROTTLED_BY_CONSUMED,
        attrgetter("increase_throttled_by_consumed_scale"),
        attrgetter("increase_throttled_by_consumed_unit"),
        attrgetter("throttled_by_consumed_percent"),
        "throttled events are {} % of consumed units",
    ),
    _ScaleRule(
        Code.CONSUMED_SCALE,
        attrgetter("increase_consumed_scale"),
        attrgetter("increase_consumed_unit"),
        attrgetter("consumed_percent"),
        "{} % consumed",
    ),
)


def propose(check: CapacityCheck) -> Proposal:
    """Propose units; no more than the provisioned ones if nothing asks for a raise."""
    options = check.options
    best = Proposal(check.provisioned, ())
    for proposal in _find_proposals(check):
        if proposal.units > best.units:  # of equal ones the first gives the reason
            best = proposal
    is_told = check.is_known or check.usage.is_late or bool(best.reasons)
    if best.units < options.min_provisioned and is_told:
        sentence = f"{check.provisioned} is below {check.name('min_provisioned')} {options.min_provisioned}"
        best = Proposal(options.min_provisioned, (*best.reasons, Reason(Code.BELOW_MINIMUM, sentence)))
    maximum = options.max_provisioned
    if best.reasons and maximum is not None and best.units > maximum:
        sentence = f"capped at {check.name('max_provisioned')} {maximum}"
        best = Proposal(maximum, (*best.reasons, Reason(Code.CAPPED_AT_MAXIMUM, sentence)))
    return best


def _find_proposals(check: CapacityCheck) -> list[Proposal]:
    options = check.options
    found: list[Proposal] = []
    if not options.enable_up_scaling:
        return found
    if check.is_throttled_anew:
        found.append(_by_throttled_count(check))
    for rule in _SCALE_RULES:
        scale = rule.scale(options)
        if scale and (check.is_known or not rule.needs_consumption):
            percent = rule.percent(check)
            amount = scale.amount_at_or_above(percent)
            if amount:
                seen = rule.seen.format(tell(percent))
                found.append(_raise(check, amount, rule.unit(options), rule.code, seen))
    if check.is_known and not options.increase_consumed_scale and check.is_above(options.upper_threshold):
        found.append(_by_threshold(check))
    return found


def _by_throttled_count(check: CapacityCheck) -> Proposal:
    options = check.options
    since = " since the last raise" if check.usage.answered_events else ""
    seen = (
        f"{tell(check.usage.unanswered_events)} throttled events{since} are more than"
        f" {check.name('throttled_upper_threshold')} {options.throttled_upper_threshold}"
    )
    return _raise(check, options.increase_with, options.increase_unit, Code.THROTTLED_COUNT, seen)


def _by_threshold(check: CapacityCheck) -> Proposal:
    options = check.options
    seen = (
        f"{tell(check.consumed_percent)} % consumed is above"
        f" {check.name('upper_threshold')} {tell(options.upper_threshold)} %"
    )
    return _raise(
        check,
        options.increase_consumed_with,
        options.increase_consumed_unit,
        Code.CONSUMED_ABOVE_THRESHOLD,
        seen,
    )


def _raise(check: CapacityCheck, amount: Rational, unit: str, code: Code, seen: str) -> Proposal:
    units = increase(check.provisioned, check.sure_consumption, amount, unit)
    return Proposal(units, (Reason(code, f"{seen}: up by {tell(amount)} {unit}"),))
