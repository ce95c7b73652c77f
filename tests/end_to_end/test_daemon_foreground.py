"""`--daemon foreground` runs under a supervisor: no fork, no pid file, notifications to systemd."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, RAISED, add_busy
from tests.end_to_end.program import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program


@pytest.mark.parametrize("word", ["foreground", "fg"])
def test_a_foreground_run_is_one_process_without_a_pid_file(
    emulator: Emulator, program: Program, daemon: Daemon, word: str
) -> None:
    add_busy(emulator)
    with program.start(ALL, "--daemon", word, *daemon.flags) as running:
        running.wait_for("busy: updated")
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
        assert (children, list(daemon.pids.iterdir())) == ("", [])
        run = running.end(signal.SIGTERM)
    assert (run.code, run.stderr) == (0, "")


def test_two_foreground_runs_and_a_daemon_can_run_together(program: Program, daemon: Daemon) -> None:
    daemon.must_start(ALL)
    flags = ("--daemon", "foreground", *daemon.flags)
    with program.start(ALL, *flags) as first, program.start(ALL, *flags) as second:
        for running in (first, second):
            running.wait_for("checked 0 targets")
        assert [running.end(signal.SIGTERM).code for running in (first, second)] == [0, 0]
    assert daemon.control("status").code == 0


def test_a_foreground_run_can_run_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    assert program.check(ALL, "--daemon", "foreground").code == 0
    assert len(emulator.requests("ListTables")) == 1
    assert emulator.capacities() == {("busy", None): RAISED}


@pytest.mark.parametrize("prefix", ["", "@"], ids=["a file", "an abstract name"])
def test_systemd_is_notified_when_the_first_check_begins(
    emulator: Emulator, program: Program, prefix: str
) -> None:
    name = str(program.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name if not prefix else f"\0{name}")
        listener.settimeout(PATIENCE_SECONDS)
        with program.start(ALL, NOTIFY_SOCKET=f"{prefix}{name}") as running:
            assert listener.recv(100) == b"READY=1"
            emulator.wait_for_requests("ListTables")
            assert running.end(signal.SIGTERM).code == 0


def test_systemds_watchdog_is_notified_between_checks_and_while_aws_fails(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_fault(action="ListTables", code="InternalServerError", status=500, times=None)
    name = str(program.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.settimeout(PATIENCE_SECONDS)
        with program.start(ALL, NOTIFY_SOCKET=name, WATCHDOG_USEC="50000") as running:
            received = {listener.recv(100)}
            while b"READY=1" not in received:
                received.add(listener.recv(100))
            running.wait_for("not all tables could be listed")
            received |= {listener.recv(100) for _ in range(3)}
            assert received == {b"READY=1", b"WATCHDOG=1"}
            assert running.end(signal.SIGTERM).code == 0


def test_systemd_is_not_notified_of_a_start_with_faults(program: Program) -> None:
    name = str(program.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.setblocking(False)  # noqa: FBT003 - the standard library's way
        run = program.run(
            "-c", program.write("[table: x]\nreads-upper-threshold: lots\n"), NOTIFY_SOCKET=name
        )
        assert run.code == 2
        with pytest.raises(BlockingIOError):
            listener.recv(100)


def test_a_notify_socket_without_a_reader_does_not_hold_up_checks(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    name = str(program.folder / "notify")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other,
    ):
        listener.bind(name)
        other.setblocking(False)  # noqa: FBT003 - the standard library's way
        with contextlib.suppress(BlockingIOError):
            while True:
                other.sendto(b"full", name)
        run = program.check(ALL, NOTIFY_SOCKET=name)
    assert (run.code, emulator.capacities()) == (0, {("busy", None): RAISED})
    assert run.warnings[0] == "cannot notify the supervisor that the service is ready: timed out"


def test_a_notify_socket_that_fails_is_a_warning(program: Program) -> None:
    run = program.check(ALL, NOTIFY_SOCKET=str(program.folder / "nobody"))
    assert run.code == 0
    assert [warning for warning in run.warnings if "cannot notify the supervisor" in warning]
