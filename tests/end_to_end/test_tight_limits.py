"""With fewer threads allowed than workers configured, those that can be started do the work."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, RAISED, add_busy
from tests.end_to_end.program import COMMAND

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

GIGABYTE = 1 << 30
LIMITED = """\
import os, resource, sys
stack, space = map(int, sys.argv[1:3])
resource.setrlimit(resource.RLIMIT_STACK, (stack, resource.getrlimit(resource.RLIMIT_STACK)[1]))
resource.setrlimit(resource.RLIMIT_AS, (space, space))
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Each thread reserves a stack, so the address space limits the number of threads. This applies to root too,
unlike a limit on its number of processes; Python says the same sentence for both.
"""
TABLES = [f"t{number:02}" for number in range(30)]


def _limit(program: Program, threads: int) -> Program:
    """Limit the program to about this many threads besides the first."""
    limits = (str(4 * GIGABYTE), str((4 * threads + 2) * GIGABYTE))
    return replace(program, command=(sys.executable, "-c", LIMITED, *limits, *COMMAND))


@pytest.mark.parametrize("threads", [3, 4, 6, 12])
def test_all_tables_are_scaled_with_few_threads_and_one_warning(
    emulator: Emulator, program: Program, threads: int
) -> None:
    for name in TABLES:
        add_busy(emulator, name)
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=0.05, times=None)
    run = _limit(program, threads).check(f"[global]\nmax-workers: 16\n{ALL}")
    assert (run.code, run.stderr) == (0, "")
    assert set(emulator.capacities().values()) == {RAISED}
    reported = [warning for warning in run.warnings if "threads for look-ups can be started" in warning]
    assert len(reported) == 1
    assert "can't start new thread" in reported[0]
    assert "max-workers" in reported[0]


def test_a_daemon_with_few_threads_warns_once_and_handles_signals(
    emulator: Emulator, program: Program
) -> None:
    for name in TABLES:
        add_busy(emulator, name)
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=0.05, times=None)
    with _limit(program, 3).start(f"[global]\nmax-workers: 16\n{ALL}", "--check-interval", "1") as running:
        running.wait_for("checked 30 targets", count=3)
        run = running.end(signal.SIGTERM)
    assert (run.code, run.stderr) == (0, "")
    assert len([warning for warning in run.warnings if "threads for look-ups" in warning]) == 1


def test_a_run_that_cannot_start_any_thread_ends_with_an_error(program: Program) -> None:
    run = _limit(program, 0).check(ALL)
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith("dynamic-dynamodb: cannot start the thread that ")
    assert "(can't start new thread): allow more threads (ulimit -u, TasksMax, pids.max)" in run.stderr


def test_a_run_that_cannot_limit_calls_does_not_begin(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="drip", action="DescribeTable", times=None)
    run = _limit(program, 1).check(ALL)
    assert run.code == 1
    assert "cannot start the thread that ends calls in time" in run.stderr
    assert emulator.requests() == []
