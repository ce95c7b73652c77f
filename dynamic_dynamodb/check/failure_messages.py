"""Write the SNS messages about failures and recoveries, for the person who has to act."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.failures import CHECKS_BEFORE_MESSAGE, RECOVERY, AccountFailure
from dynamic_dynamodb.check.notifications import SUBJECT_LIMIT_CHARACTERS, Message, full_name
from dynamic_dynamodb.scaling.model import Target, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamic_dynamodb.check.failures import Failing, FailureKey, Notification

MOST_NAMES: Final = 50
"""How many targets a message names; with the longest names it stays far below the 256 KiB of SNS."""
_SENTENCES: Final = {
    AccountFailure.CHECK: "nothing can be checked",
    AccountFailure.LIST: "not all tables can be listed",
    AccountFailure.AUTOSCALING: "it is not known what AWS scales itself",
    AccountFailure.SLOW: "checks take longer than check-interval",
}
_START: Final = attrgetter("since")
_MOMENT: Final = "{:%Y-%m-%d %H:%M UTC}"
"""Moments are in UTC."""
_EFFECTS: Final = {
    AccountFailure.CHECK: "No table or index is scaled.",
    AccountFailure.LIST: "Tables that are not listed and match an expression are not scaled.",
    AccountFailure.AUTOSCALING: "Nothing is lowered.",
    AccountFailure.SLOW: "Changes come later than configured.",
}
_ENDS: Final = {
    AccountFailure.CHECK: "Checks work again.",
    AccountFailure.LIST: "All tables can be listed again.",
    AccountFailure.AUTOSCALING: "It is known again what AWS scales itself.",
    AccountFailure.SLOW: "Checks are shorter than check-interval again.",
}


@value
class Sender:
    """The program that a message is from; `place` is empty if it scales only one."""

    region: str
    instance: str
    place: str = ""


def write_notification(notification: Notification, sender: Sender) -> Message:
    """Return the message to publish."""
    kind = "RECOVERY" if notification.is_recovery else "FAILURE"
    ended = " (over)" if notification.is_over and not notification.is_recovery else ""
    general = notification.account_failure
    what = _count_targets(notification) if general is None else _SENTENCES[general]
    is_named = general is None and len(notification.members) == 1  # with its place
    where = f" in {sender.place}" if sender.place and not is_named else ""
    code = notification.message_key.cause.code
    return Message(
        notification.message_key.topic_arn,
        _to_ascii(f"{kind}{ended}: {code}: {what}{where}")[:SUBJECT_LIMIT_CHARACTERS],
        "".join(f"{_to_printable(line)}\n" for line in _write_lines(notification, sender)),
    )


def _write_lines(notification: Notification, sender: Sender) -> Iterator[str]:
    cause, first = notification.message_key.cause, min(notification.members.values(), key=_START)
    yield _summarize(notification, sender)
    if notification.is_over and not notification.is_recovery:
        yield "A message could not be published while it lasted."
    yield ""
    if sender.place:
        yield f"Place: {sender.place}"
    yield f"Region: {sender.region}"
    yield f"Instance: {sender.instance}"
    yield f"Cause: {cause.code}{f' of {cause.action}' if cause.action else ''}"
    yield f"Error: {first.sentence}"
    if notification.account_failure:
        yield f"Time: {_describe_time(first)}"
    else:
        yield from _list_targets(notification)
    if not notification.is_over:
        yield ""
        wants_recovery = RECOVERY in first.subscription.types
        promise = "and a message follows when it works again" if wants_recovery else "no message follows"
        yield f"Next: fix the cause of the error. Each check tries again, {promise}."
        yield f"Run dynamic-dynamodb --daemon status --instance {sender.instance} to see what else fails."


def _summarize(notification: Notification, sender: Sender) -> str:
    """Return the first sentence of a message; names of targets have their place."""
    account_failure = notification.account_failure
    if account_failure is not None:
        begun = f"{_SENTENCES[account_failure]}. {_EFFECTS[account_failure]}"
        text = _ENDS[account_failure] if notification.is_over else begun
        return f"{sender.place}: {_begin(text, str.lower)}" if sender.place else _begin(text, str.upper)
    counted, members = _count_targets(notification), notification.members.values()
    is_one = len(members) == 1
    if not notification.is_over:
        return f"{counted} failed in at least {CHECKS_BEFORE_MESSAGE} checks in a row."
    if all(one.is_gone for one in members):
        return f"{counted} {'is' if is_one else 'are'} no longer checked."
    return f"{counted} {'works' if is_one else 'work'} again."


def _begin(text: str, change: Callable[[str], str]) -> str:
    return change(text[0]) + text[1:]


def _list_targets(notification: Notification) -> Iterator[str]:
    """Return the lines that name the targets, bounded in number."""
    members = sorted((str(name), name, one) for name, one in notification.members.items())
    yield ""
    yield "Targets:"
    for _, name, one in members[:MOST_NAMES]:
        gone = " - no longer checked" if one.is_gone else ""
        yield f"{_spell(name)} - {_describe_time(one)}{gone}"
    if len(members) > MOST_NAMES:
        yield f"and {len(members) - MOST_NAMES:,} more"
    if notification.also_failing:
        yield f"Reported before with the same cause, and still failing: {notification.also_failing:,}"


def _describe_time(one: Failing) -> str:
    if one.ended is None:
        return f"since {_MOMENT.format(one.since)}"
    return f"from {_MOMENT.format(one.since)} to {_MOMENT.format(one.ended)}"


def _count_targets(notification: Notification) -> str:
    """Return the name of the target, or how many there are."""
    names = tuple(notification.members)
    return _spell(names[0]) if len(names) == 1 else f"{len(names):,} targets"


def _spell(name: FailureKey) -> str:
    return full_name(name) if isinstance(name, Target) else name.value


def _to_ascii(text: str) -> str:
    """Return a text that SNS accepts as a subject."""
    return _to_printable(text.encode("ascii", "replace").decode("ascii"))


def _to_printable(text: str) -> str:
    """Replace what a message of AWS may contain and a message to SNS may not, such as control characters."""
    return "".join(character if character.isprintable() else "?" for character in text)
