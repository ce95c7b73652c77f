"""Control daemons of the program as an operator does, and end them with the test."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.program import PATIENCE_SECONDS, read_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.program import Program, Run

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Daemon:
    """One instance of the program, with its configuration and log in the program's folder."""

    program: Program
    instance: str = "default"
    is_forked: bool = True
    """Off for a daemon that starts as a command does, with the command line by which it is recognized."""

    @property
    def pids(self) -> Path:
        """Return the directory of the pid files, and create it if necessary."""
        path = self.program.folder / "pids"
        path.mkdir(exist_ok=True)
        return path

    @property
    def pid_file(self) -> Path:
        return self.pids / f"dynamic-dynamodb.{self.instance}.pid"

    @property
    def lock_file(self) -> Path:
        return self.pid_file.with_name(f"{self.pid_file.name}.lock")

    @property
    def pid(self) -> int:
        """Return the pid in the pid file."""
        return int(self.pid_file.read_text(encoding="utf-8"))

    @property
    def log_file(self) -> Path:
        return self.program.folder / f"{self.instance}.log"

    @property
    def own_log(self) -> Path:
        """Return the path of its log if no log is configured."""
        state = self.program.folder / ".local" / "state" / "dynamic-dynamodb"
        return state / f"dynamic-dynamodb.{self.instance}.log"

    @property
    def log(self) -> list[str]:
        """Return the log lines so far, each as `LEVEL message`."""
        return read_log(self.log_file.read_text(encoding="utf-8")) if self.log_file.exists() else []

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--instance", self.instance, "--pid-file-dir", str(self.pids))

    def control(self, command: str, *flags: str, **environment: str | None) -> Run:
        """Run a command of --daemon."""
        return self.program.run("--daemon", command, *self.flags, *flags, **environment)

    def ask(self, **environment: str | None) -> Run:
        """Run `--daemon status`, and return only whether the daemon runs, without its last check."""
        run = self.control("status", **environment)
        line, _, _ = run.stdout.partition("\n")
        is_answer = line.startswith("dynamic-dynamodb (")
        return replace(run, stdout=f"{line}\n" if is_answer else "")

    def start(self, configuration: str, *flags: str, command: str = "start") -> Run:
        """Start or restart the daemon with this configuration, logging to a file."""
        path = self.program.write(configuration, f"{self.instance}.conf")
        words = ("--daemon", command, *self.flags, "-c", path, "--log-file", str(self.log_file), *flags)
        return replace(self.program, can_be_forked=self.is_forked).run(*words)

    def must_start(self, configuration: str, *flags: str) -> int:
        """Start the daemon and return its pid."""
        run = self.start(configuration, *flags)
        assert (run.code, run.stderr) == (0, ""), run
        return self.pid

    def says(self, sentence: str) -> str:
        """Return the line with which a command reports this of the instance."""
        return f"dynamic-dynamodb ({self.instance}): {sentence}\n"

    def says_running(self, pid: int, log: Path | None = None) -> str:
        """Return the line with which `status` reports a running daemon."""
        return self.says(f"running with pid {pid}; its log is {log or self.log_file}")

    def wait_for(self, text: str, *, count: int = 1) -> list[str]:
        """Wait until `count` log lines contain the text, and return these lines."""

        def found() -> list[str]:
            return [line for line in self.log if text in line]

        wait_until(lambda: len(found()) >= count, f"{count} times {text!r} in the log")
        return found()

    def kill(self) -> int:
        """Kill the daemon with SIGKILL and return its former pid."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "the end after a kill")
        return pid


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Poll until the condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(_POLL_SECONDS)


def is_running(pid: int) -> bool:
    """Return whether the process exists and has not ended; a zombie has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def end_all(home: Path) -> None:
    """Kill every process of the program that was started with this home, or that uses a file below it."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with suppress(OSError):
                if _is_of(folder, home):
                    os.kill(int(folder.name), signal.SIGKILL)


def _is_of(process: Path, home: Path) -> bool:
    """Return whether a process belongs to a test; a fork has the variables of its parent in /proc."""
    if f"HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0"):
        return True
    if b"tests.end_to_end.forks" not in (process / "cmdline").read_bytes():
        return False
    return any(_read_link(file).is_relative_to(home) for file in (process / "fd").iterdir())


def _read_link(path: Path) -> Path:
    try:
        return path.readlink()
    except OSError:  # the file was closed in the meantime
        return path
