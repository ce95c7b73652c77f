"""What AWS checks before it publishes a message, and corrections of moto's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.errors import ServiceError, denied_message

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.emulator.wire import Answer, Call

_SUBJECT_MAXIMUM = 100
_MESSAGE_MAXIMUM = 256 * 1024


def check(call: Call, topics_open_to: Mapping[str, Collection[str]]) -> None:
    """Refuse a Publish call that AWS would refuse whatever the state of the topic.

    A topic accepts calls of its own account, and of those that it is open to.
    """
    if call.action != "Publish":
        return
    parameters = call.parameters
    arn = str(parameters.get("TopicArn", parameters.get("TargetArn", "")))
    if arn and not arn.startswith(f"arn:aws:sns:{call.region}:"):
        raise _invalid(parameter="TopicArn")
    account = call.identity.account
    if account not in (*arn.split(":")[4:5], *topics_open_to.get(arn, ())):
        message = denied_message(call.identity.arn, "SNS:Publish", arn).replace("identity", "resource")
        raise ServiceError("AuthorizationError", message, 403)
    message = parameters.get("Message", "")
    if not message:
        raise _invalid(parameter="Empty message")
    if len(message.encode()) > _MESSAGE_MAXIMUM:
        raise _invalid(parameter="Message too long")
    subject = parameters.get("Subject")
    if subject is not None and not _acceptable(subject):
        raise _invalid(parameter="Subject")


def correct(answer: Answer) -> Answer:
    """Replace moto's message about an unknown topic with that of AWS."""
    answer.body = answer.body.replace(b"Endpoint does not exist", b"Topic does not exist")
    return answer


def _acceptable(subject: str) -> bool:
    return 0 < len(subject) <= _SUBJECT_MAXIMUM and subject.isprintable()


def _invalid(parameter: str) -> ServiceError:
    return ServiceError("InvalidParameter", f"Invalid parameter: {parameter}")
