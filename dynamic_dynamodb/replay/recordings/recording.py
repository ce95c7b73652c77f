"""Hold the recorded history of a target, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR, SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


class Billing(str, Enum):
    """How a target was billed during a recording."""

    PROVISIONED = "provisioned"
    ON_DEMAND = "on-demand"


class Origin(NamedTuple):
    """Where something was recorded; what is empty is unknown.

    `account` is the account's id, and `account_name` the name of its `[account: …]` section.
    """

    region: str = ""
    account: str = ""
    account_name: str = ""

    @property
    def account_key(self) -> str:
        """Return what is known of the account: its id, else its name."""
        return self.account or self.account_name

    @property
    def name(self) -> str:
        """Return `production/us-east-1`, or the region alone if the account has no name."""
        return f"{self.account_name}/{self.region}" if self.account_name else self.region


UNKNOWN_ORIGIN: Final = Origin()


@dataclass(frozen=True, slots=True)
class RecordedPrices:
    """The prices of a region in dollars on a day, such as 2026-03-02, by the keys of `PRICE_KEYS`."""

    day: str
    dollars: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The minutes without a datapoint for one side, and the longest run of them."""

    minutes: int
    longest_minutes: int
    longest_start: datetime | None


NO_GAPS: Final = Gaps(0, 0, None)
NOT_REGISTERED: Final[PerCapacity[Registration | None]] = PerCapacity(None, None)


@dataclass(frozen=True, slots=True)
class SideRecording:
    """One capacity: units consumed per minute, throttled events in all, and units provisioned if known."""

    consumed: Column[float]
    throttled_events: float
    provisioned: Column[float] | None


@dataclass(frozen=True, slots=True)
class Recording:
    """The history of a target from `start` (UTC); a side that was not recorded is None.

    `period` is the minutes that a row of the file spans; `remarks` are doubts about its rows.
    `billing` has every way in which the target is known to have been billed; `origin` is
    where it was recorded.
    `registered` is what AWS Application Auto Scaling was registered for when it was last recorded.
    `table_class` is AWS's name for the class of its table, empty if unknown; `size_bytes` None if unknown.
    `prices` are those of its region when it was last recorded, None if unknown.
    """

    target: Target
    start: datetime
    minutes: int
    period: int
    sides: PerCapacity[SideRecording | None]
    gaps: PerCapacity[Gaps]
    remarks: tuple[str, ...] = ()
    billing: frozenset[Billing] = frozenset()
    origin: Origin = UNKNOWN_ORIGIN
    registered: PerCapacity[Registration | None] = NOT_REGISTERED
    table_class: str = ""
    size_bytes: int | None = None
    prices: RecordedPrices | None = None

    @property
    def region(self) -> str:
        """Return its region; empty if that is unknown."""
        return self.origin.region

    @property
    def end(self) -> datetime:
        """Return the start of the first minute after the recording."""
        return self.start + self.minutes * MINUTE

    @property
    def days(self) -> float:
        """Return the length in days."""
        return self.minutes / MINUTES_PER_DAY

    def find_start_capacity(
        self, given: PerCapacity[int] | None, limits: PerCapacity[CapacityOptions]
    ) -> PerCapacity[int]:
        """Return the units at the start: as recorded, else as given, else the peak of the first hour.

        The peak is clamped to the limits, as decisions are.
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
