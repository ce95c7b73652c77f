"""What one check remembers for the next: about each target, and about CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.silence import LONG_AGO, MetricsSilence
from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, count_low_checks, forget_checks
from dynamic_dynamodb.scaling.model import PerCapacity, Target, value

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_LIFE: Final = timedelta(hours=1)


@value
class Entry:
    """What is remembered about a target, and the moment of the check that it is from."""

    memory: PerCapacity[Memory]
    checked: datetime


Entries = dict[Target, Entry]


class EntriesFile(Protocol):
    """A file in which entries outlive the process; see `state_file`."""

    def read(self) -> Entries:
        """Return all entries; none if the file cannot be used."""

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Add or replace entries, and remove others."""


def find_life(check_interval_seconds: int) -> timedelta:
    """Return how long counts are valid without a check: three intervals, but at least an hour."""
    return max(SHORTEST_LIFE, timedelta(seconds=3 * check_interval_seconds))


def find_spacing(check_interval_seconds: int) -> timedelta:
    """Return how soon after another a check of a daemon is extra, as after a SIGHUP: half an interval."""
    return timedelta(seconds=check_interval_seconds / 2)


@dataclass(slots=True)
class AccountMemory:
    """What checks of one account and region remember, also in a file if there is one.

    `begin` starts a check and `commit` ends it; a dry run does not commit. Counts are valid for `life`
    without a check, and a check within `spacing` of another is not counted. Which targets are `resting` is
    remembered by one configuration alone.
    """

    life: timedelta = SHORTEST_LIFE
    spacing: timedelta = timedelta()
    file: EntriesFile | None = None
    entries: Entries = field(default_factory=dict)
    silence: MetricsSilence = field(default_factory=MetricsSilence)
    resting: RestingTargets = field(default_factory=RestingTargets)
    now: datetime = LONG_AGO
    gone: set[Target] = field(default_factory=set)
    seen: set[Target] = field(default_factory=set)

    def continue_from(self, before: AccountMemory, renamed_to: str | None = None) -> None:
        """Keep what the checks of the same account and region remember, as after a reload.

        `renamed_to` is the place that its targets have from now on; None if that does not change.
        """
        self.entries = before.entries
        if renamed_to is not None:
            entries = before.entries.copy()  # a check in another thread may add some
            self.entries = {one._replace(place=renamed_to): entry for one, entry in entries.items()}
        self.silence = replace(before.silence, longest_step=self.silence.longest_step)

    def begin(self, now: datetime) -> None:
        """Start a check, with what other processes have written to the file since."""
        self.now, self.gone, self.seen = now, set(), set()
        self.silence.begin()
        for target, entry in (self.file.read() if self.file else {}).items():
            if target not in self.entries or self.entries[target].checked < entry.checked:
                self.entries[target] = entry

    def correct(self, now: datetime) -> None:
        """Continue the check as of another moment."""
        self.now = now

    def get(self, target: Target) -> PerCapacity[Memory]:
        """Return what is known about a target; counts that have expired are 0.

        If the previous check was less than `spacing` ago, counts are one less, so that two checks in quick
        succession count as one.
        """
        entry = self.entries.get(target)
        if entry is None:
            return NO_MEMORY
        if abs(self.now - entry.checked) > self.life:
            return entry.memory.map(forget_checks)
        if self._is_too_soon(entry):
            return entry.memory.map(lambda one: count_low_checks(one, max(0, one.low_checks - 1)))
        return entry.memory

    def put(self, target: Target, memory: PerCapacity[Memory]) -> None:
        """Remember a target; a check in quick succession can only reset its counts."""
        self.seen.add(target)
        entry = self.entries.get(target)
        if entry is not None and self._is_too_soon(entry):
            self.entries[target] = Entry(memory.combine(_keep_count, entry.memory), entry.checked)
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
        """Write what this check has changed to the file."""
        if self.file is not None:
            seen = {target: self.entries[target] for target in self.seen}
            self.file.write(seen, self.gone, self.now)


def _keep_count(memory: Memory, before: Memory) -> Memory:
    """Return the new memory with the count of the one before, unless the count was reset."""
    return count_low_checks(memory, memory.low_checks and before.low_checks)
