"""Hold what was recorded of a target, minute by minute."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from itertools import pairwise
from math import ceil, isnan
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.replay.recordings.columns import Column, Rows
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


def spread(rows: Rows, period: int, name: str) -> Column[float] | None:
    """Give a column of Sums by minute, blank ones as 0; None if no row has a value.

    The Sum of a longer period is spread over its minutes in whole units.
    """
    column = rows.columns.get(name)
    if column is None or all(map(isnan, column)):
        return None
    first = rows.stamps[0]
    spread_out = array("d", bytes(8 * (rows.stamps[-1] - first + period)))
    for stamp, total in zip(rows.stamps, column, strict=True):
        if total == total and total:  # noqa: PLR0124 - NaN is a blank
            if period == 1:
                spread_out[stamp - first] = total
            else:
                _spread_one(spread_out, stamp - first, period, total)
    return spread_out


def _spread_one(column: Column[float], first: int, period: int, total: float) -> None:
    before = 0
    for minute in range(1, period + 1):
        so_far = int(total * minute // period) if minute < period else total
        column[first + minute - 1] = so_far - before
        before = int(so_far)


def hold(rows: Rows, period: int, name: str) -> Column[float] | None:
    """Give a column of levels by minute, blank ones as the one before; None if no row has a value.

    A level of 0 is none: such is the provisioned capacity of what is billed on demand.
    """
    column = rows.columns.get(name)
    if column is None:
        return None
    level = next((one for one in column if one > 0), None)
    if level is None:
        return None
    held: Column[float] = array("d")
    first = rows.stamps[0]
    for stamp, one in zip(rows.stamps, column, strict=True):
        held.extend([level] * (stamp - first - len(held)))
        level = one if one > 0 else level
    held.extend([level] * period)
    return held


def find_gaps(known: Sequence[int], first: int, end: int, period: int) -> Gaps:
    """Look for the minutes from `first` until before `end` that no row covers; all count from 1970.

    `known` are the minutes at which the rows with a datapoint begin.
    """
    if len(known) * period == end - first:
        return NO_GAPS
    total = longest = longest_at = 0
    for before, after in pairwise((first - period, *known, end)):
        missing = max(0, after - before - period)
        total += missing
        if missing > longest:
            longest, longest_at = missing, before + period
    begin = datetime.fromtimestamp(longest_at * SECONDS_PER_MINUTE, timezone.utc) if longest else None
    return Gaps(total, longest, begin)
