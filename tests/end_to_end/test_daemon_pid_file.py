"""A pid file never leads to a signal to another process, whatever it contains."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, everywhere
from tests.end_to_end.daemons import Daemon, is_running, wait_until
from tests.end_to_end.program import COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)
COMMANDS = pytest.mark.parametrize("command", ["start", "stop", "status", "restart"])


@contextmanager
def _stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of another program."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_daemon_does_not_block_any_command(daemon: Daemon) -> None:
    daemon.must_start(ALL)
    old = daemon.kill()
    run = daemon.start(ALL)
    said = f"started with pid {daemon.pid}; a stale pid file was removed (pid {old})"
    assert (run.code, run.stdout, run.stderr) == (0, daemon.says(said), "")
    assert daemon.ask().code == 0


def test_a_pid_of_another_program_is_never_signalled(daemon: Daemon) -> None:
    with _stranger() as stranger:
        removed = f"a stale pid file was removed (pid {stranger.pid})"
        daemon.pid_file.write_text(f"{stranger.pid}\n")
        seen = [daemon.ask()]
        seen.append(daemon.control("stop"))
        daemon.pid_file.write_text(f"{stranger.pid}\n")
        seen.append(daemon.start(ALL, command="restart"))
        assert stranger.poll() is None
    path, pid = daemon.pid_file, daemon.pid
    assert [(run.code, run.stdout + run.stderr) for run in seen] == [
        (1, daemon.says(f"not running, but there is a stale pid file {path} (pid {stranger.pid})")),
        (0, daemon.says(f"not running; {removed}")),
        (0, daemon.says(f"not running; {removed}") + daemon.says(f"started with pid {pid}")),
    ]


def test_a_pid_file_locked_by_another_program_leads_to_no_signal(daemon: Daemon) -> None:
    with _stranger() as stranger:
        daemon.pid_file.write_text(f"{stranger.pid}\n")
        with daemon.pid_file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            stop = subprocess.Popen(
                [*COMMAND, "--daemon", "stop", *daemon.flags], stderr=subprocess.PIPE, stdout=subprocess.PIPE
            )
            try:
                assert stop.wait(10) == 0
            finally:
                stop.kill()
                stop.communicate()
        assert stranger.poll() is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"garbage\n", id="garbage"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"-1\n", id="negative"),
        pytest.param(b"0\n", id="zero"),
        pytest.param(b"9" * 5000, id="no pid of any process"),
    ],
)
def test_an_unreadable_pid_file_is_stale_and_removed(daemon: Daemon, content: bytes) -> None:
    daemon.pid_file.write_bytes(content)
    assert daemon.ask().code == 1
    run = daemon.control("stop")
    assert (run.code, run.stderr) == (0, "")
    assert run.stdout.startswith(daemon.says("not running; a stale pid file was removed").rstrip("\n"))
    assert not daemon.pid_file.exists()


@COMMANDS
def test_a_pid_file_that_is_a_link_is_refused(daemon: Daemon, command: str) -> None:
    target = daemon.program.folder / "precious"
    target.write_text("1\n")
    daemon.pid_file.symlink_to(target)
    run = daemon.start(ALL, command=command)
    said = daemon.says(f"the pid file {daemon.pid_file} cannot be used: it is a symbolic link")
    assert (run.code, run.stdout, run.stderr) == (1, "", said)
    assert (target.read_text(), daemon.pid_file.is_symlink()) == ("1\n", True)


@COMMANDS
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_pid_file_that_is_not_a_regular_file_is_refused(
    daemon: Daemon, command: str, make: Callable[[Path], None]
) -> None:
    make(daemon.pid_file)
    run = daemon.start(ALL, command=command)
    assert (run.code, run.stdout) == (1, "")
    assert str(daemon.pid_file) in run.stderr


@pytest.mark.parametrize("folder", ["missing", "dynamic-dynamodb.conf"])
def test_a_pid_directory_that_cannot_be_used_is_named(daemon: Daemon, folder: str) -> None:
    path = daemon.program.write(ALL)
    run = daemon.program.run("-c", path, "--daemon", "start", "--pid-file-dir", folder)
    assert (run.code, run.stdout) == (1, "")
    assert str(daemon.program.folder / folder) in run.stderr


def test_a_removed_pid_file_is_written_again(daemon: Daemon) -> None:
    pid = daemon.must_start(EACH_SECOND)
    daemon.pid_file.unlink()
    wait_until(daemon.pid_file.exists, "a new pid file")
    assert daemon.start(ALL).stderr == daemon.says(f"already running with pid {pid}")


def test_a_pid_file_does_not_look_old_while_its_daemon_runs(daemon: Daemon) -> None:
    daemon.must_start(EACH_SECOND)
    os.utime(daemon.pid_file, (0, 0))
    wait_until(lambda: daemon.pid_file.stat().st_mtime > 0, "a touch")
    assert daemon.control("stop").code == 0


def test_a_daemon_that_was_replaced_ends(daemon: Daemon) -> None:
    first = daemon.must_start("[global]\ncheck-interval: 2\n" + everywhere(with_indexes=False))
    daemon.wait_for("checked 0 targets")
    os.kill(first, signal.SIGSTOP)  # it must not make them again before the second is there
    daemon.pid_file.unlink()
    daemon.lock_file.unlink()
    second = daemon.must_start(ALL)
    os.kill(first, signal.SIGCONT)
    wait_until(lambda: not is_running(first), "the end of the first")
    assert daemon.ask().stdout == daemon.says_running(second)


def test_a_daemon_survives_the_removal_of_its_pid_directory(daemon: Daemon) -> None:
    pid = daemon.must_start(EACH_SECOND)
    gone = f"WARNING {daemon.pids} does not exist"
    daemon.pid_file.unlink()
    daemon.lock_file.unlink()
    daemon.pids.rmdir()
    daemon.wait_for(gone)
    daemon.wait_for("checked 0 targets", count=len(daemon.log) + 2)
    assert len([line for line in daemon.log if line.startswith(gone)]) == 1
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_running(pid), "the end")
