"""A replay obeys quiet-check-interval: it shows what that saves in watching, and costs in throttling."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.comparison.comparison import compare
from tests.builders import load_flags
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.replay.comparison.results import Row

QUIET = "1200"


def replay(reads: Sequence[float], **flags: str) -> Row:
    """Return the row of the configuration for reads like these, and steady writes."""
    options = load_flags(check_interval="60", **flags).global_options
    configuration = replace(configure(), global_options=options)
    found = compare(configuration, [record(reads, [5.0] * len(reads))], settings())
    return found.total[0]


def test_a_quiet_target_is_watched_for_a_twentieth_of_the_price() -> None:
    load = [0.0] * DAY
    every, quiet = replay(load), replay(load, quiet_check_interval=QUIET)
    assert quiet.watching == pytest.approx(every.watching / 20, rel=0.1)
    assert quiet.cost == every.cost


def test_a_spike_of_a_quiet_target_is_throttled_for_longer() -> None:
    load = [2_400.0] * DAY
    for start in range(200, 1_400, 130):
        load[start : start + 40] = [12_000.0] * 40
    every, quiet = replay(load), replay(load, quiet_check_interval=QUIET)
    assert quiet.sides.reads.throttled > every.sides.reads.throttled > 0
    assert quiet.watching < every.watching / 2
