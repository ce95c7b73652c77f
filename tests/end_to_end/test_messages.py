"""Changes and alarms are published to SNS, and failing to publish prevents no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.account import LIMITS, RAISED, add_busy, add_busy_with_index, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

ALARM = "reads-upper-alarm-threshold: 80"


def _published(emulator: Emulator) -> set[tuple[str, str, str]]:
    messages = emulator.published()
    found = {(message["TopicArn"], message["Subject"], message["Message"]) for message in messages}
    assert len(found) == len(messages)
    return found


def test_changes_of_a_table_and_its_index_are_published(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    topic = emulator.add_topic("changes")
    run = program.check(everywhere(f"sns-topic-arn: {topic}", "sns-message-types: scale-up"))
    assert run.code == 0
    assert _published(emulator) == {
        (
            topic,
            "Updated provisioning for table orders",
            "orders - Reads: UP from 100 to 150\norders - Writes: UP from 100 to 150\n",
        ),
        (
            topic,
            "Updated provisioning for GSI by-date",
            (
                "orders - GSI: by-date - Reads: UP from 100 to 150\n"
                "orders - GSI: by-date - Writes: UP from 100 to 150\n"
            ),
        ),
    }


def test_one_message_has_all_changes_of_a_target(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=95, consumed_writes=10)
    topic = emulator.add_topic("changes")
    program.check(everywhere(f"sns-topic-arn: {topic}", "sns-message-types: scale-up, scale-down"))
    body = "orders - Reads: UP from 100 to 150\norders - Writes: DOWN from 100 to 50\n"
    assert _published(emulator) == {(topic, "Updated provisioning for table orders", body)}


def test_high_and_low_alarms_are_both_published(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=85, consumed_writes=40)
    topic = emulator.add_topic("alarms")
    run = program.check(
        everywhere(
            f"sns-topic-arn: {topic}",
            "sns-message-types: high-throughput-alarm, low-throughput-alarm",
            ALARM,
            "writes-lower-alarm-threshold: 50",
        )
    )
    assert run.code == 0
    assert _published(emulator) == {
        (
            topic,
            "ALARM: High Throughput for Table orders",
            (
                "orders - Consumed Read Capacity 85.000000% was greater than or equal to"
                " the upper alarm threshold 80.000000%\n"
            ),
        ),
        (
            topic,
            "ALARM: Low Throughput for Table orders",
            "orders - Consumed Write Capacity 40.000000% was below the lower alarm threshold 50.000000%\n",
        ),
    }


def test_only_configured_message_types_are_published(emulator: Emulator, program: Program) -> None:
    wanted = {
        "others": ("scale-down, low-throughput-alarm", set()),
        "changes": ("scale-up", {"Updated"}),
        "alarms": ("high-throughput-alarm", {"ALARM:"}),
        "both": ("scale-up, high-throughput-alarm", {"Updated", "ALARM:"}),
    }
    topics = {name: emulator.add_topic(name) for name in wanted}
    for name in wanted:
        add_busy(emulator, name)
    program.check(
        "".join(
            f"[table: {name}]\n{LIMITS}{ALARM}\nsns-topic-arn: {topics[name]}\nsns-message-types: {types}\n"
            for name, (types, _) in wanted.items()
        )
    )
    published = _published(emulator)
    for name, (_, expected) in wanted.items():
        received = {subject.split()[0] for topic, subject, _ in published if topic == topics[name]}
        assert received == expected, name


def test_a_subject_is_cut_to_the_length_that_sns_accepts(emulator: Emulator, program: Program) -> None:
    name = "t" * 255
    add_busy(emulator, name)
    topic = emulator.add_topic("long")
    run = program.check(
        everywhere(
            f"sns-topic-arn: {topic}",
            "sns-message-types: scale-up, high-throughput-alarm",
            ALARM,
            with_indexes=False,
        )
    )
    assert (run.code, run.warnings) == (0, [])
    alarm = f"{name} - Consumed Read Capacity 95.000000% was greater than or equal to the upper alarm"
    assert _published(emulator) == {
        (
            topic,
            f"Updated provisioning for table {name}"[:100],
            f"{name} - Reads: UP from 100 to 150\n{name} - Writes: UP from 100 to 150\n",
        ),
        (topic, f"ALARM: High Throughput for Table {name}"[:100], f"{alarm} threshold 80.000000%\n"),
    }


def test_a_failed_publish_does_not_prevent_the_change(emulator: Emulator, program: Program) -> None:
    topics = {
        "unknown": ("arn:aws:sns:us-east-1:123456789012:none", "Topic does not exist"),
        "of-another-region": ("arn:aws:sns:eu-west-1:123456789012:far", "TopicArn"),
    }
    for name in topics:
        add_busy(emulator, name)
    run = program.check(
        "".join(
            f"[table: {name}]\n{LIMITS}sns-topic-arn: {topic}\nsns-message-types: scale-up\n"
            for name, (topic, _) in topics.items()
        )
    )
    assert run.code == 0
    assert emulator.capacities() == {(name, None): RAISED for name in topics}
    lost = [warning for warning in run.warnings if warning.startswith("not published to ")]
    assert len(lost) == 2
    for topic, said in topics.values():
        assert any(topic in warning and said in warning for warning in lost)


def test_a_missing_permission_to_publish_is_named(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    topic = emulator.add_topic("denied")
    emulator.add_fault(action="Publish", code="AuthorizationError", times=None)
    run = program.check(
        everywhere(f"sns-topic-arn: {topic}", "sns-message-types: scale-up", with_indexes=False)
    )
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert len(run.warnings) == 1
    assert "sns:Publish" in run.warnings[0]


def test_a_change_that_was_refused_is_not_published(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(action="UpdateTable", code="AccessDeniedException", times=None)
    topic = emulator.add_topic("changes")
    run = program.check(everywhere(f"sns-topic-arn: {topic}", "sns-message-types: scale-up"))
    assert run.code == 1
    assert _published(emulator) == set()
