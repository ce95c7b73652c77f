"""Draw load, capacity and throttling as SVG, one pixel wide for each column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.replay.recordings.rows import EPOCH
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_HOUR
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.replay.comparison.outlines import CapacityOutline, LoadOutline

HEIGHT: Final = 240
_Value = TypeVar("_Value")
_MOST_TICKS: Final = 5
_LEAST_BAND: Final = 5  # narrower ones are hard to see
_MOST_LABELS: Final = 8
_LAST_PLACE_PERCENT: Final = 96
_HOURS_PER_DAY: Final = 24
_LABEL_HOURS: Final = (1, 3, 6, 12, 24, 48, 96, 168, 336, 744, 1464, 2928)


@dataclass(frozen=True, slots=True)
class Line:
    """The capacity of one alternative, and the class of its line, which sets its colour."""

    kind: str
    outline: CapacityOutline


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of one side: its load, and the capacity of one alternative or of several.

    `is_scheduled` has the columns in which a schedule is open; it is empty if there are no schedules.
    """

    load: LoadOutline
    lines: tuple[Line, ...]
    is_scheduled: Sequence[bool] = ()

    @property
    def top(self) -> float:
        """Return the units at the upper edge."""
        most = max(*self.load.most, *(max(line.outline.most) for line in self.lines), 0)
        return most * 1.05 or 1.0

    @property
    def ticks(self) -> list[float]:
        """Return round numbers for the axis, the lowest first."""
        step = _find_step(self.top)
        return [step * number for number in range(floor(self.top / step) + 1)]


def _find_step(top: float) -> float:
    """Return the smallest round step with few ticks."""
    power = 10.0 ** floor(log10(top / _MOST_TICKS))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if top / step <= _MOST_TICKS)


def draw_chart(chart: Chart, description: str) -> str:
    """Draw average and peak load as areas, capacities as lines, and throttling as bands behind them.

    The bands are those of the last line. The times of schedules are shaded behind everything.
    """
    count, top = len(chart.load.mean), chart.top
    bands = draw_marks(chart.lines[-1].outline.is_throttled, HEIGHT) if chart.lines else ""
    shades = (
        f'<g class="scheduled">{draw_marks(chart.is_scheduled, HEIGHT)}</g>' if chart.is_scheduled else ""
    )
    grid = "".join(f'<path d="M0 {_place(tick, top)}h{count}"/>' for tick in chart.ticks[1:])
    lines = "".join(
        f'<path class="{line.kind}" d="{_draw_capacity(line.outline, top)}"/>' for line in chart.lines
    )
    return (
        f'<svg class="chart" viewBox="0 0 {count} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{description}">{shades}<g class="band">{bands}</g><g class="grid">{grid}</g>'
        f'<path class="peak" d="{_draw_area(chart.load.most, top)}"/>'
        f'<path class="mean" d="{_draw_area(chart.load.mean, top)}"/>{lines}</svg>'
    )


def draw_marks(flags: Sequence[bool], height: int) -> str:
    """Draw a bar for each run of columns that are marked, wide enough to be seen."""
    return "".join(
        f'<rect x="{first - max(0, _LEAST_BAND - length) / 2:g}" width="{max(length, _LEAST_BAND)}"'
        f' height="{height}"/>'
        for first, length, is_marked in find_runs(flags)
        if is_marked
    )


def _place(units: float, top: float) -> int:
    return round(HEIGHT * (1 - units / top))


def _draw_area(units: Sequence[float], top: float) -> str:
    """Draw steps from column to column, in relative coordinates, which compress well."""
    at, steps = HEIGHT, []
    for _, length, place in find_runs([_place(one, top) for one in units]):
        steps.append(f"v{place - at}h{length}")
        at = place
    return f"M0 {HEIGHT}{''.join(steps)}V{HEIGHT}Z"


def _draw_capacity(outline: CapacityOutline, top: float) -> str:
    """Draw a step line; a column in which capacity changed has a vertical stroke over its range."""
    spans = [
        (_place(low, top), _place(high, top)) for low, high in zip(outline.least, outline.most, strict=True)
    ]
    at = spans[0][0]
    steps = [f"M0 {at}"]
    for _, length, (low, high) in find_runs(spans):
        steps.append(f"v{low - at}" if low != at else "")
        steps.append(f"v{high - low}" if low != high else "")
        steps.append(f"h{length}")
        at = high
    return "".join(steps)


def find_runs(values: Sequence[_Value]) -> Iterator[tuple[int, int, _Value]]:
    """Yield the first place, the length and the value of each run of equal values."""
    at = 0
    for value, run in groupby(values):
        length = len(list(run))
        yield at, length, value
        at += length


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


def draw_times(start: datetime, minutes: int) -> str:
    """Draw the axis of days and hours."""
    labels = label_times(start, minutes)
    has_days = any(label.is_day for label in labels)
    times = "".join(
        f"<g{'' if label.is_day or not has_days else ' class=hour'}>"
        f'<rect x="{label.place:.2f}%" width="1" height="4"/>'
        f'<text x="{label.place:.2f}%" y="15">{label.text}</text></g>'
        for label in labels
    )
    return f'<svg class="times" aria-hidden="true">{times}</svg>'


def draw_axes(chart: Chart, times: str, drawing: str, lanes: str) -> str:
    """Return a drawing with units on its left, and times between it and lanes below."""
    top = chart.top
    units = "".join(
        f'<text x="100%" y="{100 * (1 - tick / top):.2f}%">{tick:,g}</text>' for tick in chart.ticks
    )
    return (
        f'<div class="figure"><svg class="units" aria-hidden="true">{units}</svg>'
        f"<div>{drawing}{times}{lanes}</div></div>"
    )


def write_legend(entries: Sequence[tuple[str, str]]) -> str:
    """Return a list that explains colours, each as its class and its meaning."""
    items = "".join(f'<li><i class="{name}"></i>{text}</li>' for name, text in entries)
    return f'<ul class="legend">{items}</ul>'
