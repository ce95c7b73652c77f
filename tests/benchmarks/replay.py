"""Measure how much processor time a replay takes: `make bench`."""

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
YEAR_DAYS: Final = 365
ALLOWED_SECONDS: Final = 0.3
"""Of one core, for the checks on reads and writes of two weeks."""
ALLOWED_FOR_A_YEAR_SECONDS: Final = 8.0
"""Of one core, for the checks of a year."""
ALLOWED_FOR_ALL_SECONDS: Final = 0.8
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
TO_TARGET: Final = {
    **OPTIONS,
    **{
        name.format(capacity): text
        for capacity in ("reads", "writes")
        for name, text in (
            ("{}-target-utilization", "85"),
            ("{}-upper-threshold", "95"),
            ("{}-lower-threshold", "75"),
            ("allow-scaling-down-{}-on-0-percent", "true"),
        )
    },
    "decrease-lookback-period": "15",
    "decrease-late-in-hour": "true",
    "num-read-checks-before-scale-down": "1",
    "num-write-checks-before-scale-down": "1",
}
"""The recommended configuration."""


def measure_checks(recording: Recording, options: dict[str, str], rounds: int = ROUNDS) -> tuple[float, int]:
    """Return the seconds of the fastest of several rounds, and the number of updates."""
    rules = section("^orders$", **{name.replace("-", "_"): text for name, text in options.items()})
    least, updates = float("inf"), 0
    for _ in range(rounds):
        started = time.process_time()
        (replayed,) = simulate((rules,), [recording], Scenario(Physics(), 60))
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
        options = "\n".join(f"{name}: {text}" for name, text in TO_TARGET.items())
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
    """Replay 1-minute data at a check a minute; return 1 if that takes too long."""
    is_slow = False
    days = wave(DAYS * DAY, 20, 200), wave(DAYS * DAY, 5, 80, seed=2)
    year = record(wave(YEAR_DAYS * DAY, 20, 200), wave(YEAR_DAYS * DAY, 5, 80, seed=2))
    for name, recording, options, rounds, allowed in (
        (f"{DAYS} days by thresholds", record(*days), OPTIONS, ROUNDS, ALLOWED_SECONDS),
        (f"{DAYS} days to a target", record(*days), TO_TARGET, ROUNDS, ALLOWED_SECONDS),
        ("a year to a target", year, TO_TARGET, 1, ALLOWED_FOR_A_YEAR_SECONDS),
    ):
        seconds, updates = measure_checks(recording, options, rounds)
        is_slow |= seconds > allowed
        print(
            f"{name}: {recording.minutes:,} checks and {updates:,} updates in {seconds:.2f} s;"
            f" allowed: {allowed} s"
        )
    seconds = measure_command(*days)
    is_slow |= seconds > ALLOWED_FOR_ALL_SECONDS
    print(
        f"the whole command on {DAYS} days to a target, with start-up, reading and baselines:"
        f" {seconds:.2f} s; allowed: {ALLOWED_FOR_ALL_SECONDS} s"
    )
    return is_slow


if __name__ == "__main__":
    sys.exit(main())
