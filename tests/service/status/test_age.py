"""A status tells how old it is, and whether the process that wrote it still runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dynamic_dynamodb.service.status.age import (
    Writer,
    find_age,
    find_writer,
    format_duration,
    identify_process,
    renew_decreases,
)
from dynamic_dynamodb.service.status.snapshot import CheckStatus, Mode
from tests.service.status.builders import NOW, STEP, program, status, target


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (1.9, "1 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (2 * 86400 - 1, "47 h"),
        (2 * 86400, "2 days"),
        (400 * 86400, "400 days"),
    ],
)
def test_a_duration_is_in_the_largest_unit_of_which_there_are_two(seconds: float, expected: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("writer", "minutes", "overdue", "warning"),
    [
        pytest.param(Writer.RUNNING, 1, None, None, id="new"),
        pytest.param(Writer.RUNNING, 5.5, 30, None, id="due, and under way"),
        pytest.param(
            Writer.RUNNING, 9, 240, "as of 8 min ago; the next check was due 4 min ago", id="overdue"
        ),
        pytest.param(
            Writer.HIDDEN, 9, 240, "as of 8 min ago; the next check was due 4 min ago", id="hidden, overdue"
        ),
        pytest.param(Writer.HIDDEN, 1, None, None, id="hidden, new"),
        pytest.param(
            Writer.ENDED, 1, None, "as of 57 s ago, by a process that has ended", id="ended a moment ago"
        ),
        pytest.param(Writer.ENDED, 200, None, "as of 3 h ago, by a process that has ended", id="ended"),
        pytest.param(
            Writer.RUNNING, -10, None, "it is 10 min ahead of the clock of this machine", id="of the future"
        ),
    ],
)
def test_an_old_status_has_a_warning(
    writer: Writer, minutes: float, overdue: int | None, warning: str | None
) -> None:
    age = find_age(status(), writer, NOW + timedelta(minutes=minutes))
    seconds = None if age.overdue is None else age.overdue.total_seconds()
    assert (seconds, age.warning) == (overdue, warning)


def test_a_check_that_takes_long_may_be_late() -> None:
    slow = status(check=CheckStatus(NOW, 200.0, complete=True, failures=0, next=NOW + STEP))
    assert find_age(slow, Writer.RUNNING, NOW + timedelta(minutes=10)).warning is None


@pytest.mark.parametrize(
    ("since", "warning"),
    [
        pytest.param(timedelta(minutes=59), None, id="within an hour"),
        pytest.param(timedelta(days=3), "as of 2 days ago, by a single run", id="days later"),
    ],
)
def test_a_single_run_ends_and_is_old_after_an_hour(since: timedelta, warning: str | None) -> None:
    once = status(check=CheckStatus(NOW, 2.0, complete=True, failures=0))
    once = replace(once, program=program(mode=Mode.ONCE, interval_seconds=None))
    assert find_age(once, Writer.ENDED, NOW + since).warning == warning


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(timedelta(minutes=5), (0, NOW + timedelta(hours=1)), id="before the next one"),
        pytest.param(timedelta(hours=2), (0, None), id="once the next one is possible"),
        pytest.param(timedelta(days=1), (4, None), id="on another day"),
    ],
)
def test_decreases_are_those_that_aws_allows_now(
    later: timedelta, expected: tuple[int, datetime | None]
) -> None:
    used = target("orders", described=NOW, free_decreases_left=0, next_decrease=NOW + timedelta(hours=1))
    renewed = renew_decreases(used, NOW + later)
    assert (renewed.free_decreases_left, renewed.next_decrease) == expected


def test_decreases_that_are_not_known_stay_unknown() -> None:
    unknown = target("orders", described=None, free_decreases_left=None)
    assert renew_decreases(unknown, NOW + timedelta(days=1)) == unknown


def test_a_process_is_recognized_until_it_ends() -> None:
    own = program(pid=os.getpid(), process=identify_process(os.getpid()))
    assert find_writer(own) is Writer.RUNNING
    child = subprocess.Popen(
        [sys.executable, "-c", "input('.')"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.read(1)  # it runs
    theirs = program(pid=child.pid, process=identify_process(child.pid))
    assert find_writer(theirs) is Writer.RUNNING
    child.communicate()
    assert find_writer(theirs) is Writer.ENDED


def test_a_later_process_with_the_same_pid_is_another() -> None:
    start, _, namespace = identify_process(os.getpid()).partition("@")
    assert find_writer(program(pid=os.getpid(), process=f"{int(start) - 1}@{namespace}")) is Writer.ENDED


def test_a_process_of_another_container_cannot_be_seen() -> None:
    start, _, namespace = identify_process(os.getpid()).partition("@")
    elsewhere = program(pid=os.getpid(), process=f"{start}@{int(namespace) - 1}")
    assert find_writer(elsewhere) is Writer.HIDDEN


@pytest.mark.parametrize("pid", [-1, 0, 10**17])
def test_a_pid_that_no_process_can_have_has_ended(pid: int) -> None:
    own = identify_process(os.getpid())
    assert find_writer(program(pid=pid, process=own)) is Writer.ENDED
