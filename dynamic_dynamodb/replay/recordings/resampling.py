"""Find the period of a recording's rows, and convert columns of that period to 1-minute columns."""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import datetime, timezone
from functools import reduce
from itertools import groupby, pairwise
from math import gcd, isnan
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS
from dynamic_dynamodb.replay.recordings.files import RecordingError
from dynamic_dynamodb.replay.recordings.recording import NO_GAPS, Gaps
from dynamic_dynamodb.replay.recordings.rows import format_minute
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.replay.recordings.rows import Column, Rows

LONGEST_PERIOD_MINUTES: Final = 60
STEADY_ROWS: Final = 12
"""This many equal distances in a row establish the period; fewer may be sparse load."""


def find_period(stamps: Sequence[int], remarks: list[str]) -> int:
    """Return the period in minutes, and add a remark if it is doubtful; raise RecordingError.

    The period is the shortest distance between rows if that one is steady: longer distances come from rows
    that were left out because there was no load, or that are not aligned.
    Otherwise it is the greatest common divisor of all distances.
    """
    if len(stamps) < 2:  # noqa: PLR2004 - a period is between two
        raise RecordingError("has fewer than two rows: there is nothing to replay")
    distances = [second - first for first, second in pairwise(stamps)]
    stretches = _find_steady_stretches(distances)
    shortest = min(distances)
    if shortest in stretches:
        _refuse_mixture(stamps, stretches, shortest)
        period = shortest
    else:
        period = reduce(gcd, distances)
    if period > LONGEST_PERIOD_MINUTES:
        raise RecordingError(
            f"has a row every {period} minutes: the longest period is {LONGEST_PERIOD_MINUTES} minutes"
        )
    usual, count = Counter(distances).most_common(1)[0]
    if usual != period and count > len(stamps) / 2:
        less = f"some only {shortest}" if shortest < usual else "not all are aligned"
        remarks.append(
            f"most rows are {usual} minutes apart, but {less}: every row is read as a period of {period} min"
        )
    return period


def _find_steady_stretches(distances: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return each steady distance with the place where its first stretch begins and its last one ends."""
    stretches: dict[int, tuple[int, int]] = {}
    place = 0
    for distance, alike in groupby(distances):
        end = place + sum(1 for _ in alike)
        if end - place >= STEADY_ROWS:
            begin, _ = stretches.get(distance, (place, end))
            stretches[distance] = begin, end
        place = end
    return stretches


def _refuse_mixture(stamps: Sequence[int], stretches: dict[int, tuple[int, int]], shortest: int) -> None:
    """Refuse two periods in one file: with either of them, a part would be several times too high or too low.

    Stretches of two periods follow each other; the quiet and busy hours of one period alternate.
    """
    begin, end = stretches[shortest]
    for distance, (other_begin, other_end) in stretches.items():
        if distance <= LONGEST_PERIOD_MINUTES and (other_end <= begin or end <= other_begin):
            switch = stamps[begin if other_end <= begin else end]
            raise RecordingError(
                f"mixes rows {shortest} and {distance} minutes apart (CloudWatch keeps 1-minute data for"
                f" {METRICS_KEPT_DAYS} days): split it at {format_minute(switch)}, or fetch all of it with"
                " the longer period"
            )


def spread(rows: Rows, period: int, name: str) -> Column[float] | None:
    """Return a column of Sums for each minute, 0 if blank; None if no row has a value.

    The Sum of a longer period is spread evenly over its minutes, in whole units.
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
    """Return a column of levels for each minute, the previous level if blank; None if no row has a value.

    A level of 0 counts as blank: it is the provisioned capacity of an on-demand table.
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
    """Return the gaps in the minutes `first` <= minute < `end`; all minutes count from 1970.

    `known` are the minutes at which rows with a datapoint begin.
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
