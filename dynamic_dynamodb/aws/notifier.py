"""Publish messages to SNS, whose topics may be in another account and region than the tables."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.permissions import PUBLISH
from dynamic_dynamodb.config.topics import find_owned, is_of_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.check.notifications import Message
    from dynamic_dynamodb.config.places import Place


@dataclass(slots=True)
class SnsNotifier:
    """SNS, as called for the targets of a place.

    A topic in the account of the place's role is called with the credentials of the role, and any other topic
    with the program's own. `open_other` returns a client for a region, with those of the place or not.
    An only place without a role calls SNS in its own region.
    """

    place: Place
    client: AwsClient
    open_other: Callable[[str, bool], AwsClient]
    _others: dict[tuple[str, bool], AwsClient] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, message: Message) -> None:
        """Publish one message; raise AwsError."""
        self._find_client(message.topic).call(
            PUBLISH,
            "publish",
            lambda answer: answer["MessageId"],
            TopicArn=message.topic,
            Subject=message.subject,
            Message=message.body,
        )

    def _find_client(self, topic: str) -> AwsClient:
        place, owned = self.place, find_owned(topic)
        if owned is None or not (place.label or place.role):
            return self.client
        region, has_place_credentials = owned[1], is_of_place(topic, place)
        if has_place_credentials and region == place.region:
            return self.client
        with self._lock:
            client = self._others.get((region, has_place_credentials))
            if client is None:
                client = self._others[region, has_place_credentials] = self.open_other(
                    region, has_place_credentials
                )
        client.open()
        return client
