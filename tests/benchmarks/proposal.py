"""Measure what --init takes: `python -m tests.benchmarks.proposal`.

Of ten tables with an index each, AWS scales four itself, three consumed units in each minute of two weeks,
one of which is billed on demand, and three are idle. The indexes are idle, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from dynamic_dynamodb.scaling.costs import THOUSAND_METRICS_DOLLARS
from tests.emulator import Emulator
from tests.emulator.metrics import MetricKey
from tests.emulator.moments import MINUTE, floor_minute
from tests.emulator.place_control import CONSUMED_READS, CONSUMED_WRITES

SIZES = (100, 2_500)
MINUTES = timedelta(days=15) // timedelta(minutes=1)
MINUTES_AHEAD = 60
SCALED, BUSY, ON_DEMAND = range(4), range(4, 7), 4
"""The kinds of tables, by the last digit of their number."""
INDEX = "by-date"


def add_tables(emulator: Emulator, tables: int) -> None:
    """Add tables, no two of which have the same limits."""
    newest = floor_minute(emulator.now().timestamp())
    minutes = [newest - MINUTE * back for back in range(-MINUTES_AHEAD, MINUTES)]
    loads = [dict.fromkeys(minutes, float(MINUTE * units)) for units in range(1, 11)]
    series = emulator._state.metrics._series  # noqa: SLF001 - many share a load, which would fill the memory
    for number in range(tables):
        name, kind = f"table-{number:05}", number % 10
        reads, writes = units = (number + 100, number % 1000 + 10)
        is_on_demand = kind == ON_DEMAND
        emulator.add_table(name, reads=reads, writes=writes, gsis={INDEX: units}, on_demand=is_on_demand)
        limits = (5, 1000 + number)
        if kind in SCALED:
            for index in (None, INDEX):
                for capacity in ("Read", "Write"):
                    emulator.register_scalable(
                        name, index, capacity=capacity, limits=limits, target_percent=70
                    )
        if kind in BUSY:
            for metric in (CONSUMED_READS, CONSUMED_WRITES):
                series[MetricKey.of(name, None, metric)] = loads[number % len(loads)]


def measure(emulator: Emulator, folder: Path) -> str:
    """Return a row of the table without its first cell; check the file that was written."""
    command = [sys.executable, "-m", "dynamic_dynamodb"]
    environment = {**os.environ, **emulator.environment(), "PYTHONPATH": str(Path.cwd())}
    propose = [*command, "--init", "--init-output", "new.conf"]
    began = time.perf_counter()
    process = subprocess.Popen(propose, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    assert process.returncode == 0
    check = [*command, "-c", "new.conf", "--check-config"]
    checked = subprocess.run(check, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert checked.stdout.endswith(" 0 warnings, 0 notices\n"), checked.stdout
    calls, metrics = sum(emulator.count_requests().values()), emulator.count_metrics()
    size, seconds = (folder / "new.conf").stat().st_size, used.ru_utime + used.ru_stime
    return (
        f"{calls:,} | {metrics:,} | {metrics / 1000 * THOUSAND_METRICS_DOLLARS:.2f} | {wall:.0f}"
        f" | {seconds:.0f} | {used.ru_maxrss / 1000:.0f} | {size / 1e6:.1f} |"
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.proposal", description=__doc__)
    parser.add_argument("--tables", type=int, nargs="*", default=SIZES, help="numbers of tables")
    print("| tables, an index each | calls | metrics | dollars | wall, s | CPU, s | memory, MB | file, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for tables in parser.parse_args().tables:
        with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
            add_tables(emulator, tables)
            print(f"| {tables:,} | {measure(emulator, Path(folder))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
