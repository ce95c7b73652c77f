"""Clients of `listen` neither stop checks nor reloads, and leave nothing open."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import SOON, add_busy, everywhere
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import Program
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from dynamic_dynamodb.config.address import Address
    from tests.emulator import Emulator
    from tests.end_to_end.program import Running

TABLES = everywhere(with_indexes=False)
FEW_FILES = 128
MANY_CLIENTS = 300
RELOADS = 4
HALF = b"GET / HTTP/1.1\r\nX: "
MOST_SECONDS_TO_STOP = 10


@pytest.fixture(autouse=True)
def _table(emulator: Emulator) -> None:
    add_busy(emulator)


@pytest.fixture
def few_files(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with a limit of open files."""
    limit = ("sh", "-c", f'ulimit -n {FEW_FILES}; exec "$@"', "sh")
    return Program(emulator, tmp_path, (*limit, sys.executable, "-m", "dynamic_dynamodb"))


def connect(address: Address, number: int, stack: ExitStack) -> None:
    """Open connections that send half of a request."""
    for _ in range(number):
        client = stack.enter_context(socket.create_connection((address.host, address.port)))
        client.sendall(HALF)


def count_open_files(running: Running) -> int:
    """Return how many files and sockets the process has open."""
    return sum(1 for _ in Path(f"/proc/{running.pid}/fd").iterdir())


def test_clients_leave_enough_files_for_calls_to_aws(few_files: Program) -> None:
    address = find_free_address()
    with few_files.start(TABLES, *SOON, "--listen", address) as running, ExitStack() as stack:
        running.wait_for("checked 1 target")
        connect(address, MANY_CLIENTS, stack)
        before = len(running.wait_for("checked 1 target"))
        running.wait_for("checked 1 target", count=before + 3)
        assert count_open_files(running) < FEW_FILES
        assert ask(address, "/healthz").status == 200
        assert [line for line in running.log if line.startswith(("WARNING", "ERROR"))] == []
        assert running.end(signal.SIGTERM).stderr == ""


def test_reloads_and_their_addresses_leave_no_file_open(program: Program) -> None:
    addresses = (find_free_address(), find_free_address())
    opened = []
    with program.start(f"[global]\nlisten: {addresses[1]}\n{TABLES}", *SOON) as running, ExitStack() as stack:
        running.wait_for("checked 1 target")
        for reload in range(RELOADS):
            address = addresses[reload % 2]
            connect(addresses[1 - reload % 2], 20, stack)
            program.write(f"[global]\nlisten: {address}\n{TABLES}")
            running.send(signal.SIGHUP)
            running.wait_for("configuration reloaded", count=reload + 1)
            assert ask(address, "/healthz").status == 200
            before = len(running.wait_for("checked 1 target"))
            running.wait_for("checked 1 target", count=before + 1)
            opened.append(count_open_files(running))
        assert opened[-1] <= opened[0] + 1, opened
        assert running.end(signal.SIGTERM).code == 0


def test_a_port_that_is_taken_keeps_the_old_configuration_at_a_reload(program: Program) -> None:
    address, taken = find_free_address(), find_free_address()
    with (
        socket.create_server((taken.host, taken.port)),
        program.start(f"[global]\nlisten: {address}\n{TABLES}", *SOON) as running,
    ):
        running.wait_for("checked 1 target")
        program.write(f"[global]\nlisten: {taken}\n{TABLES}")
        running.send(signal.SIGHUP)
        (line,) = running.wait_for("reload failed")
        assert f"keeping the old configuration: cannot listen on {taken}: Address already in use" in line
        before = len(running.wait_for("checked 1 target"))
        running.wait_for("checked 1 target", count=before + 1)
        assert ask(address, "/healthz").status == 200
        program.write(TABLES)
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        wait_until(lambda: not can_connect(address), "the end of listening")
        assert running.end(signal.SIGTERM).code == 0


def can_connect(address: Address) -> bool:
    """Return whether something listens there."""
    try:
        socket.create_connection((address.host, address.port)).close()
    except OSError:
        return False
    return True


def test_a_stop_does_not_wait_for_slow_clients(program: Program) -> None:
    address = find_free_address()
    with program.start(TABLES, *SOON, "--listen", address) as running, ExitStack() as stack:
        running.wait_for("checked 1 target")
        connect(address, 50, stack)
        began = time.monotonic()
        run = running.end(signal.SIGTERM)
        assert (run.code, run.stderr) == (0, "")
        assert time.monotonic() - began < MOST_SECONDS_TO_STOP


def test_every_answer_during_checks_reloads_and_the_end_is_whole(program: Program) -> None:
    address, ended, answers = find_free_address(), threading.Event(), []

    def poll(path: str) -> None:
        while not ended.is_set():
            with suppress(ConnectionError):
                answers.append((path, ask(address, path).status))

    paths = ("/status.json", "/healthz", "/readyz", "/", "/metrics")
    pollers = [threading.Thread(target=poll, args=(path,)) for path in paths]
    with program.start(f"[global]\nlisten: {address}\n{TABLES}", *SOON) as running:
        running.wait_for("checked 1 target")
        for poller in pollers:
            poller.start()
        try:
            for reload in range(2):
                running.send(signal.SIGHUP)
                running.wait_for("configuration reloaded", count=reload + 1)
            run = running.end(signal.SIGTERM)
        finally:
            ended.set()
            for poller in pollers:
                poller.join()
        assert (run.code, run.stderr) == (0, "")
        assert {status for path, status in answers if path != "/metrics"} == {200}
        assert {path for path, _ in answers} == set(paths)
        assert not re.search("^(WARNING|ERROR)", "\n".join(run.log), re.MULTILINE)
