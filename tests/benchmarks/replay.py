"""Measure how much processor time a replay of two weeks takes: `make bench`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.physics import Physics
from dynamic_dynamodb.replay.simulation import Scenario, simulate
from tests.builders import section
from tests.replay.recordings import DAY, record, wave

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recording import Recording

DAYS: Final = 14
ALLOWED_SECONDS: Final = 2.0
"""Of one core, with others at work beside it."""
ROUNDS: Final = 3
RULES: Final = section(
    "^orders$",
    lookback_window_start="5",
    lookback_period="5",
    reads_upper_threshold="75",
    writes_upper_threshold="75",
    reads_lower_threshold="45",
    writes_lower_threshold="45",
    throttled_reads_upper_threshold="1",
    throttled_writes_upper_threshold="1",
    num_read_checks_before_scale_down="30",
    num_write_checks_before_scale_down="30",
    max_provisioned_reads="1000",
    max_provisioned_writes="1000",
)


def measure(recording: Recording) -> tuple[float, int]:
    """Give the least seconds of some rounds, and the updates that were made."""
    least, updates = float("inf"), 0
    for _ in range(ROUNDS):
        started = time.process_time()
        (replayed,) = simulate((RULES,), [recording], Scenario(Physics(), 60))
        least = min(least, time.process_time() - started)
        updates = replayed.model.updates
    return least, updates


def main() -> int:
    """Replay two weeks of 1-minute data at a check a minute; 1 if it took too long."""
    reads, writes = wave(DAYS * DAY, 20, 200), wave(DAYS * DAY, 5, 80, seed=2)
    is_slow = False
    for name, recording in (("reads", record(reads)), ("reads and writes", record(reads, writes))):
        seconds, updates = measure(recording)
        is_slow |= seconds > ALLOWED_SECONDS
        print(
            f"{DAYS} days of {name}, a check a minute: {recording.minutes:,} checks and {updates} updates"
            f" in {seconds:.2f} s, {seconds / recording.minutes * 1e6:.0f} µs each;"
            f" allowed: {ALLOWED_SECONDS} s"
        )
    return is_slow


if __name__ == "__main__":
    sys.exit(main())
