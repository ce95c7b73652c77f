"""Check many tables while one action never answers or never ends, with the real timeouts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from tests.emulator import Emulator
from tests.soak.figures import Figure
from tests.soak.process import command

if TYPE_CHECKING:
    from pathlib import Path

TABLES = 300
MOST_SECONDS = 90
SCALES = ("ListTables", "Publish", "DescribeScalableTargets")
"""Calls whose failure does not keep tables from being scaled."""
ACTIONS = (*SCALES, "DescribeTable", "GetMetricData", "UpdateTable")
PAGES = ("ListTables", "DescribeScalableTargets", "GetMetricData")
CASES = (
    *(("hang", action) for action in ACTIONS),
    *(("drip", action) for action in ACTIONS),
    *(("endless_pages", action) for action in PAGES),
)
AT_ONCE = 6
"""More would measure the speed of the machine."""
_CONFIGURATION = """\
[global]
skip-aws-autoscaled: true
[default_options]
max-provisioned-reads: 1000
max-provisioned-writes: 1000
sns-topic-arn: {topic}
sns-message-types: scale-up
"""


def soak_hangs(folder: Path) -> list[Figure]:
    """Return the seconds of each check, and how many tables it scaled."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(partial(_check, folder), CASES))
    figures = []
    for (kind, action), (seconds, scaled) in zip(CASES, results, strict=True):
        figures.append(Figure(f"seconds: {action}, {kind}", round(seconds, 1), limit=MOST_SECONDS))
        expected = TABLES if action in SCALES else 0
        figures.append(Figure("tables scaled", scaled, limit=expected, at_least=expected))
    return figures


def _check(folder: Path, case: tuple[str, str]) -> tuple[float, int]:
    """Run one check; return the seconds, and how many tables were raised."""
    kind, action = case
    names = [f"table-{number:03}" for number in range(TABLES)]
    with Emulator() as emulator:
        for name in names:
            emulator.add_table(name, reads=100, writes=100)
            emulator.put_metrics(name, consumed_reads=95, consumed_writes=95)
        emulator.add_fault(kind=kind, action=action, times=None)
        text = _CONFIGURATION.format(topic=emulator.add_topic("soak"))
        sections = "\n".join(f"[table: {name}]" for name in names)  # plain names, which need no list
        path = folder / f"{kind}-{action}.conf"
        path.write_text(f"{text}{sections}\n", encoding="utf-8")
        own = ("--state-file", str(folder / f"{kind}-{action}.json"))
        began = time.monotonic()
        command(emulator, folder, "-c", str(path), "--run-once", *own, patience_seconds=2 * MOST_SECONDS)
        seconds = time.monotonic() - began
        scaled = sum(units != (100, 100) for units in emulator.capacities().values())
    return seconds, scaled
