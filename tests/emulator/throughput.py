"""Provisioned capacity of one table or one index: units, counters and AWS's rule for decreases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.emulator.errors import ServiceError
from tests.emulator.moments import UTC

Units = tuple[int, int]

FREE_DECREASES = 4
DECREASE_SPACING = timedelta(seconds=3600)


@dataclass
class Throughput:
    """The present reads and writes, those of an update under way, and the counters of changes."""

    units: Units
    status: str = "ACTIVE"
    pending: Units | None = None
    decreases: int = 0
    last_decrease: datetime | None = None
    last_increase: datetime | None = None

    @property
    def accepted(self) -> Units:
        """Return the units of the last accepted change, whether it has taken effect or not."""
        return self.pending or self.units

    def decreases_today(self, now: datetime) -> int:
        """Count the decreases of the present UTC day; a new day begins at 0."""
        if self.last_decrease is None or self.last_decrease.date() != now.date():
            return 0
        return self.decreases

    def lowers(self, requested: Units) -> bool:
        """Return whether a request counts as a decrease: it lowers reads or writes."""
        return requested[0] < self.units[0] or requested[1] < self.units[1]

    def check_decrease(self, now: datetime) -> None:
        """Refuse a decrease that AWS would not allow at this moment."""
        today = self.decreases_today(now)
        if today < FREE_DECREASES or self.last_decrease is None:
            return
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        possible = min(self.last_decrease + DECREASE_SPACING, midnight)
        if now < possible:
            message = (
                "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
                f"day. After the first {FREE_DECREASES} decreases, each subsequent decrease in the same UTC "
                f"day can be performed at most once every {int(DECREASE_SPACING.total_seconds())} seconds. "
                f"Number of decreases today: {today}. Last decrease at {_spoken(self.last_decrease)}. "
                f"Next decrease can be made at {_spoken(possible)}"
            )
            raise ServiceError(code="LimitExceededException", message=message)

    def accept(self, requested: Units, now: datetime) -> None:
        """Begin the change to the requested units: the old units stay in force until settle()."""
        if self.lowers(requested):
            self.decreases = self.decreases_today(now)
            self.last_decrease = now
        if requested[0] > self.units[0] or requested[1] > self.units[1]:
            self.last_increase = now
        self.pending = requested
        self.status = "UPDATING"

    def settle(self) -> None:
        """Put the pending units in force; as at AWS the counter moves only now, its time stamp did before."""
        if self.pending is None:
            return
        self.decreases += self.lowers(self.pending)
        self.units, self.pending = self.pending, None
        if self.status == "UPDATING":
            self.status = "ACTIVE"

    def describe(self, now: datetime) -> dict[str, Any]:
        """Build the ProvisionedThroughput member of a description."""
        described: dict[str, Any] = {
            "NumberOfDecreasesToday": self.decreases_today(now),
            "ReadCapacityUnits": self.units[0],
            "WriteCapacityUnits": self.units[1],
        }
        if self.last_decrease is not None:
            described["LastDecreaseDateTime"] = self.last_decrease
        if self.last_increase is not None:
            described["LastIncreaseDateTime"] = self.last_increase
        return described


def _spoken(moment: datetime) -> str:
    hour = moment.hour % 12 or 12
    return (
        f"{moment:%A}, {moment:%B} {moment.day}, {moment.year} at {hour}:{moment:%M:%S %p} "
        "Coordinated Universal Time"
    )
