"""A dry run logs what a real run would do, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.account import (
    BEFORE,
    actions,
    add_busy,
    add_busy_with_index,
    add_idle,
    everywhere,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


def test_a_dry_run_changes_and_publishes_nothing(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator)
    topic = emulator.add_topic("alarms")
    run = program.check(
        everywhere(
            f"sns-topic-arn: {topic}",
            "sns-message-types: scale-up, scale-down, high-throughput-alarm, low-throughput-alarm",
            "reads-upper-alarm-threshold: 80",
            "writes-lower-alarm-threshold: 20",
        ),
        "--dry-run",
    )
    assert run.code == 0
    assert emulator.capacities() == {
        ("idle", None): BEFORE,
        ("orders", None): BEFORE,
        ("orders", "by-date"): BEFORE,
    }
    assert actions(emulator) == ["ListTables", "DescribeTable", "DescribeTable", "GetMetricData"]


def test_a_dry_run_logs_what_it_would_change_and_why(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    run = program.check(everywhere(), "--dry-run")
    assert run.line_of("busy") == (
        "INFO busy: would be updated: reads 100 -> 150 (95 % consumed is above reads-upper-threshold 90 %:"
        " up by 50 percent); writes 100 -> 150 (95 % consumed is above writes-upper-threshold 90 %:"
        " up by 50 percent)"
    )
    assert "idle: would be updated: reads 100 -> 50 (10 % consumed is below" in run.line_of("idle")


def test_a_dry_run_logs_what_it_would_publish(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    topic = emulator.add_topic("alarms")
    run = program.check(
        everywhere(
            f"sns-topic-arn: {topic}",
            "sns-message-types: scale-up, high-throughput-alarm",
            "reads-upper-alarm-threshold: 80",
        ),
        "--dry-run",
    )
    assert [line for line in run.log if "publish" in line] == [
        f"INFO would publish to {topic}: ALARM: High Throughput for Table busy",
        f"INFO would publish to {topic}: Updated provisioning for table busy",
    ]


def test_every_line_of_a_dry_run_is_marked(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    dry = program.check("[table: busy]\n", "--dry-run")
    real = program.check("[table: busy]\n")
    assert len(dry.log) == len(dry.stdout.splitlines()) > 2
    assert all(" - dryrun - " in line for line in dry.stdout.splitlines())
    assert "dryrun" not in real.stdout


def test_a_dry_run_does_not_hide_failures(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_busy(emulator, "secret")
    emulator.add_fault(action="DescribeTable", table="secret", code="AccessDeniedException", times=None)
    run = program.check(everywhere(), "--dry-run")
    assert run.code == 1
    assert run.line_of("busy").startswith("INFO busy: would be updated")
