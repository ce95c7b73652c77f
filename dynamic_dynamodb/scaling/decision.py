"""Decide what a target's capacities should be, with the reasons in words."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling import lowering, raising
from dynamic_dynamodb.scaling.load import CapacityCheck
from dynamic_dynamodb.scaling.model import THROTTLED, Code, PerCapacity, Reason
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.scaling.model import Target, Usage
    from dynamic_dynamodb.scaling.target_options import TargetOptions


_COUNT: Final = attrgetter("count")


@value
class CapacityDecision:
    """What is to become of one capacity of a target.

    `proposed` equals `provisioned` when nothing is to be changed.
    `count` is the count of low checks from now on, unless a decrease is applied: that sets it to 0.
    `cannot_decrease` says that the other capacity need not wait for this one to go down.
    `held_units` is what it was to be before something held it back.
    `is_doubtful` says that only throttling asks for this raise, while consumption is low: it may not help.
    """

    capacity: Capacity
    provisioned: int
    proposed: int
    count: int
    reasons: tuple[Reason, ...]
    cannot_decrease: bool = False
    held_units: int | None = None
    is_doubtful: bool = False

    @property
    def is_change(self) -> bool:
        """Tell whether there is anything to update."""
        return self.proposed != self.provisioned

    @property
    def is_raise(self) -> bool:
        """Tell whether capacity is to be added."""
        return self.proposed > self.provisioned

    @property
    def is_decrease(self) -> bool:
        """Tell whether capacity is to be taken away."""
        return self.proposed < self.provisioned

    def hold(self, reason: Reason) -> CapacityDecision:
        """Leave the capacity as it is, for one more reason."""
        return replace(
            self,
            proposed=self.provisioned,
            reasons=(*self.reasons, reason),
            held_units=self.proposed,
        )


@value
class Decision:
    """What is to become of a target."""

    target: Target
    capacities: PerCapacity[CapacityDecision]

    @property
    def is_change(self) -> bool:
        """Tell whether there is anything to update."""
        return self.capacities.reads.is_change or self.capacities.writes.is_change

    @property
    def is_raise(self) -> bool:
        """Tell whether any capacity is to be added."""
        return any(side.is_raise for side in self.capacities)

    @property
    def provisioned(self) -> PerCapacity[int]:
        """Give both capacities as they were when this was decided."""
        return self.capacities.map(lambda side: side.provisioned)

    @property
    def proposed(self) -> PerCapacity[int]:
        """Give both capacities as an update would set them."""
        return self.capacities.map(lambda side: side.proposed)

    def hold(self, reason: Reason) -> Decision:
        """Leave both capacities as they are."""
        return self.hold_where(reason, lambda side: side.is_change) if self.is_change else self

    def hold_decreases(self, reason: Reason) -> Decision:
        """Keep only the raises."""
        return self.hold_where(reason, lambda side: side.is_decrease)

    def hold_where(self, reason: Reason, applies: Callable[[CapacityDecision], bool]) -> Decision:
        """Leave the capacities as they are that a condition applies to."""
        if not any(map(applies, self.capacities)):
            return self
        held = self.capacities.map(lambda side: side.hold(reason) if applies(side) else side)
        return replace(self, capacities=held)

    def counts(self, applied: Decision | None) -> PerCapacity[int]:
        """Give the counts of low checks after this decision, of which `applied` is what was done."""
        if applied is None:
            return self.capacities.map(_COUNT)
        return PerCapacity.of(
            lambda capacity: (
                0 if applied.capacities[capacity].is_decrease else self.capacities[capacity].count
            )
        )


def decide(
    target: Target,
    options: TargetOptions,
    *,
    provisioned: PerCapacity[int],
    usage: PerCapacity[Usage],
    counts: PerCapacity[int],
) -> Decision:
    """Decide both capacities of a target, each on its own and by the same rules."""
    checks = map(CapacityCheck, _CAPACITIES, options.capacities, usage, provisioned)
    return Decision(target, PerCapacity(*map(_decide_capacity, checks, counts)))


_CAPACITIES: Final = tuple(Capacity)
"""Reads and writes; going through an Enum itself takes long."""
_STEADY: Final = (Code.STEADY, Code.UP_SCALING_OFF)


def _decide_capacity(check: CapacityCheck, count: int) -> CapacityDecision:
    units = check.provisioned
    if not check.options.enable_autoscaling:
        reason = Reason(Code.AUTOSCALING_OFF, f"{check.name('enable_autoscaling')} is off")
        return CapacityDecision(check.capacity, units, units, 0, (reason,), cannot_decrease=True)
    raised = raising.propose(check)
    if raised.units > units:
        is_doubtful = raised.reasons[0].code in THROTTLED and check.is_low
        return CapacityDecision(
            check.capacity, units, raised.units, 0, raised.reasons, is_doubtful=is_doubtful
        )
    lowered = lowering.propose(check, count)
    reasons: tuple[Reason, ...] = (lowered.reason,)
    if raised.reasons and lowered.units == units:  # asked for more, and capped at what it has
        reasons = raised.reasons if lowered.reason.code in _STEADY else (*raised.reasons, lowered.reason)
    decision = CapacityDecision(
        check.capacity,
        units,
        lowered.units,
        lowered.count,
        reasons,
        cannot_decrease=lowered.is_impossible
        or not check.options.enable_down_scaling
        or units <= check.options.min_provisioned,
    )
    refusal = lowering.refuse(check, lowered.units) if decision.is_decrease else None
    return decision.hold(refusal) if refusal else decision
