"""Skip the checks of a replay that provably change nothing.

A daemon makes these checks; a replay only records the reasons that they would have found, and keeps its
memory as if they had been made. No units change until the next check that is made, so that consumption is
known in advance: it is the recorded demand, up to the first throttled minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeAlias

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
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE, PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dynamic_dynamodb.check.state import AccountMemory
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.simulator.account import Account, Lifetime
    from dynamic_dynamodb.replay.simulator.target_model import SideModel
    from dynamic_dynamodb.replay.simulator.timeline import Timeline
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Description, Target
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions

HORIZON_MINUTES: Final = 45
"""How far to look ahead at once."""
STEADY_MINUTES: Final = 15
"""How many minutes of steady load to foresee at once, at most."""
SECOND: Final = timedelta(seconds=1)
_NEVER: Final = datetime.max.replace(tzinfo=timezone.utc)
Codes: TypeAlias = tuple[int, Code, Code]
"""A minute of the account, and the codes of a check in it for reads and writes."""
_PUBLISHING_MINUTES: Final = PUBLISHING_DELAY // MINUTE


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
        has_event = any(memory[one].event or self._options.capacities[one].event for one in Capacity)
        return (
            bool(self._scaled)
            and not has_event
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

    def foresee(self, seconds: range, now: datetime) -> list[Codes]:
        """Foresee checks at these seconds of the account, until the first that may change something."""
        options, reads, writes, delay = self._options, self._reads, self._writes, self.model.delay
        back, period, old = options.lookback_window_start, options.lookback_period, self._old_minutes
        step = seconds.step * SECOND
        foreseen: list[Codes] = []
        was_steady, done = False, 0
        while done < len(seconds):
            minute = seconds[done] // SECONDS_PER_MINUTE
            this_minute = minute - self._first
            first, published = this_minute - back, this_minute - delay
            end, old_end = min(first + period, published), first + old
            window = Window(first, max(0, this_minute - self._history), published, now)
            if was_steady and (many := self._find_steady(seconds[done:], window, end)):
                foreseen += [(second // SECONDS_PER_MINUTE, reads.steady, writes.steady) for second in many]
                last_end = end + many[-1] // SECONDS_PER_MINUTE - minute
                reads.accept(first, last_end)
                writes.accept(first, last_end)
                was_steady, done, now = False, done + len(many), now + len(many) * step
                continue
            reads_end, writes_end = reads.find_end(first, end), writes.find_end(first, end)
            # A series that is up to date proves that none is late, and that the others are idle.
            freshest = max(reads_end, writes_end)
            if freshest <= first or freshest < old_end:
                break
            code = reads.find_code(window, max(reads_end, old_end))
            if code is None:
                break
            other = writes.find_code(window, max(writes_end, old_end))
            if other is None:
                break
            reads.accept(first, reads_end)
            writes.accept(first, writes_end)
            foreseen.append((minute, code, other))
            was_steady, done, now = code is reads.steady and other is writes.steady, done + 1, now + step
        return foreseen

    def _find_steady(self, seconds: range, window: Window, end: int) -> range:
        """Return the first of these checks that are certainly steady, all with datapoints to the end."""
        if end <= window.first or end < window.first + self._old_minutes:
            return range(0)
        minute = seconds[0] // SECONDS_PER_MINUTE
        most = min(STEADY_MINUTES, seconds[-1] // SECONDS_PER_MINUTE - minute + 1)
        most = self._reads.count_steady(window, end, most)
        most = most and self._writes.count_steady(window, end, most)
        return range(seconds[0], min(seconds.stop, (minute + most) * SECONDS_PER_MINUTE), seconds.step)

    def record(self, foreseen: Sequence[Codes]) -> None:
        """Record the checks that are skipped."""
        self._timeline.record_all(foreseen)
        self.model.requested_metrics += self._metrics * len(foreseen)

    def remember(self, memory: PerCapacity[Memory]) -> PerCapacity[Memory]:
        """Return the memory that the checks which were foreseen would have left."""
        start = self.model.recording.start
        return PerCapacity(
            self._reads.remember(memory.reads, start), self._writes.remember(memory.writes, start)
        )


def _make_outlook(capacity: Capacity, side: SideModel, options: CapacityOptions) -> CapacityOutlook:
    if not options.enable_autoscaling:
        return CapacityOutlook(capacity, side, options)
    kind = WindowOutlook if options.target_utilization is None else UtilizationOutlook
    return kind(capacity, side, options)


class ScheduledOutlook:
    """The outlooks of one target: one for each set of its schedules that is open."""

    def __init__(self, section: Section, lifetime: Lifetime, timeline: Timeline) -> None:
        """Keep what they are made of."""
        self._section = section
        self._lifetime = lifetime
        self._timeline = timeline
        self._outlooks: dict[int, TargetOutlook] = {}
        self._schedules = [one.schedule for one in section.blueprint.overlays] if section.blueprint else []
        self._next_changes: dict[str, datetime] = {}

    def at(self, now: datetime) -> TargetOutlook:
        """Return the outlook by the options that hold at a moment."""
        section = self._section.at(now) if self._schedules else self._section
        outlook = self._outlooks.get(id(section))
        if outlook is None:
            outlook = TargetOutlook(self._lifetime, section.typed, self._timeline)
            self._outlooks[id(section)] = outlook
        return outlook

    def find_next_change(self, now: datetime) -> datetime:
        """Return the next moment at which other options may hold."""
        for schedule in self._schedules:
            known = self._next_changes.get(schedule.name)
            if known is None or known <= now:
                self._next_changes[schedule.name] = schedule.find_next_change(now) or _NEVER
        return min(self._next_changes.values(), default=_NEVER)


class Skipper:
    """Skips checks for a run, and keeps its memory as if they had been made."""

    def __init__(
        self,
        account: Account,
        memory: AccountMemory,
        outlooks: Mapping[Target, ScheduledOutlook],
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
        now = self._origin + second * SECOND
        current = self._begin(now)
        end = min(minute + HORIZON_MINUTES, self._account.next_change) if current else minute
        for outlook in current:
            end = outlook.find_throttled(minute, end)
        end = max(minute, min(end, (self._find_next_change(now) - self._origin) // MINUTE))
        seconds = range(second, end * SECONDS_PER_MINUTE, self._check_interval)
        if not seconds:
            return end, second
        count = len(seconds)
        found = {}
        for outlook in current:
            found[outlook] = outlook.foresee(seconds[:count], now)
            count = min(count, len(found[outlook]))
        for outlook, foreseen in found.items():
            self._take(outlook, foreseen, seconds[:count], now)
        if count:
            silence = self._memory.silence
            silence.tables = frozenset(self._account.seen)
            silence.duration, silence.silent_at = timedelta(), None
        next_second = second + count * self._check_interval
        return min(end, next_second // SECONDS_PER_MINUTE), next_second

    def _find_next_change(self, now: datetime) -> datetime:
        return min((one.find_next_change(now) for one in self._outlooks.values()), default=_NEVER)

    def _begin(self, now: datetime) -> list[TargetOutlook]:
        """Return the outlook of each target that checks see; none if the next check must be made."""
        current = []
        for table, models in self._account.seen.items():
            for model in models:
                outlook = self._outlooks[model.target].at(now)
                if not self._begin_one(outlook, table):
                    return []
                current.append(outlook)
        return current

    def _begin_one(self, outlook: TargetOutlook, table: str) -> bool:
        target = outlook.model.target
        entry = self._memory.entries.get(target)
        return entry is not None and outlook.begin(entry.memory, self._account.describe(table)[target])

    def _take(self, outlook: TargetOutlook, foreseen: list[Codes], seconds: range, now: datetime) -> None:
        """Bring a timeline and the memory to what the checks at these seconds would have left."""
        target = outlook.model.target
        if len(foreseen) > len(seconds):  # another target ends the skipping earlier
            self._begin_one(outlook, target.table)
            foreseen = outlook.foresee(seconds, now)
        if seconds:
            outlook.record(foreseen)
            entries = self._memory.entries
            last = now + (seconds[-1] - seconds[0]) * SECOND
            entries[target] = Entry(outlook.remember(entries[target].memory), last)
