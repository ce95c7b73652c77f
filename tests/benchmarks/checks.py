"""Compare a check with a bare boto3 script, and with the calls of 2.5.1: `python -m tests.benchmarks.checks`.

Both run as processes against an emulator in a third process. They take turns, so that other load on the
machine affects both alike; each figure is the median. The figures include the start of Python and boto3,
but not the compilation of source files, which an unmeasured first run does, as an installation would.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from tests.benchmarks.processes import ROOT, make_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (1, 10, 100, 1_000, 2_500)
SIZE_OF_10_000_TARGETS = 5_000
MOST_ROUNDS = 7
MOST_CHECKED_TABLES_PER_SIZE = 7_500
BUSY_EVERY = 25
CONTROL_BATCH = 500
MOST_WALL, MOST_CPU, MOST_MEMORY = 1.3, 1.25, 1.3
MOST_OWN_CPU_SECONDS = 2.0
CONFIGURATION = """\
[default_options]
max-provisioned-reads: 1000
max-provisioned-writes: 1000
[table: .*]
[gsi: .* table: .*]
"""


@dataclass(frozen=True)
class Cost:
    """The time and memory of one run."""

    wall_seconds: float
    cpu_seconds: float
    memory_megabytes: float


@dataclass(frozen=True)
class Row:
    """One row of the table: the medians of both programs, and their calls."""

    tables: int
    ours: Cost
    bare: Cost
    calls: int
    bare_calls: int
    calls_of_2_5_1: int

    @property
    def broken(self) -> list[str]:
        """Return the limits that are exceeded."""
        if self.calls != self.bare_calls:
            return ["calls"]
        limits = {
            "wall": (self.ours.wall_seconds / self.bare.wall_seconds, MOST_WALL),
            "CPU": (self.ours.cpu_seconds / self.bare.cpu_seconds, MOST_CPU),
            "memory": (self.ours.memory_megabytes / self.bare.memory_megabytes, MOST_MEMORY),
            "own CPU": (self.ours.cpu_seconds - self.bare.cpu_seconds, MOST_OWN_CPU_SECONDS),
        }
        return [name for name, (measured, most) in limits.items() if measured > most]

    def __str__(self) -> str:
        """Return the row as Markdown, as on the page."""
        ours, bare = self.ours, self.bare
        cells = (
            f"{self.tables:,}",
            f"{self.calls:,}",
            f"{self.calls_of_2_5_1:,}",
            _compare(ours.wall_seconds, bare.wall_seconds),
            _compare(ours.cpu_seconds, bare.cpu_seconds),
            _compare(ours.memory_megabytes, bare.memory_megabytes, digits=0),
        )
        return f"| {' | '.join(cells)} |"


def _compare(ours: float, bare: float, digits: int = 2) -> str:
    return f"{ours:.{digits}f} / {bare:.{digits}f} = {ours / bare:.2f}"


@contextmanager
def run_emulator() -> Iterator[str]:
    """Run the emulator in a process, and yield its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.emulator"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def control(url: str, method: str, **arguments: Any) -> Any:
    """Run a control method of the emulator."""
    request = Request(f"{url}/_control/{method}", json.dumps(arguments).encode())  # noqa: S310 - our own URL
    with urlopen(request) as answer:  # noqa: S310 - the same
        return json.load(answer)


def create_account(url: str, tables: int) -> None:
    """Create tables with one index each; the load of one table in 25 calls for a raise."""
    control(url, "reset")
    calls: list[dict[str, Any]] = []
    for number in range(tables):
        name, load = f"table-{number:05}", 95 if number % BUSY_EVERY == 0 else 50
        made = {"name": name, "reads": 100, "writes": 100, "gsis": {"by-date": [100, 100]}}
        calls.append({"method": "add_table", "arguments": made})
        for index in (None, "by-date"):
            metrics = {"table": name, "index": index, "consumed_reads": load, "consumed_writes": load}
            calls.append({"method": "put_metrics", "arguments": metrics})
    for start in range(0, len(calls), CONTROL_BATCH):
        control(url, "batch", calls=calls[start : start + CONTROL_BATCH])


def run(command: list[str], url: str, folder: str) -> Cost:
    """Run a program to its end and measure it."""
    # compiled once, as an installed program is
    environment = {**make_environment(url, folder), "PYTHONPYCACHEPREFIX": folder}
    with Path(folder, "output").open("w") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(Path(folder, "output").read_text())
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(url: str, folder: str, tables: int, rounds: int) -> Row:
    """Run both programs in turns."""
    configuration = Path(folder, "bench.conf")
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    commands = {
        "ours": ["-m", "dynamic_dynamodb", "-c", str(configuration), "--run-once"],
        "bare": ["-m", "tests.benchmarks.bare"],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    calls: dict[str, int] = {}
    updates = 0
    for command in commands.values():
        create_account(url, 1)
        run([sys.executable, *command], url, folder)
    for _ in range(rounds):
        for name, command in commands.items():
            create_account(url, tables)
            costs[name].append(run([sys.executable, *command], url, folder))
            counts = control(url, "count_requests")
            calls[name], updates = sum(counts.values()), counts["UpdateTable"]
    ours, bare = (
        Cost(
            median(cost.wall_seconds for cost in costs[name]),
            median(cost.cpu_seconds for cost in costs[name]),
            median(cost.memory_megabytes for cost in costs[name]),
        )
        for name in commands
    )
    old = -(-tables // 100) + 21 * tables + 20 * tables + 6 * updates
    return Row(tables, ours, bare, calls["ours"], calls["bare"], old)


def main() -> int:
    """Print the table; return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.checks", description=__doc__)
    sizes = (*SIZES, SIZE_OF_10_000_TARGETS)
    parser.add_argument("--tables", type=int, nargs="*", default=sizes, help="numbers of tables")
    asked = parser.parse_args()
    print("| tables, an index each | calls | calls of 2.5.1 | wall, s | CPU, s | memory, MB |")
    print("|---|---|---|---|---|---|")
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder, run_emulator() as url:
        for tables in asked.tables:
            rounds = max(1, min(MOST_ROUNDS, MOST_CHECKED_TABLES_PER_SIZE // tables))
            row = compare(url, folder, tables, rounds)
            print(row, flush=True)
            broken += [f"{tables} tables: {name}" for name in row.broken]
    for each in broken:
        print(f"limit exceeded: {each}")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
