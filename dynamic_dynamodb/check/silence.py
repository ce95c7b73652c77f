"""Tell CloudWatch's silence from idle tables: that many fall idle at once is less likely than its trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.model import value

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_SILENCE: Final = timedelta(hours=1)
"""How long no datapoint of anything is a sign of trouble with CloudWatch."""
SEVERAL_TABLES: Final = 3
"""So many tables hardly fall idle at once; one or two do."""
NO_TABLES: Final[frozenset[str]] = frozenset()


@value
class Answer:
    """What CloudWatch said in a check.

    `freshest` is the youngest minute of any datapoint, and `busy` are the tables that had any. `answered` are
    the tables that it was asked for and spoke of, and `lost` those that it should have been asked for but was
    not, or that it failed to answer for; None if the tables could not even be listed.
    """

    freshest: datetime | None
    busy: frozenset[str]
    answered: frozenset[str]
    lost: frozenset[str] | None

    def find_lost(self, tables: frozenset[str]) -> frozenset[str]:
        """Return those of some tables that nothing was heard of."""
        return tables - self.answered if self.lost is None else tables & self.lost


@value
class Heard:
    """What CloudWatch said last, and for how long it has said nothing since.

    `tables` had datapoints when they were last heard of. `silence` is the time between checks, one right
    after the other, that each heard of all these tables that there is nothing; `silent_at` is the last of
    these checks, None if there was another kind of check since.
    """

    tables: frozenset[str]
    silence: timedelta = timedelta()
    silent_at: datetime | None = None

    @property
    def is_trouble(self) -> bool:
        """Tell whether silence is to be taken for trouble of CloudWatch."""
        return len(self.tables) >= SEVERAL_TABLES and self.silence <= LONGEST_SILENCE


def end_silence(heard: Heard | None) -> Heard | None:
    """Let no time count from the last silent check to the next one."""
    return heard if heard is None or heard.silent_at is None else replace(heard, silent_at=None)


def listen(before: Heard | None, answer: Answer, *, now: datetime, longest_step: timedelta) -> Heard | None:
    """Return what there is to remember after a check.

    No more than `longest_step` counts from one silent check to the next, so that a clock that jumps ahead or
    a process that was suspended does not make an hour of a moment.
    """
    if answer.freshest is not None:
        lost = NO_TABLES if before is None else answer.find_lost(before.tables)
        return Heard(answer.busy | lost)
    if before is None or not answer.answered or answer.find_lost(before.tables):
        return end_silence(before)
    step = timedelta() if before.silent_at is None else now - before.silent_at
    counted = max(timedelta(), min(step, longest_step))
    return replace(before, silence=before.silence + counted, silent_at=now)
