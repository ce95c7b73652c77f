"""Run the real program as a process of its own against the emulated account."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.end_to_end.forks import Fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from signal import Signals

    from tests.emulator import Emulator

COMMAND = (sys.executable, "-m", "dynamic_dynamodb")
IMPATIENT = (sys.executable, "-m", "tests.end_to_end.impatient")
"""The same with timeouts that tests can wait for."""
ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30
_LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[+-]\d{4}|,\d{3}) - dynamic-dynamodb( - dryrun)? - ([A-Z]+) - (.*)"
)


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    code: int
    stdout: str
    stderr: str

    @property
    def log(self) -> list[str]:
        """Return the log lines, each as `LEVEL message`."""
        return read_log(self.stdout)

    @property
    def warnings(self) -> list[str]:
        """Return the messages of the warnings."""
        return [line.removeprefix("WARNING ") for line in self.log if line.startswith("WARNING ")]

    def line_of(self, target: str) -> str:
        """Return the only log line of a target."""
        lines = [line for line in self.log if re.match(rf"[A-Z]+ {re.escape(target)}: ", line)]
        assert len(lines) == 1, self.stdout
        return lines[0]


class Running:
    """A process that runs until it is signalled; its log is read as it is written."""

    def __init__(self, process: Fork | subprocess.Popen[str]) -> None:
        self._process = process
        self._output = ""
        self._errors = ""
        self._news = threading.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = (
            threading.Thread(target=self._collect, args=(process.stdout, "_output")),
            threading.Thread(target=self._collect, args=(process.stderr, "_errors")),
        )
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def log(self) -> list[str]:
        """Return the log lines so far, each as `LEVEL message`."""
        with self._news:
            return read_log(self._output)

    def wait_for(self, text: str, *, count: int = 1, seconds: float = PATIENCE_SECONDS) -> list[str]:
        """Wait until `count` log lines contain the text, and return these lines."""

        def found() -> list[str]:
            return [line for line in read_log(self._output) if text in line]

        with self._news:
            if not self._news.wait_for(lambda: len(found()) >= count, seconds):
                pytest.fail(f"not {count} times {text!r} within {seconds} s in {self._output}{self._errors}")
            return found()

    def send(self, number: Signals) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def end(self, *numbers: Signals, seconds: float = PATIENCE_SECONDS) -> Run:
        """Send signals, if any, and wait for the end."""
        for number in numbers:
            self.send(number)
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
            assert not reader.is_alive(), "a process that was left behind holds the output open"
        return _judge(Run(code, self._output, self._errors))

    def clean_up(self) -> None:
        """Kill the process and close its streams."""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def _collect(self, stream: IO[str], attribute: str) -> None:
        for line in stream:
            with self._news:
                setattr(self, attribute, getattr(self, attribute) + line)
                self._news.notify_all()


@dataclass(frozen=True)
class Program:
    """The program, a folder for its files, and the account that it sees."""

    emulator: Emulator
    folder: Path
    command: tuple[str, ...] = COMMAND
    can_be_forked: bool = True
    """Off for a test of what is decided when a module is imported, or of a process's command line."""
    frees_memory: bool = False
    """Whether a fork frees all memory before it ends, as Python does, although that takes time."""
    patience_seconds: float = PATIENCE_SECONDS
    """How long a run may take."""

    def write(self, text: str, name: str = "dynamic-dynamodb.conf") -> str:
        """Write a file that only its owner can read, and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    def check(self, configuration: str, *flags: str, **environment: str | None) -> Run:
        """Run one check with this configuration."""
        return self.run("-c", self.write(configuration), "--run-once", *flags, **environment)

    def run(self, *arguments: str, **environment: str | None) -> Run:
        """Run with arguments; an environment variable that is None is removed."""
        with self._start(arguments, environment) as running:
            return running.end(seconds=self.patience_seconds)

    def run_on_terminal(self, *arguments: str) -> Run:
        """Run with stderr on a terminal, and return what it shows as stderr; stdout must not fill a pipe."""
        window, terminal = os.openpty()
        process = subprocess.Popen(
            [*self.command, *arguments],
            env=self._environment({}),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
        )
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while part := os.read(window, 1 << 16):
                shown += part
        os.close(window)
        stdout, _ = process.communicate(timeout=self.patience_seconds)
        return _judge(Run(process.returncode, stdout, shown.decode()))

    @contextmanager
    def start(self, configuration: str, *flags: str, **environment: str | None) -> Iterator[Running]:
        """Start checks that repeat until a signal."""
        with self.start_with("-c", self.write(configuration), *flags, **environment) as running:
            yield running

    @contextmanager
    def start_with(self, *arguments: str, **environment: str | None) -> Iterator[Running]:
        """Start with arguments; an environment variable that is None is removed."""
        with self._start(arguments, environment) as running:
            yield running

    @contextmanager
    def _start(self, arguments: Sequence[str], environment: Mapping[str, str | None]) -> Iterator[Running]:
        variables = self._environment(environment)
        if self._can_be_forked(environment):
            process: Fork | subprocess.Popen[str] = Fork(
                self.command[-1], arguments, self.folder, variables, frees_memory=self.frees_memory
            )
        else:
            process = subprocess.Popen(
                [*self.command, *arguments],
                env=variables,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        running = Running(process)
        try:
            yield running
        finally:
            running.clean_up()

    def _can_be_forked(self, environment: Mapping[str, str | None]) -> bool:
        # Python reads some variables only when it starts.
        return (
            self.can_be_forked
            and self.command in (COMMAND, IMPATIENT)
            and not any(name.startswith(("PYTHON", "LC_", "LANG")) for name in environment)
        )

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        # Without its bytecode the program would compile itself at each start.
        foreign = ("AWS_", "XDG_", "STATE_DIRECTORY", "PYTHONDONTWRITEBYTECODE")
        own = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        joined = {
            **own,
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            **self.emulator.environment(),
            **changes,
        }
        return {name: text for name, text in joined.items() if text is not None}


def _judge(run: Run) -> Run:
    """Fail if a run ends in a traceback."""
    assert "Traceback" not in run.stdout + run.stderr, run.stdout + run.stderr
    return run


def read_log(text: str) -> list[str]:
    """Return the lines of a log in text, each as `LEVEL message`."""
    matches = map(_LOG_LINE.fullmatch, text.splitlines())
    return [f"{match[2]} {match[3]}" for match in matches if match]
