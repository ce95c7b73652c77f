"""The status file outlives the program, and goes on with the next one."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy, add_idle
from tests.end_to_end.daemons import Daemon, wait_until
from tests.end_to_end.program import COMMAND, Program
from tests.end_to_end.status_answers import ENDED, deny, read, rows, state, unwrap

if TYPE_CHECKING:
    from tests.emulator import Emulator

NEIGHBOUR = 65_534
MANY = 5
"""Checks of a daemon, of which only the first may warn."""


def test_a_killed_daemon_leaves_its_status_which_is_old(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    daemon.must_start(ALL)
    daemon.wait_for("checked 1 target")
    pid = daemon.kill()
    run = daemon.control("status")
    stale = daemon.says(f"not running, but there is a stale pid file {daemon.pid_file} (pid {pid})")
    assert (run.code, run.stderr, rows(run)) == (1, stale, ["busy"])
    assert ENDED.match(run.stdout), run.stdout
    content = read(daemon.control("status", "--format", "json"))
    assert (content["daemon"]["state"], content["age"]["writer"]) == ("stale", "ended")


def test_a_stopped_daemon_leaves_its_status_which_the_next_one_continues(
    emulator: Emulator, daemon: Daemon
) -> None:
    add_busy(emulator)
    daemon.must_start(ALL)
    daemon.wait_for("checked 1 target")
    daemon.control("stop")
    run = daemon.control("status")
    assert (run.code, run.stderr, rows(run)) == (3, "", ["busy"])
    not_running, old, *_ = run.stdout.splitlines()
    assert f"{not_running}\n" == daemon.says("not running")
    assert ENDED.fullmatch(old)
    emulator.add_fault(kind="hang", action="ListTables", times=1)
    daemon.must_start(ALL)
    note = f"the first check of pid {daemon.pid} has not ended; this is the status of an earlier process"
    during = daemon.control("status")
    assert (during.code, during.stdout.splitlines()[1]) == (0, note)
    emulator.clear_faults()
    daemon.wait_for("checked 1 target", count=2)
    (target,) = read(daemon.control("status", "--format", "json"))["status"]["targets"]
    assert (target["outcome"], target["reads"]["last_change"]["units_after"]) == ("unchanged", 150)


def test_each_run_from_cron_continues_the_status_of_the_one_before(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    deny(emulator, "idle")
    seen = []
    for _ in range(3):
        program.check(ALL)
        content = read(program.run("--daemon", "status", "--format", "json"))["status"]
        idle, busy = sorted(content["targets"], key=lambda one: str(one["condition"]) != "failing")
        assert (content["program"]["mode"], content["check"]["next"]) == ("once", None)
        seen.append((idle["failing"]["checks"], idle["failing"]["since"], busy["reads"]["last_change"]))
    assert [checks for checks, _, _ in seen] == [1, 2, 3]
    assert len({since for _, since, _ in seen}) == 1
    assert len({json.dumps(change) for _, _, change in seen}) == 1
    text = program.run("--daemon", "status").stdout
    assert "a single run" in text
    assert "old:" not in text


def test_a_dry_run_beside_a_daemon_does_not_replace_its_status(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    daemon.must_start(ALL)
    daemon.wait_for("checked 1 target")
    before = (state(daemon.program) / "default.status").read_bytes()
    assert daemon.program.check(ALL, "--dry-run").code == 0
    assert (state(daemon.program) / "default.status").read_bytes() == before
    assert read(daemon.control("status", "--format", "json"))["status"]["program"]["dry_run"] is False
    dry = json.loads((state(daemon.program) / "default.status.dry-run").read_bytes())
    assert (dry["program"]["dry_run"], dry["program"]["mode"]) == (True, "once")


def test_the_status_is_found_where_the_configuration_puts_it(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    place = daemon.program.folder / "elsewhere" / "my.status"
    daemon.must_start(f"[global]\nstatus-file: {place}\n{ALL}")
    daemon.wait_for("checked 1 target")
    running = daemon.control("status")  # the daemon says where it is
    daemon.control("stop")
    lost = daemon.control("status")
    by_file = daemon.control("status", "-c", str(daemon.program.folder / "default.conf"))
    by_flag = daemon.control("status", "--status-file", str(place))
    assert [rows(run) for run in (running, lost, by_file, by_flag)] == [["busy"], [], ["busy"], ["busy"]]
    assert not state(daemon.program).joinpath("default.status").exists()


def test_a_reload_keeps_what_is_known_and_moves_the_file(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    daemon.must_start(ALL)
    daemon.wait_for("checked 1 target")
    place = daemon.program.folder / "moved.status"
    path = daemon.program.write(f"[global]\nstatus-file: {place}\n{ALL}", "default.conf")
    assert daemon.control("reload", "-c", path).code == 0
    daemon.wait_for("checked 1 target", count=2)
    wait_until(place.exists, "a status")
    (target,) = read(daemon.control("status", "--format", "json"))["status"]["targets"]
    assert target["reads"]["last_change"]["units_after"] == 150


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        pytest.param(lambda path: path.parent.write_text(""), "Not a directory", id="not a directory"),
        pytest.param(lambda path: path.mkdir(parents=True), "is not a regular file", id="a directory"),
        pytest.param(
            lambda path: (path.parent.mkdir(), path.write_text("mine")),
            "is not a status file of this program",
            id="a file of another program",
        ),
    ],
)
def test_a_status_that_cannot_be_written_is_one_warning_of_many_checks(
    emulator: Emulator, daemon: Daemon, block: Any, reason: str
) -> None:
    add_busy(emulator)
    path = daemon.program.folder / "blocked" / "my.status"
    block(path)
    daemon.must_start(ALL, *SOON, "--status-file", str(path))
    daemon.wait_for("checked 1 target", count=MANY)
    warnings = [line for line in daemon.log if "the status is not saved" in line]
    assert len(warnings) == 1
    assert reason in warnings[0]
    assert emulator.capacities()["busy", None] == (150, 150)
    checked = daemon.program.run("-c", str(daemon.program.folder / "default.conf"), "--check-config")
    assert "the status is not saved" not in checked.stdout
    blocked = daemon.program.run(
        "-c", str(daemon.program.folder / "default.conf"), "--check-config", "--status-file", str(path)
    )
    assert (f"warning: {warnings[0].removeprefix('WARNING ')}" in blocked.stdout, blocked.code) == (True, 0)


def test_a_full_disk_is_a_warning_and_the_old_status_stays(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    program.check(ALL)
    before = (state(program) / "default.status").read_bytes()
    full = Program(emulator, program.folder, ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *COMMAND))
    run = full.check(ALL)
    assert run.code == 0
    (warning,) = [one for one in run.warnings if "status" in one]
    assert warning.endswith("default.status cannot be written: File too large")
    assert (state(program) / "default.status").read_bytes() == before
    assert [*state(program).glob("*.new")] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\x1b[31m", id="an escape sequence"),
        pytest.param('{"format":"dynamic-dynamodb status","version":1,"targets":[', id="cut off"),
        pytest.param('{"format":"dynamic-dynamodb status","version":2}', id="a later version"),
        pytest.param('{"format":"dynamic-dynamodb status","version":1,"x":' + "[" * 10**6, id="a deep nest"),
        pytest.param(
            '{"format":"dynamic-dynamodb status","version":1,"program":"\x1b]0;x\x07"}', id="wrong types"
        ),
    ],
)
def test_a_file_that_is_no_status_is_a_sentence(program: Program, text: str) -> None:
    state(program).mkdir(parents=True)
    (state(program) / "default.status").write_text(text)
    run = program.run("--daemon", "status")
    first, second = run.stdout.splitlines()
    assert (run.code, run.stderr, first) == (3, "", "dynamic-dynamodb (default): not running")
    assert second.startswith("the status cannot be read: ")
    assert second.isprintable()


def test_hostile_texts_in_a_status_do_not_reach_the_terminal(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    program.check(ALL)
    path = state(program) / "default.status"
    content = json.loads(path.read_bytes())
    content["program"]["log"] = content["program"]["version"] = "\x1b]0;owned\x07"
    content["targets"][0]["section"] = content["targets"][0]["reads"]["reason"] = "\x1b[2J\u202e\r\x7f"
    path.write_text(json.dumps(content))
    text = program.run("--daemon", "status", "busy")
    output = program.run("--daemon", "status", "--format", "json")
    assert (text.code, text.stdout.replace("\n", "").isprintable()) == (3, True)
    assert output.stdout.replace("\n", "").isprintable()
    assert read(output)["status"]["targets"][0]["section"] == "\x1b[2J\u202e\r\x7f"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_learns_who_may_see_the_status(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    replace(daemon, is_forked=False).must_start(ALL)  # its command line is what this user can see
    daemon.wait_for("checked 1 target")
    for folder in (daemon.pids, *daemon.pids.parents):
        if "pytest" in str(folder):
            folder.chmod(0o755)
    as_neighbour = (
        "import os, sys\n"
        "from dynamic_dynamodb.cli import daemon, main, status\n"
        "from dynamic_dynamodb.config.flags import parse_command_line\n"
        "parse_command_line(['--daemon', 'status'])  # imports what this user could not\n"
        f"os.setuid({NEIGHBOUR})\n"
        "sys.exit(main.main())"
    )
    neighbour = Program(emulator, daemon.program.folder, (sys.executable, "-c", as_neighbour))
    home = daemon.program.folder / "home"
    home.mkdir(mode=0o777)
    run = neighbour.run("--daemon", "status", *daemon.flags, HOME=str(home))
    assert (run.code, run.stderr) == (0, "")
    assert "its status is shown to its user only: act as that user, or as root" in unwrap(run)
    place = state(daemon.program) / "default.status"
    state(daemon.program).chmod(0o755)
    run = neighbour.run("--daemon", "status", *daemon.flags, "--status-file", str(place), HOME=str(home))
    assert f"the status cannot be read: {place}: Permission denied: act as the user" in unwrap(run)


def test_an_instance_that_never_ran_has_no_status(daemon: Daemon) -> None:
    run = daemon.control("status")
    path = state(daemon.program) / "default.status"
    said = daemon.says("not running") + f"there is no status: {path} does not exist\n"
    assert (run.code, run.stdout, run.stderr) == (3, said, "")
