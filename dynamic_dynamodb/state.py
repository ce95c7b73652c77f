"""Keep what one check leaves for the next: the counts of low checks, and how fresh CloudWatch was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.core.model import PerCapacity, Target
from dynamic_dynamodb.core.value import value

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_CHECKS: Final = PerCapacity(0, 0)
SHORTEST_LIFE: Final = timedelta(hours=1)
LONGEST_SILENCE: Final = timedelta(hours=1)
"""How long no datapoint of anything is a sign of trouble with CloudWatch."""
LONG_AGO: Final = datetime.fromtimestamp(0, timezone.utc)


@value
class Entry:
    """A target's counts and the moment of the check that left them."""

    counts: PerCapacity[int]
    checked: datetime


Entries = dict[Target, Entry]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file keeps of a region: entries, and the youngest minute that any check had a datapoint of."""

    entries: Entries = field(default_factory=dict)
    freshest: datetime | None = None


class KeptFile(Protocol):
    """Where it outlives the process; see `state_file`."""

    def read(self) -> Kept:
        """Give it; nothing if there is trouble."""

    def write(self, seen: Kept, gone: set[Target], now: datetime) -> None:
        """Put entries in and take others out; the younger minute stays."""


def find_life(check_interval_seconds: int) -> timedelta:
    """Tell how long counts hold without a check: three intervals, but at least an hour."""
    return max(SHORTEST_LIFE, timedelta(seconds=3 * check_interval_seconds))


def find_spacing(check_interval_seconds: int) -> timedelta:
    """Tell how close to another a check of a daemon is one too many, as after a SIGHUP: half an interval."""
    return timedelta(seconds=check_interval_seconds / 2)


@dataclass(slots=True)
class CountStore:
    """What is kept of one region from check to check, and in a file if there is one.

    `begin` opens a check and `commit` ends it; a check that must leave no trace is not committed.
    Counts hold for `life` without a check, and no check counts that comes within `spacing` of another.
    """

    life: timedelta = SHORTEST_LIFE
    spacing: timedelta = timedelta()
    file: KeptFile | None = None
    entries: Entries = field(default_factory=dict)
    freshest: datetime | None = None
    now: datetime = LONG_AGO
    gone: set[Target] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        """Open a check, and take over what others have left in the file since."""
        self.now, self.gone = now, set()
        if self.file is None:
            return
        kept = self.file.read()
        self.freshest = find_later(self.freshest, kept.freshest)
        for target, entry in kept.entries.items():
            if target not in self.entries or self.entries[target].checked < entry.checked:
                self.entries[target] = entry

    def recall_freshest(self, seen: datetime | None) -> datetime | None:
        """Give the youngest minute that this check had a datapoint of, or else a recent one.

        None after an hour of silence: then there is no load rather than no CloudWatch.
        """
        self.freshest = find_later(self.freshest, seen)
        is_recent = self.freshest is not None and abs(self.now - self.freshest) <= LONGEST_SILENCE
        return self.freshest if seen is None and is_recent else seen

    def get(self, target: Target) -> PerCapacity[int]:
        """Give a target's counts; 0 if nothing is known of it, or for too long."""
        entry = self.entries.get(target)
        is_alive = entry is not None and abs(self.now - entry.checked) <= self.life
        return entry.counts if entry is not None and is_alive else NO_CHECKS

    def put(self, target: Target, counts: PerCapacity[int]) -> None:
        """Keep a target's counts; those of a check much too soon after the last one do not grow."""
        if self.spacing and target in self.entries:
            before = self.entries[target]
            if abs(self.now - before.checked) < self.spacing:
                counts = PerCapacity(*map(min, counts, before.counts))
        self.entries[target] = Entry(counts, self.now)

    def keep_only(self, tables: Sequence[str]) -> None:
        """Forget the targets of tables that are gone."""
        listed = frozenset(tables)
        self.gone = {target for target in self.entries if target.table not in listed}
        for target in self.gone:
            del self.entries[target]

    def commit(self) -> None:
        """Write to the file what this check has left."""
        if self.file is not None:
            seen = {target: entry for target, entry in self.entries.items() if entry.checked == self.now}
            self.file.write(Kept(seen, self.freshest), self.gone, self.now)


def find_later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Give the later of two moments, of which there may be none."""
    return max((moment for moment in (one, other) if moment is not None), default=None)
