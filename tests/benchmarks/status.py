"""Measure what the status adds to a check: `python -m tests.benchmarks.status`.

A check of targets with different loads, without AWS, makes a report. Then the status of the report is built,
rendered and written, as a daemon does after each check. The CPU time and the size of the file are printed;
figures are medians. Of a single run, reading the status of the run before it is printed too. The CPU time of
a whole check is what `tests.benchmarks.checks` prints.

`--places 20` measures places with 1,000 targets each, whose checks end at the same time: what merging their
statuses and writing the file once takes, in all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.status.board import StatusBoard
from dynamic_dynamodb.service.status.file import StatusFile
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from tests.builders import NOW, both, make_check, section
from tests.check.fake_world import load
from tests.fakes import FakeMetrics, FakeTables
from tests.service.status.builders import keeper, program

if TYPE_CHECKING:
    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.status.snapshot import Status

SIZES = (1_000, 5_000)
ROUNDS = 9
TARGETS_A_PLACE = 1_000
LOADS = 600
"""How many different loads the targets have."""


def make_report(targets: int) -> CheckReport:
    """Return the report of a check, with the sentences that the log has written."""
    tables, metrics = FakeTables(), FakeMetrics()
    for number in range(targets):
        target = Target(f"table-{number:05}")
        tables.add(target, both(100))
        metrics.answers[target] = load(30 + number % LOADS / 10, 50)
    sections = (section(max_provisioned_reads="1000"),)
    report = make_check(sections, tables=tables, metrics=metrics).run(NOW)
    for one in report.targets:
        str(one)
    return report


def measure(targets: int, folder: str) -> str:
    """Return a row of the table on the page."""
    report, file = make_report(targets), StatusFile(Path(folder, "bench.status"))
    number, status = len(report.targets), None
    written: list[float] = []
    read: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        status = continue_status(status, program(), report, Moment(NOW, 1.0, 300))
        file.write(status)
        ended = time.process_time()
        written.append(ended - began)
        file.read()
        read.append(time.process_time() - ended)
    size = file.path.stat().st_size / 1e6
    times = f"{median(written) * 1e3:.0f} | {median(read) * 1e3:.0f}"
    return f"| {number:,} | {times} | {median(written) / number * 1e6:.0f} | {size:.1f} |"


class CountedFile(StatusFile):
    """A status file that counts how often it is written."""

    written = 0

    def write(self, status: Status) -> None:
        """Write and count."""
        super().write(status)
        CountedFile.written += 1


def measure_places(places: int, folder: str) -> str:
    """Return a row of the table about places."""
    report, labels = make_report(TARGETS_A_PLACE), [f"region-{number:02}" for number in range(places)]
    keepers = [keeper(Place(one, label=one)) for one in labels]
    reports = [
        replace(
            report,
            targets=tuple(replace(one, target=one.target._replace(place=label)) for one in report.targets),
        )
        for label in labels
    ]
    board = StatusBoard(CountedFile(Path(folder, "places.status")), tuple(keepers))
    costs: list[float] = []
    for _ in range(ROUNDS):
        began, written = time.process_time(), CountedFile.written
        with ThreadPoolExecutor(places) as pool:
            for _ in pool.map(lambda kept, seen: kept.observe(seen, 1.0), keepers, reports):
                pass
        board.flush()
        costs.append(time.process_time() - began)
    writes = CountedFile.written - written
    size = board.file.path.stat().st_size / 1e6
    return f"| {places} x {TARGETS_A_PLACE:,} | {median(costs) * 1e3:.0f} | {writes} | {size:.1f} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.status", description=__doc__)
    parser.add_argument("--targets", type=int, nargs="*", default=SIZES, help="numbers of targets")
    parser.add_argument("--places", type=int, nargs="*", default=(), help="numbers of places")
    arguments = parser.parse_args()
    print("| targets | after a check, ms | before the first, ms | µs a target | file, MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for targets in arguments.targets:
            print(measure(targets, folder), flush=True)
        if arguments.places:
            print("\n| places x targets | all reports, ms | files written | file, MB |\n|---|---|---|---|")
        for places in arguments.places:
            print(measure_places(places, folder), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
