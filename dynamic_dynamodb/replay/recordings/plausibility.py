"""Find out whether figures can be Sums of capacity units, as those of a recording must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.usage import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.replay.recordings.columns import Rows
    from dynamic_dynamodb.replay.recordings.recording import SideRecording
    from dynamic_dynamodb.scaling.model import PerCapacity

_LEAST_UNIT: Final = 0.5
"""What an eventually consistent read of 4 KB consumes; all else is a multiple (DynamoDB, capacity modes)."""
_BURST_SECONDS: Final = 300
"""As long AWS keeps unused capacity (DynamoDB, burst capacity)."""
_FEW: Final = 0.05
"""A share of rows that late datapoints of a raise explain."""
_LEAST_TELLING_UNITS: Final = 5
_LEAST_TELLING_ROWS: Final = 60


def find_oddities(rows: Rows, period: int, sides: PerCapacity[SideRecording | None]) -> Iterator[str]:
    """Return a sentence for each reason to think that a side's consumption is no Sum."""
    for capacity in Capacity:
        consumed = rows.columns.get(f"consumed_{capacity.value}", ())
        busy = [place for place, one in enumerate(consumed) if one > 0]
        if len(busy) < _LEAST_TELLING_ROWS:
            continue
        broken = sum(1 for place in busy if consumed[place] % _LEAST_UNIT)
        if broken > len(busy) / 2:
            yield (
                f"most {capacity.value} are no multiples of {_LEAST_UNIT}, as Sums of capacity units are: are"
                " they rates, averages, or the result of a calculation?"
            )
        side = sides[capacity]
        if side is not None and side.provisioned is not None:
            first, levels = rows.stamps[0], side.provisioned
            used = [(consumed[place], levels[rows.stamps[place] - first]) for place in busy]
            yield from _compare(used, period * SECONDS_PER_MINUTE, capacity)


def _compare(used: list[tuple[float, float]], seconds: int, capacity: Capacity) -> Iterator[str]:
    """Set consumption against the units provisioned during it."""
    beyond = sum(1 for units, level in used if units > level * (seconds + _BURST_SECONDS))
    if beyond > _FEW * len(used):
        yield (
            f"{beyond:,} of {len(used):,} rows have more {capacity.value} than the provisioned units and"
            f" burst capacity allow: are they Sums of {seconds // SECONDS_PER_MINUTE} min?"
        )
    peak = max(units / (level * seconds) for units, level in used)
    if peak * seconds <= 1 and max(level for _, level in used) >= _LEAST_TELLING_UNITS:
        yield (
            f"never more than {100 * peak:.2g} % of the provisioned {capacity.value} were used: are the"
            " figures Sums, and not rates a second?"
        )
