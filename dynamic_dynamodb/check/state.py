"""Keep what one check leaves for the next: of each target, and what CloudWatch said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.check.silence import Answer, Heard, end_silence, listen
from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, count_low_checks, forget_low_checks
from dynamic_dynamodb.scaling.model import PerCapacity, Target, value

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_LIFE: Final = timedelta(hours=1)
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


def find_longest_step(check_interval_seconds: int) -> timedelta:
    """Tell how much time may count from one check of a daemon to the next: two intervals."""
    return timedelta(seconds=2 * check_interval_seconds)


def find_spacing(check_interval_seconds: int) -> timedelta:
    """Tell how close to another a check of a daemon is one too many, as after a SIGHUP: half an interval."""
    return timedelta(seconds=check_interval_seconds / 2)


@dataclass(slots=True)
class CountStore:
    """What is kept of one region from check to check, and in a file if there is one.

    `begin` opens a check and `commit` ends it; a check that must leave no trace is not committed.
    Counts hold for `life` without a check, and no check counts that comes within `spacing` of another.
    No more than `longest_step` of silence counts from one check to the next.
    """

    life: timedelta = SHORTEST_LIFE
    spacing: timedelta = timedelta()
    longest_step: timedelta = timedelta.max
    file: EntriesFile | None = None
    entries: Entries = field(default_factory=dict)
    heard: Heard | None = None
    heard_before: Heard | None = None
    now: datetime = LONG_AGO
    gone: set[Target] = field(default_factory=set)
    seen: set[Target] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        """Open a check, and take over what others have left in the file since."""
        self.now, self.gone, self.seen = now, set(), set()
        # A check that fails before it has heard of CloudWatch must not pass for a moment of silence.
        self.heard_before, self.heard = self.heard, end_silence(self.heard)
        for target, entry in (self.file.read() if self.file else {}).items():
            if target not in self.entries or self.entries[target].checked < entry.checked:
                self.entries[target] = entry

    def correct(self, now: datetime) -> None:
        """Go on with the check as of another moment: counts, silence and the file go by that."""
        self.now = now

    def recall_freshest(self, answer: Answer) -> datetime | None:
        """Return the youngest minute that this check had a datapoint of; None if it had none.

        While silence is to be taken for trouble of CloudWatch it is a moment long ago: nothing in any window
        is known then, not even the minutes that a check just before knew.
        """
        self.heard = listen(self.heard_before, answer, now=self.now, longest_step=self.longest_step)
        is_trouble = answer.freshest is None and self.heard is not None and self.heard.is_trouble
        return LONG_AGO if is_trouble else answer.freshest

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
            return entry.memory.map(lambda one: count_low_checks(one, max(0, one.low_checks - 1)))
        return entry.memory

    def put(self, target: Target, memory: PerCapacity[Memory]) -> None:
        """Keep what is left of a target; a check much too soon after another can only set counts to 0."""
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
        """Write to the file what this check has left."""
        if self.file is not None:
            seen = {target: self.entries[target] for target in self.seen}
            self.file.write(seen, self.gone, self.now)


def _keep_count(memory: Memory, before: Memory) -> Memory:
    """Take what a check left, but for the count, which stays as it was unless it was set to 0."""
    return count_low_checks(memory, memory.low_checks and before.low_checks)
