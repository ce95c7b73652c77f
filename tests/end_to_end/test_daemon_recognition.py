"""A daemon of 2.5.1 is recognized by its process; a reused pid is not a daemon."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.processes import find_process
from tests.end_to_end.account import ALL, everywhere
from tests.end_to_end.daemons import Daemon, is_running, wait_until
from tests.end_to_end.program import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)
NEIGHBOUR = 65534
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
AS_DAEMON = ("dynamic-dynamodb", "-c", "sleep 60 & wait", "sh", "--daemon", "start")
"""A shell's arguments that look like a daemon's, for users who cannot run the interpreter of these tests."""


@pytest.fixture
def daemon(daemon: Daemon) -> Daemon:
    """Return an instance that starts as a command does, and is recognized by its command line."""
    return replace(daemon, is_forked=False)


@contextmanager
def _run(words: Sequence[str], **how: str | int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(words, **how)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _write_old(folder: Path) -> str:
    """Write what runs on under the name of 2.5.1's script."""
    script = folder / "dynamic-dynamodb"
    script.write_text("import time\ntime.sleep(60)\n")
    return str(script)


def test_a_running_daemon_of_2_5_1_is_neither_joined_nor_stopped(daemon: Daemon) -> None:
    words = (sys.executable, _write_old(daemon.program.folder), "--daemon", "start", "-c", "x")
    with _run(words) as old:
        daemon.pid_file.write_text(f"{old.pid}")
        runs = [daemon.ask(), daemon.control("stop")]
        runs += [daemon.start(ALL, command=command) for command in ("start", "restart")]
        assert old.poll() is None
        assert daemon.pid_file.read_text() == f"{old.pid}"
        other = Daemon(daemon.program, "other").ask()
    advice = f"stop it with `kill {old.pid}` first"
    said = f"running with pid {old.pid} but without a lock, like a daemon of 2.5.1: {advice}"
    assert [(run.code, run.stdout + run.stderr) for run in runs] == [
        (0, daemon.says(said)),
        (1, daemon.says(said)),
        (1, daemon.says(f"already {said}")),
        (1, daemon.says(said)),
    ]
    assert other.code == 3


@pytest.mark.parametrize(
    ("words", "age_seconds"),
    [
        pytest.param((sys.executable, "{script}", "--daemon", "start"), 3600, id="younger than the file"),
        pytest.param((sys.executable, "{script}", "--daemon", "start", "--instance", "b"), 0, id="another's"),
        pytest.param((sys.executable, "{script}", "-c", "x"), 0, id="no daemon"),
        pytest.param(("/bin/sh", "-c", "sleep 60", "{script}", "--daemon", "start"), 0, id="an argument"),
    ],
)
def test_a_reused_pid_does_not_block_a_start(
    daemon: Daemon, words: tuple[str, ...], age_seconds: float
) -> None:
    script = _write_old(daemon.program.folder)
    with _run([word.format(script=script) for word in words]) as stranger:
        daemon.pid_file.write_text(f"{stranger.pid}\n")
        written = time.time() - age_seconds
        os.utime(daemon.pid_file, (written, written))
        run = daemon.start(ALL)
        assert stranger.poll() is None
    said = f"started with pid {daemon.pid}; a stale pid file was removed (pid {stranger.pid})"
    assert (run.code, run.stdout, run.stderr) == (0, daemon.says(said), "")


def test_the_pid_of_a_parent_does_not_block_a_start(daemon: Daemon) -> None:
    """As in a container, where the same few pids come again at each start."""
    program = daemon.program
    start = [*COMMAND, "-c", program.write(ALL), "--daemon", "start", *daemon.flags]
    script = program.folder / "dynamic-dynamodb"
    script.write_text(
        "import os, pathlib, subprocess, sys\n"
        f"pathlib.Path({str(daemon.pid_file)!r}).write_text(str(os.getpid()))\n"
        f"sys.exit(subprocess.run({start!r}).returncode)\n"
    )
    environment = {**os.environ, **program.emulator.environment(), "HOME": str(program.folder)}
    words = [sys.executable, str(script), "--daemon", "start"]
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run
    assert "a stale pid file was removed" in run.stdout


def test_a_reader_of_the_pid_file_cannot_block_any_command(daemon: Daemon) -> None:
    daemon.must_start(ALL)
    assert daemon.lock_file.stat().st_mode & 0o777 == 0o600
    daemon.kill()
    with daemon.pid_file.open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        fcntl.lockf(held, fcntl.LOCK_SH)
        pid = daemon.must_start(ALL)
        with daemon.pid_file.open() as new:
            fcntl.flock(new, fcntl.LOCK_SH)
            fcntl.lockf(new, fcntl.LOCK_SH)
            assert daemon.start(ALL, command="restart").code == 0
            assert not is_running(pid)
        assert daemon.control("stop").code == 0


def test_a_foreign_file_at_the_pid_file_neither_stops_a_daemon_nor_is_changed(daemon: Daemon) -> None:
    pid = daemon.must_start(EACH_SECOND)
    daemon.pid_file.unlink()
    daemon.pid_file.symlink_to(daemon.program.folder / "precious")
    daemon.wait_for(f"WARNING {daemon.pid_file} has been replaced by another file, which is left alone")
    daemon.wait_for("checked 0 targets", count=len(daemon.log) + 2)
    assert not (daemon.program.folder / "precious").exists()
    assert f"running with pid {pid}" in daemon.ask().stdout
    assert daemon.control("stop").code == 0
    assert daemon.pid_file.is_symlink()


def test_a_hard_link_at_the_pid_file_is_not_written(daemon: Daemon) -> None:
    precious = daemon.program.folder / "precious"
    precious.write_text("as it was\n")
    for path in (daemon.pid_file, daemon.lock_file):
        path.hardlink_to(precious)
    pid = daemon.must_start(ALL)
    assert precious.read_text() == "as it was\n"
    assert f"running with pid {pid}" in daemon.ask().stdout


@ONLY_ROOT
def test_files_that_another_user_puts_in_place_stop_no_daemon(daemon: Daemon) -> None:
    daemon.must_start(EACH_SECOND)
    for path in (daemon.pid_file, daemon.lock_file):
        path.unlink()
        path.write_text("1\n")
        os.chown(path, NEIGHBOUR, NEIGHBOUR)
    with daemon.lock_file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        daemon.wait_for("has been replaced by a file of another user, which is left alone")
        daemon.wait_for("checked 0 targets", count=len(daemon.log) + 2)
    assert [path.read_text() for path in (daemon.pid_file, daemon.lock_file)] == ["1\n", "1\n"]


@ONLY_ROOT
def test_root_neither_signals_nor_waits_for_the_process_of_another_user(daemon: Daemon) -> None:
    with _run(("sleep", "60"), user=NEIGHBOUR) as stranger:
        process = find_process(stranger.pid)
        assert process is not None
        for path in (daemon.pid_file, daemon.lock_file):
            path.write_text(f"{stranger.pid} {process.fingerprint}\n")
            os.chown(path, NEIGHBOUR, NEIGHBOUR)
        with daemon.lock_file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            run = daemon.start(ALL, command="restart")
        assert stranger.poll() is None
    removed = daemon.says(f"not running; a stale pid file was removed (pid {stranger.pid})")
    assert (run.code, run.stdout, run.stderr) == (
        0,
        removed + daemon.says(f"started with pid {daemon.pid}"),
        "",
    )
    assert daemon.lock_file.stat().st_uid == 0


@ONLY_ROOT
@pytest.mark.parametrize(
    ("owner", "code"), [pytest.param(NEIGHBOUR, 0, id="their files"), pytest.param(0, 1, id="root's")]
)
def test_root_stops_the_daemon_of_another_user_by_the_files_of_that_user(
    daemon: Daemon, owner: int, code: int
) -> None:
    with _run(AS_DAEMON, executable="/bin/sh", user=NEIGHBOUR) as theirs:
        wait_until(lambda: is_running(theirs.pid), "a process")
        for path in (daemon.pid_file, daemon.lock_file):
            path.write_text(f"{theirs.pid}\n")
            os.chown(path, owner, owner)
        with daemon.lock_file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            run = daemon.control("stop")
        assert run.code == code, run
        assert (theirs.poll() is None) == (code == 1)


@ONLY_ROOT
def test_a_pid_file_of_another_user_does_not_make_a_root_process_a_daemon(daemon: Daemon) -> None:
    words = (sys.executable, _write_old(daemon.program.folder), "--daemon", "start", "-c", "x")
    with _run(words) as alike:
        daemon.pid_file.write_text(f"{alike.pid}\n")
        os.chown(daemon.pid_file, NEIGHBOUR, NEIGHBOUR)
        run = daemon.ask()
    assert (run.code, "stale" in run.stdout + run.stderr) == (1, True)


@ONLY_ROOT
def test_files_of_another_user_that_cannot_be_removed_are_named(daemon: Daemon) -> None:
    """Seen by a user who is not root, in a directory like /tmp."""
    for path in (daemon.pid_file, daemon.lock_file):
        path.write_text("0\n")
    daemon.pids.chmod(0o1777)
    program = (
        "import os, sys; from pathlib import Path; from dynamic_dynamodb.service import pid_file;"
        f"os.setuid({NEIGHBOUR});\n"
        "try: pid_file.PidFile(Path(sys.argv[1]), 'default').acquire()\n"
        "except pid_file.PidFileError as error: print(error)"
    )
    for folder in (daemon.pids, *daemon.pids.parents):
        if not folder.stat().st_mode & 0o001 and folder.owner() == "root" and "pytest" in str(folder):
            folder.chmod(0o755 if folder != daemon.pids else 0o1777)
    run = subprocess.run(
        [sys.executable, "-c", program, str(daemon.pid_file)], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{daemon.lock_file} belongs to user root: remove it, or use --pid-file-dir\n"
