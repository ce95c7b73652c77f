"""Find out how many minutes a row of a recording spans, from the distances between rows."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from itertools import groupby, pairwise
from math import gcd
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.inputs import RecordingError
from dynamic_dynamodb.replay.recordings.rows import tell_minute

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_PERIOD_MINUTES: Final = 60
STEADY_ROWS: Final = 12
"""So many distances alike, one after the other, are a period and no load that comes now and then."""


def find_period(stamps: Sequence[int], remarks: list[str]) -> int:
    """Give the period in minutes, and add to the remarks what is odd about it; raise RecordingError.

    It is the shortest distance between rows where that is a steady one: rows that were left out for want
    of load, or that follow out of step, make others longer.
    Else it is what divides all distances.
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
            f"has a row each {period} minutes: {LONGEST_PERIOD_MINUTES} minutes are the longest period"
        )
    usual, count = Counter(distances).most_common(1)[0]
    if usual != period and count > len(stamps) / 2:
        less = f"some only {shortest}" if shortest < usual else "not all in step"
        remarks.append(
            f"most rows are {usual} minutes apart, but {less}: each is taken for a period of {period} min"
        )
    return period


def _find_steady_stretches(distances: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Give the steady distances, with the places where the first such stretch begins and the last ends."""
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
    """Refuse two periods in one file: whichever is taken, a part would be several times too high or too low.

    Quiet and busy hours of one period come by turns; two periods follow each other.
    """
    begin, end = stretches[shortest]
    for distance, (other_begin, other_end) in stretches.items():
        if distance <= LONGEST_PERIOD_MINUTES and (other_end <= begin or end <= other_begin):
            switch = stamps[begin if other_end <= begin else end]
            raise RecordingError(
                f"mixes rows {shortest} and {distance} minutes apart, as CloudWatch keeps minutes for 15 days"
                f" only: cut it in two at {tell_minute(switch)}, or fetch all with the longer period"
            )
