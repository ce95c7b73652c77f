"""Subscribers get the types of messages that are configured, in the words that they parse."""

from __future__ import annotations

from typing import Any

import pytest

from dynamic_dynamodb.check.notifications import Message, write_alarms, write_change
from dynamic_dynamodb.scaling.model import PerCapacity, Target, Usage
from tests.builders import INDEX, TABLE, both, decide_with, target_options, usage

TOPIC = "arn:aws:sns:us-east-1:123456789012:capacity"
ALL = "scale-up, scale-down, high-throughput-alarm, low-throughput-alarm"
EVERYTHING = {"sns_topic_arn": TOPIC, "sns_message_types": ALL}


def alarms(reads: Usage, writes: Usage, target: Any = TABLE, **texts: str) -> tuple[Message, ...]:
    """Write the alarms of a target of 100 units each."""
    options = target_options(**{**EVERYTHING, **texts})
    return write_alarms(target, options, provisioned=both(100), usage=PerCapacity(reads, writes))


def test_a_high_and_a_low_alarm_go_out_together() -> None:
    found = alarms(usage(85), usage(20), reads_upper_alarm_threshold="80", writes_lower_alarm_threshold="30")
    assert found == (
        Message(
            TOPIC,
            "ALARM: High Throughput for Table orders",
            "orders - Consumed Read Capacity 85.000000% was greater than or equal to"
            " the upper alarm threshold 80.000000%\n",
        ),
        Message(
            TOPIC,
            "ALARM: Low Throughput for Table orders",
            "orders - Consumed Write Capacity 20.000000% was below the lower alarm threshold 30.000000%\n",
        ),
    )


def test_an_alarm_names_the_index_too() -> None:
    (found,) = alarms(usage(80), usage(50), INDEX, reads_upper_alarm_threshold="80")
    assert found.subject == "ALARM: High Throughput for Table orders - GSI: by-customer"


@pytest.mark.parametrize(
    ("reads", "texts"),
    [
        pytest.param(usage(79.9), {"reads_upper_alarm_threshold": "80"}, id="below the upper threshold"),
        pytest.param(usage(30), {"reads_lower_alarm_threshold": "30"}, id="at the lower threshold"),
        pytest.param(usage(500), {"reads_upper_alarm_threshold": "0"}, id="0 switches it off"),
        pytest.param(usage(None), {"reads_lower_alarm_threshold": "30"}, id="unknown consumption"),
        pytest.param(
            usage(90),
            {"reads_upper_alarm_threshold": "80", "sns_message_types": "scale-up"},
            id="no alarms wanted",
        ),
        pytest.param(usage(90), {"reads_upper_alarm_threshold": "80", "sns_topic_arn": ""}, id="no topic"),
    ],
)
def test_there_is_no_alarm_without_a_cause(reads: Usage, texts: dict[str, str]) -> None:
    assert alarms(reads, usage(50), **texts) == ()


@pytest.mark.parametrize(
    ("types", "is_sent"), [("scale-up", True), ("scale-down", True), ("high-throughput-alarm", False)]
)
def test_one_message_carries_the_lines_of_both_directions_to_subscribers_of_either(
    types: str,
    is_sent: bool,  # noqa: FBT001 - a case
) -> None:
    change = decide_with(usage(95), usage(10))
    expected = Message(
        TOPIC,
        "Updated provisioning for table orders",
        "orders - Reads: UP from 100 to 150\norders - Writes: DOWN from 100 to 50\n",
    )
    options = target_options(sns_topic_arn=TOPIC, sns_message_types=types)
    assert write_change(options, change) == ((expected,) if is_sent else ())


def test_a_subject_is_cut_to_the_length_that_sns_accepts() -> None:
    (found,) = alarms(usage(90), usage(50), Target("t" * 255), reads_upper_alarm_threshold="80")
    assert found.subject == ("ALARM: High Throughput for Table " + "t" * 255)[:100]
