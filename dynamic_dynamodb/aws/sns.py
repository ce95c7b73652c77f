"""Publish messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.actions import PUBLISH

if TYPE_CHECKING:
    from dynamic_dynamodb.aws.client import AwsClient
    from dynamic_dynamodb.check.notifications import Message


class SnsNotifier:
    """SNS in one region."""

    def __init__(self, session: AwsClient) -> None:
        """Keep the session; nothing is called yet."""
        self._session = session

    def publish(self, message: Message) -> None:
        """Publish one message; raise AwsError."""
        self._session.call(
            PUBLISH,
            "publish",
            lambda answer: answer["MessageId"],
            TopicArn=message.topic,
            Subject=message.subject,
            Message=message.body,
        )
