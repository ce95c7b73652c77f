"""Draw load, capacity, throttling and reasons as SVG, with at most one column per pixel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.rows import EPOCH
from dynamic_dynamodb.replay.simulator.timeline import CODES, NOT_CHECKED
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_HOUR, SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.comparison.results import Trace
    from dynamic_dynamodb.replay.simulator.timeline import Timeline

WIDTH: Final = 800
HEIGHT: Final = 240
LANE_HEIGHT: Final = 14
_MOST_TICKS: Final = 5
_LEAST_BAND: Final = 5  # narrower ones are hard to see
_MOST_LABELS: Final = 8
_LAST_PLACE_PERCENT: Final = 96
_HOURS_PER_DAY: Final = 24
_LABEL_HOURS: Final = (1, 3, 6, 12, 24, 48, 96, 168, 336, 744, 1464, 2928)

KINDS: Final = {
    "held": frozenset(
        {
            Code.DECREASE_BUDGET,
            Code.LIMIT_EXCEEDED,
            Code.OUTSIDE_WINDOW,
            Code.LATE_IN_HOUR,
            Code.RW_TOGETHER,
            Code.NOT_ACTIVE,
            Code.STILL_THROTTLED,
            Code.BELOW_CONSUMPTION,
            Code.CAPPED_AT_MAXIMUM,
        }
    ),
    "unknown": frozenset(
        {Code.METRICS_UNKNOWN, Code.METRICS_LATE, Code.METRICS_FAILED, Code.ZERO_CONSUMPTION}
    ),
    "waiting": frozenset({Code.WAITING_FOR_CHECKS}),
    "low": frozenset({Code.AT_MINIMUM, Code.ROUNDS_TO_NOTHING}),
    "steady": frozenset({Code.STEADY, Code.AUTOSCALING_OFF, Code.UP_SCALING_OFF, Code.DOWN_SCALING_OFF}),
}
"""The kind of each reason, which sets its colour; of several in one column the first kind here is shown."""
_KIND_OF: Final = {code: kind for kind, codes in KINDS.items() for code in codes}


@dataclass(frozen=True, slots=True)
class Column:
    """The minutes in one pixel of a chart, in units per second."""

    mean: float
    most: float
    least_capacity: float
    most_capacity: float
    is_throttled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of one side: its columns, and the units at its upper edge."""

    columns: tuple[Column, ...]
    top: float

    @property
    def ticks(self) -> list[float]:
        """Return round numbers for the axis, the lowest first."""
        step = _find_step(self.top)
        return [step * number for number in range(floor(self.top / step) + 1)]


def _find_step(top: float) -> float:
    """Return the smallest round step with few ticks."""
    power = 10.0 ** floor(log10(top / _MOST_TICKS))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if top / step <= _MOST_TICKS)


def split_columns(minutes: int) -> list[tuple[int, int]]:
    """Return the minutes in at most `WIDTH` columns of nearly equal length."""
    count = min(minutes, WIDTH)
    return [(minutes * place // count, minutes * (place + 1) // count) for place in range(count)]


def build_chart(trace: Trace) -> Chart:
    """Return a trace in columns that keep every peak and every throttled minute."""
    columns = []
    for begin, end in split_columns(len(trace.demand)):
        demand = trace.demand[begin:end]
        capacity = trace.provisioned[begin:end]
        columns.append(
            Column(
                mean=sum(demand) / len(demand) / SECONDS_PER_MINUTE,
                most=max(demand) / SECONDS_PER_MINUTE,
                least_capacity=min(capacity),
                most_capacity=max(capacity),
                is_throttled=any(trace.throttled[begin:end]),
            )
        )
    top = max(max(column.most, column.most_capacity) for column in columns)
    return Chart(tuple(columns), top * 1.05 or 1.0)


def draw_chart(chart: Chart, description: str) -> str:
    """Draw average and peak load as areas, capacity as a line, and throttling as bands behind them."""
    count = len(chart.columns)
    bands = "".join(
        f'<rect x="{first - max(0, _LEAST_BAND - length) / 2:g}" width="{max(length, _LEAST_BAND)}"'
        f' height="{HEIGHT}"/>'
        for first, length, is_throttled in _find_runs([column.is_throttled for column in chart.columns])
        if is_throttled
    )
    lines = "".join(f'<path d="M0 {_place(chart, tick)}h{count}"/>' for tick in chart.ticks[1:])
    peaks = [_place(chart, column.most) for column in chart.columns]
    means = [_place(chart, column.mean) for column in chart.columns]
    return (
        f'<svg class="chart" viewBox="0 0 {count} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{description}"><g class="band">{bands}</g><g class="grid">{lines}</g>'
        f'<path class="peak" d="{_draw_area(peaks)}"/><path class="mean" d="{_draw_area(means)}"/>'
        f'<path class="capacity" d="{_draw_capacity(chart)}"/></svg>'
    )


def _place(chart: Chart, units: float) -> int:
    return round(HEIGHT * (1 - units / chart.top))


def _draw_area(tops: Sequence[int]) -> str:
    steps = []
    for (first, last), run in _find_edges(tops):
        steps.append(f"V{run}H{last}" if last > first else "")
    return f"M0 {HEIGHT}{''.join(steps)}V{HEIGHT}Z"


def _find_edges(tops: Sequence[int]) -> Iterator[tuple[tuple[int, int], int]]:
    at = 0
    for top, run in groupby(tops):
        length = len(list(run))
        yield (at, at + length), top
        at += length


def _draw_capacity(chart: Chart) -> str:
    """Draw a step line; a column in which capacity changed has a vertical stroke over its range."""
    spans = [(_place(chart, one.least_capacity), _place(chart, one.most_capacity)) for one in chart.columns]
    steps = [f"M0 {spans[0][0]}"]
    at = 0
    for (low, high), run in groupby(spans):
        at += len(list(run))
        steps.append(f"V{low}" if low == high else f"V{low}V{high}")
        steps.append(f"H{at}")
    return "".join(steps)


def _find_runs(flags: Sequence[object]) -> Iterator[tuple[int, int, object]]:
    at = 0
    for flag, run in groupby(flags):
        length = len(list(run))
        yield at, length, flag
        at += length


def draw_timeline(timeline: Timeline, capacity: Capacity, start: datetime) -> str:
    """Draw two lanes: the changes, and the kinds of reasons of all checks."""
    spans = split_columns(timeline.minutes)
    codes = timeline.codes[capacity]
    kinds = [_find_kind(set(codes[begin:end])) for begin, end in spans]
    lanes = "".join(
        f'<rect class="{kind}" x="{first}" y="{LANE_HEIGHT}" width="{length}" height="{LANE_HEIGHT}"/>'
        for first, length, kind in _find_runs(kinds)
        if kind
    )
    made = ["" for _ in spans]
    for moment, decision in timeline.changes:
        side = decision.capacities[capacity]
        place = (moment - start) // MINUTE * len(spans) // timeline.minutes
        if side.is_change and made[place] != "raised":
            made[place] = "raised" if side.is_raise else "lowered"
    ticks = "".join(
        f'<rect class="{kind}" x="{place}" width="1.5" height="{LANE_HEIGHT}"/>'
        for place, kind in enumerate(made)
        if kind
    )
    return (
        f'<svg class="lanes" viewBox="0 0 {len(spans)} {2 * LANE_HEIGHT}" preserveAspectRatio="none"'
        f' role="img" aria-label="changes and reasons over time">{lanes}{ticks}</svg>'
    )


def _find_kind(numbers: set[int]) -> str:
    kinds = {_KIND_OF.get(CODES[number], "steady") for number in numbers if number != NOT_CHECKED}
    return next((kind for kind in KINDS if kind in kinds), "")


@dataclass(frozen=True, slots=True)
class TimeLabel:
    """A day or an hour on the axis, at a place in percent."""

    place: float
    text: str
    is_day: bool


def label_times(start: datetime, minutes: int) -> list[TimeLabel]:
    """Return a few days or hours for the axis, none so far right that a phone cuts it off."""
    hours = ceil(minutes / MINUTES_PER_HOUR)
    step = next((one for one in _LABEL_HOURS if hours / one <= _MOST_LABELS), hours)
    first = start.replace(minute=0, second=0)
    labels = []
    for hour in range(1, hours + 1):
        moment = first + hour * MINUTES_PER_HOUR * MINUTE
        place = 100 * ((moment - start) // MINUTE) / minutes
        if (moment - EPOCH) // (MINUTES_PER_HOUR * MINUTE) % step == 0 and place <= _LAST_PLACE_PERCENT:
            is_day = moment.hour == 0 or step >= _HOURS_PER_DAY
            text = f"{moment:%-d %b}" if is_day else f"{moment:%H:%M}"
            labels.append(TimeLabel(place, text, is_day))
    return labels
