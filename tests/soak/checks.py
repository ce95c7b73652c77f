"""Run many checks of one daemon with changing load and failures, and measure it from outside."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.soak.figures import Figure
from tests.soak.process import command, count_descriptors, memory_megabytes, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

WARM_UP_CHECKS = 50
CALM_CHECKS = 3
"""Checks without faults before a measurement, so that all connections work again."""
CHECKS_BETWEEN_RELOADS = 25
CHECKS_BETWEEN_LONG_FAULTS = 50
MOST_SECONDS = 60
"""The bound of a check with one kind of call that never ends."""
MOST_GROWTH_MEGABYTES = 5
MOST_CONNECTIONS_MORE = 4
"""The number of connections varies with concurrent calls; a leak at each reload would exceed this."""
MOST_FAULTS_AT_ONCE = 2
TABLES = ("orders", "users", "sessions", "events")
INDEX = "by-date"

_CHECK = re.compile(r" - INFO - checked \d+ targets?: .*, in ([\d.]+) s$")
_LATE = "a check takes longer than check-interval"
_CLEARLY_LATE_SECONDS = 1.1
_CLEARLY_IN_TIME_SECONDS = 0.9
_CONFIGURATION = """\
[global]
check-interval: 1
max-workers: 4
[default_options]
max-provisioned-reads: 1000
max-provisioned-writes: 1000
num-read-checks-before-scale-down: 3
num-write-checks-before-scale-down: 3
sns-topic-arn: {topic}
sns-message-types: scale-up, scale-down
[table: .*]
[gsi: .* table: .*]
"""
_FAULTS: tuple[dict[str, Any], ...] = (
    {"code": "ThrottlingException", "times": 3},
    {"code": "InternalServerError", "times": 2},
    {"code": "ServiceUnavailable", "action": "GetMetricData", "times": 9},
    {"code": "ExpiredTokenException", "times": 4},
    {"code": "AccessDeniedException", "action": "ListTables"},
    {"code": "AccessDenied", "action": "GetMetricData"},
    {"code": "LimitExceededException", "action": "UpdateTable", "times": 2},
    {"code": "ResourceNotFoundException", "action": "DescribeTable", "table": "users"},
    {"kind": "bare_error", "action": "UpdateTable"},
    {"kind": "reset", "times": 3},
    {"kind": "html", "times": 2},
    {"kind": "cut_body", "times": 2},
    {"kind": "short_body", "times": 2},
    {"kind": "slow", "action": "ListTables", "seconds": 1.3},
    {"kind": "slow", "action": "UpdateTable", "seconds": 0.7, "times": 2},
    {"kind": "metric_status", "metric_status": "PartialData", "times": 3},
    {"kind": "missing_results", "table": "orders", "times": 2},
    {"code": "AuthorizationError", "action": "Publish", "times": 4},
)
_LONG_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "drip", "action": "DescribeTable", "table": "users"},
    {"kind": "endless_pages", "action": "ListTables", "times": None},
    {"kind": "drip", "action": "ListTables"},
    {"kind": "endless_pages", "action": "GetMetricData", "times": None},
    {"kind": "drip", "action": "GetMetricData"},
    {"kind": "drip", "action": "UpdateTable"},
    {"kind": "drip", "action": "Publish"},
)
"""Each of these takes a check to its time limit, and would occupy one of the four workers forever."""


@dataclass
class Log:
    """The daemon's log, read as it grows."""

    path: Path
    read: int = 0
    checks: int = 0

    def count_checks(self) -> int:
        """Count the checks that have ended."""
        if self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                file.seek(self.read)
                for line in iter(file.readline, ""):
                    if not line.endswith("\n"):
                        break
                    self.checks += _CHECK.search(line) is not None
                    self.read += len(line.encode())
        return self.checks

    def wait_for(self, checks: int) -> None:
        """Wait until this many checks have ended."""
        wait_until(lambda: self.count_checks() >= checks, f"check {checks}")


def soak_checks(emulator: Emulator, folder: Path, checks: int, seed: int) -> list[Figure]:
    """Run the daemon for this many checks, and return the figures."""
    chance = random.Random(seed)  # noqa: S311 - the same faults for the same seed
    _add_tables(emulator)
    path, log = folder / "soak.conf", Log(folder / "soak.log")
    path.write_text(_CONFIGURATION.format(topic=emulator.add_topic("soak")), encoding="utf-8")
    own = ("--pid-file-dir", str(folder), "--instance", "soak")
    files = ("-c", str(path), "--log-file", str(log.path), "--state-file", str(folder / "soak.json"))
    started = command(emulator, folder, *files, *own, "--daemon", "start")
    if started.returncode != 0:
        raise RuntimeError(started.stderr)
    pid = int((folder / "dynamic-dynamodb.soak.pid").read_text(encoding="utf-8"))
    try:
        warm_up = min(WARM_UP_CHECKS, checks // 2)
        _inject_faults(emulator, log, pid, chance, until=warm_up - CALM_CHECKS)
        before = _measure(emulator, log, pid, warm_up)
        _inject_faults(emulator, log, pid, chance, until=checks - CALM_CHECKS)
        after = _measure(emulator, log, pid, checks)
        done = log.count_checks()
        stopped = command(emulator, folder, *own, "--daemon", "stop").returncode
    finally:
        _end(pid)
    lines = log.path.read_text(encoding="utf-8")
    late, unwarned, warnings = judge_lateness(lines)
    longest = max(float(match[1]) for match in map(_CHECK.search, lines.splitlines()) if match)
    return [
        Figure("checks", done, at_least=checks),
        Figure("faults injected", sum(bool(request.faults) for request in emulator.requests())),
        Figure("updates applied", sum(request.applied for request in emulator.requests("UpdateTable"))),
        Figure("checks longer than their interval", late),
        Figure("seconds of the longest check", longest, limit=MOST_SECONDS),
        Figure("warnings about them", warnings),
        Figure("late checks without a warning", unwarned, limit=0),
        Figure(f"memory after {warm_up} checks, MB", before[0]),
        Figure(f"memory after {checks} checks, MB", after[0], limit=before[0] + MOST_GROWTH_MEGABYTES),
        Figure(f"descriptors after {warm_up} checks", before[1]),
        Figure(f"descriptors after {checks} checks", after[1], limit=before[1] + MOST_CONNECTIONS_MORE),
        Figure("exit code of the stop", stopped, limit=0),
    ]


def judge_lateness(log: str) -> tuple[int, int, int]:
    """Return the number of late checks, of late checks without a warning, and of warnings.

    One warning covers consecutive late checks. A check of almost exactly its interval
    counts either way.
    """
    late = unwarned = warnings = 0
    is_covered = False
    lines = [line for line in log.splitlines() if _LATE in line or _CHECK.search(line)]
    for line in lines:
        if _LATE in line:
            warnings += 1
            is_covered = True
            continue
        match = _CHECK.search(line)
        seconds = float(match[1]) if match else 0.0
        if seconds >= _CLEARLY_LATE_SECONDS:
            late += 1
            unwarned += not is_covered
        elif seconds <= _CLEARLY_IN_TIME_SECONDS:
            is_covered = False
    return late, unwarned, warnings


def _add_tables(emulator: Emulator) -> None:
    for table in TABLES:
        emulator.add_table(table, reads=100, writes=100, gsis={INDEX: (100, 100)})


def _inject_faults(emulator: Emulator, log: Log, pid: int, chance: random.Random, *, until: int) -> None:
    """Change the load and inject faults before each check."""
    while (done := log.count_checks()) < until:
        emulator.clear_faults()
        for fault in chance.sample(_FAULTS, chance.randint(0, MOST_FAULTS_AT_ONCE)):
            emulator.add_fault(**fault)
        if done % CHECKS_BETWEEN_LONG_FAULTS == CHECKS_BETWEEN_LONG_FAULTS // 2:
            emulator.add_fault(**_LONG_FAULTS[done // CHECKS_BETWEEN_LONG_FAULTS % len(_LONG_FAULTS)])
        for table in TABLES:
            for index in (None, INDEX):
                load = chance.choice((5, 60, 95, 300))
                emulator.put_metrics(table, index, consumed_reads=load, consumed_writes=load)
                emulator.set_decreases(table, index, today=0)
        if done % CHECKS_BETWEEN_RELOADS == CHECKS_BETWEEN_RELOADS - 1:
            os.kill(pid, signal.SIGHUP)
        log.wait_for(done + 1)


def _measure(emulator: Emulator, log: Log, pid: int, checks: int) -> tuple[float, int]:
    """Wait for some checks without failures, then return memory and open descriptors."""
    emulator.clear_faults()
    os.kill(pid, signal.SIGHUP)
    log.wait_for(max(checks, log.count_checks() + CALM_CHECKS))
    return memory_megabytes(pid), count_descriptors(pid)


def _end(pid: int) -> None:
    """Stop the daemon, whatever has happened."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        time.sleep(1)
