"""Run AWS target tracking on a recording.

The capacity of a side changes only after an alarm, so each side is served on its own up to its next alarm;
updates and AWS's limit on decreases are those of the whole target.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.results import Row, Tally, Trace, sum_up
from dynamic_dynamodb.replay.simulator.target_model import TargetModel
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import price_alarms
from dynamic_dynamodb.scaling.guards import find_next_decrease
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.replay.comparison.baselines import BaselineSettings
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel, Physics
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

DEFAULT_TARGET_PERCENT: Final = 70
"""The target of AWS target tracking unless another is set."""
SCALE_OUT_DATAPOINTS: Final = 2
SCALE_IN_DATAPOINTS: Final = 15
SCALE_IN_DISTANCE_PERCENT: Final = 20
"""The alarms that Application Auto Scaling creates for DynamoDB: 1-minute datapoints (Developer Guide,
"Managing throughput capacity automatically with DynamoDB auto scaling"), and percentage points below the
target (AWS Knowledge Center, "dynamodb-auto-scaling").
"""


REGISTERED: Final = "AWS target tracking as registered"


def name_tracking(target_percent: int) -> str:
    """Return the name of a row of target tracking."""
    return f"AWS target tracking {target_percent} %"


@dataclass(frozen=True, slots=True)
class Policy:
    """A target tracking policy: the target in percent, and the minimum and maximum of the options."""

    target_percent: float
    limits: CapacityOptions

    def find_units(self, consumed: float) -> int:
        """Return the lowest units within the limits at which these units a minute are at most the target."""
        return self.limits.clamp(ceil(consumed * 100 / SECONDS_PER_MINUTE / self.target_percent))


class TrackedSide:
    """One capacity, served up to its next alarm; without a policy there are no alarms.

    `alarm` is the minute in which an alarm sets the capacity to `proposed`; without one it is the end.
    `refused` are the minutes in which an alarm would have lowered the capacity, but AWS allowed no decrease.
    """

    def __init__(
        self, model: CapacityModel, demand: Column[float] | None, policy: Policy | None, physics: Physics
    ) -> None:
        """Create a side before its first minute; one that was not recorded has the demand None."""
        self._model = model
        self._demand = array("d") if demand is None else demand
        self._policy = policy
        self._delay = physics.delay + physics.alarm
        self._has_retries = physics.retry > 0
        self._consumed = array("d", self._demand)
        self._throttled = array("d", bytes(8 * len(self._demand)))
        self._provisioned = array("q")
        self._served = 0
        self.alarm = -1
        self.proposed = model.provisioned
        self.refused: set[int] = set()

    @property
    def trace(self) -> Trace | None:
        """Return what happened, if the side was recorded."""
        if not self._demand:
            return None
        return Trace(self._demand, self._consumed, self._throttled, self._provisioned)

    def request(self, minute: int) -> int:
        """Return the units that an alarm in this minute sets; those in force if none goes off."""
        return self.proposed if self.alarm == minute else self._model.provisioned

    def serve(self, end: int) -> None:
        """Serve on until this minute, at the present capacity."""
        end = min(end, len(self._demand))
        self._model.serve(self._demand, range(self._served, end), self._consumed, self._throttled)
        self._served = max(self._served, end)
        units = self._model.provisioned
        self._provisioned.extend(array("q", [units]) * (end - len(self._provisioned)))

    def find_alarm(self, first: int, end: int, refused_until: int) -> None:
        """Find the next alarm that changes the capacity, in the minute `first` or later.

        Alarms that would lower it before the minute `refused_until` are only noted in `refused`.
        """
        policy, provisioned, consumed = self._policy, self._model.provisioned, self._consumed
        self.alarm, self.proposed = end, provisioned
        if policy is None:
            return
        full = float(provisioned * SECONDS_PER_MINUTE)
        high = policy.target_percent * (full / 100)
        low = (policy.target_percent - SCALE_IN_DISTANCE_PERCENT) * (full / 100)
        shown = self._delay + 1  # minutes from the start of a datapoint's minute until an alarm sees it
        begin = max(first - shown, SCALE_OUT_DATAPOINTS - 1)
        self.serve(begin)  # what was throttled may have come back
        low_since = self._find_low_since(begin, low)
        for last in range(begin, min(end - shown, len(consumed))):
            units = consumed[last]
            if (units > full or self._has_retries) and last >= self._served:
                self.serve(last + 1)
                units = consumed[last]
            if 0 < units < low:
                if last - low_since < SCALE_IN_DATAPOINTS - 1:
                    continue
                proposed = min(provisioned, policy.find_units(units))
                if last + shown < refused_until:
                    if proposed != provisioned:
                        self.refused.add(last + shown)
                    continue
            else:
                low_since = last + 1
                if units <= high or consumed[last - 1] <= high:
                    continue
                proposed = max(provisioned, policy.find_units(units))
            if proposed != provisioned:
                self.alarm, self.proposed = last + shown, proposed
                return

    def _find_low_since(self, minute: int, low: float) -> int:
        """Return the first of the low minutes just before a minute, as far as the alarm looks back."""
        consumed, since = self._consumed, min(minute, len(self._consumed))
        while since and minute - since < SCALE_IN_DATAPOINTS and 0 < consumed[since - 1] < low:
            since -= 1
        return since


class TrackedTarget:
    """Both sides of a target, whose updates and decreases AWS limits together."""

    def __init__(self, model: TargetModel, sides: PerCapacity[TrackedSide], update_minutes: int) -> None:
        """Create the target before its first minute."""
        self._model = model
        self._sides = sides
        self._update_minutes = update_minutes
        self._refused_until = 0
        self._updates: dict[int, int] = {}  # by the minute in which alarms have an effect again
        self._refused_updates: set[int] = set()

    def run(self) -> int:
        """Pass from alarm to alarm, and return how many times AWS began to refuse decreases."""
        resume, end = 0, self._model.recording.minutes
        while resume < end:
            for side in self._sides:
                if side.alarm < resume:
                    side.find_alarm(resume, end, self._refused_until)
            minute = min(side.alarm for side in self._sides)
            resume = self._act(minute) if minute < end else end
        for side in self._sides:
            side.serve(end)
        return self._count_refusals()

    def _act(self, minute: int) -> int:
        """Act on the alarms of a minute, and return the minute in which alarms have an effect again."""
        before = self._model.provisioned
        requested = PerCapacity(*(side.request(minute) for side in self._sides))
        applied = requested
        if self._is_decrease_refused(minute):
            applied = requested.combine(max, before)
            for side, one, other in zip(self._sides, applied, requested, strict=True):
                if one != other:
                    side.refused.add(minute)
        if applied == before:
            return minute + 1
        in_force = minute + self._update_minutes
        for side, one, other in zip(self._sides, applied, before, strict=True):
            if one != other:
                side.serve(in_force)
        self._model.update(applied, minute, self._get_time(minute))
        self._model.settle(in_force)
        resume = max(minute + 1, in_force)
        self._updates[resume] = minute
        if minute < self._refused_until:
            self._refused_updates.add(minute)
        return resume

    def _is_decrease_refused(self, minute: int) -> bool:
        if minute >= self._refused_until:
            description = self._model.describe(is_table_updating=False)
            allowed = find_next_decrease(description, self._get_time(minute))
            if allowed is not None:
                self._refused_until = ceil((allowed - self._model.recording.start) / MINUTE)
        return minute < self._refused_until

    def _get_time(self, minute: int) -> datetime:
        return self._model.recording.start + minute * MINUTE

    def _count_refusals(self) -> int:
        """Return the number of runs of minutes in which AWS refused decreases.

        The minutes of an update belong to a run if AWS refused decreases when it began.
        """
        refused = self._sides.reads.refused | self._sides.writes.refused
        for resume, minute in self._updates.items():
            refused.difference_update(range(minute + 1, resume))  # alarms had no effect
        during = refused | self._refused_updates
        return sum(self._updates.get(minute, minute - 1) not in during for minute in refused)


def run_tracking(recording: Recording, settings: BaselineSettings, target_percent: int) -> Row:
    """Run AWS target tracking on both sides, within the configured minimum and maximum."""
    policies: PerCapacity[Policy | None] = settings.limits.map(lambda limits: Policy(target_percent, limits))
    return _run_policies(name_tracking(target_percent), recording, settings, policies)


def run_registered(recording: Recording, settings: BaselineSettings) -> Row | None:
    """Run target tracking as AWS was registered for it; None if no target was recorded.

    A side that was not registered keeps its capacity.
    """
    policies = settings.limits.combine(_read_policy, recording.registered)
    if policies == PerCapacity(None, None):
        return None
    return _run_policies(REGISTERED, recording, settings, policies)


def _read_policy(limits: CapacityOptions, registered: Registration | None) -> Policy | None:
    if registered is None or registered.target_percent is None:
        return None
    limits = replace(limits, min_provisioned=registered.minimum, max_provisioned=registered.maximum)
    return Policy(registered.target_percent, limits)


def _run_policies(
    name: str, recording: Recording, settings: BaselineSettings, policies: PerCapacity[Policy | None]
) -> Row:
    """Run target tracking on the sides that have a policy.

    It starts within the limits of the policy, as Application Auto Scaling does when a target is registered.
    A side scales out after 2 datapoints above the target, and in after 15 datapoints more than 20 percentage
    points below it, none of them missing; an alarm goes off `Physics.alarm` minutes after its last datapoint.
    AWS does not document by how much a side scales: here to the consumption of the last datapoint / target.
    """
    start = settings.start.combine(lambda units, one: one.limits.clamp(units) if one else units, policies)
    model = TargetModel(recording, settings.physics, start)
    sides = model.sides.combine(
        lambda side, policy: TrackedSide(side.model, side.demand, policy, settings.physics), policies
    )
    refused = TrackedTarget(model, sides, settings.physics.update).run()
    tracked = [side for side, policy in zip(recording.sides, policies, strict=True) if side and policy]
    tally = Tally(
        model.updates,
        refused,
        policies.map(lambda policy: policy.limits.max_provisioned if policy else None),
        price_alarms(len(tracked)),
    )
    return sum_up(name, recording, sides.map(lambda side: side.trace), settings.prices, tally)
