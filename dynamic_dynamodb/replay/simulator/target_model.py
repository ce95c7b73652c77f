"""Model a table or an index: demand, both capacities, updates, and AWS's limit on decreases."""

from __future__ import annotations

from array import array
from itertools import repeat
from operator import mod
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.errors import LIMIT_EXCEEDED, AwsError
from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel
from dynamic_dynamodb.scaling.calculators import add
from dynamic_dynamodb.scaling.guards import find_next_decrease
from dynamic_dynamodb.scaling.model import ACTIVE, Description, MinuteSeries, PerCapacity
from dynamic_dynamodb.scaling.usage import NO_DATAPOINTS, CapacitySeries, Series

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.replay.simulator.capacity_model import Physics
    from dynamic_dynamodb.scaling.model import Target

UPDATING: Final = "UPDATING"
MOST_UNITS: Final = 10**12
"""Above all quotas: it stops rules that have no maximum from raising forever."""
_NOTHING: Final = CapacitySeries(NO_DATAPOINTS, NO_DATAPOINTS)
_UPDATE: Final = "the modelled update"


class History(NamedTuple):
    """The published minutes of a `period`, from minute `begin` of a recording until before `end`."""

    begin: int
    end: int
    period: int


class SideModel:
    """One capacity of a target: its model, its demand, and the results of each minute.

    A minute that has not been served holds its demand as `consumed`, and 0 for the rest.
    `last_throttled` is the last minute that was throttled, -1 if none was.
    """

    __slots__ = ("consumed", "demand", "is_whole", "last_throttled", "model", "provisioned", "throttled")

    def __init__(self, model: CapacityModel, demand: Column[float] | None) -> None:
        """Create a side; one that was not recorded has the demand None."""
        self.model = model
        self.demand = demand
        minutes = 0 if demand is None else len(demand)
        self.consumed: Column[float] = array("d", demand or ())
        self.throttled: Column[float] = array("d", bytes(8 * minutes))
        self.provisioned: array[int] = array("q", bytes(8 * minutes))
        self.last_throttled = -1
        # Whole demand is served and throttled in whole units, whose sums are exact.
        self.is_whole = demand is not None and not any(map(mod, demand, repeat(1)))

    def serve(self, minutes: range) -> None:
        """Serve the demand of consecutive minutes since the recording's start."""
        if self.demand is None:
            return
        model = self.model
        for minute in model.serve_busy(self.demand, minutes):
            self.consumed[minute], self.throttled[minute] = model.served, model.throttled
            if model.throttled:
                self.last_throttled = minute
        self.provisioned[minutes.start : minutes.stop] = array("q", [model.provisioned]) * len(minutes)

    def find_throttled(self, minutes: range) -> int | None:
        """Return the first of the next minutes that is going to be throttled; None if none is."""
        if self.demand is None:
            return None
        trial = self.model.fork()
        return next((minute for minute in trial.serve_busy(self.demand, minutes) if trial.throttled), None)

    def read(self, first: int, end: int, history: History | None = None) -> CapacitySeries:
        """Return the series of the minutes `first` <= minute < `end`, and each minute of a history.

        As in CloudWatch, a minute in which nothing happened has no datapoint.
        """
        if self.demand is None:
            return _NOTHING
        consumed = self._sum_up(self.consumed[first:end])
        minutes = None if history is None else self._list_minutes(history, first)
        if self.last_throttled < first:
            return CapacitySeries(consumed, NO_DATAPOINTS, (), minutes)
        throttled = self.throttled[first:end]
        numbered = tuple((minute, events) for minute, events in enumerate(throttled) if events)
        return CapacitySeries(consumed, self._sum_up(throttled), numbered, minutes)

    def _list_minutes(self, history: History, first: int) -> MinuteSeries:
        recorded = slice(max(0, history.begin), history.end)
        return MinuteSeries(
            self.consumed[recorded], self.throttled[recorded], first - recorded.start, history.period
        )

    def _sum_up(self, minutes: Column[float]) -> Series:
        reach = len(minutes)
        while reach and not minutes[reach - 1]:
            reach -= 1
        if not reach:
            return NO_DATAPOINTS
        return Series(int(sum(minutes)) if self.is_whole else add(minutes), reach)


class TargetModel:
    """A table or an index: both capacities, the update in progress, and AWS's count of decreases.

    Minutes count from the start of the recording. `updates` counts UpdateTable calls, `requested_metrics` the
    metrics that checks have requested of CloudWatch, `served` the minutes that are over.
    """

    def __init__(self, recording: Recording, physics: Physics, start: PerCapacity[int]) -> None:
        """Create it with these units, and no update in progress."""
        self.recording = recording
        self.target: Target = recording.target
        self._physics = physics
        self.reads, self.writes = (
            SideModel(CapacityModel(physics, units), None if side is None else side.consumed)
            for units, side in zip(start, recording.sides, strict=True)
        )
        self._pending: PerCapacity[int] | None = None
        self._due = 0
        self._decreases = 0
        self._last_decrease: datetime | None = None
        self.updates = 0
        self.requested_metrics = 0
        self.served = 0

    @property
    def sides(self) -> PerCapacity[SideModel]:
        """Return both sides."""
        return PerCapacity(self.reads, self.writes)

    @property
    def provisioned(self) -> PerCapacity[int]:
        """Return the units in force."""
        return PerCapacity(self.reads.model.provisioned, self.writes.model.provisioned)

    @property
    def is_updating(self) -> bool:
        """Return whether an update is in progress."""
        return self._pending is not None

    @property
    def published(self) -> int:
        """Return the number of minutes that have been published."""
        return max(0, self.served - self.delay)

    @property
    def delay(self) -> int:
        """Return the minutes from the end of a minute until its metrics are published."""
        return self._physics.delay

    def describe(self, *, is_table_updating: bool) -> Description:
        """Return its description, as DescribeTable would."""
        return Description(
            self.target,
            self.provisioned,
            UPDATING if self.is_updating else ACTIVE,
            UPDATING if is_table_updating else ACTIVE,
            self._decreases,
            self._last_decrease,
        )

    def find_refusal(self, units: PerCapacity[int], now: datetime) -> AwsError | None:
        """Return the error with which AWS would refuse an update now; None if it would not."""
        if self.is_updating:
            return AwsError(_UPDATE, "ResourceInUseException", f"{self.target} is being updated")
        if max(units) > MOST_UNITS:
            return AwsError(
                _UPDATE, "ValidationException", f"{max(units):,} units are more than any table has"
            )
        if self._lowers(units) and find_next_decrease(self.describe(is_table_updating=False), now):
            return AwsError(_UPDATE, LIMIT_EXCEEDED, f"no decrease of {self.target} is possible now")
        return None

    def update(self, units: PerCapacity[int], minute: int, now: datetime) -> None:
        """Start an update that is not refused; it comes into force after the delay of the model."""
        self.updates += 1
        if self._lowers(units):
            if self._last_decrease is None or self._last_decrease.date() != now.date():
                self._decreases = 0  # AWS starts a new count each day (UTC)
            self._last_decrease = now
        self._pending, self._due = units, minute + self._physics.update
        self.settle(minute)

    def settle(self, minute: int) -> bool:
        """Bring an update into force if it is due, and return whether it was."""
        if self._pending is None or minute < self._due:
            return False
        units, self._pending = self._pending, None
        self._decreases += self._lowers(units)  # AWS counts a decrease when it comes into force
        self.reads.model.provision(units.reads)
        self.writes.model.provision(units.writes)
        return True

    def serve(self, minutes: range) -> None:
        """Serve the demand of consecutive minutes on both sides."""
        self.reads.serve(minutes)
        self.writes.serve(minutes)
        self.served = minutes.stop

    def _lowers(self, units: PerCapacity[int]) -> bool:
        return units.reads < self.reads.model.provisioned or units.writes < self.writes.model.provisioned
