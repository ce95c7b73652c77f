"""Target tracking from alarm to alarm gives exactly the row that it gives minute by minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.replay.comparison.baselines import BaselineSettings
from dynamic_dynamodb.replay.comparison.target_tracking import run_tracking
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS, Physics
from dynamic_dynamodb.scaling.costs import Prices
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import target_options
from tests.replay import plain_tracking
from tests.replay.recordings import DAY, START, record, spikes, wave

if TYPE_CHECKING:
    from datetime import datetime

PRICES = Prices(PerCapacity(0.00013, 0.00065), PerCapacity(0.125, 0.625))
LIMITS = target_options(
    min_provisioned_reads="3", max_provisioned_reads="300", max_provisioned_writes="2000"
).capacities
PHYSICS = st.builds(
    Physics,
    delay=st.integers(0, 3),
    update=st.integers(0, 4),
    burst=st.sampled_from((0, 60, 300)),
    retry=st.sampled_from((0.0, 0.5, 1.0)),
    alarm=st.integers(0, 3),
)
LEVELS = st.one_of(st.just(0.0), st.integers(1, 400).map(lambda rate: 60.0 * rate), st.floats(0, 24_000))
LOADS = st.lists(st.tuples(LEVELS, st.integers(1, 40)), min_size=1, max_size=25).map(
    lambda runs: [level for level, minutes in runs for _ in range(minutes)]
)


MOMENTS = st.integers(0, DAY - 1).map(lambda minute: START + minute * MINUTE)


def rules(physics: Physics, start: int = 50) -> BaselineSettings:
    """Return the conditions of a replay."""
    return BaselineSettings(physics, PRICES, PerCapacity(start, start), LIMITS)


@settings(max_examples=300, deadline=None)
@given(LOADS, LOADS, st.builds(rules, PHYSICS, st.integers(1, 400)), st.sampled_from((70, 90)), MOMENTS)
def test_every_load_has_the_row_of_the_plain_model(
    reads: list[float], writes: list[float], conditions: BaselineSettings, target: int, start: datetime
) -> None:
    minutes = min(len(reads), len(writes))
    recording = record(reads[:minutes], writes[:minutes], start=start)
    assert run_tracking(recording, conditions, target) == plain_tracking.run_tracking(
        recording, conditions, target
    )


def test_units_that_come_back_while_the_other_capacity_is_updated_are_consumed() -> None:
    reads = [0.0] * 47 + [240.0] * 28
    writes = [0.0] * 9 + [60.0] * 15 + [2760.0] * 25 + [180.0] * 26
    conditions = rules(Physics(delay=2, update=4, burst=0, retry=0.5, alarm=3), 5)
    recording = record(reads, writes)
    assert run_tracking(recording, conditions, 70) == plain_tracking.run_tracking(recording, conditions, 70)


@pytest.mark.parametrize("physics", [*PRESETS.values(), Physics(delay=0, update=3, retry=0.5)])
@pytest.mark.parametrize("target", [70, 90])
def test_days_of_load_have_the_row_of_the_plain_model(physics: Physics, target: int) -> None:
    for recording in (
        record(wave(3 * DAY, 20, 200), wave(3 * DAY, 5, 80, seed=2)),
        record(spikes(3 * DAY), spikes(3 * DAY, seed=3)),
        record(None, [units * 1.1 for units in wave(3 * DAY, 0, 90, noise=0.9)]),
    ):
        row = run_tracking(recording, rules(physics), target)
        assert row == plain_tracking.run_tracking(recording, rules(physics), target)
        assert row.updates > 5
