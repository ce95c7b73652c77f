"""Reduce traces to the columns of a chart, which keep every peak and every throttled minute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.comparison.results import Trace
    from dynamic_dynamodb.replay.recordings.rows import Column
    from dynamic_dynamodb.scaling.schedules import Schedule


@dataclass(frozen=True, slots=True)
class LoadOutline:
    """The average and the highest demand of each column, in units per second."""

    mean: tuple[float, ...]
    most: tuple[float, ...]

    def __add__(self, later: LoadOutline) -> LoadOutline:
        """Return the columns of both, one after the other."""
        return LoadOutline(self.mean + later.mean, self.most + later.most)


@dataclass(frozen=True, slots=True)
class CapacityOutline:
    """The lowest and the highest capacity of each column, and whether any of its minutes was throttled."""

    least: tuple[float, ...]
    most: tuple[float, ...]
    is_throttled: tuple[bool, ...]

    def __add__(self, later: CapacityOutline) -> CapacityOutline:
        """Return the columns of both, one after the other."""
        return CapacityOutline(
            self.least + later.least, self.most + later.most, self.is_throttled + later.is_throttled
        )


_DIGITS: Final = 3
"""More digits of units per second are not seen in a chart."""
_Outline = TypeVar("_Outline", LoadOutline, CapacityOutline)


def add_up(outlines: Iterable[_Outline | None]) -> _Outline | None:
    """Return the columns of consecutive recordings, or None if one of them has none."""
    there = list(outlines)
    return None if None in there else reduce(add, there)


def split_columns(minutes: int, most: int) -> list[tuple[int, int]]:
    """Return the first minute and the end of each column: at most so many, of nearly equal length."""
    count = min(minutes, most)
    return [(minutes * place // count, minutes * (place + 1) // count) for place in range(count)]


def outline_load(demand: Column[float], columns: Sequence[tuple[int, int]]) -> LoadOutline:
    """Return the demand, in units per minute, of these columns."""
    parts = [demand[begin:end] for begin, end in columns]
    return LoadOutline(
        tuple(round(sum(part) / len(part) / SECONDS_PER_MINUTE, _DIGITS) for part in parts),
        tuple(round(max(part) / SECONDS_PER_MINUTE, _DIGITS) for part in parts),
    )


def outline_capacity(trace: Trace, columns: Sequence[tuple[int, int]]) -> CapacityOutline:
    """Return the capacity and the throttling of these columns."""
    parts = [trace.provisioned[begin:end] for begin, end in columns]
    return CapacityOutline(
        tuple(float(min(part)) for part in parts),
        tuple(float(max(part)) for part in parts),
        tuple(any(trace.throttled[begin:end]) for begin, end in columns),
    )


def outline_schedules(
    section: Section, start: datetime, columns: Sequence[tuple[int, int]]
) -> tuple[bool, ...]:
    """Return in which columns any schedule of a section is open; empty if it has none."""
    if section.blueprint is None:
        return ()
    end = columns[-1][1]
    is_open = [False] * len(columns)
    for overlay in section.blueprint.overlays:
        for first, last in _list_openings(overlay.schedule, start, end):
            for place, (begin, stop) in enumerate(columns):
                is_open[place] = is_open[place] or (begin < last and first < stop)
    return tuple(is_open)


def _list_openings(schedule: Schedule, start: datetime, minutes: int) -> Iterator[tuple[int, int]]:
    """Yield the first minute of each opening since a moment, and the one after its last, up to `minutes`."""
    minute = 0
    while minute < minutes:
        now = start + minute * MINUTE
        change = schedule.find_next_change(now)
        end = minutes if change is None else min(minutes, (change - start) // MINUTE)
        if schedule.is_open(now):
            yield minute, end
        minute = max(end, minute + 1)
