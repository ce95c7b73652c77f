"""Draw docs/capacity.svg: how the program scales a table over a synthetic day."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, note_changes, note_decision
from dynamic_dynamodb.scaling.model import ACTIVE, Description, PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, CapacitySeries, UsageEstimator, find_window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamic_dynamodb.scaling.target_options import TargetOptions

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURE: Final = ROOT / "docs" / "capacity.svg"

MIDNIGHT: Final = datetime(2026, 3, 4, tzinfo=timezone.utc)
DAY_MINUTES: Final = 24 * 60
CHECK_MINUTES: Final = 5
SECONDS_PER_MINUTE: Final = 60
TARGET: Final = Target("orders")

NIGHT_UNITS: Final = 60
HUMPS: Final = ((9.5, 2.5, 160), (19.5, 3.0, 300))
"""The peaks of the day's load: hour, width in hours, and height in units a second."""


@dataclass(frozen=True)
class Day:
    """Load and provisioned capacity of a table, in units a second, for each minute of a day."""

    load: tuple[int, ...]
    provisioned: tuple[int, ...]

    @property
    def short_minutes(self) -> int:
        """Return the number of minutes in which the load is above the provisioned capacity."""
        return sum(load > units for load, units in zip(self.load, self.provisioned, strict=True))

    @property
    def saved_percent(self) -> int:
        """Return how far the average capacity lies below the day's highest, in percent."""
        return round(100 - 100 * sum(self.provisioned) / (max(self.provisioned) * DAY_MINUTES))


def read_rules() -> TargetOptions:
    """Return the options of the configuration in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rules = re.search(r"```ini\n(.*?)```", readme, re.DOTALL)
    if rules is None:
        raise ValueError("README.md shows no configuration")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dynamic-dynamodb.conf"
        path.write_text(rules[1], encoding="utf-8")
        return load({"config": str(path)}, {}).sections[0].typed


def load_at(minute: int) -> int:
    """Return the load at a minute, in units a second; every day is the same."""
    hour = minute % DAY_MINUTES / 60
    humps = (high * exp(-((_hours_between(hour, peak) / width) ** 2)) for peak, width, high in HUMPS)
    return round(NIGHT_UNITS + sum(humps))


def _hours_between(one: float, other: float) -> float:
    return min(abs(one - other), 24 - abs(one - other))


def simulate(options: TargetOptions) -> Day:
    """Return the second of two days on which the program checks the table every five minutes."""
    table = Description(TARGET, PerCapacity(NIGHT_UNITS, NIGHT_UNITS), ACTIVE, ACTIVE)
    memory = NO_MEMORY
    provisioned = {}
    for minute in range(-DAY_MINUTES, DAY_MINUTES):
        provisioned[minute] = table.provisioned.reads
        if minute % CHECK_MINUTES == 0:
            table, memory = _check(options, table, memory, minute)
    minutes = range(DAY_MINUTES)
    return Day(tuple(map(load_at, minutes)), tuple(provisioned[minute] for minute in minutes))


def _check(
    options: TargetOptions, table: Description, memory: PerCapacity[Memory], minute: int
) -> tuple[Description, PerCapacity[Memory]]:
    """Return the table and its memory after one check, counting decreases as AWS does."""
    now = MIDNIGHT + minute * MINUTE
    window = find_window(options, now)
    first = (window.start - MIDNIGHT) // MINUTE
    consumed = {
        window.start + number * MINUTE: load_at(first + number) * float(SECONDS_PER_MINUTE)
        for number in range(window.minutes)
    }
    series = CapacitySeries.of(window, consumed, throttled={})
    usage = UsageEstimator(window, now=now, freshest=max(consumed)).estimate(series)
    usages = PerCapacity(usage, usage)  # writes go as reads do
    counts = memory.map(lambda one: one.low_checks)
    decision = decide(TARGET, options, provisioned=table.provisioned, usage=usages, counts=counts)
    left = guard(decision, Facts(table, options, usages, now))
    if left.capacities.reads.is_decrease:
        is_first_today = table.last_decrease is None or table.last_decrease.date() != now.date()
        decreases = 1 if is_first_today else table.decreases_today + 1
        table = replace(table, decreases_today=decreases, last_decrease=now)
    memory = note_changes(note_decision(memory, left), left, window.end)
    return replace(table, provisioned=left.proposed), memory


WIDTH: Final = 640
HEIGHT: Final = 390
LEFT, RIGHT, TOP, BOTTOM = 62, 40, 62, 108
TOP_UNITS: Final = 500
GRID_UNITS: Final = 100
GRID_HOURS: Final = 4

STYLE: Final = """\
    .card { fill: #ffffff; stroke: #d0d7de; }
    text { fill: #424a53; }
    .head { fill: #1f2328; font-weight: 600; }
    .grid { stroke: #d8dee4; }
    .load { fill: #54aeff; fill-opacity: 0.45; }
    .provisioned { fill: none; stroke: #bc4c00; stroke-width: 2.5; }
    .of-load { fill: #0550ae; }
    .of-provisioned { fill: #953800; }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d; }
      text { fill: #b1bac4; }
      .head { fill: #e6edf3; }
      .grid { stroke: #30363d; }
      .load { fill: #388bfd; }
      .provisioned { stroke: #f0883e; }
      .of-load { fill: #79c0ff; }
      .of-provisioned { fill: #ffa657; }
    }"""


def draw(day: Day) -> str:
    """Return the day as SVG, readable on light and on dark pages."""
    load = _join((minute, load_at(minute)) for minute in range(0, DAY_MINUTES + 1, 10))
    stairs = _join(_stairs(day.provisioned))
    floor = _join(((DAY_MINUTES, 0), (0, 0)))
    units = (_draw_units(units) for units in range(0, TOP_UNITS + 1, GRID_UNITS))
    hours = (_draw_hour(hour) for hour in range(0, 25, GRID_HOURS))
    grid = "\n".join((*units, *hours))
    less = f"average capacity: {day.saved_percent} % below the peak"
    short = f"load above capacity: {day.short_minutes} of {DAY_MINUTES:,} minutes"
    end, below = WIDTH - RIGHT, HEIGHT - 48
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"
  role="img" aria-labelledby="title" font-size="19"
  font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif">
  <!-- Generated by `make picture` from docs/tools/picture.py: change it there. -->
  <title id="title">A day of a table: provisioned capacity follows consumption in steps</title>
  <style>
{STYLE}
  </style>
  <rect class="card" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="10"/>
  <text class="head" x="{LEFT}" y="36">A table's reads in a day</text>
  <text class="of-provisioned" x="{end - 142}" y="36" text-anchor="end">━ provisioned</text>
  <text class="of-load" x="{end}" y="36" text-anchor="end">■ consumed</text>
{grid}
  <polygon class="load" points="{load} {floor}"/>
  <polyline class="provisioned" points="{stairs}"/>
  <text x="{LEFT}" y="{below}">{less}</text>
  <text x="{LEFT}" y="{below + 28}">{short}</text>
</svg>
"""


def _join(points: Iterable[tuple[int, int]]) -> str:
    return " ".join(f"{_across(minute)},{_up(units)}" for minute, units in points)


def _across(minute: int) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * minute / DAY_MINUTES:.1f}"


def _up(units: int) -> str:
    return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * units / TOP_UNITS:.1f}"


def _stairs(values: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    """Yield the corners of a line that changes in steps."""
    before = values[0]
    yield 0, before
    for minute, units in enumerate(values):
        if units != before:
            yield from ((minute, before), (minute, units))
            before = units
    yield DAY_MINUTES, before


def _draw_units(units: int) -> str:
    line = f'  <path class="grid" d="M{_across(0)} {_up(units)}H{_across(DAY_MINUTES)}"/>'
    return f'{line}\n  <text x="{LEFT - 8}" y="{_up(units)}" dy="7" text-anchor="end">{units}</text>'


def _draw_hour(hour: int) -> str:
    across, below = _across(hour * 60), HEIGHT - BOTTOM + 26
    return f'  <text x="{across}" y="{below}" text-anchor="middle">{hour:02}:00</text>'


def main() -> int:
    """Draw the picture; with --check, return 1 if the file differs."""
    drawn = draw(simulate(read_rules()))
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(drawn, encoding="utf-8")
        return 0
    if PICTURE.read_text(encoding="utf-8") == drawn:
        return 0
    sys.stderr.write(f"{PICTURE.relative_to(ROOT)} is out of date: run make picture\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
