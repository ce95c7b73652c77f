"""Pauses between attempts are as long as their constants say."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.aws.client import (
    FIRST_WAIT_MILLISECONDS,
    JITTER_MILLISECONDS,
    LONGEST_WAIT_MILLISECONDS,
    make_retrying,
)


@pytest.mark.parametrize(
    ("attempt", "shortest"),
    [
        pytest.param(1, FIRST_WAIT_MILLISECONDS, id="the first"),
        pytest.param(2, 2 * FIRST_WAIT_MILLISECONDS, id="the second, doubled"),
        pytest.param(9, LONGEST_WAIT_MILLISECONDS, id="the longest"),
    ],
)
def test_a_pause_is_as_long_as_its_constant_says(attempt: int, shortest: int) -> None:
    pause = make_retrying(lambda _: True).wait(attempt, 0)
    assert shortest <= pause <= shortest + JITTER_MILLISECONDS
