"""Distinguish an outage of CloudWatch from idle tables: several tables rarely lose all their load at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from dynamic_dynamodb.scaling.model import value

LONGEST_SILENCE: Final = timedelta(hours=1)
"""How long several tables without a datapoint count as an outage of CloudWatch."""
SEVERAL_TABLES: Final = 3
"""This many tables rarely become idle at once; one or two do."""
NO_TABLES: Final[frozenset[str]] = frozenset()
LONG_AGO: Final = datetime.fromtimestamp(0, timezone.utc)


def find_longest_step(check_interval_seconds: int) -> timedelta:
    """Return how much silence may count from one check of a daemon to the next: two intervals."""
    return timedelta(seconds=2 * check_interval_seconds)


@value
class MetricsAnswer:
    """CloudWatch's answer in a check, for all tables.

    `freshest` is the youngest minute with a datapoint, None if there is no datapoint; `busy` are the tables
    that have one. `answered` are the tables that CloudWatch answered for. `lost` are those whose metrics
    should have been fetched but were not; None if the tables could not be listed.
    """

    freshest: datetime | None
    busy: frozenset[str]
    answered: frozenset[str]
    lost: frozenset[str] | None

    def find_unanswered(self, tables: frozenset[str]) -> frozenset[str]:
        """Return the tables about which nothing is known."""
        return tables - self.answered if self.lost is None else tables & self.lost


@dataclass(slots=True)
class MetricsSilence:
    """How long CloudWatch has had no datapoint of any table.

    `tables` had datapoints when CloudWatch last answered for them. `duration` is the time between
    consecutive checks in which it answered for all of them, without a datapoint; `silent_at` is the last of
    these checks, None if a check of another kind came after it. No more than `longest_step` counts from one
    check to the next, so that a clock that jumps or a suspended process does not turn a moment into an hour.
    """

    longest_step: timedelta = timedelta.max
    tables: frozenset[str] = NO_TABLES
    duration: timedelta = timedelta()
    silent_at: datetime | None = None
    silent_before: datetime | None = None

    @property
    def is_outage(self) -> bool:
        """Return whether missing datapoints count as an outage of CloudWatch."""
        return len(self.tables) >= SEVERAL_TABLES and self.duration <= LONGEST_SILENCE

    def begin(self) -> None:
        """Start a check, which is not a silent one unless CloudWatch answers."""
        self.silent_before, self.silent_at = self.silent_at, None

    def assume_freshest(self, answer: MetricsAnswer) -> datetime | None:
        """Return what `find_freshest` would return if nothing else were fetched."""
        return LONG_AGO if answer.freshest is None and self.is_outage else answer.freshest

    def find_freshest(self, answer: MetricsAnswer, now: datetime) -> datetime | None:
        """Return the youngest minute with a datapoint in this check; None if there is no datapoint.

        During an outage it is a moment long ago: then no minute in any window is known, not even those that
        an earlier check knew.
        """
        unanswered = answer.find_unanswered(self.tables)
        if answer.freshest is not None:
            self.tables, self.duration = answer.busy | unanswered, timedelta()
            return answer.freshest
        if answer.answered and not unanswered:
            if self.silent_before is not None:
                self.duration += max(timedelta(), min(now - self.silent_before, self.longest_step))
            self.silent_at = now
        return LONG_AGO if self.is_outage else None
