"""Both halves of a recording are its minutes, and each starts where the other ends."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from tests.replay.recordings import START, record


@given(st.integers(120, 400), st.integers(0, 59))
def test_halves_are_the_minutes_of_the_recording(minutes: int, offset: int) -> None:
    load = [float(minute) for minute in range(minutes)]
    units = [float(minute % 7 + 1) for minute in range(minutes)]
    whole = record(load, None, start=START + timedelta(minutes=offset), provisioned=(units, None))
    first, second = cut_in_half(whole)
    assert (first.start, second.start, second.end) == (whole.start, first.end, whole.end)
    assert second.start.minute == 0
    assert abs(first.minutes - second.minutes) <= 120
    sides = [half.sides.reads for half in (first, second)]
    assert [one for side in sides if side for one in side.consumed] == load
    assert [one for side in sides if side and side.provisioned for one in side.provisioned] == units
    assert (first.sides.writes, second.sides.writes) == (None, None)
