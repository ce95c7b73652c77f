"""What fails in three checks in a row is published, and what works again, by daemons and by cron."""

from __future__ import annotations

import json
from signal import SIGTERM
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, RAISED, SOON, add_busy, everywhere
from tests.end_to_end.credential_sources import NO_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

TYPES = "sns-message-types: failure, recovery"
STATE = ("--state-file", "counts.json")


def _global(topic: str, text: str) -> str:
    return f"[global]\nsns-topic-arn: {topic}\n{TYPES}\n{text}"


def _deny(emulator: Emulator, action: str, table: str | None = None) -> None:
    emulator.add_fault(action=action, table=table, code="AccessDeniedException", times=None)


def _subjects(emulator: Emulator) -> list[str]:
    return [message["Subject"] for message in emulator.published()]


def _names(body: str) -> list[str]:
    targets = body.partition("Targets:\n")[2].partition("\n\n")[0].splitlines()
    return [line.partition(" - ")[0] for line in targets]


FAILED = "FAILURE: AccessDeniedException: orders"
RECOVERED = "RECOVERY: AccessDeniedException: orders"


def test_a_daemon_publishes_one_failure_and_one_recovery_of_a_table(
    emulator: Emulator, program: Program
) -> None:
    for name in ("orders", "other"):
        add_busy(emulator, name)
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable", "orders")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    with program.start(configuration, *SOON) as running:
        running.wait_for("checked 2 targets", count=5)
        (failure,) = emulator.published()
        emulator.clear_faults()
        running.wait_for("orders: updated")
        running.wait_for("checked 2 targets", count=7)
        running.end(SIGTERM)
    assert (failure["TopicArn"], failure["Subject"]) == (topic, FAILED)
    lines = failure["Message"].splitlines()
    assert lines[0] == "orders failed in at least 3 checks in a row."
    assert "Cause: AccessDeniedException of dynamodb:DescribeTable" in lines
    assert any("allow dynamodb:DescribeTable in the IAM policy" in line for line in lines)
    assert _subjects(emulator) == [FAILED, RECOVERED]
    assert emulator.capacities()["orders", None] == RAISED


def test_cron_publishes_each_failure_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    seen = []
    for number in range(7):
        if number == 5:
            emulator.clear_faults()
        program.check(configuration)
        seen.append(_subjects(emulator))
    assert seen == [[], [], *[[FAILED]] * 3, *[[FAILED, RECOVERED]] * 2]


def test_old_files_get_no_messages_about_failures(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("failures")
    types = "sns-message-types: scale-up, scale-down, high-throughput-alarm, low-throughput-alarm"
    _deny(emulator, "DescribeTable")
    for _ in range(4):
        program.check(everywhere(f"sns-topic-arn: {topic}", types))
    assert _subjects(emulator) == []


def test_two_hundred_denied_tables_are_one_message(emulator: Emulator, program: Program) -> None:
    tables = [f"table-{number:03}" for number in range(200)]
    for name in tables:
        emulator.add_table(name)
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES)
    for _ in range(3):
        program.check(configuration)
    (failure,) = emulator.published()
    assert failure["Subject"] == "FAILURE: AccessDeniedException: 200 targets"
    assert _names(failure["Message"]) == [*tables[:50], "and 150 more"]
    emulator.clear_faults()
    program.check(configuration, "--dry-run")
    program.check(configuration)
    assert _subjects(emulator)[1:] == ["RECOVERY: AccessDeniedException: 200 targets"]


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        pytest.param("ListTables", "AccessDeniedException: not all tables can be listed", id="the list"),
        pytest.param("DescribeTable", "AccessDeniedException: orders", id="a table without a topic"),
    ],
)
def test_the_topic_of_all_gets_what_concerns_all_and_targets_without_a_topic(
    emulator: Emulator, program: Program, action: str, subject: str
) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("all")
    _deny(emulator, action)
    configuration = _global(topic, everywhere(with_indexes=False))
    for _ in range(4):
        assert program.check(configuration).code == 1
    emulator.clear_faults()
    assert program.check(configuration).code == 0
    assert _subjects(emulator) == [f"FAILURE: {subject}", f"RECOVERY: {subject}"]
    assert {message["TopicArn"] for message in emulator.published()} == {topic}


def test_checks_that_take_too_long_are_published(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("all")
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=1.2, times=5)
    with program.start(_global(topic, everywhere(with_indexes=False)), *SOON) as running:
        emulator.wait_for_requests("Publish", count=1, seconds=60)
        running.end(SIGTERM)
    message = emulator.published()[0]
    assert message["Subject"] == "FAILURE: CheckTooSlow: checks take longer than check-interval"
    assert "a check takes longer than check-interval 1 s: increase it" in message["Message"]


def _assert_late(messages: Iterable[dict[str, str]]) -> None:
    (message,) = messages
    assert message["Subject"].startswith("FAILURE (over): ")
    assert message["Subject"].endswith(": nothing can be checked")
    assert "\nTime: from 2" in message["Message"]


def test_cron_without_credentials_publishes_when_they_are_back(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("all")
    configuration = _global(topic, everywhere(with_indexes=False))
    for _ in range(4):
        run = program.check(configuration, **NO_KEYS)
        assert (run.code, run.warnings) == (1, [])
    assert emulator.requests() == []
    for _ in range(2):
        assert program.check(configuration).code == 0
    _assert_late(emulator.published())


def test_a_daemon_whose_credentials_are_refused_publishes_when_they_are_accepted(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("all")
    with program.start(_global(topic, everywhere(with_indexes=False)), *SOON) as running:
        running.wait_for("checked 1 target:")
        emulator.add_fault(action=None, code="UnrecognizedClientException", times=None)
        running.wait_for("checked 0 targets: nothing could be checked", count=4)
        emulator.clear_faults()
        checked = len(running.wait_for("checked 1 target:"))
        running.wait_for("checked 1 target:", count=checked + 3)
        running.end(SIGTERM)
    _assert_late(emulator.published())


def test_a_topic_that_fails_is_tried_again_and_scaling_goes_on(emulator: Emulator, program: Program) -> None:
    for name in ("orders", "other"):
        add_busy(emulator, name)
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable", "orders")
    emulator.add_fault(action="Publish", code="AuthorizationError", times=2)
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    runs = [program.check(configuration) for _ in range(6)]
    assert [len(run.warnings) for run in runs] == [0, 0, 1, 1, 0, 0]
    assert runs[2].warnings[0].startswith(f"not published to {topic}: {FAILED}: sns:Publish failed: ")
    assert _subjects(emulator) == [FAILED]
    assert emulator.capacities()["other", None] == RAISED


def test_a_dry_run_shows_what_it_would_publish_and_remembers_nothing(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator, "orders")
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    for _ in range(2):
        program.check(configuration, *STATE)
    before = (program.folder / "counts.json").read_bytes()
    for _ in range(2):
        run = program.check(configuration, *STATE, "--dry-run")
        assert f"INFO would publish to {topic}: {FAILED}" in run.log
    assert (program.folder / "counts.json").read_bytes() == before
    assert _subjects(emulator) == []
    with program.start(configuration, "--dry-run", *SOON) as running:
        running.wait_for("checked 1 target:", count=5)
        log = running.end(SIGTERM).log
    assert sum("would publish" in line for line in log) == 1


def test_runs_of_other_tables_with_the_same_file_keep_each_others_failures(
    emulator: Emulator, program: Program
) -> None:
    topic = emulator.add_topic("failures")
    for name in ("orders", "other"):
        add_busy(emulator, name)
    _deny(emulator, "DescribeTable", "orders")
    options = f"{LIMITS}sns-topic-arn: {topic}\n{TYPES}\n"
    for _ in range(4):
        for name in ("orders", "other"):
            program.check(f"[table: ^{name}$]\n{options}", *STATE)
    assert _subjects(emulator) == [FAILED]
    emulator.clear_faults()
    program.check(f"[table: ^other$]\n{options}", *STATE)
    assert _subjects(emulator) == [FAILED]
    program.check(f"[table: ^orders$]\n{options}", *STATE)
    assert _subjects(emulator) == [FAILED, RECOVERED]
    assert "failing" in json.loads((program.folder / "counts.json").read_text())["failures"]["us-east-1"]


def test_a_deleted_table_is_published_as_no_longer_checked(emulator: Emulator, program: Program) -> None:
    for name in ("orders", "other"):
        add_busy(emulator, name)
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable", "orders")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    for _ in range(3):
        program.check(configuration)
    emulator.remove_table("orders")
    program.check(configuration)
    assert _subjects(emulator) == [FAILED, RECOVERED]
    assert emulator.published()[-1]["Message"].startswith("orders is no longer checked.\n")


def test_a_topic_that_does_not_answer_delays_no_update_and_is_not_called_again_for_an_hour(
    emulator: Emulator, impatient: Program
) -> None:
    for name in ("orders", "other"):
        add_busy(emulator, name)
    topic = emulator.add_topic("failures")
    _deny(emulator, "DescribeTable", "orders")
    configuration = everywhere(f"sns-topic-arn: {topic}", TYPES, with_indexes=False)
    for _ in range(2):
        impatient.check(configuration)
    emulator.add_fault(action="Publish", kind="hang", times=None)
    runs = [impatient.check(configuration)]
    tried = emulator.count_requests()["Publish"]
    runs.append(impatient.check(configuration))
    assert emulator.count_requests()["Publish"] == tried
    assert [len(run.warnings) for run in runs] == [1, 0]
    assert emulator.capacities()["other", None] == RAISED
