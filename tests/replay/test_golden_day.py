"""The decisions of one day equal a stored text, so that a changed rule shows its effect in a diff."""

from __future__ import annotations

from pathlib import Path

from dynamic_dynamodb.replay.simulator.capacity_model import Physics
from dynamic_dynamodb.replay.simulator.simulator import Scenario, simulate
from tests.builders import section
from tests.replay.recordings import DAY, record, spikes, wave

GOLDEN = Path(__file__).parent / "golden_day.txt"
RULES = {
    "lookback_window_start": "5",
    "lookback_period": "5",
    "reads_upper_threshold": "75",
    "writes_upper_threshold": "75",
    "reads_lower_threshold": "45",
    "writes_lower_threshold": "45",
    "decrease_reads_with": "30",
    "throttled_reads_upper_threshold": "1",
    "throttled_writes_upper_threshold": "1",
    "num_read_checks_before_scale_down": "15",
    "num_write_checks_before_scale_down": "30",
    "min_provisioned_reads": "5",
    "max_provisioned_reads": "200",
    "max_provisioned_writes": "100",
    "maintenance_windows": "20:00-10:00",
}


def test_the_golden_day_has_the_stored_decisions() -> None:
    recording = record(spikes(DAY, seed=11, loud=200), wave(DAY, 5, 60, seed=12))
    (replayed,) = simulate((section("^orders$", **RULES),), [recording], Scenario(Physics(), 60))
    lines = replayed.timeline.write_lines()
    lines.append(f"{replayed.timeline.refused_decreases} decreases refused")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()
