"""Which targets are at rest: quiet at their last look, and not due for the next one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from dynamic_dynamodb.check.silence import LONG_AGO
from dynamic_dynamodb.scaling.model import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dynamic_dynamodb.check.discovered import Discovered, MatchedTarget
    from dynamic_dynamodb.scaling.model import Target


@value
class Rest:
    """A quiet target as it was when a check `looked` at it, and when the next look is `due`."""

    matched: MatchedTarget
    looked: datetime
    due: datetime
    is_window_open: bool


@dataclass(slots=True)
class RestingTargets:
    """Remembers the quiet targets of one configuration from check to check; without `interval`, none.

    `active` are the tables with a target that is not quiet, or that could not be checked. All moments are by
    this machine's clock: only their distances count.
    """

    interval: timedelta | None = None
    rests: dict[Target, Rest] = field(default_factory=dict)
    active: frozenset[str] = frozenset()
    now: datetime = LONG_AGO

    @classmethod
    def every(cls, seconds: int | None) -> RestingTargets:
        """Let quiet targets rest for so many seconds; None lets none rest."""
        return cls(None if seconds is None else timedelta(seconds=seconds))

    def begin(self, now: datetime) -> frozenset[str]:
        """Start a check, and return the tables that need not be described.

        If the clock was set back, everything is looked at.
        """
        if now < self.now:
            self.rests = {}
        self.now = now
        awake = {target.table for target in self.rests if not self._is_resting(target)}
        return frozenset({target.table for target in self.rests} - awake - self.active)

    def take_due(self, matched: Sequence[MatchedTarget]) -> tuple[MatchedTarget, ...]:
        """Return the described targets to look at: those not at rest, and those that have changed."""
        if not self.rests:
            return tuple(matched)
        return tuple(one for one in matched if not self._is_resting(one.target) or self._is_changed(one))

    def list_left_out(self, found: Discovered, due: Iterable[MatchedTarget]) -> tuple[MatchedTarget, ...]:
        """Return the targets that this check leaves out, in order of their names."""
        if not self.rests:
            return ()
        looked_at = {one.target for one in due}
        described = {one.target for one in found.matched}
        return tuple(
            rest.matched
            for target, rest in sorted(self.rests.items())
            if target not in looked_at and (target in described or target.table in found.undescribed)
        )

    def note(
        self,
        found: Discovered,
        left_out: Iterable[MatchedTarget],
        quiet: Iterable[MatchedTarget],
        throttled: Collection[str],
    ) -> None:
        """Remember which targets are quiet after a check.

        No target of a `throttled` table rests: throttling of a table may come from any of its indexes.
        """
        if self.interval is None:
            return
        rests = {one.target: self.rests[one.target] for one in left_out}
        rests |= {one.target: self._let_rest(one) for one in quiet}
        self.rests = {target: rest for target, rest in rests.items() if target.table not in throttled}
        reported = (
            *(one.target for one in found.matched),
            *(one.target for one in (*found.skipped, *found.failed)),
        )
        self.active = frozenset(target.table for target in reported if target not in self.rests)

    def _is_resting(self, target: Target) -> bool:
        rest = self.rests.get(target)
        if rest is None or self.now >= rest.due:
            return False
        section = rest.matched.section
        if section.at(self.now) is not section:  # a schedule has opened or closed since
            return False
        return rest.is_window_open or not self._is_window_open(rest.matched)

    def _is_changed(self, matched: MatchedTarget) -> bool:
        before = self.rests[matched.target].matched
        return before != matched

    def _is_window_open(self, matched: MatchedTarget) -> bool:
        windows = matched.section.typed.maintenance_windows
        return windows is None or windows.is_open(self.now)

    def _let_rest(self, matched: MatchedTarget) -> Rest:
        is_open = self._is_window_open(matched)
        return Rest(matched, self.now, self._find_due(matched.target), is_open)

    def _find_due(self, target: Target) -> datetime:
        """Return when to look again: after the interval at most, and at a time of the table's own.

        All targets of a table come together, because one description serves them; the tables of a fleet do
        not.
        """
        interval = self.interval or timedelta()
        share = crc32(target.table.encode()) % 1000
        return self.now + interval - (self.now - LONG_AGO + interval * share / 1000) % interval
