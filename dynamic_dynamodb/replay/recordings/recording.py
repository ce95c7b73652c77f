"""Hold what was recorded of a target, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

MINUTES_PER_HOUR: Final = 60
MINUTES_PER_DAY: Final = 24 * MINUTES_PER_HOUR


class Billing(str, Enum):
    """How a target was billed while it was recorded."""

    PROVISIONED = "provisioned"
    ON_DEMAND = "on-demand"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Minutes without a datapoint of one side's load, and the longest run of them."""

    minutes: int
    longest_minutes: int
    longest_start: datetime | None


NO_GAPS: Final = Gaps(0, 0, None)


@dataclass(frozen=True, slots=True)
class SideRecording:
    """One capacity: units consumed and events throttled in each minute, units provisioned if known."""

    consumed: Column[float]
    throttled_events: float
    provisioned: Column[float] | None


@dataclass(frozen=True, slots=True)
class Recording:
    """A target's history from `start` (UTC) on; a side that was not recorded is None.

    `period` is how many minutes a row of the file spans; `remarks` say how it was understood.
    `billing` has each way in which the target was billed, as far as that is known; `region` is empty if it
    is not known.
    """

    target: Target
    start: datetime
    minutes: int
    period: int
    sides: PerCapacity[SideRecording | None]
    gaps: PerCapacity[Gaps]
    remarks: tuple[str, ...] = ()
    billing: frozenset[Billing] = frozenset()
    region: str = ""

    @property
    def end(self) -> datetime:
        """Give the start of the first minute after the recording."""
        return self.start + self.minutes * MINUTE

    @property
    def days(self) -> float:
        """Give the length in days."""
        return self.minutes / MINUTES_PER_DAY

    def find_start_capacity(
        self, given: PerCapacity[int] | None, limits: PerCapacity[CapacityOptions]
    ) -> PerCapacity[int]:
        """Give the units to begin with: as recorded, else as given, else the peak of the first hour.

        What is only guessed keeps within the limits, as the configuration's own decisions would have.
        """
        fallback: PerCapacity[Any] = PerCapacity(None, None) if given is None else given
        return PerCapacity(*map(_find_start, self.sides, fallback, limits))


def _find_start(side: SideRecording | None, given: int | None, limits: CapacityOptions) -> int:
    if side is None:
        return 1
    if side.provisioned is not None:
        return max(1, ceil(side.provisioned[0]))
    if given is not None:
        return given
    return limits.clamp(ceil(max(side.consumed[:MINUTES_PER_HOUR]) / SECONDS_PER_MINUTE))
