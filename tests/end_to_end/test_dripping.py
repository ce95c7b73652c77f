"""Responses that drip in, or pages without end, hold up neither a check nor the exit beyond their limits."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, BEFORE, RAISED, SOON, add_busy, add_idle, everywhere
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

LOOKUPS = ("ListTables", "DescribeTable", "GetMetricData", "DescribeScalableTargets")
TOO_SLOW = "AnswerTooSlow: no complete answer within 0.6 s"


def _everything(emulator: Emulator) -> str:
    """Return a configuration that makes every kind of call, with a table to raise."""
    add_busy(emulator)
    publishing = (f"sns-topic-arn: {emulator.add_topic('changes')}", "sns-message-types: scale-up")
    return f"[global]\nskip-aws-autoscaled: true\n{everywhere(*publishing, with_indexes=False)}"


@pytest.mark.parametrize("action", [*LOOKUPS, "UpdateTable", "Publish"])
def test_a_run_ends_within_its_limits_when_answers_drip_in(
    emulator: Emulator, impatient: Program, action: str
) -> None:
    configuration = _everything(emulator)
    emulator.add_fault(kind="drip", action=action, times=None)
    run = impatient.check(configuration)
    assert TOO_SLOW in run.stdout or "TooLate: no answer within 1 s of" in run.stdout
    assert run.code == (0 if action == "Publish" else 1)
    scaled = action in ("Publish", "DescribeScalableTargets")
    assert emulator.capacities() == {("busy", None): RAISED if scaled else BEFORE}


def test_an_update_whose_answer_drips_in_is_verified_and_not_sent_again(
    emulator: Emulator, impatient: Program
) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="drip", action="UpdateTable", applied=True)
    run = impatient.check(ALL)
    assert (run.code, emulator.capacities()) == (0, {("busy", None): RAISED})
    assert len(emulator.requests("UpdateTable")) == 1


def test_a_description_that_drips_in_does_not_occupy_a_worker_for_good(
    emulator: Emulator, impatient: Program
) -> None:
    for name in ("sick", "well"):
        add_idle(emulator, name)
    emulator.add_fault(kind="drip", action="DescribeTable", table="sick", times=None)
    with impatient.start(f"[global]\nmax-workers: 2\n{ALL}", *SOON, "--log-unchanged", "always") as running:
        running.wait_for("ERROR sick: failed: the description failed: ", count=4)
        emulator.clear_faults()
        running.wait_for("sick: updated: ")
        assert running.end(signal.SIGTERM).code == 0


@pytest.mark.parametrize(
    ("action", "said"),
    [
        pytest.param("ListTables", "dynamodb:ListTables failed: ", id="tables"),
        pytest.param("GetMetricData", "cloudwatch:GetMetricData failed: ", id="metrics"),
        pytest.param(
            "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets failed: ", id="scaled"
        ),
    ],
)
def test_pages_that_never_end_are_given_up(
    emulator: Emulator, impatient: Program, action: str, said: str
) -> None:
    configuration = _everything(emulator)
    emulator.add_fault(kind="endless_pages", action=action, times=None)
    run = impatient.check(configuration)
    assert run.code == 1
    ends = ("UnusableAnswer: the pages do not end after ", "AnswerTooSlow: ", "TooLate: ")
    assert any(f"{said}{end}" in run.stdout for end in ends), run.stdout
    assert len(emulator.requests(action)) <= (100 if action == "GetMetricData" else 1000)


def test_pages_that_cost_money_are_given_up_after_100(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="endless_pages", action="GetMetricData", times=None)
    run = program.check(ALL)
    assert "UnusableAnswer: the pages do not end after 100" in run.line_of("busy")
    assert len(emulator.requests("GetMetricData")) == 100


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        *((action, kind) for action in LOOKUPS for kind in ("drip", "hang")),
        *((action, "endless_pages") for action in LOOKUPS if action != "DescribeTable"),
    ],
)
def test_a_signal_ends_the_program_whatever_it_waits_for(
    emulator: Emulator, program: Program, action: str, kind: str
) -> None:
    configuration = _everything(emulator)
    emulator.add_fault(kind=kind, action=action, times=None)
    with program.start(configuration) as running:
        emulator.wait_for_requests(action, ended=False, seconds=30)
        began = time.monotonic()
        run = running.end(signal.SIGTERM)
    # Its calls may take 15 seconds each; it ends without them.
    assert time.monotonic() - began < 8
    assert (run.code, run.stderr) == (0, "")
    assert [line for line in run.log if line.startswith("ERROR")] == []
    assert emulator.capacities() == {("busy", None): BEFORE}


@pytest.mark.parametrize("action", ["UpdateTable", "Publish"])
def test_an_update_under_way_has_limited_time_to_finish(
    emulator: Emulator, impatient: Program, action: str
) -> None:
    configuration = _everything(emulator)
    emulator.add_fault(kind="hang", action=action, times=None)
    with impatient.start(configuration) as running:
        emulator.wait_for_requests(action, ended=False, seconds=30)
        run = running.end(signal.SIGTERM, seconds=20)
    assert run.code == 0


def test_a_run_does_not_wait_for_a_call_that_it_has_given_up(emulator: Emulator, impatient: Program) -> None:
    add_busy(emulator, "sick")
    add_busy(emulator, "well")
    emulator.add_fault(kind="drip", action="DescribeTable", table="sick", times=None)
    endless = json.dumps(dict.fromkeys(("attempt", "retrying", "budget"), 120))
    with impatient.start(ALL, "--run-once", TIMEOUTS=endless) as running:
        assert "no answer within 1 s" in running.wait_for("sick: failed: ")[0]
        running.wait_for("checked 2 targets")
        began = time.monotonic()
        assert running.end().code == 1
    assert time.monotonic() - began < 20


def test_reloads_with_other_numbers_of_workers_leave_no_threads_behind(
    emulator: Emulator, program: Program
) -> None:
    for number in range(12):
        add_busy(emulator, f"t{number:02}")
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=0.1, times=None)
    numbers = (12, 10, 8, 2)
    texts = [f"[global]\nmax-workers: {number}\n{ALL}" for number in numbers]
    most: list[int] = []
    with program.start(texts[0]) as running:
        for count, text in enumerate(texts[1:], 1):
            running.wait_for("checked 12 targets", count=count)
            most.append(_count_threads(running.pid))
            program.write(text)
            running.send(signal.SIGHUP)
        running.wait_for("checked 12 targets", count=len(texts))
        wait_until(lambda: _count_threads(running.pid) <= most[0] - 10, "two of the first twelve workers")
        assert max(most) <= most[0] + 4, "those for updates may have begun later"
        running.end(signal.SIGTERM)


def _count_threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
