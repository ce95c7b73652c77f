"""Search a ladder for the cheapest setting that throttles no more than the goal.

Reads and writes have heights of their own, which one replay tries together: only AWS's limit on decreases
couples them. The first half of the recording decides, the second half can only lower a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import HARDEST_FIRST, SECTION, Intervals
from dynamic_dynamodb.replay.tuning.levers import (
    CHECK_INTERVAL_SECONDS,
    LADDERS,
    Limits,
    Rung,
    build_sections,
)
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, Bench

FIRST, SECOND = 0, 1
_Places = PerCapacity[int]
"""The places of both heights in the ladder, from 0, the lowest."""


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen setting as options, with its figures.

    `lowered` are the sides that the second half moved down; `failing` those that miss the goal at the lowest
    height.
    """

    rung: Rung
    options: dict[str, str]
    alternative: Alternative
    lowered: frozenset[Capacity] = frozenset()
    failing: frozenset[Capacity] = frozenset()


class Search:
    """The search for one target; each replay is made once."""

    def __init__(self, bench: Bench, limits: PerCapacity[Limits]) -> None:
        """Prepare a search within these limits."""
        self._bench = bench
        self._ladder = LADDERS[bench.settings.levers]
        self._limits = limits
        self._recorded = bench.halves[FIRST].sides.map(lambda side: side is not None)
        self._pauses = bench.halves[FIRST].sides.map(lambda side: side is not None and 0 in side.consumed)
        self._kept: frozenset[Capacity] = frozenset()
        self._rows: dict[tuple[_Places, int, int, str, frozenset[Capacity]], Row] = {}

    def run(self) -> Found:
        """Return the cheapest setting that meets the goal, or the one that throttles least if none does.

        Sides that have pauses, and miss the goal, are searched again with their capacity kept in pauses.
        """
        chosen, patience, failing = self._choose()
        pausing = {one for one in failing if self._pauses[one]}
        if pausing:
            self._kept = frozenset(pausing)
            kept = self._choose()
            if len(kept[2]) < len(failing):
                chosen, patience, failing = kept
            else:
                self._kept = frozenset()
        places, failing = self._settle(chosen, patience, SECOND)
        failing |= self._find_failing(places, patience, FIRST)
        lowered = frozenset(capacity for capacity in Capacity if places[capacity] < chosen[capacity])
        rows = {
            (half, physics): self._replay(places, patience, half, physics)
            for half in (FIRST, SECOND)
            for physics in PRESETS
        }
        rung = self._get_rung(places, patience)
        return Found(rung, self._write(rung), self._bench.sum_up(SECTION, rows), lowered, frozenset(failing))

    def _choose(self) -> tuple[_Places, int, set[Capacity]]:
        """Return the places and the patience that the first half chooses, and which sides miss the goal."""
        found: dict[int, tuple[_Places, set[Capacity]]] = {}
        middle = len(self._ladder.heights) // 2
        hint = PerCapacity(middle, middle)
        shorter: _Places | None = None
        for patience in self._ladder.patiences:
            if shorter is not None:
                hint = shorter.map(lambda place: min(place + 1, len(self._ladder.heights) - 1))
                if self._is_dominated(patience, hint, shorter):
                    continue
            found[patience] = self._settle(self._climb(patience, hint), patience, FIRST)
            hint, failing = found[patience]
            shorter = None if failing else hint
        fair = [patience for patience, (_, failing) in found.items() if not failing]
        if fair:
            patience = min(fair, key=lambda one: self._find_cost(found[one][0], one))
        else:
            patience = min(found, key=lambda one: self._find_throttling(found[one][0], one))
        return found[patience][0], patience, found[patience][1]

    def _is_dominated(self, patience: int, above: _Places, shorter: _Places) -> bool:
        """Return whether no side can stand higher than with a shorter patience, so that it costs no less."""
        raised = {one for one in Capacity if self._recorded[one] and above[one] > shorter[one]}
        return not raised or self._find_failing(above, patience, FIRST, raised) == raised

    def _climb(self, patience: int, hint: _Places) -> _Places:
        """Return the highest place of each side that meets the goal on the first half; 0 if none does.

        Patiences have similar answers: the search begins at the last one, and bisects what is farther away.
        """
        good = self._recorded.map(lambda is_there: -1 if is_there else 0)
        bad = self._recorded.map(lambda is_there: len(self._ladder.heights) if is_there else 1)
        while open_sides := {one for one in Capacity if bad[one] - good[one] > 1}:
            tried = PerCapacity.of(lambda one: _choose(good[one], bad[one], hint[one]))  # noqa: B023
            failing = self._find_failing(tried, patience, FIRST, open_sides)
            good, bad = (
                PerCapacity.of(lambda one: tried[one] if one in moved else place[one])  # noqa: B023
                for place, moved in ((good, open_sides - failing), (bad, open_sides & failing))
            )
        return good.map(lambda place: max(0, place))

    def _settle(self, places: _Places, patience: int, half: int) -> tuple[_Places, set[Capacity]]:
        """Lower each side that misses the goal, and return the places and what fails at the lowest height."""
        while True:
            failing = self._find_failing(places, patience, half)
            lowered = PerCapacity.of(lambda one: places[one] - (one in failing and places[one] > 0))  # noqa: B023
            if lowered == places:
                return places, failing
            places = lowered

    def _find_failing(
        self, places: _Places, patience: int, half: int, sides: Collection[Capacity] = tuple(Capacity)
    ) -> set[Capacity]:
        """Return which of the sides throttle more than the goal; later models are left out if all do."""
        failing: set[Capacity] = set()
        for physics in HARDEST_FIRST:
            row = self._replay(places, patience, half, physics)
            failing |= self._bench.find_failing(row, half, physics) & set(sides)
            if failing == set(sides):
                break
        return failing

    def _find_cost(self, places: _Places, patience: int) -> float:
        rows = self._run_first(places, patience)
        return fmean(self._bench.settings.bill(row.total) for row in rows)

    def _find_throttling(self, places: _Places, patience: int) -> float:
        return max(row.throttled_percent for row in self._run_first(places, patience))

    def _run_first(self, places: _Places, patience: int) -> Iterable[Row]:
        return [self._replay(places, patience, FIRST, physics) for physics in PRESETS]

    def _replay(self, places: _Places, patience: int, half: int, physics: str) -> Row:
        key = (places, patience, half, physics, self._kept)
        if key not in self._rows:
            options = self._write(self._get_rung(places, patience))
            sections = build_sections(self._bench.halves[half].target, options)
            self._rows[key] = self._bench.replay(sections, half, physics, Intervals(CHECK_INTERVAL_SECONDS))
        return self._rows[key]

    def _get_rung(self, places: _Places, patience: int) -> Rung:
        return Rung(places.map(lambda place: self._ladder.heights[place]), patience)

    def _write(self, rung: Rung) -> dict[str, str]:
        return self._ladder.write(rung, self._limits, self._recorded, self._kept)


def _choose(good: int, bad: int, hint: int) -> int:
    """Return the place to try between one that is good and one that is bad; the good one if there is none."""
    if bad - good <= 1:
        return max(0, good)
    near = min(max(hint, good + 1), bad - 1)
    return near if abs(near - hint) <= 1 else (good + bad) // 2
