"""Without --run-once, checks start every check-interval until a signal ends the program."""

from __future__ import annotations

import signal
import socket
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.emulator import Emulator
from tests.end_to_end.account import (
    BEFORE,
    LIMITS,
    LOWERED,
    RAISED,
    SOON,
    actions,
    add_busy,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.end_to_end.program import Program

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def test_checks_start_one_interval_apart(emulator: Emulator, program: Program) -> None:
    emulator.add_fault(kind="slow", action="ListTables", seconds=0.6, times=None)
    with program.start(everywhere(), *SOON) as running:
        starts = [request.started for request in emulator.wait_for_requests("ListTables", count=4)[:4]]
        running.end(signal.SIGTERM)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    # A pause after each check would make them 1.6 s, and no pause at all 0.6 s.
    assert min(gaps) < 1.4
    assert sum(gaps) > 2.0


def test_a_check_longer_than_the_interval_is_reported_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "held")
    emulator.set_status("held", status="UPDATING")
    emulator.add_fault(kind="slow", action="ListTables", seconds=1.1, times=None)
    with program.start(everywhere(), *SOON) as running:
        running.wait_for("checked 1 target:", count=3)
        emulator.clear_faults()
        run = running.end(signal.SIGTERM)
    assert len([warning for warning in run.warnings if "check-interval" in warning]) == 1


def test_a_check_is_longer_than_the_interval_if_a_topic_answers_late_and_is_reported_once(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator, "held")
    emulator.set_status("held", status="UPDATING")
    emulator.add_fault(kind="slow", action="Publish", seconds=1.1, times=None)
    alarm = ("sns-message-types: high-throughput-alarm", "reads-upper-alarm-threshold: 80")
    topic = f"sns-topic-arn: {emulator.add_topic('alarms')}"
    with program.start(everywhere(topic, *alarm), *SOON) as running:
        running.wait_for("checked 1 target:", count=3)
        emulator.clear_faults()
        run = running.end(signal.SIGTERM)
    assert len([warning for warning in run.warnings if "check-interval" in warning]) == 1


def test_a_lasting_condition_is_logged_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    with program.start(f"[table: orders]\n{LIMITS}[table: ^gone$]\n{LIMITS}", *SOON) as running:
        running.wait_for("checked 1 target:", count=2)
        run = running.end(signal.SIGTERM)
    assert len([warning for warning in run.warnings if "[table: ^gone$]" in warning]) == 1


@SIGNALS
def test_a_signal_between_checks_ends_the_program_at_once(
    emulator: Emulator, program: Program, number: signal.Signals
) -> None:
    add_busy(emulator)
    with program.start(everywhere()) as running:
        running.wait_for("checked 1 target:")
        run = running.end(number, seconds=5)
    assert (run.code, run.stderr) == (0, "")
    assert emulator.capacities() == {("busy", None): RAISED}


@SIGNALS
def test_a_signal_lets_the_update_under_way_finish(
    emulator: Emulator, program: Program, number: signal.Signals
) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="slow", action="UpdateTable", seconds=0.7)
    with program.start(everywhere()) as running:
        emulator.wait_for_requests("UpdateTable", ended=False)
        run = running.end(number)
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert "busy: updated: reads 100 -> 150" in run.line_of("busy")


def test_a_second_ctrl_c_ends_the_program_at_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="slow", action="UpdateTable", seconds=6)
    with program.start(everywhere()) as running:
        emulator.wait_for_requests("UpdateTable", ended=False)
        running.send(signal.SIGINT)
        running.wait_for("SIGINT")
        running.end(signal.SIGINT, seconds=4)


def test_a_signal_before_an_update_prevents_it(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="slow", action="GetMetricData", seconds=0.7)
    with program.start(everywhere()) as running:
        emulator.wait_for_requests("GetMetricData", ended=False)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): BEFORE}
    assert "100 -> 150" not in run.stdout


def test_checks_succeed_once_the_endpoint_is_reachable(emulator: Emulator, program: Program) -> None:
    port = _find_free_port()
    url = f"http://127.0.0.1:{port}"
    with program.start(f"[table: busy]\n{LIMITS}", *SOON, AWS_ENDPOINT_URL=url) as running:
        assert url in running.wait_for("ERROR busy: failed: dynamodb:DescribeTable")[0]
        with Emulator(port) as late:
            add_busy(late)
            running.wait_for("busy: updated: reads 100 -> 150")
            assert late.capacities() == {("busy", None): RAISED}
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert emulator.requests() == []


def test_a_refused_connection_is_tried_again(program: Program) -> None:
    port = _find_free_port()
    url = f"http://127.0.0.1:{port}"
    configuration = f"[table: busy]\n{LIMITS}"
    with program.start(configuration, "--run-once", AWS_ENDPOINT_URL=url) as running:
        time.sleep(1.2)  # retries go on for three seconds
        with Emulator(port) as late:
            add_busy(late)
            run = running.end()
            assert (run.code, late.capacities()) == (0, {("busy", None): RAISED})


def test_a_failing_check_does_not_end_the_program(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="ExpiredTokenException", times=3)
    with program.start(f"[table: busy]\n{LIMITS}", *SOON) as running:
        running.wait_for("ERROR nothing can be checked: ")
        running.wait_for("busy: updated: ")
        assert running.end(signal.SIGINT).code == 0


def test_low_checks_are_counted_from_check_to_check(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    waiting = ("num-read-checks-before-scale-down: 3", "num-write-checks-before-scale-down: 3")
    with program.start(everywhere(*waiting), *SOON, "--log-unchanged", "always") as running:
        running.wait_for("idle: updated: ")
        run = running.end(signal.SIGTERM)
    before = actions(emulator)[: actions(emulator).index("UpdateTable")]
    assert before.count("GetMetricData") == 3
    assert updates(emulator)[0] == ("idle", LOWERED, {})
    reported = [line for line in run.log if " idle: " in line][:3]
    assert ["1 of num-read-checks-before-scale-down 3" in line for line in reported] == [True, False, False]
    assert ["2 of num-read-checks-before-scale-down 3" in line for line in reported] == [False, True, False]


def test_a_dry_run_repeats_and_counts_like_a_real_run(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    waiting = ("num-read-checks-before-scale-down: 2", "num-write-checks-before-scale-down: 2")
    with program.start(everywhere(*waiting), *SOON, "--dry-run") as running:
        running.wait_for("idle: would be updated: ")
        running.wait_for("1 of num-read-checks-before-scale-down 2", count=2)
        assert running.end(signal.SIGTERM).code == 0
    assert updates(emulator) == []


def _find_free_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        return port
