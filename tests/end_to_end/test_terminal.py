"""A run ends when its terminal is closed, unless it runs under nohup."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import add_busy, everywhere
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import COMMAND, PATIENCE_SECONDS, Program, read_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator import Emulator

EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)
ON_TERMINAL = """\
import fcntl, os, signal, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
if sys.argv[1] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What a terminal's window does before it runs a program."""


@dataclass
class Attached:
    """A run on a terminal of its own, of which the test holds the other end."""

    process: subprocess.Popen[bytes]
    window: int
    log_file: Path

    def close_window(self) -> None:
        os.close(self.window)
        self.window = -1

    def wait_for(self, text: str, *, more: int = 1) -> None:
        """Wait for more lines with this text than the log has now."""

        def count() -> int:
            return sum(text in line for line in self.log)

        wanted = count() + more
        wait_until(lambda: count() >= wanted, f"{wanted} times {text!r} in the log")

    @property
    def log(self) -> list[str]:
        return read_log(self.log_file.read_text()) if self.log_file.exists() else []


@contextmanager
def _attach(program: Program, *, how: str = "plainly") -> Iterator[Attached]:
    window, terminal = pty.openpty()
    log_file = program.folder / "own.log"
    flags = ("-c", program.write(EACH_SECOND), "--log-file", str(log_file))
    environment = {**os.environ, **program.emulator.environment(), "HOME": str(program.folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, how, *COMMAND, *flags],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    attached = Attached(process, window, log_file)
    try:
        attached.wait_for("checked 1 target:")
        yield attached
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(attached.window)


@pytest.fixture(autouse=True)
def _table(emulator: Emulator) -> None:
    add_busy(emulator)


def test_closing_the_terminal_ends_the_run_cleanly(program: Program) -> None:
    with _attach(program) as attached:
        attached.close_window()
        code = attached.process.wait(PATIENCE_SECONDS)
    assert code == 0
    said = [line for line in attached.log if "stdout cannot be written" not in line]
    assert said[-2:] == ["INFO terminal closed: stopping", "INFO stopped"]


def test_sighup_reloads_while_the_terminal_is_open(program: Program) -> None:
    with _attach(program) as attached:
        attached.process.send_signal(signal.SIGHUP)
        attached.wait_for("configuration reloaded", more=1)
        attached.wait_for("checked 1 target:", more=2)
        assert attached.process.poll() is None


def test_a_run_under_nohup_survives_the_terminal(program: Program) -> None:
    with _attach(program, how="nohup") as attached:
        attached.close_window()
        attached.process.send_signal(signal.SIGHUP)
        attached.wait_for("checked 1 target:", more=3)
        assert attached.process.poll() is None
    assert not [line for line in attached.log if "configuration reloaded" in line]
