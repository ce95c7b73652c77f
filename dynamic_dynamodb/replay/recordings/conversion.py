"""Convert the rows of a file to a recording, with remarks on rows that may be wrong."""

from __future__ import annotations

from array import array
from datetime import datetime, timezone
from math import isnan
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.recordings.files import LONGEST_DAYS, RecordingError
from dynamic_dynamodb.replay.recordings.recording import (
    NO_GAPS,
    Billing,
    Gaps,
    Recording,
    SideRecording,
)
from dynamic_dynamodb.replay.recordings.resampling import find_gaps, find_period, hold, spread
from dynamic_dynamodb.replay.recordings.rows import format_minute
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR, SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.replay.recordings.manifest import Entry
    from dynamic_dynamodb.replay.recordings.rows import Rows

LONGEST_BLANK_START_MINUTES: Final = MINUTES_PER_HOUR
"""A longer blank start is not idle time: idle tables have provisioned units, published every 5 minutes."""
_LEAST_UNIT: Final = 0.5
"""An eventually consistent read of 4 KB; every other consumption is a multiple (DynamoDB, capacity modes)."""
_BURST_SECONDS: Final = 300
"""How long AWS keeps unused capacity (DynamoDB, burst capacity)."""
_FEW: Final = 0.05
"""The share of rows above the capacity that late datapoints of raises explain."""
_LEAST_TELLING_UNITS: Final = 5
_LEAST_TELLING_ROWS: Final = 60


def make_recording(rows: Rows, entry: Entry) -> Recording:
    """Return the recording in rows of a target; raise RecordingError."""
    remarks: list[str] = []
    rows = _leave_out_blank_start(rows, remarks)
    period = find_period(rows.stamps, remarks)
    start = datetime.fromtimestamp(rows.stamps[0] * SECONDS_PER_MINUTE, timezone.utc)
    minutes = rows.stamps[-1] - rows.stamps[0] + period
    if minutes > LONGEST_DAYS * MINUTES_PER_DAY:
        days = minutes // MINUTES_PER_DAY
        raise RecordingError(f"spans {days:,} days from {start:%Y-%m-%d}: is a timestamp wrong?")
    billing = _find_billing(rows, entry, remarks)
    is_on_demand = Billing.ON_DEMAND in billing
    sides = PerCapacity.of(
        lambda capacity: _read_side(rows, period, capacity, minutes, is_on_demand=is_on_demand)
    )
    if all(side is None for side in sides):
        raise RecordingError("has no consumption: every consumed_reads and consumed_writes is blank")
    gaps = PerCapacity.of(
        lambda capacity: NO_GAPS if sides[capacity] is None else _find_gaps(rows, period, capacity)
    )
    remarks += doubt_sums(rows, period, sides)
    return Recording(entry.target, start, minutes, period, sides, gaps, tuple(remarks), billing)


def _find_billing(rows: Rows, entry: Entry, remarks: list[str]) -> frozenset[Billing]:
    """Return how the target was billed: 0 provisioned units mean on-demand."""
    levels = [column for name, column in rows.columns.items() if "provisioned" in name]
    has_units = any(level > 0 for column in levels for level in column)
    has_none = any(level == 0 for column in levels for level in column)
    is_on_demand = has_none or Billing.ON_DEMAND in entry.billing
    if is_on_demand and has_units:
        remarks.append(
            'it was billed on demand part of the time: the row "as recorded" is left out, as it would be'
            " wrong"
        )
    found = {Billing.PROVISIONED: has_units, Billing.ON_DEMAND: is_on_demand}
    return frozenset(billing for billing, is_so in found.items() if is_so)


def _leave_out_blank_start(rows: Rows, remarks: list[str]) -> Rows:
    """Start with the first datapoint of any column, if provisioned units show when the table existed."""
    places = [
        next((place for place, one in enumerate(column) if not isnan(one)), None)
        for column in rows.columns.values()
    ]
    has_units = any(
        "provisioned" in name for name, place in zip(rows.columns, places, strict=True) if place is not None
    )
    first = min((place for place in places if place is not None), default=0)
    if not has_units or rows.stamps[first] - rows.stamps[0] < LONGEST_BLANK_START_MINUTES:
        return rows
    end = rows.stamps[first]
    remarks.append(
        f"the first {end - rows.stamps[0]:,} minutes, until {format_minute(end)},"
        " have no datapoint, not even for provisioned units, and are left out: the table may not have existed"
    )
    return rows.select(range(first, len(rows.stamps)))


def _read_side(
    rows: Rows, period: int, capacity: Capacity, minutes: int, *, is_on_demand: bool
) -> SideRecording | None:
    """Return a side; None if it was not recorded.

    A side without consumption was recorded if it has that column and is known to have been idle: it has
    provisioned units, or is billed on demand.
    """
    name = f"consumed_{capacity.value}"
    consumed = spread(rows, period, name)
    provisioned = hold(rows, period, f"provisioned_{capacity.value}")
    is_known = provisioned is not None or is_on_demand
    if consumed is None and not (is_known and name in rows.columns):
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


def doubt_sums(rows: Rows, period: int, sides: PerCapacity[SideRecording | None]) -> Iterator[str]:
    """Return a sentence for each reason to doubt that consumption is a Sum."""
    for capacity in Capacity:
        consumed = rows.columns.get(f"consumed_{capacity.value}", ())
        busy = [place for place, one in enumerate(consumed) if one > 0]
        if len(busy) < _LEAST_TELLING_ROWS:
            continue
        broken = sum(1 for place in busy if consumed[place] % _LEAST_UNIT)
        if broken > len(busy) / 2:
            yield (
                f"most {capacity.value} are not multiples of {_LEAST_UNIT}, as Sums of capacity units are:"
                " are they rates, averages or calculated values?"
            )
        side = sides[capacity]
        if side is not None and side.provisioned is not None:
            first, levels = rows.stamps[0], side.provisioned
            used = [(consumed[place], levels[rows.stamps[place] - first]) for place in busy]
            yield from _compare(used, period * SECONDS_PER_MINUTE, capacity)


def _compare(used: list[tuple[float, float]], seconds: int, capacity: Capacity) -> Iterator[str]:
    """Return a sentence if consumption does not fit the units provisioned at the time."""
    beyond = sum(1 for units, level in used if units > level * (seconds + _BURST_SECONDS))
    if beyond > _FEW * len(used):
        yield (
            f"{beyond:,} of {len(used):,} rows have more {capacity.value} than provisioned units and burst"
            f" capacity allow: are they Sums over {seconds // SECONDS_PER_MINUTE} min?"
        )
    peak = max(units / (level * seconds) for units, level in used)
    if peak * seconds <= 1 and max(level for _, level in used) >= _LEAST_TELLING_UNITS:
        yield (
            f"at most {100 * peak:.2g} % of the provisioned {capacity.value} were ever used: are the figures"
            " Sums, not rates per second?"
        )
