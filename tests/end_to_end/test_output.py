"""Output that is not read, or cannot be written, neither ends nor holds up any work."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import signal
import subprocess
import termios
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import RAISED, add_busy, everywhere
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import COMMAND, PATIENCE_SECONDS
from tests.end_to_end.test_log_config_file import EXAMPLE
from tests.replay.files import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

PLAIN = everywhere(with_indexes=False)
EACH_SECOND = f"[global]\ncheck-interval: 1\n{PLAIN}"
SMALLEST_PIPE_BYTES = 4096
END_SECONDS = 15
"""What the end of a process may take on a busy machine; without a bound it would never come."""
NO_SPACE = "the output cannot be written: No space left on device"


@dataclass
class Outlet:
    """A stdout, and the other side of it."""

    ours: int
    theirs: int

    def drain(self) -> str:
        """Read until the other side is closed."""
        parts = []
        with suppress(OSError):  # how a terminal says so
            while part := os.read(self.ours, 65536):
                parts.append(part)
        return b"".join(parts).decode()


@contextmanager
def full_pipe() -> Iterator[Outlet]:
    """Yield a full pipe without a reader."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, SMALLEST_PIPE_BYTES)
    os.set_blocking(theirs, False)
    with suppress(BlockingIOError):
        while True:
            os.write(theirs, b"-" * 63 + b"\n")
    os.set_blocking(theirs, True)
    try:
        yield Outlet(ours, theirs)
    finally:
        for descriptor in (ours, theirs):
            with suppress(OSError):
                os.close(descriptor)


@contextmanager
def stopped_terminal() -> Iterator[Outlet]:
    """Yield a terminal stopped with Ctrl-S."""
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    try:
        yield Outlet(ours, theirs)
    finally:
        for descriptor in (ours, theirs):
            os.close(descriptor)


@contextmanager
def start(
    program: Program, configuration: str, *flags: str, stdout: int, stderr: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Start the program with this stdout."""
    process = subprocess.Popen(
        [*COMMAND, "-c", program.write(configuration), *flags],
        env={**os.environ, **program.emulator.environment(), "HOME": str(program.folder)},
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def run(program: Program, *arguments: str, stdout: str = "", **environment: str) -> tuple[int, str]:
    """Run with this redirection of stdout, and give exit code and stderr."""
    command = f"{shlex.join([*COMMAND, *arguments])} {stdout}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, **program.emulator.environment(), "HOME": str(program.folder), **environment},
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return ended.returncode, ended.stderr


def run_into_closed_pipe(program: Program, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run with a stdout whose reader is gone, as that of `head` may be."""
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "wb") as stdout:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            env={**os.environ, **program.emulator.environment(), "HOME": str(program.folder), **environment},
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("outlet", [full_pipe, stopped_terminal])
@pytest.mark.parametrize(
    ("section", "log"),
    [
        pytest.param("[logging]\nlog-file: own.log\n", "own.log", id="log-file"),
        pytest.param("[logging]\nlog-config-file: logging.conf\n", "configured.log", id="log-config-file"),
    ],
)
def test_an_unread_stdout_holds_up_neither_checks_nor_the_log_nor_the_exit(
    emulator: Emulator, program: Program, outlet: type, section: str, log: str
) -> None:
    add_busy(emulator)
    program.write(EXAMPLE, "logging.conf")
    path = program.folder / log
    with outlet() as stuck, start(program, EACH_SECOND + section, stdout=stuck.theirs) as process:
        wait_until(lambda: path.exists() and path.read_text().count("checked 1 target:") >= 3, "three checks")
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert path.read_text().splitlines()[-1].endswith(" - INFO - stopped")


def test_a_second_interrupt_ends_a_run_with_unread_stdout(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="slow", action="ListTables", seconds=8)
    with full_pipe() as stuck, start(program, EACH_SECOND, stdout=stuck.theirs) as process:
        emulator.wait_for_requests("ListTables", ended=False)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: _is_over(process, signal.SIGINT), "the end")
    assert process.returncode == 128 + signal.SIGINT


def _is_over(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Send the signal again, as two at a time may arrive as one."""
    if process.poll() is None:
        process.send_signal(number)
    return process.poll() is not None


def test_a_one_off_run_waits_for_a_slow_reader(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with full_pipe() as slow, start(program, PLAIN, "--run-once", stdout=slow.theirs) as process:
        os.close(slow.theirs)
        wait_until(lambda: emulator.capacities() == {("busy", None): RAISED}, "the update")
        assert process.poll() is None
        read = slow.drain()
        assert process.wait(END_SECONDS) == 0
    lines = [line.partition(" - dynamic-dynamodb - ")[2] for line in read.splitlines() if "-dynamodb" in line]
    assert [line.split()[:3] for line in lines] == [
        ["INFO", "-", "Dynamic"],
        ["INFO", "-", "busy:"],
        ["INFO", "-", "checked"],
    ]


def test_a_signal_ends_a_one_off_run_with_unread_stdout(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with full_pipe() as stuck, start(program, PLAIN, "--run-once", stdout=stuck.theirs) as process:
        wait_until(lambda: emulator.capacities() == {("busy", None): RAISED}, "the update")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 0
    assert errors == "dynamic-dynamodb: the end of the log is lost: it was not read in time\n"


def test_a_run_with_unread_stderr_ends(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with (
        full_pipe() as stuck,
        start(program, PLAIN, "--run-once", stdout=stuck.theirs, stderr=stuck.theirs) as process,
    ):
        wait_until(lambda: emulator.capacities() == {("busy", None): RAISED}, "the update")
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0


def test_a_foreground_run_continues_after_its_reader_exits(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    log = program.folder / "own.log"
    ours, theirs = os.pipe()
    with start(program, EACH_SECOND, "--log-file", "own.log", stdout=theirs) as process:
        os.close(theirs)
        os.close(ours)
        wait_until(lambda: log.exists() and log.read_text().count("checked 1 target:") >= 3, "three checks")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=END_SECONDS)
    assert (process.returncode, errors) == (0, "")
    trouble = "WARNING - stdout cannot be written: Broken pipe: log lines are being lost"
    assert log.read_text().count(trouble) == 1


def test_a_foreground_run_continues_when_the_disk_is_full(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with (
        open("/dev/full", "wb") as full,  # noqa: PTH123 - a device
        start(program, EACH_SECOND, stdout=full.fileno()) as process,
    ):
        wait_until(lambda: len(emulator.requests("GetMetricData")) >= 3, "three checks")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=END_SECONDS)
    said = "stdout cannot be written: No space left on device: log lines are being lost: free disk space"
    assert (process.returncode, errors) == (0, f"dynamic-dynamodb: {said}\n")


def test_the_exit_code_of_a_run_does_not_depend_on_its_log(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    path = program.write(PLAIN)
    code, errors = run(program, "-c", path, "--run-once", stdout=">/dev/full")
    said = "stdout cannot be written: No space left on device: log lines are being lost: free disk space"
    assert (code, errors) == (0, f"dynamic-dynamodb: {said}\n")
    assert run_into_closed_pipe(program, "-c", path, "--run-once") == (0, "")
    assert emulator.capacities() == {("busy", None): RAISED}


ONLY_CONSOLE = EXAMPLE.replace("handlers=console,file", "handlers=console").replace("file,console", "console")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_exit_code_of_a_run_does_not_depend_on_its_log_config_file(
    emulator: Emulator, program: Program, unbuffered: str
) -> None:
    add_busy(emulator)
    own = "-c", program.write(PLAIN), "--log-config-file", program.write(ONLY_CONSOLE, "logging.conf")
    code, errors = run(program, *own, "--run-once", stdout=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    why = "cannot be written: No space left on device: log lines are being lost: free disk space"
    assert (code, errors) == (0, f"dynamic-dynamodb: handler console of log-config-file {why}\n")
    assert run_into_closed_pipe(program, *own, "--run-once", PYTHONUNBUFFERED=unbuffered) == (0, "")
    assert emulator.capacities() == {("busy", None): RAISED}


RECORDED = f"{HEADER}\n" + "".join(
    f"2026-01-01T00:{minute:02}:00Z,60,60,0,0,100,100\n" for minute in range(60)
)
RESULTS = pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--version",), id="version"),
        pytest.param(("--help",), id="help"),
        pytest.param(("-c", "own.conf", "--check-config"), id="check-config"),
        pytest.param(("-c", "own.conf", "--explain", "busy"), id="explain"),
        pytest.param(("-c", "own.conf", "--show-config"), id="show-config"),
        pytest.param(("-c", "own.conf", "--print-iam-policy"), id="print-iam-policy"),
        pytest.param(("--print-example",), id="print-example"),
        pytest.param(("--print-completion", "bash"), id="print-completion"),
        pytest.param(("-c", "own.conf", "--replay", "busy.csv"), id="replay"),
        pytest.param(("-c", "own.conf", "--record", "kept"), id="record"),
    ],
)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@RESULTS
def test_a_result_that_cannot_be_written_is_one_error_and_exit_code_1(
    emulator: Emulator, program: Program, arguments: tuple[str, ...], unbuffered: str
) -> None:
    add_busy(emulator)
    program.write(PLAIN, "own.conf")
    program.write(RECORDED, "busy.csv")
    code, errors = run(program, *arguments, stdout=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (code, errors.count(f"dynamic-dynamodb: {NO_SPACE}\n")) == (1, 1)
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors


@RESULTS
def test_a_closed_pipe_ends_a_command_quietly(
    emulator: Emulator, program: Program, arguments: tuple[str, ...]
) -> None:
    add_busy(emulator)
    program.write(PLAIN, "own.conf")
    program.write(RECORDED, "busy.csv")
    code, errors = run_into_closed_pipe(program, *arguments)
    assert code == 128 + signal.SIGPIPE
    assert NO_SPACE.partition(":")[0] not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("-c", "missing.conf", "--check-config"), 2, id="a fault"),
        pytest.param(("--nonsense",), 2, id="an unknown flag"),
        pytest.param(("-c", "own.conf", "--show-config"), 0, id="a warning"),
    ],
)
def test_a_broken_stderr_changes_no_exit_code(
    program: Program, arguments: tuple[str, ...], code: int
) -> None:
    program.write(PLAIN.replace("max-provisioned-reads", "#"), "own.conf")
    assert run(program, *arguments, stdout="2>/dev/full >/dev/null") == (code, "")


def test_other_system_errors_are_not_reported_as_broken_output(program: Program) -> None:
    path = program.write(PLAIN, "own.conf")
    gone = program.folder / "gone"
    command = f"mkdir {gone}; cd {gone}; rmdir {gone}; {shlex.join([*COMMAND, '-c', path, '--check-config'])}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109 - a text is wanted
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert "output" not in ended.stderr
    assert "Traceback" not in ended.stderr
