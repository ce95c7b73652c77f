"""Make a recording of the rows of a file."""

from __future__ import annotations

from array import array
from datetime import datetime, timezone
from math import isnan
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.core.model import PerCapacity
from dynamic_dynamodb.core.usage import SECONDS_PER_MINUTE
from dynamic_dynamodb.replay.metric_data import read_metric_data
from dynamic_dynamodb.replay.periods import find_period
from dynamic_dynamodb.replay.recording import (
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    NO_GAPS,
    Gaps,
    Recording,
    SideRecording,
    find_gaps,
    hold,
    spread,
)
from dynamic_dynamodb.replay.rows import LONGEST_DAYS, RecordingError, read_rows, tell_minute

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.core.model import Target
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.rows import Rows

LONGEST_BLANK_START_MINUTES: Final = MINUTES_PER_HOUR
"""So long an idle table may be without any datapoint; that of its provisioned units comes each 5 minutes."""


def read_recording(path: Path, target: Target) -> Recording:
    """Read one file; raise RecordingError, or OSError and its like if it cannot be read at all."""
    remarks: list[str] = []
    rows = _leave_out_blank_start(read_rows(path, read_metric_data), remarks)
    period = find_period(rows.stamps, remarks)
    start = datetime.fromtimestamp(rows.stamps[0] * SECONDS_PER_MINUTE, timezone.utc)
    minutes = rows.stamps[-1] - rows.stamps[0] + period
    if minutes > LONGEST_DAYS * MINUTES_PER_DAY:
        days = minutes // MINUTES_PER_DAY
        raise RecordingError(f"spans {days:,} days, from {start:%Y-%m-%d} on: is a timestamp wrong?")
    sides = PerCapacity.of(lambda capacity: _read_side(rows, period, capacity, minutes))
    if all(side is None for side in sides):
        raise RecordingError("has no consumption in it: every consumed_reads and consumed_writes is blank")
    gaps = PerCapacity.of(
        lambda capacity: NO_GAPS if sides[capacity] is None else _find_gaps(rows, period, capacity)
    )
    return Recording(target, start, minutes, period, sides, gaps, tuple(remarks))


def _leave_out_blank_start(rows: Rows, remarks: list[str]) -> Rows:
    """Begin with the first datapoint of anything, if the provisioned units tell when the table was there."""
    places = [
        next((place for place, one in enumerate(column) if not isnan(one)), None)
        for column in rows.columns.values()
    ]
    is_told = any(
        "provisioned" in name for name, place in zip(rows.columns, places, strict=True) if place is not None
    )
    first = min((place for place in places if place is not None), default=0)
    if not is_told or rows.stamps[first] - rows.stamps[0] < LONGEST_BLANK_START_MINUTES:
        return rows
    remarks.append(
        f"the first {rows.stamps[first] - rows.stamps[0]:,} minutes, until {tell_minute(rows.stamps[first])},"
        " have no datapoint, not even of the provisioned units: left out, the table may not have been there"
    )
    return rows.select(range(first, len(rows.stamps)))


def _read_side(rows: Rows, period: int, capacity: Capacity, minutes: int) -> SideRecording | None:
    """Read a side; without consumption it is there if it has a column for that, and provisioned units."""
    name = f"consumed_{capacity.value}"
    consumed = spread(rows, period, name)
    provisioned = hold(rows, period, f"provisioned_{capacity.value}")
    if consumed is None and (provisioned is None or name not in rows.columns):
        return None
    throttled = rows.columns.get(f"throttled_{capacity.value}", ())
    return SideRecording(
        array("d", bytes(8 * minutes)) if consumed is None else consumed,
        sum(one for one in throttled if not isnan(one)),
        provisioned,
    )


def _find_gaps(rows: Rows, period: int, capacity: Capacity) -> Gaps:
    column = rows.columns[f"consumed_{capacity.value}"]
    known = array("q", (stamp for stamp, one in zip(rows.stamps, column, strict=True) if not isnan(one)))
    return find_gaps(known, rows.stamps[0], rows.stamps[-1] + period, period)
