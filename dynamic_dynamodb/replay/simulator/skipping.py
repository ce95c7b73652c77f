"""Skip the checks of a replay that provably change nothing.

A daemon makes these checks; a replay only records the reasons that they would have found, and keeps its
memory as if they had been made. No units change until the next check that is made, so that consumption is
known in advance: it is the recorded demand, up to the first throttled minute.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.check.state import Entry
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.simulator.outlook import (
    CapacityOutlook,
    Holds,
    UtilizationOutlook,
    Window,
    WindowOutlook,
)
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE, PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.state import AccountMemory
    from dynamic_dynamodb.replay.simulator.account import Account, Lifetime
    from dynamic_dynamodb.replay.simulator.target_model import SideModel
    from dynamic_dynamodb.replay.simulator.timeline import Timeline
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Description, Target
    from dynamic_dynamodb.scaling.reasons import Code
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions

HORIZON_MINUTES: Final = 45
"""How far to look ahead at once."""
SECOND: Final = timedelta(seconds=1)
_PUBLISHING_MINUTES: Final = PUBLISHING_DELAY // MINUTE


class Foreseen(NamedTuple):
    """What a skipped check would have left: its codes, the counts of low checks, and where datapoints end.

    The places after `minute`, one of the account, are for reads and writes.
    """

    minute: int
    codes: tuple[Code, Code]
    counts: tuple[int, int]
    ends: tuple[int, int]


class TargetOutlook:
    """Foresees the checks of one target."""

    def __init__(self, lifetime: Lifetime, options: TargetOptions, timeline: Timeline) -> None:
        """Keep the model, and what decides."""
        self.model = lifetime.model
        self._first = lifetime.first
        self._options = options
        self._timeline = timeline
        self._old_minutes = min(
            max(0, options.lookback_window_start - _PUBLISHING_MINUTES), options.lookback_period
        )
        self._history = max(options.decrease_lookback_period, options.lookback_window_start)
        self._reads = _make_outlook(Capacity.READS, self.model.reads, options.capacities.reads)
        self._writes = _make_outlook(Capacity.WRITES, self.model.writes, options.capacities.writes)
        self._scaled = [side for side in (self._reads, self._writes) if side.is_scaled]
        self._metrics = sum(needed.count for needed in options.needed_series)
        self._description: Description | None = None

    def begin(self, memory: PerCapacity[Memory], description: Description) -> bool:
        """Start after a check; return False if the next check may change something in any case."""
        if self._description is not description:
            self._description = description
            self._holds = Holds(self._options, description)
        return (
            bool(self._scaled)
            and not self.model.is_updating
            and self._reads.begin(memory.reads, self._holds)
            and self._writes.begin(memory.writes, self._holds)
        )

    def find_throttled(self, begin: int, end: int) -> int:
        """Return the end of the first minute that will be throttled on a scaled side, `end` at most."""
        for side in self._scaled:
            found = side.side.find_throttled(range(begin - self._first, end - self._first))
            if found is not None:
                end = found + self._first + 1
        return end

    def foresee(self, seconds: range, now: datetime) -> list[Foreseen]:
        """Foresee checks at these seconds of the account, until the first that may change something."""
        foreseen: list[Foreseen] = []
        step = seconds.step * SECOND
        reads, writes = self._reads, self._writes
        for second in seconds:
            minute = second // SECONDS_PER_MINUTE
            window, last = self._find_window(minute - self._first, now)
            first = window.first
            reads_end, writes_end = reads.find_end(first, last), writes.find_end(first, last)
            # A series that is up to date proves that none is late, and that the others are idle.
            old_end = first + self._old_minutes
            freshest = max(reads_end, writes_end)
            if freshest <= first or freshest < old_end:
                break
            code = reads.find_code(window, max(reads_end, old_end))
            if code is None:
                break
            other = writes.find_code(window, max(writes_end, old_end))
            if other is None:
                break
            foreseen.append(
                Foreseen(minute, (code, other), (reads.count, writes.count), (reads_end, writes_end))
            )
            now += step
        return foreseen

    def _find_window(self, this_minute: int, now: datetime) -> tuple[Window, int]:
        """Return what a check looks at, and the end of the published part of its look-back window."""
        options = self._options
        published = this_minute - self.model.delay
        first = this_minute - options.lookback_window_start
        end = min(first + options.lookback_period, published)
        return Window(first, max(0, this_minute - self._history), published, now), end

    def record(self, foreseen: Sequence[Foreseen]) -> None:
        """Record the checks that are skipped."""
        for minute, codes, _, _ in foreseen:
            self._timeline.record_codes(minute, *codes)
        self.model.requested_metrics += self._metrics * len(foreseen)

    def remember(self, memory: PerCapacity[Memory], foreseen: Sequence[Foreseen]) -> PerCapacity[Memory]:
        """Return the memory that the checks which are skipped would have left."""
        counts = foreseen[-1].counts
        return PerCapacity(
            self._reads.remember(memory.reads, counts[0], self._find_datapoint_until(foreseen, 0)),
            self._writes.remember(memory.writes, counts[1], self._find_datapoint_until(foreseen, 1)),
        )

    def _find_datapoint_until(self, foreseen: Sequence[Foreseen], place: int) -> datetime | None:
        """Return the end of the last minute with a datapoint that a check saw; None if none saw any."""
        start, behind = self.model.recording.start, self._first + self._options.lookback_window_start
        for minute, _, _, ends in reversed(foreseen):
            if ends[place] > minute - behind:
                return start + ends[place] * MINUTE
        return None


def _make_outlook(capacity: Capacity, side: SideModel, options: CapacityOptions) -> CapacityOutlook:
    if not options.enable_autoscaling:
        return CapacityOutlook(capacity, side, options)
    kind = WindowOutlook if options.target_utilization is None else UtilizationOutlook
    return kind(capacity, side, options)


class Skipper:
    """Skips checks for a run, and keeps its memory as if they had been made."""

    def __init__(
        self,
        account: Account,
        memory: AccountMemory,
        outlooks: Mapping[Target, TargetOutlook],
        *,
        origin: datetime,
        check_interval: int,
    ) -> None:
        """Skip nothing yet; checks are made each `check_interval` seconds since `origin`."""
        self._account = account
        self._memory = memory
        self._outlooks = outlooks
        self._origin = origin
        self._check_interval = check_interval

    def skip(self, minute: int, second: int) -> tuple[int, int]:
        """Skip the next checks, of which the first is at this second since the origin.

        Return the minute and the second of the next check that may change something, or of an earlier one.
        """
        current = self._begin()
        end = min(minute + HORIZON_MINUTES, self._account.next_change) if current else minute
        for outlook in current:
            end = outlook.find_throttled(minute, end)
        seconds = range(second, end * SECONDS_PER_MINUTE, self._check_interval)
        if not seconds:
            return end, second
        now, count = self._origin + second * SECOND, len(seconds)
        found = []
        for outlook in current:
            found.append(outlook.foresee(seconds[:count], now))
            count = len(found[-1])
        if count:
            now += (count - 1) * self._check_interval * SECOND
            for outlook, foreseen in zip(current, found, strict=True):
                self._remember(outlook, foreseen[:count], now)
            silence = self._memory.silence
            silence.tables = frozenset(self._account.seen)
            silence.duration, silence.silent_at = timedelta(), None
        next_second = second + count * self._check_interval
        return min(end, next_second // SECONDS_PER_MINUTE), next_second

    def _begin(self) -> list[TargetOutlook]:
        """Return the outlook of each target that checks see; none if the next check must be made."""
        entries = self._memory.entries
        current = []
        for table, models in self._account.seen.items():
            descriptions = self._account.describe(table)
            for model in models:
                outlook, entry = self._outlooks[model.target], entries.get(model.target)
                if entry is None or not outlook.begin(entry.memory, descriptions[model.target]):
                    return []
                current.append(outlook)
        return current

    def _remember(self, outlook: TargetOutlook, foreseen: Sequence[Foreseen], now: datetime) -> None:
        """Bring a timeline and the memory to what the checks until now would have left."""
        outlook.record(foreseen)
        entries, target = self._memory.entries, outlook.model.target
        entries[target] = Entry(outlook.remember(entries[target].memory, foreseen), now)
