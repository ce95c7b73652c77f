"""A process is a daemon of an instance by its arguments; a process that only mentions the program is not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from dynamic_dynamodb.service import processes
from dynamic_dynamodb.service.processes import (
    find_daemon,
    find_process,
    has_ended,
    is_daemon,
    is_hidden,
    listens_on,
)


@pytest.mark.parametrize(
    ("line", "instance"),
    [
        pytest.param(
            "/usr/bin/python2 /usr/local/bin/dynamic-dynamodb --daemon start", "default", id="2.5.1"
        ),
        pytest.param("python2.7 -s -Wignore ./dynamic-dynamodb --daemon restart", "default", id="options"),
        pytest.param("python -Q new -W ignore dynamic-dynamodb --daemon start", "default", id="own values"),
        pytest.param("python3 -I -m dynamic_dynamodb --daemon start", "default", id="a module"),
        pytest.param("pypy3 -Imdynamic_dynamodb --daemon start", "default", id="a module, joined"),
        pytest.param("/opt/dynamic-dynamodb -c x --daemon=start", "default", id="a program of one file"),
        pytest.param("dynamic-dynamodb -c x --dae start --inst eu -r us-east-1", "eu", id="abbreviations"),
        pytest.param("dynamic-dynamodb --instance=eu --daemon start", "eu", id="with ="),
        pytest.param("dynamic-dynamodb --instance us --instance eu --daemon start", "eu", id="the last"),
    ],
)
def test_a_daemon_is_recognized(line: str, instance: str) -> None:
    assert is_daemon(line.split(), instance)
    assert not is_daemon(line.split(), "another")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing: it has ended"),
        pytest.param("vim /usr/local/bin/dynamic-dynamodb --daemon start", id="an editor"),
        pytest.param("sudo dynamic-dynamodb --daemon start", id="sudo"),
        pytest.param("/bin/sh -c dynamic-dynamodb --daemon start", id="a shell"),
        pytest.param("python -c x dynamic-dynamodb --daemon start", id="a program in an argument"),
        pytest.param("python other.py dynamic-dynamodb --daemon start", id="another script's argument"),
        pytest.param("python -m pdb dynamic-dynamodb --daemon start", id="another module"),
        pytest.param("python", id="an interpreter alone"),
        pytest.param("dynamic-dynamodb -c x", id="without --daemon"),
        pytest.param("dynamic-dynamodb --daemon foreground", id="in the foreground: no pid file"),
        pytest.param("dynamic-dynamodb --daemon status", id="a command that ends at once"),
        pytest.param("dynamic-dynamodb --daemon", id="unusable flags"),
        pytest.param("dynamic-dynamodb-exporter --daemon start", id="a longer name"),
    ],
)
def test_a_process_that_only_mentions_the_program_is_not_a_daemon(line: str) -> None:
    assert not is_daemon(line.split(), "default")


def test_the_kernel_describes_a_process() -> None:
    process = find_process(os.getpid())
    assert process is not None
    assert (process.parent, process.owner) == (os.getppid(), os.geteuid())
    assert process.fingerprint
    assert not has_ended(os.getpid())


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps to ask")
def test_ps_gives_the_same_answer_where_there_is_no_proc() -> None:
    words = [sys.executable, "-c", "print(flush=True)or(input())", "--daemon", "start"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()  # a process that has just begun has no arguments in /proc for a moment
        by_proc, by_ps = find_process(other.pid), processes._ask_ps(other.pid)  # noqa: SLF001 - no other way in
        other.communicate(b"\n")
    assert by_proc is not None
    assert by_ps is not None
    assert by_ps.started == pytest.approx(by_proc.started, abs=5)
    assert replace(by_ps, started=0.0, fingerprint="") == replace(by_proc, started=0.0, fingerprint="")


def test_a_zombie_process_has_ended() -> None:
    ended = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    try:
        assert has_ended(ended.pid)
    finally:
        ended.wait()
    assert find_process(ended.pid) is None


def test_a_thread_is_not_a_process() -> None:
    assert find_process(threading.main_thread().native_id or 0) is not None
    seen = []
    other = threading.Thread(target=lambda: seen.append(find_process(threading.get_native_id())))
    other.start()
    other.join()
    assert seen == [None]


@pytest.mark.parametrize("pid", [-1, 0, 2**31 - 1, 2**40], ids=["-1", "0", "the highest", "too high"])
def test_an_unused_pid_is_not_a_process(pid: int) -> None:
    assert (find_process(pid), is_hidden(pid), find_daemon(pid, "default")) == (None, False, None)


@pytest.mark.parametrize(
    ("family", "host"),
    [
        pytest.param(socket.AF_INET, "127.0.0.1", id="IPv4"),
        pytest.param(socket.AF_INET6, "::1", id="IPv6"),
    ],
)
def test_a_process_listens_on_a_port_while_its_own_socket_does(
    family: socket.AddressFamily, host: str
) -> None:
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        port = listener.getsockname()[1]
        assert listens_on(os.getpid(), port) is False
        listener.listen()
        assert listens_on(os.getpid(), port) is True
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            assert listens_on(other.pid, port) is False
            other.kill()
    assert listens_on(os.getpid(), port) is False
    assert listens_on(other.pid, port) is None
