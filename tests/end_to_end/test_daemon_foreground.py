"""In the foreground a supervisor has the process in its hand: no fork, no pid file, no refusal."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, RAISED, add_busy

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program


@pytest.mark.parametrize("word", ["foreground", "fg"])
def test_the_foreground_stays_one_process_without_a_pid_file(
    emulator: Emulator, program: Program, daemon: Daemon, word: str
) -> None:
    add_busy(emulator)
    with program.start(ALL, "--daemon", word, *daemon.flags) as running:
        running.wait_for("busy: updated")
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
        assert (children, list(daemon.pids.iterdir())) == ("", [])
        run = running.end(signal.SIGTERM)
    assert (run.code, run.stderr) == (0, "")


def test_two_in_the_foreground_and_a_daemon_refuse_nothing(program: Program, daemon: Daemon) -> None:
    daemon.must_start(ALL)
    flags = ("--daemon", "foreground", *daemon.flags)
    with program.start(ALL, *flags) as first, program.start(ALL, *flags) as second:
        for running in (first, second):
            running.wait_for("checked 0 targets")
        assert [running.end(signal.SIGTERM).code for running in (first, second)] == [0, 0]
    assert daemon.control("status").code == 0


def test_the_foreground_may_run_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    assert program.check(ALL, "--daemon", "foreground").code == 0
    assert len(emulator.requests("ListTables")) == 1
    assert emulator.capacities() == {("busy", None): RAISED}
