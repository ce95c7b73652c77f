"""Propose a raise: the largest of all that the rules ask for, within minimum and maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_dynamodb.core.calculators import increase
from dynamic_dynamodb.core.capacity_check import tell
from dynamic_dynamodb.core.model import Code, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from dynamic_dynamodb.core.calculators import Scale
    from dynamic_dynamodb.core.capacity_check import CapacityCheck


@dataclass(frozen=True, slots=True)
class Proposal:
    """A number of units and why."""

    units: int
    reasons: tuple[Reason, ...]


def propose(check: CapacityCheck) -> Proposal:
    """Propose units; no more than the provisioned ones if nothing asks for a raise."""
    options = check.options
    nothing = Proposal(check.provisioned, ())
    best = max(_proposals(check), key=lambda proposal: proposal.units, default=nothing)
    if best.units < options.min_provisioned and check.is_known:
        sentence = f"{check.provisioned} is below {check.name('min_provisioned')} {options.min_provisioned}"
        best = Proposal(options.min_provisioned, (*best.reasons, Reason(Code.BELOW_MINIMUM, sentence)))
    if options.max_provisioned is not None and best.units > options.max_provisioned:
        sentence = f"capped at {check.name('max_provisioned')} {options.max_provisioned}"
        best = Proposal(options.max_provisioned, (*best.reasons, Reason(Code.CAPPED_AT_MAXIMUM, sentence)))
    return best


def _proposals(check: CapacityCheck) -> Iterator[Proposal]:
    options = check.options
    if not options.enable_up_scaling:
        return
    if check.is_throttled:
        yield _by_throttled_count(check)
    yield from _by_scale(
        check,
        options.increase_throttled_by_provisioned_scale,
        options.increase_throttled_by_provisioned_unit,
        code=Code.THROTTLED_BY_PROVISIONED,
        percent=check.throttled_by_provisioned_percent,
        seen=f"throttled events are {tell(check.throttled_by_provisioned_percent)} % of provisioned units",
    )
    if not check.is_known:
        return
    yield from _by_scale(
        check,
        options.increase_throttled_by_consumed_scale,
        options.increase_throttled_by_consumed_unit,
        code=Code.THROTTLED_BY_CONSUMED,
        percent=check.throttled_by_consumed_percent,
        seen=f"throttled events are {tell(check.throttled_by_consumed_percent)} % of consumed units",
    )
    yield from _by_scale(
        check,
        options.increase_consumed_scale,
        options.increase_consumed_unit,
        code=Code.CONSUMED_SCALE,
        percent=check.consumed_percent,
        seen=f"{tell(check.consumed_percent)} % consumed",
    )
    if not options.increase_consumed_scale and check.consumed_percent > options.upper_threshold:
        yield _by_threshold(check)


def _by_throttled_count(check: CapacityCheck) -> Proposal:
    options = check.options
    seen = (
        f"{tell(check.usage.throttled_events)} throttled events are more than"
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


def _by_scale(  # noqa: PLR0913 - the rule's scale and unit, and how to speak of it
    check: CapacityCheck, scale: Scale | None, unit: str, *, code: Code, percent: Fraction, seen: str
) -> Iterator[Proposal]:
    amount = scale.amount_at_or_above(percent) if scale else 0
    if amount:
        yield _raise(check, amount, unit, code, seen)


def _raise(check: CapacityCheck, amount: Fraction | int, unit: str, code: Code, seen: str) -> Proposal:
    units = increase(check.provisioned, check.consumed, amount, unit)
    return Proposal(units, (Reason(code, f"{seen}: up by {tell(amount)} {unit}"),))
