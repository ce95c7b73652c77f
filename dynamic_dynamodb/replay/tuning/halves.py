"""Cut a recording in halves: settings are chosen on the first one, and checked on the second one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.calculators import MINUTES_PER_HOUR
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recordings.recording import Recording, SideRecording


def cut_in_half(recording: Recording) -> tuple[Recording, Recording]:
    """Return both halves of a recording of at least two hours; the second begins at a full hour."""
    middle = recording.minutes // 2
    middle += -(recording.start.minute + middle) % MINUTES_PER_HOUR
    return cut(recording, 0, middle), cut(recording, middle, recording.minutes)


def cut(recording: Recording, first: int, end: int) -> Recording:
    """Return the minutes `first` <= minute < `end` of a recording."""

    def cut_side(side: SideRecording | None) -> SideRecording | None:
        if side is None:
            return None
        provisioned = None if side.provisioned is None else side.provisioned[first:end]
        return replace(side, consumed=side.consumed[first:end], provisioned=provisioned)

    return replace(
        recording,
        start=recording.start + first * MINUTE,
        minutes=end - first,
        sides=recording.sides.map(cut_side),
    )
