"""Measure what the history behind the page costs: `python -m tests.benchmarks.history`.

The memory is that of histories of a whole day, and the CPU time is what a check adds to them. Both are
printed for each number of targets, with the CPU time of the answer to a browser about one target.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.service.status.format import to_json
from dynamic_dynamodb.service.web.history import STEP_SECONDS, STEPS, History
from tests.service.status.builders import NOW, side, status, target

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.snapshot import Status

SIZES = (1_000, 5_000)
ROUNDS = 9
ANSWERS = 100


def make_status(targets: int, number: int) -> Status:
    """Return the status after one of the checks of a day, all of whose targets have other loads."""
    now = NOW + number * timedelta(seconds=STEP_SECONDS)
    seen: dict[str, Any] = {"checked": now, "described": now, "decided": now}
    sides = [side(30 + (number * 7 + each) % 601 / 10, throttled_events=each % 3) for each in range(601)]
    made = status(
        *(
            target(f"table-{each:05}", **seen, reads=sides[each % 601], writes=sides[each * 5 % 601])
            for each in range(targets)
        )
    )
    return replace(made, check=replace(made.check, started=now))


def measure(targets: int) -> str:
    """Return a row of the table."""
    history, day = History(), History()
    first = make_status(targets, 0)
    tracemalloc.start()
    history.record(first)
    memory = tracemalloc.get_traced_memory()[0]  # a history does not grow
    tracemalloc.stop()
    recorded: list[float] = []
    for number in range(1, ROUNDS + 1):
        made = make_status(targets, number)
        began = time.process_time()
        history.record(made)
        recorded.append(time.process_time() - began)
    for number in range(STEPS):
        made = make_status(1, number)
        day.record(made)
    began = time.process_time()
    for _ in range(ANSWERS):
        answer = to_json(day.read(made.targets[0].target, made.check.started))
    answered = (time.process_time() - began) / ANSWERS
    sizes = f"{memory / 1e6:.1f} | {memory / targets / 1e3:.1f}"
    times = f"{median(recorded) * 1e3:.0f} | {answered * 1e3:.2f}"
    return f"| {targets:,} | {sizes} | {times} | {len(answer) / 1e3:.1f} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.history", description=__doc__)
    parser.add_argument("--targets", type=int, nargs="*", default=SIZES, help="numbers of targets")
    print("| targets | memory, MB | kB a target | a check, ms | an answer, ms | an answer, kB |")
    print("|---|---|---|---|---|---|")
    for targets in parser.parse_args().targets:
        print(measure(targets), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
