"""Corrections of moto's answers to Publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.errors import ServiceError

if TYPE_CHECKING:
    from tests.emulator.wire import Answer, Call

_SUBJECT_MAXIMUM = 100
_MESSAGE_MAXIMUM = 256 * 1024


def check(call: Call) -> None:
    """Refuse a Publish call that AWS would refuse whatever the state of the topic."""
    if call.action != "Publish":
        return
    parameters = call.parameters
    arn = str(parameters.get("TopicArn", parameters.get("TargetArn", "")))
    if arn and not arn.startswith(f"arn:aws:sns:{call.region}:"):
        raise _invalid(parameter="TopicArn")
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
