"""A running program serves its status."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy, add_idle
from tests.end_to_end.daemons import wait_until
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program


def test_a_daemon_serves_its_status_and_whether_it_is_well(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    address = find_free_address()
    daemon.must_start(ALL, *SOON, "--listen", address)
    daemon.wait_for("checked 1 target")
    daemon.wait_for(f"listening on http://{address}")
    wait_until(lambda: ask(address, "/readyz").status == 200, "a daemon that is ready")
    assert ask(address, "/healthz").status == 200
    status = json.loads(ask(address, "/status.json").body)
    assert [one["table"] for one in status["targets"]] == ["busy"]
    metrics = ask(address, "/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = metrics.body.decode().splitlines()
    change = (
        'account="123456789012",capacity="reads",direction="up",index="",reason="consumed-above-threshold"'
    )
    assert f'dynamic_dynamodb_changes_total{{{change},region="us-east-1",table="busy"}} 1.0' in lines
    call = 'action="dynamodb:UpdateTable",result="success"'
    assert f"dynamic_dynamodb_aws_call_duration_seconds_count{{{call}}} 1.0" in lines
    assert daemon.control("stop").code == 0


def test_a_port_in_use_fails_the_start(daemon: Daemon) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        run = daemon.start(ALL, "--listen", address)
        assert (run.code, run.stdout) == (1, "")
        assert f"cannot listen on {address}: Address already in use" in run.stderr
        run = daemon.program.run("-c", daemon.program.write(ALL, "own.conf"), "--listen", address)
        assert run.code == 1
        assert f"cannot listen on {address}: Address already in use" in run.stderr
    assert daemon.control("status").code == 3


def test_a_restart_with_a_port_in_use_leaves_the_old_daemon_running(daemon: Daemon) -> None:
    own = find_free_address()
    pid = daemon.must_start(ALL, "--listen", own)
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        run = daemon.start(ALL, "--listen", address, command="restart")
    assert (run.code, run.stdout) == (1, "")
    assert f"cannot listen on {address}: Address already in use" in run.stderr
    assert daemon.ask().stdout == daemon.says_running(pid)
    assert ask(own, "/healthz").status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_restart_takes_over_the_port_of_the_old_daemon(daemon: Daemon, host: str) -> None:
    first = find_free_address()
    pid = daemon.must_start(ALL, "--listen", first)
    run = daemon.start(ALL, "--listen", f"{host}:{first.port}", command="restart")
    assert (run.code, run.stderr) == (0, "")
    assert daemon.pid != pid
    daemon.wait_for(f"listening on http://{host}:{first.port}")


def test_a_single_run_does_not_listen(program: Program) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        assert program.check(ALL, "--listen", f"127.0.0.1:{other.getsockname()[1]}").code == 0


def test_a_reload_moves_the_address_and_keeps_the_old_one_if_the_new_one_is_taken(
    emulator: Emulator, program: Program
) -> None:
    add_idle(emulator, "idle")
    first, second = find_free_address(), find_free_address()
    text = "[global]\nlisten: {}\n" + ALL
    with program.start(text.format(first), *SOON) as running, closing(socket.socket()) as other:
        running.wait_for(f"listening on http://{first}")
        other.bind((second.host, second.port))
        program.write(text.format(second))
        running.send(signal.SIGHUP)
        running.wait_for(f"keeping the old configuration: cannot listen on {second}")
        assert ask(first, "/healthz").status == 200
        other.close()
        running.send(signal.SIGHUP)
        running.wait_for(f"listening on http://{second}")
        assert ask(second, "/healthz").status == 200
        wait_until(lambda: is_refused(first.host, first.port), "the end of the old address")
        assert running.end(signal.SIGTERM).code == 0


def is_refused(host: str, port: int) -> bool:
    """Return whether nothing listens there."""
    try:
        socket.create_connection((host, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
