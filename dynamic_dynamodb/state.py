"""Keep what one check leaves for the next: the counts of low checks."""

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
LONG_AGO: Final = datetime.fromtimestamp(0, timezone.utc)


@value
class Entry:
    """A target's counts and the moment of the check that left them."""

    counts: PerCapacity[int]
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


@dataclass(slots=True)
class CountStore:
    """The counts of one region, from check to check, and in a file if there is one.

    `begin` opens a check and `commit` ends it; a check that must leave no trace is not committed.
    """

    life: timedelta = SHORTEST_LIFE
    file: EntriesFile | None = None
    entries: Entries = field(default_factory=dict)
    now: datetime = LONG_AGO
    gone: set[Target] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        """Open a check, and take over what others have left in the file since."""
        self.now, self.gone = now, set()
        for target, entry in (self.file.read() if self.file else {}).items():
            if target not in self.entries or self.entries[target].checked < entry.checked:
                self.entries[target] = entry

    def get(self, target: Target) -> PerCapacity[int]:
        """Give a target's counts; 0 if nothing is known of it, or for too long."""
        entry = self.entries.get(target)
        is_alive = entry is not None and abs(self.now - entry.checked) <= self.life
        return entry.counts if entry is not None and is_alive else NO_CHECKS

    def put(self, target: Target, counts: PerCapacity[int]) -> None:
        """Keep a target's counts."""
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
            self.file.write(seen, self.gone, self.now)
