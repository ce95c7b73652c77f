"""`--daemon status` shows what the last check found, and who made it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy, add_busy_with_index, add_idle, everywhere
from tests.end_to_end.daemons import Daemon
from tests.end_to_end.status_answers import ENDED, deny, read, rows, state, unwrap

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


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


def test_a_first_check_that_has_not_ended_is_a_sentence(emulator: Emulator, daemon: Daemon) -> None:
    emulator.add_fault(kind="hang", action="ListTables", times=1)
    daemon.must_start(ALL)
    run = daemon.control("status")
    sentence = "there is no status yet: the first check has not ended"
    assert (run.code, run.stdout) == (0, daemon.says_running(daemon.pid) + f"{sentence}\n")
    content = read(daemon.control("status", "--format", "json"))
    assert (content["notes"], content["age"], content["status"]) == ([sentence], None, None)


def test_a_run_in_the_foreground_is_shown_while_no_daemon_runs(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    with program.start(ALL, *SOON) as running:
        running.wait_for("checked 1 target")
        run = program.run("--daemon", "status", "--pid-file-dir", str(program.folder))
        running.end(signal.SIGTERM)
    assert run.code == 3
    assert f"foreground with pid {running.pid} for" in unwrap(run)
    assert ENDED.search(program.run("--daemon", "status", "--pid-file-dir", str(program.folder)).stdout)


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
