"""Measure what `listen` costs, and what many clients do to checks: `python -m tests.benchmarks.listening`.

First, the CPU time of what `listen` adds to a check is measured, and of the answers that depend on the number
of targets; both in one thread, because the CPU time of whole checks varies more than that. Then a daemon
scales an emulated account in another process. Many clients read all paths, one after the other with a pause,
and slow ones hold connections; how late checks start, how long answers take, and the daemon's memory are
measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.status.board import StatusBoard
from dynamic_dynamodb.service.status.file import StatusFile
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from dynamic_dynamodb.service.web.response import Request
from dynamic_dynamodb.service.web.site import Site
from tests.benchmarks.checks import CONFIGURATION, create_account, run_emulator
from tests.benchmarks.processes import read_cpu_seconds, read_status, run_program
from tests.benchmarks.status import make_report
from tests.builders import NOW
from tests.service.status.builders import keeper, program

if TYPE_CHECKING:
    from collections.abc import Iterator


PATHS = ("/", "/page.js", "/status.json", "/metrics", "/healthz", "/readyz", "/nothing")
INTERVAL_SECONDS = 10
ROUNDS = 9
CHECK_SECONDS = 0.00072
"""CPU time of a check for each target, as `tests.benchmarks.checks` prints it."""
CLIENTS, SLOW_CLIENTS = 200, 100
SECONDS = 60
PAUSE_SECONDS = 1.0
MOST_CPU, MOST_LATE_SECONDS, MOST_MEMORY_MEGABYTES = 0.03, 2.0, 100
"""The status has whole seconds."""
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Daemon:
    """A running program, which listens on this port of loopback."""

    pid: int
    status_file: Path
    port: int

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its threads so far."""
        return read_cpu_seconds(self.pid)

    def megabytes(self, name: str) -> float:
        """Return a figure of its memory, such as VmHWM, the most so far."""
        return read_status(self.pid, name) / 1024

    def last_check(self) -> datetime | None:
        """Return when its last finished check began."""
        try:
            content = json.loads(self.status_file.read_bytes())
        except FileNotFoundError:
            return None
        return datetime.fromisoformat(content["check"]["started"])

    def await_check(self, before: datetime | None) -> datetime:
        """Wait for the end of a later check."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self.last_check()
            if found is not None and found != before:
                return found
            time.sleep(0.1)
        raise TimeoutError("no further check")


@contextmanager
def run_daemon(url: str, folder: str) -> Iterator[Daemon]:
    """Run the program in the foreground, and yield it after its first check."""
    configuration, status_file = Path(folder, "bench.conf"), Path(folder, "bench.status")
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    status_file.unlink(missing_ok=True)
    port = find_free_port()
    flags = (
        f"--check-interval={INTERVAL_SECONDS}",
        f"--status-file={status_file}",
        f"--listen=127.0.0.1:{port}",
    )
    with run_program(url, folder, ("-c", str(configuration), *flags), Path(folder, "output")) as pid:
        daemon = Daemon(pid, status_file, port)
        daemon.await_check(None)
        yield daemon


def find_free_port() -> int:
    """Return a port of loopback that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def measure_cpu(tables: int) -> list[str]:
    """Print the CPU time that `listen` adds to a check of tables with an index each; return broken limits."""
    report, kept = make_report(2 * tables), keeper()
    shown = StatusBoard(StatusFile(Path("unused")), (kept,))
    site, status = Site(Pulse(), board=shown), None
    attempt = Attempt("dynamodb:DescribeTable", 0.01)
    costs: dict[str, list[float]] = {"a check": [], "/metrics": [], "/status.json": []}
    for number in range(ROUNDS):
        moment = Moment(NOW + timedelta(seconds=INTERVAL_SECONDS * number), 1.0, INTERVAL_SECONDS)
        status = continue_status(status, program(), report, moment)
        began = time.process_time()
        for _ in range(tables):
            site.count_attempt("", attempt)
        kept.status = shown.status = status
        site.observe(kept, report, 1.0)
        site.record(kept, report, 1.0)
        costs["a check"].append(time.process_time() - began)
        for path in ("/metrics", "/status.json"):
            began = time.process_time()
            site.pages[path](Request(path))
            costs[path].append(time.process_time() - began)
    whole = 2 * tables * CHECK_SECONDS
    print(f"| {2 * tables:,} targets | CPU time, ms | of a check, % |\n|---|---|---|")
    for name, found in costs.items():
        print(f"| {name} | {median(found) * 1e3:.0f} | {median(found) / whole:.1%} |")
    return ["CPU"] if median(costs["a check"]) / whole > MOST_CPU else []


@dataclass
class Answers:
    """What clients received: how often which status, and the seconds of each answer."""

    codes: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def add(self, code: str, seconds: float) -> None:
        """Count an answer."""
        self.codes[code] = self.codes.get(code, 0) + 1
        self.seconds.append(seconds)


async def poll(port: int, number: int, pause_seconds: float, answers: Answers) -> None:
    """Read all paths, one after the other, until cancelled."""
    while True:
        path = PATHS[number % len(PATHS)]
        number += 1
        began, code = time.monotonic(), "none"
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                code = (await reader.readline()).decode()[9:12] or "none"
                while await reader.read(262_144):
                    pass
            finally:
                writer.close()
        answers.add(f"{path} {code}", time.monotonic() - began)
        await asyncio.sleep(pause_seconds)


async def hold(port: int, number: int) -> None:
    """Send half of a request, or read no answer; begin again when disconnected."""
    sent = b"GET / HTTP/1.1\r\nX: " if number % 2 else b"GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            writer.write(sent)
            try:
                while not reader.at_eof():
                    await asyncio.sleep(1)
                    if number % 2:
                        writer.write(b"x")
                        await writer.drain()
            finally:
                writer.close()


async def load(port: int, clients: int, slow: int, seconds: float, pause_seconds: float) -> Answers:
    """Return what the clients received in this time."""
    answers = Answers()
    tasks = [asyncio.create_task(poll(port, each, pause_seconds, answers)) for each in range(clients)]
    tasks += [asyncio.create_task(hold(port, each)) for each in range(slow)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return answers


def measure_load(url: str, folder: str, clients: int, pause_seconds: float) -> list[str]:
    """Print what many clients do to checks, and return the limits that are exceeded."""
    with run_daemon(url, folder) as daemon:
        first = daemon.await_check(daemon.last_check())
        quiet, cpu = daemon.megabytes("VmHWM"), daemon.cpu_seconds()
        answers = asyncio.run(load(daemon.port, clients, SLOW_CLIENTS, SECONDS, pause_seconds))
        cpu = daemon.cpu_seconds() - cpu
        last = daemon.await_check(daemon.last_check())
        most = daemon.megabytes("VmHWM")
    elapsed = last - first
    checks = round(elapsed / timedelta(seconds=INTERVAL_SECONDS))
    late = (elapsed - checks * timedelta(seconds=INTERVAL_SECONDS)).total_seconds()
    ordered = sorted(answers.seconds)
    print(f"{clients} clients that pause {pause_seconds:g} s, {SLOW_CLIENTS} slow ones, {SECONDS} s:")
    print(f"  answers: {len(ordered):,}: {json.dumps(answers.codes, sort_keys=True)}")
    print(f"  median {ordered[len(ordered) // 2]:.3f} s, slowest {ordered[-1]:.3f} s")
    print(f"  checks: {checks}, the last late by {late:.1f} s; CPU {cpu:.1f} s")
    print(f"  memory: {quiet:.0f} MB before, at most {most:.0f} MB")
    broken = ["checks are late"] if late > MOST_LATE_SECONDS else []
    return broken + (["memory"] if most - quiet > MOST_MEMORY_MEGABYTES else [])


def main() -> int:
    """Print the figures; return 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.listening", description=__doc__)
    parser.add_argument("--tables", type=int, default=1_000, help="number of tables, each with an index")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="number of clients that poll")
    parser.add_argument("--pause", type=float, default=PAUSE_SECONDS, help="seconds between requests")
    parser.add_argument("--only", choices=("cpu", "load"), help="leave out the other measurement")
    asked = parser.parse_args()
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder, run_emulator() as url:
        create_account(url, asked.tables)
        if asked.only != "load":
            broken += measure_cpu(asked.tables)
        if asked.only != "cpu":
            broken += measure_load(url, folder, asked.clients, asked.pause)
    for each in broken:
        print(f"limit exceeded: {each}")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
