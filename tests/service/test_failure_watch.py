"""What is failing outlives the process in the state file, which other runs change too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.failure_messages import Sender
from dynamic_dynamodb.check.failures import NOTHING_FAILS, Rules, Subscription
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport, Unpublished
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.failure_watch import FailureWatch
from dynamic_dynamodb.service.state_file import StateFile
from tests.builders import NOW

if TYPE_CHECKING:
    from pathlib import Path

A, B = Target("aaa"), Target("bbb", "by-date")
RULES = Rules(timedelta(hours=1), subscription=Subscription("arn", frozenset({"failure", "recovery"})))
DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
LOST = AwsError("sns:Publish", "ReadTimeoutError", is_answer_lost=True)


def watch(path: Path, *, region: str = "us-east-1", is_dry_run: bool = False) -> FailureWatch:
    """Return what a process follows failures with."""
    return FailureWatch(StateFile(path, region), RULES, Sender(region, "default"), is_dry_run)


def report(**outcomes: str) -> CheckReport:
    """Return a report of tables that failed or not."""
    return CheckReport(
        tuple(
            TargetReport(Target(name), Outcome(one), error=DENIED if one == "failed" else None)
            for name, one in outcomes.items()
        )
    )


FAILS, WORKS = report(aaa="failed"), report(aaa="unchanged")


class Cron:
    """Checks of which each is a process of its own."""

    def __init__(self, path: Path) -> None:
        self.path, self.now = path, NOW

    def check(self, found: CheckReport, one: FailureWatch | None = None) -> list[str]:
        """Return the subjects of the messages."""
        self.now += timedelta(minutes=5)
        one = one or watch(self.path)
        subjects = [message.subject for message in one.prepare(found, self.now)]
        one.note((), self.now)
        return subjects


@pytest.fixture
def cron(tmp_path: Path) -> Cron:
    """Return checks with a state file that does not exist yet."""
    return Cron(tmp_path / "counts.json")


FAILED, RECOVERED = "FAILURE: AccessDeniedException: aaa", "RECOVERY: AccessDeniedException: aaa"


def test_failures_are_counted_from_process_to_process(cron: Cron) -> None:
    found = [cron.check(one) for one in (*[FAILS] * 5, WORKS, WORKS)]
    assert found == [[], [], [FAILED], [], [], [RECOVERED], []]


def test_all_that_is_remembered_is_read_as_it_was_written(cron: Cron) -> None:
    one = watch(cron.path)
    for found in (
        *[CheckReport((*FAILS.targets, TargetReport(B, Outcome.FAILED, error=LOST)), error=DENIED)] * 3,
        WORKS,
    ):
        message = one.prepare(found, NOW)
        one.note([Unpublished(each, LOST) for each in message[:2]], NOW)
    assert one.memory.failing
    assert one.memory.sent
    assert StateFile(cron.path, "us-east-1").read_failures() == one.memory


def test_two_runs_keep_what_the_other_has_noted(cron: Cron) -> None:
    one, other = watch(cron.path), watch(cron.path)
    for _ in range(2):
        cron.check(FAILS, one)
        cron.check(report(bbb="failed"), other)
    assert cron.check(FAILS, one) == [FAILED]
    assert cron.check(report(bbb="failed"), other) == []  # the same cause, within an hour
    assert cron.check(WORKS, other) == [RECOVERED]
    assert cron.check(WORKS, one) == []


def test_regions_do_not_share_failures(cron: Cron) -> None:
    for _ in range(3):
        cron.check(FAILS)
    assert cron.check(WORKS, watch(cron.path, region="eu-west-1")) == []
    assert cron.check(WORKS) == [RECOVERED]


def test_counts_do_not_lose_failures_nor_failures_counts(cron: Cron) -> None:
    cron.check(FAILS)
    file = StateFile(cron.path, "us-east-1")
    file.write({}, set(), NOW)
    assert set((file.read_failures() or NOTHING_FAILS).failing) == {A}


def test_a_file_that_cannot_be_written_repeats_no_message_of_one_process(tmp_path: Path) -> None:
    folder = tmp_path / "a file, not a folder"
    folder.write_text("")
    cron = Cron(folder / "counts.json")
    conditions = Conditions()
    one = FailureWatch(
        StateFile(cron.path, "us-east-1", conditions), RULES, Sender("us-east-1", "default"), is_dry_run=False
    )
    assert [cron.check(FAILS, one) for _ in range(5)] == [[], [], [FAILED], [], []]
    assert [notice.topic for notice in conditions.in_force] == ["state file written"]


def test_a_file_that_can_be_written_again_has_what_happened_since(cron: Cron) -> None:
    one = watch(cron.path)
    cron.check(FAILS, one)
    writable, one.file = one.file, replace(one.file, path=cron.path / "not a folder")
    for _ in range(2):
        cron.check(FAILS, one)
    one.file = writable
    cron.check(FAILS, one)
    assert cron.check(WORKS) == [RECOVERED]


def test_nothing_is_written_while_nothing_fails(cron: Cron) -> None:
    for _ in range(3):
        cron.check(WORKS)
    assert not cron.path.exists()


def test_a_reload_keeps_failures_of_the_same_region(cron: Cron, tmp_path: Path) -> None:
    one = watch(cron.path)
    for _ in range(2):
        cron.check(FAILS, one)
    moved, elsewhere = watch(tmp_path / "moved.json"), watch(cron.path, region="eu-west-1")
    for successor in (moved, elsewhere):
        successor.continue_from(one)
    assert cron.check(FAILS, moved) == [FAILED]
    assert cron.check(FAILS, elsewhere) == []
    assert cron.check(WORKS, watch(tmp_path / "moved.json")) == [RECOVERED]


def test_a_dry_run_counts_what_it_would_publish_as_published(cron: Cron) -> None:
    one = watch(cron.path, is_dry_run=True)
    assert [cron.check(FAILS, one) for _ in range(5)] == [[], [], [FAILED], [], []]
    assert not cron.path.exists()
