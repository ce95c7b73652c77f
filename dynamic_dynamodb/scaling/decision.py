"""Decide what the capacities of a target should be, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling import lowering, raising, reasons
from dynamic_dynamodb.scaling.load import CapacityLoad
from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.raising import CHECKS_BEFORE_FORCED_RAISE
from dynamic_dynamodb.scaling.reasons import THROTTLED, Code, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dynamic_dynamodb.scaling.model import Target, Usage
    from dynamic_dynamodb.scaling.target_options import TargetOptions


@value
class CapacityDecision:
    """What to do with one capacity of a target.

    `proposed` equals `provisioned` if nothing is to be changed.
    `count` is the new count of low checks; a decrease that is applied sets it to 0.
    `cannot_decrease` is True if the other capacity need not wait for this one to be lowered.
    `held_units` is what was proposed before something held the change back.
    `is_doubtful` is True while only throttling asks for a raise and consumption is low: more may not help.
    `throttled_checks` counts the checks in a row, with this one, that saw newly throttled minutes.
    """

    capacity: Capacity
    provisioned: int
    proposed: int
    count: int
    reasons: tuple[Reason, ...]
    cannot_decrease: bool = False
    held_units: int | None = None
    is_doubtful: bool = False
    throttled_checks: int = 0

    @property
    def is_change(self) -> bool:
        """Return whether there is anything to update."""
        return self.proposed != self.provisioned

    @property
    def is_raise(self) -> bool:
        """Return whether this is a raise."""
        return self.proposed > self.provisioned

    @property
    def is_decrease(self) -> bool:
        """Return whether this is a decrease."""
        return self.proposed < self.provisioned

    @property
    def sentence(self) -> str:
        """Return the sentences of all reasons as one."""
        return ", but ".join([reason.sentence for reason in self.reasons])

    def describe(self, to_zone: Callable[[datetime], datetime]) -> str:
        """Return the same with times of the day in another zone."""
        return ", but ".join([reason.write(to_zone) for reason in self.reasons])

    def hold(self, reason: Reason) -> CapacityDecision:
        """Return the decision to leave the capacity as it is, for one more reason."""
        return replace(
            self,
            proposed=self.provisioned,
            reasons=(*self.reasons, reason),
            held_units=self.proposed,
        )


@value
class Decision:
    """What to do with both capacities of a target."""

    target: Target
    capacities: PerCapacity[CapacityDecision]

    @property
    def is_change(self) -> bool:
        """Return whether there is anything to update."""
        reads, writes = self.capacities.reads, self.capacities.writes
        return reads.proposed != reads.provisioned or writes.proposed != writes.provisioned

    @property
    def is_raise(self) -> bool:
        """Return whether any capacity is raised."""
        return any(side.is_raise for side in self.capacities)

    @property
    def provisioned(self) -> PerCapacity[int]:
        """Return the units of both capacities when this was decided."""
        return self.capacities.map(lambda side: side.provisioned)

    @property
    def proposed(self) -> PerCapacity[int]:
        """Return the units that an update would set."""
        return self.capacities.map(lambda side: side.proposed)

    def hold(self, reason: Reason) -> Decision:
        """Hold every change."""
        return self.hold_where(reason, lambda side: side.is_change) if self.is_change else self

    def hold_decreases(self, reason: Reason) -> Decision:
        """Hold decreases, keep raises."""
        return self.hold_where(reason, lambda side: side.is_decrease)

    def hold_where(self, reason: Reason, applies: Callable[[CapacityDecision], bool]) -> Decision:
        """Hold the capacities that a condition applies to."""
        if not any(map(applies, self.capacities)):
            return self
        held = self.capacities.map(lambda side: side.hold(reason) if applies(side) else side)
        return replace(self, capacities=held)


NO_EVENTS: Final = PerCapacity("", "")


def decide(  # noqa: PLR0913 - all but two are keywords
    target: Target,
    options: TargetOptions,
    *,
    provisioned: PerCapacity[int],
    usage: PerCapacity[Usage],
    counts: PerCapacity[int],
    ended_events: PerCapacity[str] = NO_EVENTS,
) -> Decision:
    """Decide both capacities of a target, each on its own and by the same rules.

    `counts` are of low checks; `ended_events` are the schedules after which a decrease goes in one step.
    """
    both = options.capacities

    def decide_one(capacity: Capacity) -> CapacityDecision:
        load = CapacityLoad(capacity, both[capacity], usage[capacity], provisioned[capacity])
        return _decide_capacity(load, counts[capacity], ended_events[capacity])

    return Decision(target, PerCapacity(decide_one(Capacity.READS), decide_one(Capacity.WRITES)))


_STEADY: Final = (Code.STEADY, Code.UP_SCALING_OFF)


def _decide_capacity(load: CapacityLoad, count: int, ended_event: str) -> CapacityDecision:
    capacity, options, units = load.capacity, load.options, load.provisioned
    if not options.enable_autoscaling:
        off = Reason(Code.AUTOSCALING_OFF, reasons.autoscaling_off, load)
        return CapacityDecision(capacity, units, units, 0, (off,), cannot_decrease=True)
    raised = raising.propose(load)
    if raised is not None and raised.units > units:
        return CapacityDecision(
            capacity,
            units,
            raised.units,
            0,
            raised.reasons,
            is_doubtful=load.is_low and _is_for_throttling(load, raised.reasons[0].code),
            throttled_checks=load.throttled_checks,
        )
    lowered = lowering.propose(load, count, ended_event)
    why: tuple[Reason, ...] = (lowered.reason,)
    if raised is not None and lowered.units == units:  # a raise was capped at the provisioned units
        why = raised.reasons if lowered.reason.code in _STEADY else (*raised.reasons, lowered.reason)
    cannot_decrease = (
        lowered.is_impossible or not options.enable_down_scaling or units <= options.min_provisioned
    )
    decision = CapacityDecision(
        capacity,
        units,
        lowered.units,
        lowered.count,
        why,
        cannot_decrease,
        is_doubtful=(
            load.is_low and load.is_newly_throttled and load.throttled_checks == CHECKS_BEFORE_FORCED_RAISE
        ),
        throttled_checks=load.throttled_checks,
    )
    refusal = lowering.refuse(load, lowered.units) if lowered.units < units else None
    return decision.hold(refusal) if refusal else decision


def _is_for_throttling(load: CapacityLoad, code: Code) -> bool:
    return code in THROTTLED or (code is Code.ABOVE_TARGET and load.is_throttled)
