"""A service that hangs costs a check a limited time, however many tables there are."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, BEFORE, LOWERED, RAISED, add_busy, add_idle, everywhere
from tests.end_to_end.breaker import serve

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

NOT_ASKED = "NotAsked: failed attempts have used up the time for such calls; the next check tries again"


def _seconds(emulator: Emulator) -> float:
    """Return the time from the first request to the last."""
    started = [request.started for request in emulator.requests()]
    return (started[-1] - started[0]).total_seconds()


def test_a_table_that_hangs_does_not_delay_others(emulator: Emulator, impatient: Program) -> None:
    emulator.add_fault(kind="hang", action="DescribeTable", table="aaa", times=None)
    names = [3 * letter for letter in "abcdefgh"]
    for name in names:
        add_busy(emulator, name)
    run = impatient.check(f"[global]\nmax-workers: 2\n{ALL}")
    assert run.code == 1
    assert emulator.capacities() == {(name, None): BEFORE if name == "aaa" else RAISED for name in names}
    described = {request.parameters["TableName"]: request for request in emulator.requests("DescribeTable")}
    # The others went through the second worker before the first attempt was over, and waited a second then.
    assert (described["hhh"].started - described["bbb"].started).total_seconds() < 0.4
    first_update = emulator.requests("UpdateTable")[0]
    assert (first_update.started - described["hhh"].started).total_seconds() < 1.4
    assert "the description failed: TooLate: no answer within 1 s of the others" in run.line_of("aaa")


def test_a_single_worker_continues_after_a_table_that_hangs(emulator: Emulator, impatient: Program) -> None:
    emulator.add_fault(kind="hang", action="DescribeTable", table="aaa", times=None)
    for name in ("aaa", "bbb", "ccc"):
        add_busy(emulator, name)
    impatient.check(f"[global]\nmax-workers: 1\n{ALL}")
    assert emulator.capacities() == {("aaa", None): BEFORE, ("bbb", None): RAISED, ("ccc", None): RAISED}
    assert Counter(request.parameters["TableName"] for request in emulator.requests("DescribeTable")) == {
        "aaa": 3,
        "bbb": 1,
        "ccc": 1,
    }


@pytest.mark.parametrize("action", ["DescribeTable", "UpdateTable"])
def test_a_service_that_never_answers_is_given_up(
    emulator: Emulator, impatient: Program, action: str
) -> None:
    emulator.add_fault(kind="hang", action=action, times=None)
    names = [f"table-{number:02}" for number in range(60)]
    for name in names:
        add_busy(emulator, name)
    run = impatient.check(f"[global]\nmax-workers: 4\n{ALL}")
    assert run.code == 1
    assert set(emulator.capacities().values()) == {BEFORE}
    # Four at a time, until patience ends after two seconds: four attempts each, or one more
    assert len(emulator.requests(action)) <= 24
    assert _seconds(emulator) < 5
    assert f"dynamodb:{action} failed: {NOT_ASKED}" in run.line_of("table-59")


def test_the_next_check_calls_a_given_up_service_again(emulator: Emulator, impatient: Program) -> None:
    add_busy(emulator, "aaa")
    for number in range(8):
        add_idle(emulator, f"table-{number}")
    emulator.add_fault(kind="hang", action="DescribeTable", times=None)
    with impatient.start(f"[global]\nmax-workers: 1\ncheck-interval: 1\n{ALL}") as running:
        running.wait_for(NOT_ASKED)
        emulator.clear_faults()
        running.wait_for("aaa: updated: ")
        running.wait_for("table-7: updated: ")


def test_a_breaker_that_hangs_is_not_requested_for_every_target(
    emulator: Emulator, impatient: Program
) -> None:
    for number in range(9):
        add_busy(emulator, f"table-{number}")
    add_idle(emulator)
    with serve(None) as service:
        breaker = (f"circuit-breaker-url: {service.url}", "circuit-breaker-timeout: 900")
        sections = f"[table: t.*]\n{breaker[0]}\n{breaker[1]}\n[table: idle]\n"
        defaults = everywhere(with_indexes=False).replace("[table: .*]\n", "")
        run = impatient.check(f"[global]\nmax-workers: 1\n{defaults}{sections}")
        assert len(service.asked) == 3
    assert run.code == 0
    assert emulator.capacities() == {
        **{(f"table-{number}", None): BEFORE for number in range(9)},
        ("idle", None): LOWERED,
    }
    assert "is open: it has not answered for too long in this check" in run.line_of("table-8")


def test_retries_are_limited_whatever_the_environment_says(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="ThrottlingException", action="DescribeTable", times=None)
    retries_of_botocore = {"AWS_MAX_ATTEMPTS": "9", "AWS_RETRY_MODE": "legacy"}
    assert program.check(ALL, **retries_of_botocore).code == 1
    asked = emulator.requests("DescribeTable")
    assert len(asked) == 5
    pauses = [(later.started - earlier.started).total_seconds() for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses), "each wait is longer than the one before"
    assert sum(pauses) < 5


def test_a_list_that_goes_round_in_circles_ends(emulator: Emulator, program: Program) -> None:
    for number in range(3):
        add_busy(emulator, f"table-{number}")
    emulator.set_pages(tables=1, in_circles=True)
    run = program.check(ALL)
    assert run.code == 1
    assert "dynamodb:ListTables failed: UnusableAnswer: the pages never end" in run.stdout
    assert len(emulator.requests("ListTables")) == 2
