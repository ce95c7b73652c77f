"""Which sets of schedules are open together, and what their options have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.moments import show_moment
from dynamic_dynamodb.config.text import clip, enumerate_names
from dynamic_dynamodb.scaling.schedules import OpenSets, Schedule, list_open_sets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.sections import Overlay


@dataclass(slots=True)
class Combinations:
    """The sets of a file's schedules that are open together; they are found once for all sections."""

    schedules: tuple[Schedule, ...]
    now: datetime
    found: OpenSets | None = None
    projected: dict[frozenset[str], OpenSets] = field(default_factory=dict)

    def list_sets(self, overlays: Sequence[Overlay]) -> list[tuple[frozenset[str], datetime]]:
        """Return the sets of these overlays' schedules that will be open together, and since when.

        Smaller sets come first: a fault of one schedule is not reported for every set that contains it.
        """
        sets = self._project(overlays).items()
        ahead = [(names, first) for names, first in sets if names and first is not None]
        return sorted(ahead, key=lambda one: (len(one[0]), one[1], sorted(one[0])))

    def find_unreachable(self, overlays: Sequence[Overlay]) -> Iterator[tuple[int, str]]:
        """Yield each overlay whose options earlier ones set whenever it is open, by its number, and a fault.

        Sets that were open in the past count too, so that no fault comes up as time passes.
        """
        sets = list(self._project(overlays))
        for number, overlay in enumerate(overlays):
            keys = overlay.layer.values.keys()
            earlier = [one for one in overlays[:number] if keys & one.layer.values.keys()]
            own = [names for names in sets if overlay.schedule.name in names]
            if keys and own and all(keys <= _list_keys(earlier, names) for names in own):
                titles = enumerate_names([f"[{clip(one.title)}]" for one in earlier])
                fault = f"never applies: whenever it is open, {titles} sets the same options and comes first"
                yield number, f"[{clip(overlay.title)}] {fault}; change their order"

    def describe(self, overlays: Sequence[Overlay], first: datetime) -> str:
        """Return which schedules are open, and from when on."""
        names = enumerate_names([overlay.schedule.name for overlay in overlays])
        verb = "is" if len(overlays) == 1 else "are"
        zone = overlays[0].schedule.zone
        return f"while {names} {verb} open (from {show_moment(first, zone)})"

    def _project(self, overlays: Sequence[Overlay]) -> OpenSets:
        """Return the open sets with nothing but the schedules of these overlays."""
        own = frozenset(overlay.schedule.name for overlay in overlays)
        if own not in self.projected:
            if self.found is None:
                self.found = list_open_sets(self.schedules, self.now)
            projected: OpenSets = {}
            for names, first in self.found.items():
                before = projected.get(names & own)
                known = [moment for moment in (before, first) if moment is not None]
                projected[names & own] = min(known, default=None)
            self.projected[own] = projected
        return self.projected[own]


def _list_keys(overlays: Sequence[Overlay], names: frozenset[str]) -> set[str]:
    """Return the keys that overlays set while these schedules are open."""
    return {key for one in overlays if one.schedule.name in names for key in one.layer.values}
