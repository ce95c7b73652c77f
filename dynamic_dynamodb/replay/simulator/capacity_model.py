"""Model one capacity of a table, minute by minute: provisioned units, burst, throttling, retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dynamic_dynamodb.replay.recordings.rows import Column

BURST_SECONDS: Final = 300
"""Unused capacity that DynamoDB keeps (Developer Guide, "Burst and adaptive capacity")."""


@dataclass(frozen=True, slots=True)
class Physics:
    """The constants of the model.

    `delay` is the minutes from the end of a minute until its metrics are published, `update` the minutes
    from a call until its update is in force.
    `burst` is the seconds of unused capacity that are kept.
    `retry` is the share of throttled units, from 0 to 1, that come back in the next minute.
    `alarm` is the minutes that an alarm of AWS's target tracking goes off after its last datapoint is
    published.
    """

    delay: int = 1
    update: int = 1
    burst: int = BURST_SECONDS
    retry: float = 0.0
    alarm: int = 0


PRESETS: Final = {
    "ideal": Physics(),
    "slow": Physics(delay=2, update=2, burst=60, alarm=1),
    "no-burst": Physics(burst=0),
}


class CapacityModel:
    """One capacity: `provisioned` units per second, and `bucket`, the unused units that are kept.

    After each step `served` and `throttled` hold the units of that minute, returning units included.
    """

    __slots__ = ("_most_kept", "_physics", "bucket", "provisioned", "returning", "served", "throttled")

    def __init__(self, physics: Physics, provisioned: int) -> None:
        """Create a capacity with an empty bucket."""
        self._physics = physics
        self.provisioned = provisioned
        self._most_kept: float = physics.burst * provisioned
        self.bucket = self.returning = self.served = self.throttled = 0.0

    def provision(self, units: int) -> None:
        """Change the capacity; units that a smaller bucket cannot hold are lost."""
        self.provisioned = units
        self._most_kept = self._physics.burst * units
        self.bucket = min(self.bucket, self._most_kept)

    def fork(self) -> CapacityModel:
        """Return a copy that goes on by itself."""
        other = CapacityModel(self._physics, self.provisioned)
        other.bucket, other.returning = self.bucket, self.returning
        return other

    def step(self, demand: float) -> None:
        """Serve the demand of one minute, and what came back, up to the capacity and the bucket.

        Returning units are rounded down to whole units.
        """
        requested = demand + self.returning
        left = self.provisioned * SECONDS_PER_MINUTE + self.bucket - requested
        if left >= 0:
            self.served, self.throttled, self.returning = requested, 0.0, 0.0
            self.bucket = min(left, self._most_kept)
        else:
            self.served, self.throttled, self.bucket = requested + left, -left, 0.0
            self.returning = -left * self._physics.retry // 1

    def fill(self, demands: Iterable[float]) -> None:
        """Serve minutes in which nothing is throttled or comes back: until the bucket is full, it fills."""
        each, most, bucket = self.provisioned * SECONDS_PER_MINUTE, self._most_kept, self.bucket
        for demand in demands:
            if bucket == most:
                break
            bucket = min(each + bucket - demand, most)
        self.bucket = bucket

    def serve(
        self, demands: Column[float], minutes: range, served: Column[float], throttled: Column[float]
    ) -> None:
        """Serve consecutive minutes, in steps only those that need the bucket.

        `served` starts as a copy of the demands, and `throttled` as zeros.
        """
        for minute in self.serve_busy(demands, minutes):
            served[minute], throttled[minute] = self.served, self.throttled

    def is_enough(self, demands: Column[float], most_throttled: float) -> bool:
        """Return whether a recording throttles at most this many units."""
        throttled = 0.0
        for _ in self.serve_busy(demands, range(len(demands))):
            throttled += self.throttled
            if throttled > most_throttled:
                return False
        return True

    def serve_busy(self, demands: Column[float], minutes: range) -> Iterator[int]:
        """Serve consecutive minutes, and yield after each that needs the bucket.

        Nothing is throttled in the others.
        """
        begin, end = minutes.start, minutes.stop
        each = float(self.provisioned * SECONDS_PER_MINUTE)  # floats are compared faster with each other
        busy = [minute for minute, demand in enumerate(demands[begin:end], begin) if demand > each]
        if self.returning and begin < end:
            busy.insert(0, begin)
        for minute in busy:
            if begin < minute:
                self.fill(demands[begin:minute])
                begin = minute
            while begin <= minute or (self.returning and begin < end):
                self.step(demands[begin])
                yield begin
                begin += 1
        self.fill(demands[begin:end])
