"""Find AWS's time by the Date headers of its answers, in case this machine's clock is wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.check.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

ENOUGH_DATES: Final = 32
"""How many answers of a check are used; more would not be more certain."""
DATE_PRECISION_SECONDS: Final = 1.0
"""A Date header is in whole seconds: the time is up to a second later."""
TOLERANCE_SECONDS: Final = 0.5
"""How far apart correct clocks may be: AWS has many."""
WORTH_A_WARNING_SECONDS: Final = 30.0
MOST_SECONDS: Final = 3600.0
"""AWS refuses what is signed by a clock that is 5 minutes wrong (IAM user guide, "Signature Version 4").

Dates that differ from our clock by more than this are therefore not from AWS.
"""
_NOT_A_DATE: Final = (ValueError, TypeError, IndexError, OverflowError, AttributeError)


class ClockOffset(NamedTuple):
    """How many seconds a time is ahead of `monotonic`: at least and at most."""

    least: float
    most: float

    @property
    def middle(self) -> float:
        """Return the most likely value."""
        return (self.least + self.most) / 2

    def overlaps(self, other: ClockOffset) -> bool:
        """Return whether both may be the same time."""
        return self.least <= other.most and other.least <= self.most


@dataclass(slots=True)
class AwsClock:
    """AWS's time, as most answers of a check show it.

    `dates` are those of the answers; `known` is the result of the previous check, which stays right when
    this machine's clock is set.
    """

    monotonic: Callable[[], float] = time.monotonic
    conditions: Conditions = field(default_factory=Conditions)
    began: float = 0.0
    dates: list[ClockOffset] = field(default_factory=list)
    known: ClockOffset | None = None
    said_seconds: float = 0.0

    def begin(self) -> None:
        """Start a check, at the moment at which this machine's clock is read."""
        self.began, self.dates = self.monotonic(), []

    def note(self, date: object, called: float) -> None:
        """Add the Date of an answer unless it is malformed; `called` is when the call began."""
        if len(self.dates) >= ENOUGH_DATES:
            return
        answered = self.monotonic()
        try:
            seconds = parsedate_to_datetime(str(date)).timestamp()
        except _NOT_A_DATE:
            return
        self.dates.append(ClockOffset(seconds - answered, seconds + DATE_PRECISION_SECONDS - called))

    def correct(self, now: datetime) -> datetime:
        """Return AWS's time at the start of the check if most dates contradict `now`, our clock's.

        Our clock has a vote, and so has the result of the previous check: a single wrong date has no effect.
        """
        ours = ClockOffset(now.timestamp() - self.began, now.timestamp() - self.began)
        found = _find_common([ours, *([self.known] if self.known else []), *self.dates])
        seconds_ahead = 0.0 if found.overlaps(ours) else ours.middle - found.middle
        if abs(seconds_ahead) > MOST_SECONDS:
            self._warn(seconds_ahead, "AWS would refuse such calls, so checks use this machine's clock")
            return now
        self.known = found
        self._warn(
            seconds_ahead, "checks use AWS's time; set the clock, because AWS refuses calls from 5 minutes on"
        )
        return now - timedelta(seconds=seconds_ahead)

    def correct_later(self, now: datetime) -> datetime:
        """Return AWS's time at `now`, which our clock shows some time after the start of the check."""
        passed = timedelta(seconds=self.monotonic() - self.began)
        return self.correct(now - passed) + passed

    def _warn(self, seconds_ahead: float, consequence: str) -> None:
        """Report how wrong our clock is, and again when that has changed by `WORTH_A_WARNING_SECONDS`."""
        if abs(seconds_ahead) < WORTH_A_WARNING_SECONDS:
            self.said_seconds = 0.0
            self.conditions.set("clock", None)
            return
        if abs(seconds_ahead - self.said_seconds) >= WORTH_A_WARNING_SECONDS:
            self.said_seconds = seconds_ahead
        wrong = f"{abs(self.said_seconds):,.0f} s {'ahead of' if self.said_seconds > 0 else 'behind'}"
        self.conditions.set(
            "clock", f"this machine's clock is {wrong} the dates of AWS's answers: {consequence}"
        )


def _find_common(votes: Sequence[ClockOffset]) -> ClockOffset:
    """Return what most votes have in common; of several such groups, the one with the first vote."""
    widened = [ClockOffset(one.least - TOLERANCE_SECONDS, one.most + TOLERANCE_SECONDS) for one in votes]
    groups = [[one for one in widened if one.least <= start.least <= one.most] for start in widened]
    largest = max(groups, key=lambda group: (len(group), widened[0] in group))
    return ClockOffset(max(one.least for one in largest), min(one.most for one in largest))
