"""Keep what one check leaves for the next: of each target, and what CloudWatch said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.core.memory import NO_MEMORY, Memory, forget_low_checks
from dynamic_dynamodb.core.model import PerCapacity, Target
from dynamic_dynamodb.core.value import value

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_LIFE: Final = timedelta(hours=1)
LONGEST_SILENCE: Final = timedelta(hours=1)
"""How long no datapoint of anything is a sign of trouble with CloudWatch."""
SEVERAL_TABLES: Final = 3
"""So many tables hardly fall idle at once; one or two do."""
LONG_AGO: Final = datetime.fromtimestamp(0, timezone.utc)


@value
class Entry:
    """What was left of a target, and the moment of the check that left it."""

    memory: PerCapacity[Memory]
    checked: datetime


Entries = dict[Target, Entry]


class EntriesFile(Protocol):
    """Where entries outlive the process; see `state_file`."""

    def read(self) -> Entries:
        """Give all entries; none if there is trouble."""

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Put entries in and take others out."""


def find_life(check_interval_seconds: int) -> timedelta:
    """Tell how long counts hold without a check: three intervals, but at least an hour."""
    return max(SHORTEST_LIFE, timedelta(seconds=3 * check_interval_seconds))


def find_spacing(check_interval_seconds: int) -> timedelta:
    """Tell how close to another a check of a daemon is one too many, as after a SIGHUP: half an interval."""
    return timedelta(seconds=check_interval_seconds / 2)


@dataclass(frozen=True, slots=True)
class Heard:
    """What CloudWatch said last: its youngest datapoint, of how many tables, and since when it is silent."""

    freshest: datetime
    tables: int
    silent_since: datetime | None = None


@dataclass(slots=True)
class CountStore:
    """What is kept of one region from check to check, and in a file if there is one.

    `begin` opens a check and `commit` ends it; a check that must leave no trace is not committed.
    Counts hold for `life` without a check, and no check counts that comes within `spacing` of another.
    """

    life: timedelta = SHORTEST_LIFE
    spacing: timedelta = timedelta()
    file: EntriesFile | None = None
    entries: Entries = field(default_factory=dict)
    heard: Heard | None = None
    now: datetime = LONG_AGO
    gone: set[Target] = field(default_factory=set)
    seen: set[Target] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        """Open a check, and take over what others have left in the file since."""
        self.now, self.gone, self.seen = now, set(), set()
        for target, entry in (self.file.read() if self.file else {}).items():
            if target not in self.entries or self.entries[target].checked < entry.checked:
                self.entries[target] = entry

    def recall_freshest(self, seen: datetime | None, tables: int) -> datetime | None:
        """Give the youngest minute that this check had a datapoint of, which it had of so many tables.

        If it has none at all, while a check before it had datapoints of several tables, that one's minute
        is given for an hour: that all have fallen idle at once is less likely than trouble of CloudWatch.
        """
        if seen is not None:
            self.heard = Heard(seen, tables)
            return seen
        if self.heard is None or self.heard.tables < SEVERAL_TABLES:
            return None
        since = self.heard.silent_since or self.now
        self.heard = replace(self.heard, silent_since=since)
        return None if self.now - since > LONGEST_SILENCE else self.heard.freshest

    def get(self, target: Target) -> PerCapacity[Memory]:
        """Return what is known of a target; counts that nobody added to for too long are 0.

        Much too soon after a check that counted, they are one less, so that this one does not count too.
        """
        entry = self.entries.get(target)
        if entry is None:
            return NO_MEMORY
        if abs(self.now - entry.checked) > self.life:
            return entry.memory.map(forget_low_checks)
        if self._is_too_soon(entry):
            return entry.memory.map(lambda one: replace(one, low_checks=max(0, one.low_checks - 1)))
        return entry.memory

    def put(self, target: Target, memory: PerCapacity[Memory]) -> None:
        """Keep what is left of a target; a check much too soon after another can only set counts to 0."""
        self.seen.add(target)
        entry = self.entries.get(target)
        if entry is not None and self._is_too_soon(entry):
            self.entries[target] = Entry(PerCapacity(*map(_keep_count, memory, entry.memory)), entry.checked)
        else:
            self.entries[target] = Entry(memory, self.now)

    def _is_too_soon(self, entry: Entry) -> bool:
        return bool(self.spacing) and abs(self.now - entry.checked) < self.spacing

    def keep_only(self, tables: Sequence[str]) -> None:
        """Forget the targets of tables that are gone."""
        listed = frozenset(tables)
        self.gone = {target for target in self.entries if target.table not in listed}
        for target in self.gone:
            del self.entries[target]

    def commit(self) -> None:
        """Write to the file what this check has left."""
        if self.file is not None:
            seen = {target: self.entries[target] for target in self.seen}
            self.file.write(seen, self.gone, self.now)


def _keep_count(memory: Memory, before: Memory) -> Memory:
    """Take what a check left, but for the count, which stays as it was unless it was set to 0."""
    return replace(memory, low_checks=memory.low_checks and before.low_checks)
