"""The distances of rows determine the period of a recording; two periods in one file are refused."""

from __future__ import annotations

from itertools import accumulate

import pytest

from dynamic_dynamodb.replay.recordings.files import RecordingError
from dynamic_dynamodb.replay.recordings.resampling import find_period

NIGHT, DAY = [5] * 100, [1] * 500


def stamps(distances: list[int]) -> list[int]:
    """Return the minutes of rows at these distances."""
    return list(accumulate(distances, initial=29_000_000))


@pytest.mark.parametrize(
    ("distances", "period", "remark"),
    [
        pytest.param([1] * 50, 1, None, id="minutes"),
        pytest.param([1] * 50 + [700] + [1] * 50, 1, None, id="minutes with a gap"),
        pytest.param([5] * 50 + [15] + [5] * 50, 5, None, id="five minutes with a gap"),
        pytest.param([5] * 50 + [287] + [5] * 50, 5, None, id="out of step after a gap"),
        pytest.param([30] * 50, 30, None, id="half hours"),
        pytest.param([5, 5], 5, None, id="few rows"),
        pytest.param([10, 25, 40, 5, 60] * 20, 5, None, id="now and then"),
        pytest.param([*NIGHT, *DAY, *NIGHT, *DAY], 1, None, id="a job each 5 minutes at night"),
        pytest.param(
            [*[5] * 500, 1, 4, *[5] * 500],
            1,
            "most rows are 5 minutes apart, but some only 1: every row is read as a period of 1 min",
            id="one row between",
        ),
        pytest.param(
            [5, 5, 5, 7],
            1,
            "most rows are 5 minutes apart, but not all are aligned: every row is read as a period of 1 min",
            id="few rows out of step",
        ),
    ],
)
def test_the_period_is_the_steady_distance(distances: list[int], period: int, remark: str | None) -> None:
    remarks: list[str] = []
    assert find_period(stamps(distances), remarks) == period
    assert remarks == ([] if remark is None else [remark])


@pytest.mark.parametrize(
    "distances",
    [
        pytest.param([5] * 100 + [1] * 100, id="as many"),
        pytest.param([5] * 1_728 + [1] * 20_160, id="few of five minutes"),
        pytest.param([5] * 17_280 + [1] * 100, id="few of a minute"),
        pytest.param([1] * 100 + [5] * 100, id="the longer later"),
    ],
)
def test_two_periods_one_after_the_other_are_refused_however_few_rows_one_has(distances: list[int]) -> None:
    with pytest.raises(RecordingError, match=r"mixes rows 1 and 5 minutes apart.*split it at 20"):
        find_period(stamps(distances), [])


def test_hours_are_a_period_and_longer_ones_are_too_coarse() -> None:
    assert find_period(stamps([60] * 20), []) == 60
    with pytest.raises(RecordingError, match="has a row every 120 minutes: the longest period is 60 minutes"):
        find_period(stamps([120] * 20), [])
