"""Show the way from a recording to sections in force, on an emulated account with two weeks of history.

Without recordings of your own, the load of four tables is generated.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.emulator import Emulator
from tests.replay.recordings import DAY, spikes, wave

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COMMANDS: Final = (
    "dynamic-dynamodb --record history --all",
    "dynamic-dynamodb --tune history --tune-output tuned.conf",
    "dynamic-dynamodb -c tuned.conf --check-config",
    "dynamic-dynamodb -c tuned.conf --dry-run --run-once",
    "dynamic-dynamodb -c tuned.conf --daemon start",
)
"""The commands on the page "What should it cost?"."""
DAYS: Final = 14
ON_DEMAND: Final = "tweets", "sessions"
"""The tables that are billed on demand; AWS scales all others to 70 %."""
_OWN: Final = ("--pid-file-dir", ".")
"""Keeps the daemon of the demo apart from any other one."""
_FILE_END: Final = ".csv"
_PATIENCE_SECONDS: Final = 60
_AHEAD: Final = timedelta(hours=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the commands, print what they print, and stop the daemon after its first change."""
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="recordings of reads, such as TABLE.csv.gz")
    folder = parser.parse_args(arguments).folder
    loads = generate_loads() if folder is None else read_loads(folder)
    with tempfile.TemporaryDirectory() as home, Emulator() as aws:
        fill(aws, loads)
        try:
            for command in COMMANDS:
                if "--daemon" in command:
                    hand_over(aws, loads)
                print(f"\n$ {command}", flush=True)
                arguments = shlex.split(command)[1:]
                _run(aws, home, [*arguments, *(_OWN if "--daemon" in arguments else ())])
            changed = aws.wait_for_requests("UpdateTable", seconds=_PATIENCE_SECONDS)[0].parameters
            print(f"\nThe daemon has changed {changed['TableName']}: {changed['ProvisionedThroughput']}")
        finally:
            _run(aws, home, ["--daemon", "stop", *_OWN])
    return 0


def hand_over(aws: Emulator, loads: Mapping[str, list[float]]) -> None:
    """Deregister the tables that AWS scales: their sections have no effect before that."""
    for name in loads:
        if name not in ON_DEMAND:
            print(f"\n({name} is deregistered from Application Auto Scaling)", flush=True)
            aws.deregister_scalable(name)


def generate_loads(days: int = DAYS) -> dict[str, list[float]]:
    """Return the reads of some tables, minute by minute."""
    minutes = days * DAY
    return {
        "orders": wave(minutes, 20, 200),
        "events": spikes(minutes),
        "sessions": wave(minutes, 50, 90, seed=2),
        "archive": wave(minutes, 0.2, 2, seed=3),
    }


def read_loads(folder: Path) -> dict[str, list[float]]:
    """Return the last two weeks of reads of each recording in a folder, by the beginning of its name."""
    loads = {}
    for file in sorted(folder.glob(f"*{_FILE_END}*")):
        (recording,) = read_recordings(file, Target("trace"))
        if recording.sides.reads is not None:
            name = file.name.partition(_FILE_END)[0].partition("-")[0]
            loads[name] = list(recording.sides.reads.consumed[-DAYS * DAY :])
    return loads


def fill(aws: Emulator, loads: Mapping[str, list[float]]) -> None:
    """Make a table for each load, which ends in an hour: the daemon needs what comes after the recording."""
    end = datetime.now(timezone.utc).replace(second=0, microsecond=0) + _AHEAD
    for name, load in loads.items():
        aws.add_table(name, reads=max(1, round(max(load[-70:-60]) / 60)), on_demand=name in ON_DEMAND)
        start = end - len(load) * MINUTE
        aws.put_series(name, sums=_date(load, start, MINUTE))
        if name not in ON_DEMAND:
            limits = (1, round(max(load) / 30) + 1)
            for capacity in ("Read", "Write"):
                aws.register_scalable(name, capacity=capacity, limits=limits, target_percent=70)
            units = {"Read": follow(load), "Write": [5.0] * (len(load) // 5)}
            for side, levels in units.items():
                sums = _date(levels, start, timedelta(minutes=5))
                aws.put_series(name, metric=f"Provisioned{side}CapacityUnits", sums=sums)


def follow(load: list[float]) -> list[float]:
    """Return units every five minutes, about as target tracking at 70 % sets them: by the last 15 minutes."""
    peaks = [max(load[max(0, place - 15) : place], default=load[0]) for place in range(0, len(load), 5)]
    return [max(1.0, float(ceil(peak / 60 / 0.7))) for peak in peaks]


def _date(numbers: Iterable[float], start: datetime, step: timedelta) -> dict[datetime, float]:
    return {start + place * step: one for place, one in enumerate(numbers)}


def _run(aws: Emulator, home: str, arguments: list[str]) -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-m", "dynamic_dynamodb", *arguments],
        cwd=home,
        env={**kept, **aws.environment(), "HOME": home, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
