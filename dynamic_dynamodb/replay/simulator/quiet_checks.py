"""Skip the checks of a replay that provably change nothing.

A check changes nothing if every capacity that it sees is steady: its consumption is known and within its
thresholds, nothing was throttled in its look-back window, and no count of low checks is under way. A daemon
makes these checks; a replay only records that it would have made them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.state import Entry
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.steady import find_steady_units, is_decided_by_thresholds, keeps_low_checks
from dynamic_dynamodb.scaling.target_options import find_needed_series
from dynamic_dynamodb.scaling.usage import MINUTE, PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.state import AccountMemory
    from dynamic_dynamodb.replay.simulator.account import Account, Lifetime
    from dynamic_dynamodb.replay.simulator.target_model import SideModel, TargetModel
    from dynamic_dynamodb.replay.simulator.timeline import Timeline
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import PerCapacity, Target
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions

_PUBLISHING_MINUTES: Final = PUBLISHING_DELAY // MINUTE


class QuietSide:
    """One capacity, and the sums of consumption in a look-back window that leave it as it is."""

    __slots__ = ("_options", "_side", "_steady", "_steady_for", "code", "is_scaled")

    def __init__(self, side: SideModel, options: CapacityOptions) -> None:
        """Keep what decides; a capacity that is not scaled is always left as it is."""
        self._side = side
        self._options = options
        self._steady_for = self._steady = (0, 0)
        self.is_scaled = options.enable_autoscaling and side.demand is not None
        self.code = Code.STEADY if self.is_scaled else Code.AUTOSCALING_OFF

    @property
    def metrics(self) -> int:
        """Return how many metrics a check requests; a side without a recording is not scaled."""
        return find_needed_series(replace(self._options, enable_autoscaling=self.is_scaled)).count

    @property
    def is_simple(self) -> bool:
        """Return whether only thresholds decide, and consumption is in whole units."""
        return not self.is_scaled or (self._side.is_whole and is_decided_by_thresholds(self._options))

    def keeps(self, memory: Memory) -> bool:
        """Return whether a steady check would leave the count of low checks as it is."""
        return memory.low_checks == 0 or (self.is_scaled and keeps_low_checks(self._options))

    def is_steady(self, first: int, end: int) -> bool:
        """Return whether the minutes of a window decide on no change and on no low check."""
        if not self.is_scaled:
            return True
        side, minutes = self._side, end - first
        if side.last_throttled >= first or not side.consumed[end - 1]:
            return False
        key = side.model.provisioned, minutes
        if self._steady_for != key:
            # Without any such units, between the bounds is nothing.
            self._steady_for, self._steady = key, find_steady_units(self._options, *key) or (0, -1)
        least, most = self._steady
        return least <= sum(side.consumed[first:end]) <= most


class QuietTarget:
    """A target that quiet checks need not decide on."""

    __slots__ = ("_lifetime", "_metrics", "_old_minutes", "_options", "_sides", "_timeline", "is_simple")

    def __init__(self, lifetime: Lifetime, options: TargetOptions, timeline: Timeline) -> None:
        """Keep the model, and find out whether it can be quiet at all."""
        model = lifetime.model
        self._lifetime = lifetime
        self._options = options
        self._sides = (
            QuietSide(model.reads, options.capacities.reads),
            QuietSide(model.writes, options.capacities.writes),
        )
        self._old_minutes = min(
            max(0, options.lookback_window_start - _PUBLISHING_MINUTES), options.lookback_period
        )
        self._metrics = sum(side.metrics for side in self._sides)
        self._timeline = timeline
        self.is_simple = all(side.is_simple for side in self._sides) and any(
            side.is_scaled for side in self._sides
        )

    def is_count_kept(self, memory: PerCapacity[Memory]) -> bool:
        """Return whether a steady check would leave the counts of low checks as they are."""
        reads, writes = self._sides
        return reads.keeps(memory.reads) and writes.keeps(memory.writes)

    def is_steady(self, minute: int) -> bool:
        """Return whether a check in this minute of the account would leave both capacities as they are."""
        lifetime, options = self._lifetime, self._options
        first = minute - options.lookback_window_start - lifetime.first
        end = min(first + options.lookback_period, lifetime.model.published)
        if end - first < max(1, self._old_minutes):
            return False
        reads, writes = self._sides
        return reads.is_steady(first, end) and writes.is_steady(first, end)

    def record(self, minute: int) -> None:
        """Record the reasons that a check would have given."""
        self._timeline.record_codes(minute, self._sides[0].code, self._sides[1].code)
        self._lifetime.model.requested_metrics += self._metrics


class QuietChecks:
    """Decides for a run which checks to skip, and keeps its memory as if they had been made."""

    def __init__(
        self, account: Account, memory: AccountMemory, targets: Mapping[Target, QuietTarget]
    ) -> None:
        """Start with a check that must be made."""
        self._account = account
        self._memory = memory
        self._targets = targets
        self._is_possible = all(target.is_simple for target in targets.values())
        self._seen: Mapping[str, Sequence[TargetModel]] | None = None
        self._current: dict[Target, QuietTarget] = {}
        self._skipped_at: datetime | None = None

    def skip(self, minute: int, now: datetime) -> bool:
        """Record a check that would change nothing, and return True; return False if it must be made."""
        if self._account.seen is not self._seen:
            return False
        for target in self._current.values():
            if not target.is_steady(minute):
                return False
        for target in self._current.values():
            target.record(minute)
        self._skipped_at = now
        return True

    def resume(self) -> None:
        """Bring the memory to what the skipped checks would have left."""
        if self._skipped_at is None:
            return
        entries, silence = self._memory.entries, self._memory.silence
        for target in self._current:
            entries[target] = Entry(entries[target].memory, self._skipped_at)
        silence.tables, silence.duration, silence.silent_at = frozenset(self._seen or ()), timedelta(), None
        self._skipped_at = None

    def note_check(self) -> None:
        """Find out after a check whether the next ones may be skipped."""
        if not self._is_possible:
            return
        seen = self._account.seen
        self._current = {
            model.target: self._targets[model.target] for each in seen.values() for model in each
        }
        entries = self._memory.entries
        is_ready = bool(seen) and all(
            name in entries and target.is_count_kept(entries[name].memory)
            for name, target in self._current.items()
        )
        self._seen = seen if is_ready else None
