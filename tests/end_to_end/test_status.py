"""`--daemon status` shows what the last check found, however the program runs or has ended."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy, add_busy_with_index, add_idle, everywhere
from tests.end_to_end.daemons import Daemon, wait_until
from tests.end_to_end.program import COMMAND, Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

NEIGHBOUR = 65_534
ENDED = re.compile(r"old: as of \d+ s ago, by a process that has ended")
MANY = 5
"""Checks of a daemon, of which only the first may warn."""


def state(program: Program) -> Path:
    """Return the state directory of the program."""
    return program.folder / ".local" / "state" / "dynamic-dynamodb"


def read(run: Run) -> Any:
    """Return the JSON that a command has printed."""
    return json.loads(run.stdout)


def rows(run: Run) -> list[str]:
    """Return the names in the table, in its order."""
    table = run.stdout.partition("\nTABLE OR INDEX")[2].partition("\n\n")[0]
    return [line.split()[0] for line in table.splitlines()[1:] if not line.startswith(" ")]


def unwrap(run: Run) -> str:
    """Return what a command has printed, in one line."""
    return " ".join(run.stdout.split())


def deny(emulator: Emulator, table: str) -> None:
    emulator.add_fault(action="DescribeTable", table=table, code="AccessDeniedException", times=None)


def test_a_running_daemon_shows_the_failing_table_first_and_the_last_changes(
    emulator: Emulator, daemon: Daemon
) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator, "sessions")
    deny(emulator, "sessions")
    daemon.must_start(ALL, *SOON)
    daemon.wait_for("checked 3 targets", count=2)
    run = daemon.control("status")
    assert (run.code, run.stderr, rows(run)[0]) == (0, "", "sessions")
    assert run.stdout.startswith(daemon.says_running(daemon.pid))
    assert "allow dynamodb:DescribeTable" in unwrap(run)
    content = read(daemon.control("status", "--format", "json"))
    program = content["status"]["program"]
    assert content["daemon"] == {
        "instance": "default",
        "state": "running",
        "pid": daemon.pid,
        "sentence": f"running with pid {daemon.pid}",
    }
    assert (content["notes"], content["age"]["writer"], content["age"]["warning"]) == ([], "running", None)
    assert (program["pid"], program["mode"], program["dry_run"]) == (daemon.pid, "daemon", False)
    assert (program["region"], program["account"]) == ("us-east-1", "123456789012")
    assert program["log"] == str(daemon.log_file)
    assert program["configuration_files"] == [str(daemon.program.folder / "default.conf")]
    failing, *others = content["status"]["targets"]
    assert (failing["condition"], failing["failing"]["code"]) == ("failing", "AccessDeniedException")
    assert (failing["reads"], failing["described"]) == (None, None)
    assert failing["failing"]["checks"] >= 2
    assert [(one["table"], one["index"]) for one in others] == [("orders", None), ("orders", "by-date")]
    assert {one["reads"]["last_change"]["direction"] for one in others} == {"up"}
    assert {one["reads"]["throttled_events"] for one in others} == {None}  # no option needs them


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


def test_a_first_check_that_has_not_ended_is_a_sentence(emulator: Emulator, daemon: Daemon) -> None:
    emulator.add_fault(kind="hang", action="ListTables", times=1)
    daemon.must_start(ALL)
    run = daemon.control("status")
    sentence = "there is no status yet: the first check has not ended"
    assert (run.code, run.stdout) == (0, daemon.says_running(daemon.pid) + f"{sentence}\n")
    content = read(daemon.control("status", "--format", "json"))
    assert (content["notes"], content["age"], content["status"]) == ([sentence], None, None)


def test_an_instance_that_never_ran_has_no_status(daemon: Daemon) -> None:
    run = daemon.control("status")
    path = state(daemon.program) / "default.status"
    said = daemon.says("not running") + f"there is no status: {path} does not exist\n"
    assert (run.code, run.stdout, run.stderr) == (3, said, "")


def test_a_run_in_the_foreground_is_shown_while_no_daemon_runs(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with program.start(ALL, *SOON) as running:
        running.wait_for("checked 1 target")
        run = program.run("--daemon", "status", "--pid-file-dir", str(program.folder))
        running.end(signal.SIGTERM)
    assert run.code == 3
    assert f"foreground with pid {running.pid} for" in unwrap(run)
    assert ENDED.search(program.run("--daemon", "status", "--pid-file-dir", str(program.folder)).stdout)


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


def test_a_single_run_beside_a_daemon_is_named_as_the_writer(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    daemon.must_start(ALL)
    daemon.wait_for("checked 1 target")
    daemon.program.check(ALL)
    once = read(daemon.control("status", "--format", "json"))
    pid = once["status"]["program"]["pid"]
    assert pid != daemon.pid
    assert once["notes"] == [f"this is the status of another run of this instance, pid {pid}"]


def test_two_instances_have_a_status_each(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator, "one")
    add_busy(emulator, "two")
    other = Daemon(daemon.program, "other")
    for each, table in ((daemon, "one"), (other, "two")):
        each.must_start(f"[table: ^{table}$]\nmax-provisioned-reads: 1000\nmax-provisioned-writes: 1000\n")
        each.wait_for("checked 1 target")
    assert [rows(each.control("status")) for each in (daemon, other)] == [["one"], ["two"]]
    assert {path.name for path in state(daemon.program).glob("*.status")} == {
        "default.status",
        "other.status",
    }


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


def test_a_daemon_that_is_a_dry_run_is_marked(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    daemon.program.check(ALL)
    daemon.must_start(ALL, "--dry-run")
    daemon.wait_for("checked 1 target")
    run = daemon.control("status")
    assert run.stdout.splitlines()[1] == "dry run: nothing is changed"
    daemon.control("stop")
    assert "dry run" not in daemon.control("status").stdout  # the status of real changes


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        pytest.param(("orders/by-date",), ["orders/by-date"], id="an index"),
        pytest.param(("orders",), ["orders", "orders/by-date"], id="a table"),
        pytest.param(("^b", "--format", "table"), ["busy"], id="an expression, and a flag"),
        pytest.param(("orders/by-date", "busy"), ["busy", "orders/by-date"], id="two names"),
        pytest.param(("buys",), [], id="none"),
    ],
)
def test_names_and_expressions_choose_what_is_shown(
    emulator: Emulator, program: Program, names: tuple[str, ...], shown: list[str]
) -> None:
    add_busy_with_index(emulator)
    add_busy(emulator)
    program.check(ALL)
    run = program.run("--daemon", "status", *names)
    assert (rows(run), run.code) == (shown, 3)
    assert ("no table or index is named 'buys': did you mean busy?" in run.stdout) == (not shown)
    assert run.stdout.count("  section  ") == len(shown)
    assert [line for line in run.stdout.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("status", "("), "'(' is not a valid regular expression", id="an expression"),
        pytest.param(("status", "--format", "csv"), "--format csv requires --replay", id="csv"),
        pytest.param(("status", "--format", "xml"), "xml", id="an unknown format"),
        pytest.param(("reload", "orders"), "unrecognized arguments: orders", id="another command"),
        pytest.param(("status", "--frmat", "x"), "unrecognized arguments: --frmat", id="an unknown flag"),
    ],
)
def test_what_cannot_be_shown_is_a_fault(
    emulator: Emulator, program: Program, arguments: tuple[str, ...], said: str
) -> None:
    add_busy(emulator)
    program.check(ALL)
    run = program.run("--daemon", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert said in run.stderr


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
    daemon.must_start(ALL)
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


def test_a_table_that_is_throttled_comes_before_one_near_its_threshold(
    emulator: Emulator, program: Program
) -> None:
    for name, load in (("near", 85), ("calm", 50), ("throttled", 50)):
        emulator.add_table(name, reads=100, writes=100)
        emulator.put_metrics(
            name,
            consumed_reads=load,
            consumed_writes=50,
            throttled_reads=3 if name == "throttled" else 0,
        )
    program.check(everywhere("throttled-reads-upper-threshold: 1000"))
    run = program.run("--daemon", "status")
    assert rows(run) == ["throttled", "near", "calm"]
    assert "throttled events; 50 % consumed" in run.stdout
