"""A message says what failed, on which targets, since when, why, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.failure_messages import Sender, write_notification
from dynamic_dynamodb.check.failures import (
    FAILURE,
    RECOVERY,
    AccountFailure,
    Cause,
    Failing,
    MessageKey,
    Notification,
    Subscription,
)
from dynamic_dynamodb.check.notifications import Message
from dynamic_dynamodb.scaling.model import Target
from tests.builders import NOW

if TYPE_CHECKING:
    from dynamic_dynamodb.check.failures import FailureKey

ARN = "arn:aws:sns:us-east-1:123456789012:failures"
SENDER = Sender("us-east-1", "default")
CAUSE = Cause("AccessDeniedException", "dynamodb:DescribeTable")
SENTENCE = "dynamodb:DescribeTable failed: AccessDeniedException: no"
BEGUN = Failing(
    CAUSE, SENTENCE, NOW, NOW, Subscription(ARN, frozenset({"failure", "recovery"})), is_reported=True
)
ENDED = replace(BEGUN, ended=NOW + timedelta(minutes=40))
MOST_BYTES = 256 * 1024


def notify(
    *names: FailureKey,
    kind: str = FAILURE,
    one: Failing = BEGUN,
    cause: Cause = CAUSE,
    also: int = 0,
    place: str = "",
) -> Message:
    """Write the message about subjects that all fail alike."""
    account_failure = names[0] if isinstance(names[0], AccountFailure) else None
    topic = MessageKey(kind, ARN, account_failure, cause)
    found = Notification(topic, dict.fromkeys(names, one), one.ended is not None, also)
    return write_notification(found, replace(SENDER, place=place))


START = f"{NOW:%Y-%m-%d %H:%M} UTC"
END = f"{NOW + timedelta(minutes=40):%Y-%m-%d %H:%M} UTC"
HEAD = f"""
Region: us-east-1
Instance: default
Cause: AccessDeniedException of dynamodb:DescribeTable
Error: {SENTENCE}
"""
NEXT = """
Next: fix the cause of the error. Each check tries again, and a message follows when it works again.
Run dynamic-dynamodb --daemon status --instance default to see what else fails.
"""


@pytest.mark.parametrize(
    ("found", "subject", "body"),
    [
        pytest.param(
            notify(Target("orders", "by-date")),
            "FAILURE: AccessDeniedException: orders - GSI: by-date",
            "orders - GSI: by-date failed in at least 3 checks in a row.\n"
            f"{HEAD}\nTargets:\norders - GSI: by-date - since {START}\n{NEXT}",
            id="one target",
        ),
        pytest.param(
            notify(Target("b"), Target("a"), also=3),
            "FAILURE: AccessDeniedException: 2 targets",
            "2 targets failed in at least 3 checks in a row.\n"
            f"{HEAD}\nTargets:\na - since {START}\nb - since {START}\n"
            f"Reported before with the same cause, and still failing: 3\n{NEXT}",
            id="two targets",
        ),
        pytest.param(
            notify(Target("orders"), kind=RECOVERY, one=ENDED),
            "RECOVERY: AccessDeniedException: orders",
            f"orders works again.\n{HEAD}\nTargets:\norders - from {START} to {END}\n",
            id="a recovery",
        ),
        pytest.param(
            notify(Target("orders"), kind=RECOVERY, one=replace(ENDED, is_gone=True)),
            "RECOVERY: AccessDeniedException: orders",
            f"orders is no longer checked.\n{HEAD}\n"
            f"Targets:\norders - from {START} to {END} - no longer checked\n",
            id="a target that is gone",
        ),
        pytest.param(
            notify(AccountFailure.LIST),
            "FAILURE: AccessDeniedException: not all tables can be listed",
            "Not all tables can be listed."
            " Tables that are not listed and match an expression are not scaled.\n"
            f"{HEAD}Time: since {START}\n{NEXT}",
            id="a account_failure of all",
        ),
        pytest.param(
            notify(AccountFailure.CHECK, one=ENDED),
            "FAILURE (over): AccessDeniedException: nothing can be checked",
            "Checks work again.\nA message could not be published while it lasted.\n"
            f"{HEAD}Time: from {START} to {END}\n",
            id="a failure that could not be published",
        ),
        pytest.param(
            notify(AccountFailure.CHECK, place="production/us-east-1"),
            "FAILURE: AccessDeniedException: nothing can be checked in production/us-east-1",
            "production/us-east-1: nothing can be checked. No table or index is scaled.\n"
            f"\nPlace: production/us-east-1{HEAD}Time: since {START}\n{NEXT}",
            id="all of one of several accounts or regions",
        ),
        pytest.param(
            notify(AccountFailure.CHECK, kind=RECOVERY, one=ENDED, place="production/us-east-1"),
            "RECOVERY: AccessDeniedException: nothing can be checked in production/us-east-1",
            "production/us-east-1: checks work again.\n"
            f"\nPlace: production/us-east-1{HEAD}Time: from {START} to {END}\n",
            id="a recovery of one of several accounts or regions",
        ),
    ],
)
def test_a_message_has_all_that_its_reader_needs(found: Message, subject: str, body: str) -> None:
    assert found == Message(ARN, subject, body)


def test_a_message_without_a_recovery_to_come_says_so() -> None:
    found = notify(Target("a"), one=replace(BEGUN, subscription=Subscription(ARN, frozenset({"failure"}))))
    assert "Each check tries again, no message follows.\n" in found.body


@pytest.mark.parametrize(
    ("number", "last"),
    [
        pytest.param(50, f"table-00049 - since {START}", id="as many as are named"),
        pytest.param(51, "and 1 more", id="one more"),
        pytest.param(5_030, "and 4,980 more", id="thousands"),
    ],
)
def test_a_message_names_the_first_targets_and_counts_the_others(number: int, last: str) -> None:
    found = notify(*(Target(f"table-{one:05}") for one in range(number)))
    names = found.body.partition("Targets:\n")[2].partition("\n\n")[0].splitlines()
    assert (len(names), names[-1]) == (min(number, 51), last)


def test_the_longest_message_is_within_the_limits_of_sns() -> None:
    names = [Target("t" * 250 + f"{one:05}", "i" * 255) for one in range(60)]
    cause = Cause("C" * 200, "a" * 200)
    found = notify(*names, one=replace(BEGUN, sentence="\N{SNOWMAN}" * 1_000), cause=cause)
    assert len(found.subject) == 100
    assert len(found.body.encode()) < MOST_BYTES


def test_a_subject_is_printable_ascii_and_a_body_has_no_control_characters() -> None:
    odd = "x\x00\ny\ud800\N{SNOWMAN}"
    found = notify(Target("a"), cause=Cause(odd, odd), one=replace(BEGUN, sentence=odd))
    assert found.subject == "FAILURE: x??y??: a"
    assert "Error: x??y?\N{SNOWMAN}\n" in found.body
