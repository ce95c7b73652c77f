"""The time axis of a chart has labels where they fit."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.replay.reports.charts import TimeLabel, label_times
from dynamic_dynamodb.replay.reports.lanes import KINDS
from dynamic_dynamodb.scaling.reasons import Code
from tests.replay.recordings import DAY, START


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(
            240, [(25.0, "01:00", False), (50.0, "02:00", False), (75.0, "03:00", False)], id="hours"
        ),
        pytest.param(
            3 * DAY + 30,
            [
                (100 * 720 / 4350, "12:00", False),
                (100 * 1440 / 4350, "3 Mar", True),
                (100 * 2160 / 4350, "12:00", False),
                (100 * 2880 / 4350, "4 Mar", True),
                (100 * 3600 / 4350, "12:00", False),
            ],
            id="no room for the last day",
        ),
    ],
)
def test_times_have_labels_except_at_the_right_edge(
    minutes: int, expected: list[tuple[float, str, bool]]
) -> None:
    assert label_times(START, minutes) == [TimeLabel(*one) for one in expected]


def test_everything_that_holds_a_decrease_back_in_a_replay_has_the_colour_of_held_back() -> None:
    guards = {Code.OUTSIDE_WINDOW, Code.LATE_IN_HOUR, Code.RW_TOGETHER, Code.DECREASE_BUDGET, Code.NOT_ACTIVE}
    assert guards <= KINDS["held"]
    assert sum(map(len, KINDS.values())) == len(frozenset().union(*KINDS.values())), "each has one colour"
