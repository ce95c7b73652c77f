"""Compare one process for many regions with one for each: `python -m tests.benchmarks.places`.

Each process checks an emulated account in another process. CPU time, memory and threads of all processes are
compared after the same number of checks. Then the calls of one region hang: how late the checks of the others
begin is measured by the log.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.checks import CONFIGURATION, control, create_account, run_emulator
from tests.benchmarks.processes import read_cpu_seconds, read_status, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1"),
    *("eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "ap-south-1", "ap-east-1"),
    *("ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "me-south-1", "af-south-1"),
)
INTERVAL_SECONDS = 10
CHECKS = 4
MOST_LATE_SECONDS = 1.0
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Cost:
    """What some processes have cost together."""

    cpu_seconds: float
    megabytes: float
    threads: int

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.cpu_seconds:5.1f} s of CPU, {self.megabytes:5.0f} MB at most, {self.threads:3} threads"


@dataclass(frozen=True)
class Scaler:
    """A running program, and its log."""

    pid: int
    log: Path

    def list_checks(self) -> list[tuple[str, float]]:
        """Return the place of each check that has ended, and when it began, in seconds since 1970."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [
            (line.get("place", ""), datetime.fromisoformat(line["time"]).timestamp() - line["seconds"])
            for line in lines
            if line.get("event") == "checked"
        ]

    def measure(self) -> Cost:
        """Return its cost so far."""
        megabytes, threads = read_status(self.pid, "VmHWM") / 1024, read_status(self.pid, "Threads")
        return Cost(read_cpu_seconds(self.pid), megabytes, threads)


@contextmanager
def start(url: str, folder: str, regions: Sequence[str]) -> Iterator[Scaler]:
    """Start the program for some regions."""
    name = regions[0] if len(regions) == 1 else "all"
    configuration, log = Path(folder, f"{name}.conf"), Path(folder, f"{name}.log")
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    flags = (
        f"--regions={','.join(regions)}",
        f"--check-interval={INTERVAL_SECONDS}",
        f"--instance={name}",
        "--log-format=json",
    )
    with run_program(url, folder, ("-c", str(configuration), *flags), log) as pid:
        yield Scaler(pid, log)


def await_checks(scalers: Sequence[Scaler], checks: int) -> None:
    """Wait until as many checks of each place have ended."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while sum(len(one.list_checks()) for one in scalers) < checks:
        if time.monotonic() >= deadline:
            raise TimeoutError("too few checks have ended")
        time.sleep(0.5)


def measure(url: str, folder: str, groups: Sequence[Sequence[str]]) -> Cost:
    """Return what one process for each group of regions costs after some checks of each region."""
    with ExitStack() as stack:
        scalers = [stack.enter_context(start(url, folder, regions)) for regions in groups]
        await_checks(scalers, CHECKS * sum(map(len, groups)))
        costs = [one.measure() for one in scalers]
    return Cost(
        sum(one.cpu_seconds for one in costs),
        sum(one.megabytes for one in costs),
        sum(one.threads for one in costs),
    )


def find_latest(url: str, folder: str, regions: Sequence[str]) -> float:
    """Return how late the latest check of the other regions began while the calls of the last one hang."""
    hanging = regions[-1]
    control(url, "add_fault", kind="hang", region=hanging, times=None)
    with start(url, folder, regions) as scaler:
        await_checks([scaler], CHECKS * (len(regions) - 1))
        begun: dict[str, list[float]] = {}
        for place, moment in scaler.list_checks():
            begun.setdefault(place, []).append(moment)
    control(url, "clear_faults")
    return max(
        moment - moments[0] - number * INTERVAL_SECONDS
        for place, moments in begun.items()
        if place != hanging
        for number, moment in enumerate(moments)
    )


def main() -> int:
    """Print the figures; return 1 if a region delays another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=100, help="tables in each region (default: 100)")
    parser.add_argument("--regions", type=int, default=len(REGIONS), help="how many (default: 20)")
    arguments = parser.parse_args()
    regions = REGIONS[: arguments.regions]
    with run_emulator() as url, tempfile.TemporaryDirectory() as folder:
        create_account(url, arguments.tables)
        rows: dict[str, Any] = {
            f"one process for {len(regions)} regions": [regions],
            "one process for each": [(region,) for region in regions],
        }
        print(f"{CHECKS} checks of {arguments.tables} tables with an index in each of {len(regions)} regions")
        for name, groups in rows.items():
            print(f"{name}: {measure(url, folder, groups)}")
        latest = find_latest(url, folder, regions)
        print(f"while one region hangs, the latest check of another begins {latest:.2f} s late")
    return int(latest > MOST_LATE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
