"""Measure how much processor time a replay of two weeks takes: `make bench`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.simulator.capacity_model import Physics
from dynamic_dynamodb.replay.simulator.simulator import Scenario, simulate
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import section
from tests.replay.recordings import DAY, START, record, wave

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recordings.recording import Recording

DAYS: Final = 14
ALLOWED_SECONDS: Final = 0.75
"""Of one core, for the checks."""
ALLOWED_FOR_ALL_SECONDS: Final = 1.5
"""Of one core, for the whole command; a longer one draws a progress bar."""
ROUNDS: Final = 5
OPTIONS: Final = {
    "lookback-window-start": "5",
    "lookback-period": "5",
    "reads-upper-threshold": "75",
    "writes-upper-threshold": "75",
    "reads-lower-threshold": "45",
    "writes-lower-threshold": "45",
    "throttled-reads-upper-threshold": "1",
    "throttled-writes-upper-threshold": "1",
    "num-read-checks-before-scale-down": "30",
    "num-write-checks-before-scale-down": "30",
    "max-provisioned-reads": "1000",
    "max-provisioned-writes": "1000",
}
RULES: Final = section("^orders$", **{name.replace("-", "_"): text for name, text in OPTIONS.items()})


def measure_checks(recording: Recording) -> tuple[float, int]:
    """Return the seconds of the fastest of several rounds, and the number of updates."""
    least, updates = float("inf"), 0
    for _ in range(ROUNDS):
        started = time.process_time()
        (replayed,) = simulate((RULES,), [recording], Scenario(Physics(), 60))
        least = min(least, time.process_time() - started)
        updates = replayed.model.updates
    return least, updates


def measure_command(reads: list[float], writes: list[float]) -> float:
    """Return the seconds of the whole command in the fastest round."""
    least = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        path, rules = Path(folder) / "orders.csv", Path(folder) / "rules.conf"
        rows = (
            f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ},{one},{other}"
            for minute, (one, other) in enumerate(zip(reads, writes, strict=True))
        )
        path.write_text("\n".join(("timestamp,consumed_reads,consumed_writes", *rows, "")), encoding="utf-8")
        options = "\n".join(f"{name}: {text}" for name, text in OPTIONS.items())
        rules.write_text(f"[global]\ncheck-interval: 60\n[table: ^orders$]\n{options}\n", encoding="utf-8")
        command = [sys.executable, "-m", "dynamic_dynamodb", "-c", str(rules), "--replay", str(path)]
        for _ in range(ROUNDS):
            before = _children_seconds()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            least = min(least, _children_seconds() - before)
    return least


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> int:
    """Replay two weeks of 1-minute data at a check a minute; return 1 if that takes too long."""
    reads, writes = wave(DAYS * DAY, 20, 200), wave(DAYS * DAY, 5, 80, seed=2)
    is_slow = False
    for name, recording in (("reads", record(reads)), ("reads and writes", record(reads, writes))):
        seconds, updates = measure_checks(recording)
        is_slow |= seconds > ALLOWED_SECONDS
        print(
            f"{DAYS} days of {name}, a check a minute: {recording.minutes:,} checks and {updates} updates"
            f" in {seconds:.2f} s, {seconds / recording.minutes * 1e6:.0f} µs each;"
            f" allowed: {ALLOWED_SECONDS} s"
        )
    seconds = measure_command(reads, writes)
    is_slow |= seconds > ALLOWED_FOR_ALL_SECONDS
    print(
        f"the whole command on reads and writes, with start-up, reading and baselines:"
        f" {seconds:.2f} s; allowed: {ALLOWED_FOR_ALL_SECONDS} s"
    )
    return is_slow


if __name__ == "__main__":
    sys.exit(main())
