"""Warn of SNS topics and message types with which messages are not published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.options import FAILURE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.config.places import Owned, Place

_GOOD_TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:my_topic"
_TOPIC: Final = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):[A-Za-z0-9_.-]+")


def find_owned(topic: str | None) -> Owned | None:
    """Return the account and the region of a topic by its ARN; None if that is none."""
    found = _TOPIC.fullmatch(topic or "")
    return (found["account"], found["region"]) if found else None


def is_of_place(topic: str, place: Place) -> bool:
    """Return whether a topic is published to with the credentials of a place, which are those of its role.

    The program's own are used for every topic that is not in the account of the role.
    """
    owned = find_owned(topic)
    return place.role is None or (owned is not None and owned[0] == place.owner)


def warn_of_messages(
    title: str,
    options: Mapping[str, Any],
    region: str | None,
    good_types: str = "scale-up, scale-down",
) -> Iterator[str]:
    """Yield warnings if a section shows that messages cannot be published, or some types never are.

    `region` is that in which SNS is called; None if it is called in the region of each topic.
    """
    topic, types = options["sns_topic_arn"], options["sns_message_types"]
    if topic and not types:
        yield (
            f"[{title}] has an sns-topic-arn but no sns-message-types: nothing is published;"
            f" set types such as {good_types}"
        )
    if types and not topic:
        yield (
            f"[{title}] has sns-message-types but no sns-topic-arn: nothing is published;"
            f" set a topic ARN such as {_GOOD_TOPIC}"
        )
    if "recovery" in types and "failure" not in types:
        yield (
            f"[{title}] sns-message-types: recovery has no effect without failure, because only what was"
            " reported as failed is reported as recovered"
        )
    found = find_owned(topic)
    if topic and found is None:
        yield f"[{title}] sns-topic-arn {shorten(topic)} is not a topic ARN such as {_GOOD_TOPIC}"
    elif found and region is not None and found[1] != region:
        yield (
            f"[{title}] sns-topic-arn is in {found[1]}, but region is {region}: messages are not published"
        )
    if found and topic and topic.endswith(".fifo"):
        yield f"[{title}] sns-topic-arn is a FIFO topic: messages are published to standard topics only"


def warn_of_global_messages(options: Mapping[str, Any], region: str | None) -> Iterator[str]:
    """Yield warnings of a topic in [global] that gets nothing, or not all that is configured."""
    yield from warn_of_messages("global", options, region, ", ".join(FAILURE_TYPES))
    idle = [one for one in options["sns_message_types"] if one not in FAILURE_TYPES]
    if idle:
        yield (
            f"[global] sns-message-types: {', '.join(idle)} has no effect here:"
            " set it in [default_options], or in the section of a table or an index"
        )
