"""A daemon starts, shows its status, stops and restarts, and each command reports the truth."""

from __future__ import annotations

import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, LIMITS, RAISED, add_busy, everywhere
from tests.end_to_end.daemons import Daemon, is_running, wait_until
from tests.end_to_end.program import COMMAND

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

BAD = f"[table: orders]\n{LIMITS}max-provisoned-reads: 5\nreads-upper-threshold: lots\n"
EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)


@pytest.fixture
def daemon(daemon: Daemon) -> Daemon:
    """Return an instance that starts as a command does, and is recognized by its command line."""
    return replace(daemon, is_forked=False)


def test_a_started_daemon_is_detached_and_checks(emulator: Emulator, daemon: Daemon) -> None:
    run = daemon.start(ALL)
    pid = daemon.pid
    assert (run.code, run.stdout, run.stderr) == (0, daemon.says(f"started with pid {pid}"), "")
    emulator.wait_for_requests("ListTables")
    process = Path(f"/proc/{pid}")
    session, terminal = process.joinpath("stat").read_text().rpartition(")")[2].split()[3:5]
    assert int(session) != os.getsid(0)
    assert terminal == "0"
    assert process.joinpath("cwd").readlink() == Path("/")
    streams = [process.joinpath("fd", number).readlink() for number in "012"]
    assert streams == [Path(os.devnull)] * 3
    assert daemon.pid_file.stat().st_mode & 0o777 == 0o644


def test_status_has_an_exit_code_for_scripts(daemon: Daemon) -> None:
    seen = [daemon.ask()]
    pid = daemon.must_start(ALL)
    seen.append(daemon.ask())
    daemon.kill()
    seen.append(daemon.ask())
    assert [(run.code, run.stdout + run.stderr) for run in seen] == [
        (3, daemon.says("not running")),
        (0, daemon.says_running(pid)),
        (1, daemon.says(f"not running, but there is a stale pid file {daemon.pid_file} (pid {pid})")),
    ]


def test_stop_waits_for_the_update_under_way(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="slow", action="UpdateTable", seconds=0.8)
    pid = daemon.must_start(ALL)
    emulator.wait_for_requests("UpdateTable", ended=False)
    run = daemon.control("stop")
    assert (run.code, run.stdout) == (0, daemon.says(f"stopped (pid {pid})"))
    assert not is_running(pid)
    assert not daemon.pid_file.exists()
    assert emulator.capacities() == {("busy", None): RAISED}
    daemon.wait_for("busy: updated: reads 100 -> 150")
    assert daemon.ask().code == 3


def test_stop_succeeds_when_nothing_runs(daemon: Daemon) -> None:
    run = daemon.control("stop")
    assert (run.code, run.stdout, run.stderr) == (0, daemon.says("not running"), "")


def test_restart_replaces_the_daemon(daemon: Daemon) -> None:
    old = daemon.must_start(ALL)
    run = daemon.start(ALL, command="restart")
    new = daemon.pid
    said = daemon.says(f"stopped (pid {old})") + daemon.says(f"started with pid {new}")
    assert (run.code, run.stdout, run.stderr) == (0, said, "")
    assert (is_running(old), is_running(new)) == (False, True)


def test_restart_starts_a_daemon_when_none_runs(daemon: Daemon) -> None:
    run = daemon.start(ALL, command="restart")
    said = daemon.says("not running") + daemon.says(f"started with pid {daemon.pid}")
    assert (run.code, run.stdout) == (0, said)


@pytest.mark.parametrize(
    ("configuration", "flags"),
    [
        pytest.param(BAD, (), id="a bad option"),
        pytest.param(ALL, ("--log-file", "no/such/folder.log"), id="a log-file without a folder"),
        pytest.param(ALL, ("--log-config-file", "missing"), id="a missing log-config-file"),
    ],
)
def test_a_restart_that_would_fail_leaves_the_old_daemon_running(
    daemon: Daemon, configuration: str, flags: tuple[str, ...]
) -> None:
    pid = daemon.must_start(ALL)
    assert daemon.start(configuration, *flags, command="restart").code == 2
    assert daemon.ask().stdout == daemon.says_running(pid)


def test_a_second_start_is_refused_and_names_the_first(daemon: Daemon) -> None:
    pid = daemon.must_start(ALL)
    run = daemon.start(ALL)
    assert (run.code, run.stdout, run.stderr) == (1, "", daemon.says(f"already running with pid {pid}"))
    assert daemon.ask().code == 0


def test_only_one_of_several_simultaneous_starts_succeeds(daemon: Daemon) -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = [future.result() for future in [pool.submit(daemon.start, ALL) for _ in range(3)]]
    said = sorted((run.code, run.stdout + run.stderr) for run in runs)
    refused = (1, daemon.says(f"already running with pid {daemon.pid}"))
    assert said == [(0, daemon.says(f"started with pid {daemon.pid}")), refused, refused]


def test_instances_do_not_affect_each_other(program: Program, daemon: Daemon) -> None:
    other = Daemon(program, "other")
    pids = daemon.must_start(ALL), other.must_start(ALL)
    assert pids[0] != pids[1]
    assert daemon.control("stop").code == 0
    assert [is_running(pid) for pid in pids] == [False, True]
    assert other.ask().code == 0


@pytest.mark.parametrize(
    ("configuration", "flags", "said"),
    [
        pytest.param(
            BAD, (), ["did you mean max-provisioned-reads", "reads-upper-threshold", "'lots'"], id="options"
        ),
        pytest.param(ALL, ("--log-file", "no/such/folder.log"), ["no/such/folder.log"], id="log-file"),
        pytest.param(ALL, ("--log-config-file", "gone"), ["gone", "No such file"], id="log-config-file"),
        pytest.param(ALL, ("--log-file", "~nobody-here/x.log"), ["~nobody-here"], id="log-file of nobody"),
        pytest.param(ALL, ("--state-file", "~nobody-here/x"), ["~nobody-here"], id="state-file of nobody"),
        pytest.param(ALL, ("--pid-file-dir", "~nobody-here"), ["~nobody-here"], id="pid-file-dir of nobody"),
        pytest.param(ALL, ("--check-interval", "99999999999"), ["check-interval"], id="a wait for ever"),
    ],
)
def test_a_start_with_a_faulty_configuration_prints_the_faults(
    emulator: Emulator, daemon: Daemon, configuration: str, flags: tuple[str, ...], said: list[str]
) -> None:
    run = daemon.start(configuration, *flags)
    assert (run.code, run.stdout) == (2, "")
    for part in said:
        assert part in run.stderr
    assert list(daemon.pids.iterdir()) == []
    assert emulator.requests() == []


def test_a_start_under_process_1_detaches(daemon: Daemon) -> None:
    path, said = daemon.program.write(ALL), daemon.program.folder / "said"
    start = shlex.join([*COMMAND, "-c", path, "--daemon", "start", *daemon.flags])
    # The shell ends at once and leaves the program to process 1.
    environment = {**os.environ, **daemon.program.emulator.environment(), "HOME": str(daemon.program.folder)}
    subprocess.run(["/bin/sh", "-c", f"exec {start} >{said} 2>&1 &"], env=environment, check=True)
    wait_until(lambda: said.exists() and said.read_text().endswith("\n"), "an answer of the start")
    assert said.read_text() == daemon.says(f"started with pid {daemon.pid}; its log is {daemon.own_log}")
    assert daemon.control("stop").code == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_daemon_starts_with_closed_standard_streams(daemon: Daemon, closed: str) -> None:
    start = shlex.join([*COMMAND, "-c", daemon.program.write(ALL), "--daemon", "start", *daemon.flags])
    environment = {**os.environ, **daemon.program.emulator.environment(), "HOME": str(daemon.program.folder)}
    run = subprocess.run(["/bin/sh", "-c", f"{start} {closed}"], env=environment, check=False)
    assert run.returncode == 0
    assert daemon.ask().stdout == daemon.says_running(daemon.pid, daemon.own_log)


def test_a_daemon_with_run_once_checks_once(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    assert daemon.start(EACH_SECOND, "--run-once").code == 0
    wait_until(lambda: daemon.ask().code == 3, "the end of the only pass")
    assert len(emulator.requests("ListTables")) == 1
    assert emulator.capacities() == {("busy", None): RAISED}
    assert not daemon.pid_file.exists()
