"""Keep the last 24 hours of each target in memory, for the charts of the page.

A target has a ring of steps of five minutes. A step holds the highest consumption and the most throttled
events that a check found, and the capacity provisioned before the last of its checks. What no check has
found is missing, and never 0.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.model import PerCapacity, value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.service.status.snapshot import CapacityStatus, Status, TargetStatus

STEP_SECONDS: Final = 300
STEPS: Final = 24 * 3600 // STEP_SECONDS
MOST_TARGETS: Final = 6_000
"""How many targets have a history; each takes 6.2 kB of memory."""
MOST_EVENTS: Final = 65_534
"""More throttled events in a step are kept as this many."""
_NO_UNITS: Final = 0  # no target has 0 provisioned units
_NO_EVENTS: Final = MOST_EVENTS + 1
_NO_CONSUMPTION: Final = float("nan")
_DIGITS: Final = 5
"""The significant digits of consumption: more are not kept."""


@value
class CapacityHistory:
    """One capacity, step by step; None where no check has found it.

    `consumed` is in units a second, and `throttled` counts events in a look-back window.
    """

    provisioned: list[int | None]
    consumed: list[float | None]
    throttled: list[int | None]


@value
class TargetHistory:
    """The steps of a target. The first begins at `start`, in seconds since the epoch; the last goes on."""

    start: int
    capacities: PerCapacity[CapacityHistory]


class _Ring:
    """The steps of both capacities: those of reads, then those of writes.

    A step is kept at its number modulo the number of steps; `newest` is the number of the last one.
    """

    __slots__ = ("consumed", "newest", "provisioned", "throttled")

    def __init__(self, newest: int) -> None:
        self.newest = newest
        self.provisioned = array("I", [_NO_UNITS]) * (2 * STEPS)
        self.consumed = array("f", [_NO_CONSUMPTION]) * (2 * STEPS)
        self.throttled = array("H", [_NO_EVENTS]) * (2 * STEPS)

    def move_to(self, step: int) -> None:
        """Empty the steps between the newest one and this one, which is earlier if the clock was set back."""
        first, last = (self.newest, step) if step > self.newest else (step, self.newest)
        for emptied in range(first + 1, min(last, first + STEPS) + 1):
            for place in (emptied % STEPS, STEPS + emptied % STEPS):
                self.provisioned[place] = _NO_UNITS
                self.consumed[place] = _NO_CONSUMPTION
                self.throttled[place] = _NO_EVENTS
        self.newest = step

    def write(self, place: int, units: int, consumed: float | None, events: float | None) -> None:
        """Add what a check has found to the step at a place."""
        self.provisioned[place] = units
        if consumed is not None and not self.consumed[place] >= consumed:  # nothing compares with NaN
            self.consumed[place] = consumed
        if events is not None:
            known, found = self.throttled[place], min(-int(-events // 1), MOST_EVENTS)
            if known == _NO_EVENTS or known < found:
                self.throttled[place] = found

    def read(self, offset: int, newest: int) -> CapacityHistory:
        """Return the steps of one capacity up to `newest`.

        Another thread may write meanwhile: each array is copied by one operation.
        """
        part, split = slice(offset, offset + STEPS), (newest + 1) % STEPS
        units, consumed, events = self.provisioned[part], self.consumed[part], self.throttled[part]
        return CapacityHistory(
            [one or None for one in units[split:] + units[:split]],
            [
                None if one != one else float(f"{one:.{_DIGITS}g}")  # noqa: PLR0124 - only NaN differs from itself
                for one in consumed[split:] + consumed[:split]
            ],
            [None if one == _NO_EVENTS else one for one in events[split:] + events[:split]],
        )


@dataclass(slots=True)
class History:
    """The histories of all targets. Threads of several places record them, and others read them."""

    rings: dict[Target, _Ring] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def record(self, status: Status, label: str = "") -> None:
        """Add what the last check of a place found, and forget its targets that are gone."""
        started = status.check.started
        step = int(started.timestamp()) // STEP_SECONDS
        with self._lock:
            kept = {target: ring for target, ring in self.rings.items() if target.place != label}
            kept |= {one.target: self.rings[one.target] for one in status.targets if one.target in self.rings}
            for one in status.targets:
                if one.described != started or not one.capacities:
                    continue
                ring = kept.get(one.target)
                if ring is None:
                    if len(kept) >= MOST_TARGETS:
                        continue
                    ring = kept[one.target] = _Ring(step)
                _add(ring, step, one, started)
            self.rings = kept

    def keep(self, labels: Mapping[str, str]) -> None:
        """Forget the targets of all places but some, and give those the labels that they have now."""
        with self._lock:
            self.rings = {
                target._replace(place=labels[target.place]): ring
                for target, ring in self.rings.items()
                if target.place in labels
            }

    def read(self, target: Target, now: datetime) -> TargetHistory | None:
        """Return the last 24 hours of a target; None if no check has found its capacity."""
        ring = self.rings.get(target)
        if ring is None:
            return None
        newest = ring.newest
        steps = PerCapacity(ring.read(0, newest), ring.read(STEPS, newest))
        passed = int(now.timestamp()) // STEP_SECONDS - newest
        if passed > 0:  # no check has found it since
            steps = steps.map(lambda one: _pass(one, min(passed, STEPS)))
        return TargetHistory((newest + max(passed, 0) - STEPS + 1) * STEP_SECONDS, steps)


def _add(ring: _Ring, step: int, target: TargetStatus, started: datetime) -> None:
    if step != ring.newest:
        ring.move_to(step)
    place, is_decided = step % STEPS, target.decided == started
    if target.reads is not None:
        _write(ring, place, target.reads, started, is_decided=is_decided)
    if target.writes is not None:
        _write(ring, STEPS + place, target.writes, started, is_decided=is_decided)


def _write(ring: _Ring, place: int, side: CapacityStatus, started: datetime, *, is_decided: bool) -> None:
    change = side.last_change
    # What was consumed was consumed of what was provisioned before this check.
    units = change.units_before if change is not None and change.at == started else side.provisioned
    if is_decided:
        ring.write(place, units, side.consumed, side.throttled_events)
    else:
        ring.write(place, units, None, None)


def _pass(capacity: CapacityHistory, steps: int) -> CapacityHistory:
    """Return a history in which the first steps are replaced by as many missing ones at the end."""
    missing = [None] * steps
    return CapacityHistory(
        [*capacity.provisioned[steps:], *missing],
        [*capacity.consumed[steps:], *missing],
        [*capacity.throttled[steps:], *missing],
    )
