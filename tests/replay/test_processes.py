"""Replays run in other processes: their arguments and results can be pickled."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.comparison.baselines import get_traces
from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.reports.data import write_json
from dynamic_dynamodb.replay.simulator.capacity_model import Physics
from dynamic_dynamodb.replay.simulator.simulator import Scenario, simulate
from tests.replay.configurations import configure, settings
from tests.replay.recordings import record, spikes, wave

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    T = TypeVar("T")

RECORDING = record(wave(600, 5, 120), spikes(600))
CONFIGURATIONS = [configure(reads_upper_threshold=threshold) for threshold in ("50", "80")]


def run_in_processes(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run each call in a process that inherits nothing but the modules it imports."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_a_replay_in_another_process_decides_the_same() -> None:
    scenario = Scenario(Physics(), 60)
    calls = [partial(simulate, one.sections, [RECORDING], scenario) for one in CONFIGURATIONS]
    for (there,), (here,) in zip(run_in_processes(calls), [call() for call in calls], strict=True):
        assert there.timeline == here.timeline
        assert there.timeline.write_lines() == here.timeline.write_lines() != []
        assert get_traces(there.model) == get_traces(here.model)


def test_a_comparison_in_another_process_has_the_same_figures() -> None:
    calls = [partial(compare, one, [RECORDING], settings()) for one in CONFIGURATIONS]
    assert list(map(write_json, run_in_processes(calls))) == [write_json(call()) for call in calls]
