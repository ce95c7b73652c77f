"""Signals are handled between steps: an update under way is finished, a new configuration is used next."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import BEFORE, LIMITS, RAISED, SOON, add_busy, add_idle, everywhere, updates
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import PATIENCE_SECONDS, read_log

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon
    from tests.end_to_end.program import Program

ENDING = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
FIRST = f"[table: first]\n{LIMITS}"
BOTH = f"{FIRST}[table: second]\n{LIMITS}"
BAD = f"[table: first]\n{LIMITS}increase-reads-unit: bananas\nreads-upper-threshold: lots\n"
READ_AGAIN = "configuration reloaded"


@pytest.fixture
def program(program: Program) -> Program:
    """Return the program with all of Python's end, which threads that are left behind could disturb."""
    return replace(program, frees_memory=True)


@ENDING
@pytest.mark.parametrize("action", ["UpdateTable", "Publish"])
def test_a_signal_lets_the_update_and_its_notification_finish(
    emulator: Emulator, program: Program, number: signal.Signals, action: str
) -> None:
    add_busy(emulator)
    topic = emulator.add_topic("changes")
    emulator.add_fault(kind="slow", action=action, seconds=0.4)
    configuration = everywhere(f"sns-topic-arn: {topic}", "sns-message-types: scale-up", with_indexes=False)
    with program.start(configuration, "--daemon", "foreground") as running:
        emulator.wait_for_requests(action, ended=False)
        run = running.end(number)
    assert (run.code, run.stderr) == (0, "")
    assert emulator.capacities() == {("busy", None): RAISED}
    assert [message["TopicArn"] for message in emulator.published()] == [topic]


def test_a_new_configuration_is_used_from_the_next_check(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    add_busy(emulator, "second")
    with program.start(FIRST, *SOON) as running:
        running.wait_for("first: updated")
        program.write(BOTH)
        assert emulator.capacities()["second", None] == BEFORE
        running.send(signal.SIGHUP)
        running.wait_for("second: updated")
        assert running.end(signal.SIGTERM).code == 0
    assert [update[0] for update in updates(emulator)] == ["first", "second"]


def test_repeated_reloads_do_not_count_as_low_checks(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    patient = "num-read-checks-before-scale-down: 3\nnum-write-checks-before-scale-down: 3\n"
    with program.start(f"[table: .*]\n{LIMITS}{patient}") as running:
        running.wait_for("1 of num-read-checks-before-scale-down 3")
        for number in (2, 3, 4):
            running.send(signal.SIGHUP)
            running.wait_for("checked 1 target:", count=number)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert emulator.capacities() == {("idle", None): BEFORE}


def test_a_bad_configuration_is_reported_and_the_old_one_kept(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    with program.start(FIRST, *SOON) as running:
        running.wait_for("checked 1 target:")
        program.write(BAD)
        running.send(signal.SIGHUP)
        faults = running.wait_for("ERROR reload failed, keeping the old configuration", count=2)
        running.wait_for("checked 1 target:", count=3)
        program.write(FIRST)
        running.send(signal.SIGHUP)
        running.wait_for(READ_AGAIN)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert all(str(program.folder) in fault for fault in faults), "it is said which file it is"
    assert ["increase-reads-unit" in fault for fault in sorted(faults)] == [True, False]
    assert ["reads-upper-threshold" in fault for fault in sorted(faults)] == [False, True]


def test_sighup_reopens_rotated_logs(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    log, old = program.folder / "own.log", program.folder / "own.log.1"
    with program.start(FIRST, *SOON, "--log-file", "own.log") as running:
        running.wait_for("first: updated")
        log.rename(old)
        running.send(signal.SIGHUP)
        running.wait_for(READ_AGAIN)
        wait_until(lambda: "checked 1 target: 1 unchanged" in log.read_text(), "a check in the new log")
        running.end(signal.SIGTERM)
    before, after = read_log(old.read_text()), read_log(log.read_text())
    assert after[0] == f"INFO {READ_AGAIN}"
    assert before
    assert f"INFO {READ_AGAIN}" not in before


def test_sigusr1_reopens_logs_without_a_reload(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    log, old = program.folder / "own.log", program.folder / "own.log.1"
    with program.start(FIRST, *SOON, "--log-file", "own.log") as running:
        running.wait_for("first: updated")
        program.write(BOTH)
        log.rename(old)
        running.send(signal.SIGUSR1)
        wait_until(
            lambda: log.exists() and "checked 1 target: 1 unchanged" in log.read_text(),
            "a check in the new log",
        )
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert read_log(log.read_text())[0] == "INFO logs reopened"
    assert READ_AGAIN not in run.stdout


def test_a_log_rotation_during_the_start_does_not_end_the_run(program: Program, daemon: Daemon) -> None:
    """The command waits for the daemon, which waits for its credentials."""
    asked, allowed = program.folder / "asked", program.folder / "allowed"
    keys = json.dumps({"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret"})
    script = program.write(
        f"touch {asked}\nwhile [ ! -e {allowed} ]; do sleep 0.05; done\necho '{keys}'\n", "keys.sh"
    )
    profile = program.write(f"[default]\ncredential_process = sh {script}\n", "aws-config")
    environment = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": profile}
    starting = ("--daemon", "start", *daemon.flags, "--log-file", str(daemon.log_file))
    with program.start(FIRST, *starting, **environment) as command:
        wait_until(asked.exists, "a look for credentials")
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            command.send(number)
            os.kill(daemon.pid, number)
        allowed.touch()
        run = command.end()
    assert (run.code, run.stdout) == (0, daemon.says(f"started with pid {daemon.pid}")), run
    daemon.wait_for("checked 0 targets")


def test_logs_that_cannot_be_reopened_stay_open(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    (program.folder / "logs").mkdir()
    with program.start(FIRST, *SOON, "--log-file", "logs/own.log") as running:
        running.wait_for("first: updated")
        shutil.rmtree(program.folder / "logs")
        running.send(signal.SIGUSR1)
        said = running.wait_for("ERROR cannot reopen the logs")
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert "logs/own.log" in said[0]


def test_an_unused_signal_is_logged_and_ignored(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    with program.start(FIRST, *SOON) as running:
        running.wait_for("first: updated")
        running.send(signal.SIGUSR2)
        running.wait_for("INFO SIGUSR2 received: ignored")
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0


def test_a_file_that_is_being_written_is_read_once_complete(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    add_busy(emulator, "second")
    is_whole = threading.Event()

    def write_slowly() -> None:
        ends = time.monotonic() + 20
        while not is_whole.wait(0.1) and time.monotonic() < ends:
            program.write(FIRST)
            program.write(BOTH[:-6])  # a maximum of 10 instead of 1000
        program.write(BOTH)

    with program.start(BOTH, *SOON) as running, ThreadPoolExecutor(1) as pool:
        running.wait_for("checked 2 targets")
        writing = pool.submit(write_slowly)
        program.write(FIRST)
        running.send(signal.SIGHUP)
        checks = len(running.wait_for("checked 2 targets"))
        running.wait_for("checked 2 targets", count=checks + 3)
        is_whole.set()
        writing.result()
        running.wait_for(READ_AGAIN)
        run = running.end(signal.SIGTERM)
    assert [line for line in run.log if READ_AGAIN in line or "ERROR" in line] == [f"INFO {READ_AGAIN}"]


def test_a_reload_logs_the_limits_that_it_lowers(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    with program.start(BOTH.replace("max-provisioned-reads: 400", ""), *SOON) as running:
        running.wait_for("checked 1 target:")
        program.write(FIRST)
        running.send(signal.SIGHUP)
        said = running.wait_for(READ_AGAIN)
        running.end(signal.SIGTERM)
    assert said == [f"WARNING {READ_AGAIN}; lower than before: [table: second] is gone"]


@pytest.mark.parametrize(
    ("then", "said"),
    [
        pytest.param(BOTH, f"INFO {READ_AGAIN}", id="good"),
        pytest.param(BAD, "ERROR reload failed, keeping the old configuration", id="bad"),
    ],
)
@pytest.mark.parametrize("action", ["ListTables", "GetMetricData", "UpdateTable"])
def test_a_reload_waits_for_the_running_check(
    emulator: Emulator, program: Program, action: str, then: str, said: str
) -> None:
    add_busy(emulator, "first")
    add_busy(emulator, "second")
    emulator.add_fault(kind="slow", action=action, seconds=0.4)
    with program.start(FIRST) as running:
        emulator.wait_for_requests(action, ended=False)
        program.write(then)
        running.send(signal.SIGHUP)
        running.wait_for(said)
        run = running.end(signal.SIGTERM)
    lines = run.log
    ended = next(number for number, line in enumerate(lines) if "checked 1 target:" in line)
    assert ended < next(number for number, line in enumerate(lines) if line.startswith(said))
    assert updates(emulator)[0] == ("first", RAISED, {})
    assert any("first: updated" in line for line in lines)  # the next check may begin before the signal


def test_low_checks_are_counted_across_a_reload(emulator: Emulator, program: Program) -> None:
    add_idle(emulator, "first")
    waiting = "num-read-checks-before-scale-down: 9\nnum-write-checks-before-scale-down: 9\n"
    with program.start(FIRST + waiting, *SOON, "--log-unchanged", "always", HOME="/proc") as running:
        running.wait_for("2 of num-read-checks-before-scale-down 9")
        running.send(signal.SIGHUP)
        running.wait_for("3 of num-read-checks-before-scale-down 9")
        run = running.end(signal.SIGTERM)
    assert len([line for line in run.log if " 1 of num-read-checks-before-scale-down 9" in line]) == 1


def test_a_deleted_log_directory_at_a_reload_does_not_stop_checks(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator, "first")
    (program.folder / "logs").mkdir()
    with program.start(FIRST, *SOON, "--log-file", "logs/own.log") as running:
        running.wait_for("first: updated")
        shutil.rmtree(program.folder / "logs")
        running.send(signal.SIGHUP)
        running.wait_for("logs/own.log")
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0


def test_missing_credentials_at_a_reload_do_not_stop_checks(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "first")
    profiles = program.write("[profile own]\nregion = us-east-1\n", "profiles")
    with program.start(FIRST, *SOON, AWS_PROFILE="own", AWS_CONFIG_FILE=profiles) as running:
        running.wait_for("first: updated")
        program.write("", "profiles")
        running.send(signal.SIGHUP)
        assert "own" in running.wait_for("ERROR ")[0]
        running.wait_for("checked 1 target: 1 unchanged", count=2)
        assert running.end(signal.SIGTERM).code == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_signals_at_once_end_the_program_cleanly(
    emulator: Emulator, program: Program, seed: int
) -> None:
    add_busy(emulator, "first")
    chance = random.Random(seed)  # noqa: S311 - the same storm for the same seed
    with program.start(FIRST) as running:
        running.wait_for("first: updated")
        program.write(BAD)
        ends = time.monotonic() + 1.5
        while time.monotonic() < ends:
            running.send(signal.SIGHUP)
            time.sleep(chance.random() / 4000)
        run = running.end(signal.SIGTERM, seconds=10)
    assert (run.code, run.stderr) == (0, "")


IN_ANOTHER_THREAD = """\
import signal, sys, threading
from dynamic_dynamodb.service.signals import SignalRequests

requests = SignalRequests()
requests.listen(exit_now=sys.exit)
other = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGHUP))
other.start()
requests.wait(600)
print(requests.take_reload_request())
"""


def test_a_signal_to_another_thread_ends_the_wait() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_THREAD],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("True\n", "")
