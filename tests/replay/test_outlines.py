"""The columns of a chart keep every peak, every change and every throttled minute."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.replay.comparison.outlines import (
    CapacityOutline,
    LoadOutline,
    add_up,
    outline_capacity,
    outline_load,
    split_columns,
)
from dynamic_dynamodb.replay.comparison.results import Trace


@given(minutes=st.integers(1, 5000), most=st.integers(1, 900))
def test_columns_hold_each_minute_once(minutes: int, most: int) -> None:
    columns = split_columns(minutes, most)
    assert [minute for begin, end in columns for minute in range(begin, end)] == list(range(minutes))
    assert len(columns) == min(minutes, most)
    assert len({end - begin for begin, end in columns}) <= 2


@given(loads=st.lists(st.tuples(st.integers(0, 9999), st.integers(1, 99), st.booleans()), min_size=1))
def test_an_outline_keeps_peaks_and_throttling(loads: list[tuple[int, int, bool]]) -> None:
    demand, provisioned, throttled = zip(*loads, strict=True)
    columns = split_columns(len(loads), 7)
    load = outline_load(array("d", demand), columns)
    capacity = outline_capacity(Trace(array("d", demand), demand, throttled, provisioned), columns)
    assert max(load.most) == pytest.approx(max(demand) / 60, abs=0.001)
    assert (min(capacity.least), max(capacity.most)) == (min(provisioned), max(provisioned))
    assert any(capacity.is_throttled) == any(throttled)
    lengths = [end - begin for begin, end in columns]
    total = sum(mean * length for mean, length in zip(load.mean, lengths, strict=True))
    assert total == pytest.approx(sum(demand) / 60, abs=0.001 * len(loads))


def test_outlines_of_halves_follow_each_other() -> None:
    assert add_up([LoadOutline((1.0,), (2.0,)), LoadOutline((3.0,), (4.0,))]) == LoadOutline((1, 3), (2, 4))
    first = CapacityOutline((1,), (2,), (False,))
    assert add_up([first, CapacityOutline((3,), (4,), (True,))]) == CapacityOutline(
        (1, 3), (2, 4), (False, True)
    )
    assert add_up([first, None]) is None
