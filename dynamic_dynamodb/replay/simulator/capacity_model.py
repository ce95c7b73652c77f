"""Model one capacity of a table, minute by minute: provisioned units, burst, throttling, retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

BURST_SECONDS: Final = 300
"""Unused capacity that DynamoDB keeps (Developer Guide, "Burst and adaptive capacity")."""


@dataclass(frozen=True, slots=True)
class Physics:
    """How the model behaves.

    `delay` and `update` are whole minutes: how long after its end a minute's metrics are published,
    and how long after its call an update is in force.
    `burst` is how many seconds' worth of unused capacity are kept.
    `retry` is the share of throttled units that comes back in the next minute, from 0 to 1.
    """

    delay: int = 1
    update: int = 1
    burst: int = BURST_SECONDS
    retry: float = 0.0


PRESETS: Final = {
    "ideal": Physics(),
    "slow": Physics(delay=2, update=2, burst=60),
    "no-burst": Physics(burst=0),
}


class CapacityModel:
    """One capacity in time: `provisioned` units a second, and `bucket`, the unused units that are kept.

    After each step `served` and `throttled` hold that minute's units; what came back counts again in both.
    """

    __slots__ = ("_most_kept", "_physics", "bucket", "provisioned", "returning", "served", "throttled")

    def __init__(self, physics: Physics, provisioned: int) -> None:
        """Begin with an empty bucket."""
        self._physics = physics
        self.provisioned = provisioned
        self._most_kept: float = physics.burst * provisioned
        self.bucket = self.returning = self.served = self.throttled = 0.0

    def provision(self, units: int) -> None:
        """Change the capacity; what a smaller bucket cannot hold is lost."""
        self.provisioned = units
        self._most_kept = self._physics.burst * units
        self.bucket = min(self.bucket, self._most_kept)

    def step(self, demand: float) -> None:
        """Serve one minute's demand in units, and what came back, as far as capacity and bucket go.

        What comes back is rounded down to whole units.
        """
        asked = demand + self.returning
        left = self.provisioned * SECONDS_PER_MINUTE + self.bucket - asked
        if left >= 0:
            self.served, self.throttled, self.returning = asked, 0.0, 0.0
            self.bucket = min(left, self._most_kept)
        else:
            self.served, self.throttled, self.bucket = asked + left, -left, 0.0
            self.returning = -left * self._physics.retry // 1


def is_enough(demands: Iterable[float], physics: Physics, provisioned: int, most_throttled: float) -> bool:
    """Tell whether a fixed capacity throttles no more units than that."""
    model = CapacityModel(physics, provisioned)
    throttled = 0.0
    for demand in demands:
        model.step(demand)
        if model.throttled:
            throttled += model.throttled
            if throttled > most_throttled:
                return False
    return True
