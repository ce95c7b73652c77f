"""Write the SNS messages about alarms and updates, in the words that subscribers parse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.calculators import percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
    from dynamic_dynamodb.scaling.model import PerCapacity, Target, Usage
    from dynamic_dynamodb.scaling.target_options import TargetOptions

SUBJECT_LIMIT_CHARACTERS: Final = 100
"""The longest subject that SNS takes (SNS API reference, Publish)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a topic."""

    topic: str
    subject: str
    body: str


def write_alarms(
    target: Target,
    options: TargetOptions,
    *,
    provisioned: PerCapacity[int],
    usage: PerCapacity[Usage],
) -> tuple[Message, ...]:
    """Return at most one high and one low alarm, each with a line for each capacity."""
    if not options.sns_topic_arn:
        return ()
    high: list[str] = []
    low: list[str] = []
    for capacity in Capacity:
        consumed, thresholds = usage[capacity].consumed_per_second, options.capacities[capacity]
        if consumed is None or not (thresholds.upper_alarm_threshold or thresholds.lower_alarm_threshold):
            continue
        percent = percent_of(consumed, provisioned[capacity])
        line = f"{full_name(target)} - Consumed {capacity.singular.capitalize()} Capacity {float(percent):f}%"
        if 0 < thresholds.upper_alarm_threshold <= percent:
            limit = float(thresholds.upper_alarm_threshold)
            high.append(f"{line} was greater than or equal to the upper alarm threshold {limit:f}%\n")
        elif percent < thresholds.lower_alarm_threshold:
            limit = float(thresholds.lower_alarm_threshold)
            low.append(f"{line} was below the lower alarm threshold {limit:f}%\n")
    title = f"Throughput for Table {full_name(target)}"
    return (
        *_message(options, {"high-throughput-alarm"}, f"ALARM: High {title}", high),
        *_message(options, {"low-throughput-alarm"}, f"ALARM: Low {title}", low),
    )


def write_change(options: TargetOptions, applied: Decision) -> tuple[Message, ...]:
    """Return the message about an applied update, if its direction is among sns-message-types."""
    target = applied.target
    changed = [side for side in applied.capacities if side.is_change]
    lines = [f"{full_name(target)} - {_describe(side)}\n" for side in changed]
    types = {"scale-up" if side.is_raise else "scale-down" for side in changed}
    return tuple(
        _message(
            options,
            types,
            f"Updated provisioning for {target.kind} {_add_place(target, target.index or target.table)}",
            lines,
        )
    )


def _message(options: TargetOptions, types: set[str], subject: str, lines: list[str]) -> Iterator[Message]:
    if lines and options.sns_topic_arn and types & options.sns_message_types:
        yield Message(options.sns_topic_arn, subject[:SUBJECT_LIMIT_CHARACTERS], "".join(lines))


def _describe(side: CapacityDecision) -> str:
    direction = "UP" if side.is_raise else "DOWN"
    return f"{side.capacity.value.capitalize()}: {direction} from {side.provisioned} to {side.proposed}"


def full_name(target: Target) -> str:
    """Return the name as 2.5.1 spelled it, which subscribers parse; a place stands before it."""
    return _add_place(target, f"{target.table} - GSI: {target.index}" if target.index else target.table)


def _add_place(target: Target, name: str) -> str:
    return f"{target.place} {name}" if target.place else name
