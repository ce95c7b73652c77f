"""Decide which failures and recoveries to publish, from the reports of successive checks."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.check.resilience import ENDING
from dynamic_dynamodb.config.topics import find_owned
from dynamic_dynamodb.errors import RoleError
from dynamic_dynamodb.scaling.model import Target, value
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.report import CheckReport, TargetReport
    from dynamic_dynamodb.errors import AwsError

CHECKS_BEFORE_MESSAGE: Final = 3
"""How many checks in a row fail before a message."""
MESSAGE_INTERVAL: Final = timedelta(hours=1)
"""How long after a failure message the next one about the same cause may be sent to the same topic."""
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long a target that is no longer checked counts as failing."""
FAILURE: Final = "failure"
RECOVERY: Final = "recovery"
_MOST_CHARACTERS: Final = 1_000
"""How much of an error is kept; it may contain a message of AWS."""


class AccountFailure(str, Enum):
    """What concerns all targets; the values of the last three are topics of conditions."""

    CHECK = "check"
    LIST = "list"
    AUTOSCALING = "autoscaling"
    SLOW = "slow"


FailureKey: TypeAlias = Target | AccountFailure
"""What can fail and recover."""


@value
class Cause:
    """Why something failed: AWS's error code, or the code of a reason, and the action that failed, if any."""

    code: str
    action: str = ""


@value
class Subscription:
    """The topic for messages, and the types of messages that it gets."""

    topic: str | None
    types: frozenset[str]


@value
class Failing:
    """A failure that lasts.

    `checks` counts the failed checks in a row, at most as many as it takes for a message; `checked` is the
    last one that counted. `is_late` means that the failure message was due and was not published.
    `ended` is when the failure ended, while that is still to be published; `is_gone` means that it ended
    because its target is no longer checked.
    """

    cause: Cause
    sentence: str
    since: datetime
    checked: datetime
    subscription: Subscription
    checks: int = 1
    is_reported: bool = False
    is_late: bool = False
    ended: datetime | None = None
    is_gone: bool = False

    @property
    def is_end_published(self) -> bool:
        """Return whether a message about its end is to be sent."""
        return RECOVERY in self.subscription.types if self.is_reported else self.is_late


@value
class MessageKey:
    """What an hour's limit applies to: one kind of message about one cause, sent to one SNS topic."""

    kind: str
    topic_arn: str
    account_failure: AccountFailure | None
    cause: Cause


@value
class FailureMemory:
    """What is failing, and when messages were sent."""

    failing: Mapping[FailureKey, Failing] = field(default_factory=dict)
    sent: Mapping[MessageKey, datetime] = field(default_factory=dict)


NOTHING_FAILS: Final = FailureMemory()


@value
class Notification:
    """A message to send: a failure, a recovery, or both at once if the failure message could not be sent.

    `also_failing` counts the targets with the same cause that an earlier message has reported.
    """

    message_key: MessageKey
    members: Mapping[FailureKey, Failing]
    is_over: bool = False
    also_failing: int = 0

    @property
    def is_recovery(self) -> bool:
        """Return whether an earlier message has reported the failure."""
        return self.message_key.kind == RECOVERY

    @property
    def account_failure(self) -> AccountFailure | None:
        """Return what it is about if that concerns all targets."""
        return self.message_key.account_failure


@value
class Plan:
    """The notifications to send after a check, and the memory if none of them is sent."""

    memory: FailureMemory = NOTHING_FAILS
    notifications: tuple[Notification, ...] = ()


class Delivery(Enum):
    """What became of a notification; UNCERTAIN means that SNS may have published it."""

    PUBLISHED = "published"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@value
class Rules:
    """When failed checks count, and who is notified of what concerns all targets.

    Failed checks are in a row if at most `life` is between them; one within `spacing` of another is not
    counted. `role_account` is the id of the account whose role is assumed; empty without one.
    """

    life: timedelta
    spacing: timedelta = timedelta()
    subscription: Subscription = Subscription(None, frozenset())
    role_account: str = ""

    def can_publish(self, topic: str, error: AwsError | None) -> bool:
        """Return whether there are credentials to publish with although a check has ended with this error.

        Without those of a role, the program's own still publish to topics in other accounts.
        """
        if error is None or not error.is_about_credentials:
            return True
        owned = find_owned(topic)
        is_elsewhere = owned is not None and owned[0] != self.role_account
        return isinstance(error, RoleError) and error.is_caller_known and is_elsewhere


def plan_notifications(
    memory: FailureMemory, report: CheckReport, rules: Rules, now: datetime, *, is_first: bool = False
) -> Plan:
    """Return what to send after a check, and what to remember.

    The first check of a process shows no end of slow checks: how long one takes is reported by the next.
    A check that was cut short shows neither failures nor recoveries. Without credentials nothing is sent yet.
    """
    if report.is_cut_short:
        return Plan(memory)
    failing = _end(memory.failing, report, now)
    slow = memory.failing.get(AccountFailure.SLOW)
    if is_first and slow is not None and abs(now - slow.checked) <= FORGOTTEN_AFTER:
        failing[AccountFailure.SLOW] = slow
    for failed, failure in _find_failures(report, rules, now):
        counted = _count(memory.failing.get(failed), failure, rules)
        if counted is None:
            failing.pop(failed, None)
        else:
            failing[failed] = counted
    sent = {key: moment for key, moment in memory.sent.items() if abs(now - moment) < MESSAGE_INTERVAL}
    notifications = tuple(one for one in _group(failing) if one.message_key not in sent)
    memory = FailureMemory(failing, sent)
    held = tuple(
        one for one in notifications if not rules.can_publish(one.message_key.topic_arn, report.error)
    )
    memory = note_deliveries(Plan(memory, held), [Delivery.FAILED] * len(held), now)
    return Plan(memory, tuple(one for one in notifications if one not in held))


def note_deliveries(plan: Plan, deliveries: Sequence[Delivery], now: datetime) -> FailureMemory:
    """Return the memory after sending; what failed is due again at once, what is uncertain in an hour."""
    failing, sent = {**plan.memory.failing}, {**plan.memory.sent}
    for one, delivery in zip(plan.notifications, deliveries, strict=True):
        is_published = delivery is Delivery.PUBLISHED
        if delivery is Delivery.UNCERTAIN or (is_published and not one.is_recovery):
            sent[one.message_key] = now
        for failed, member in one.members.items():
            if not is_published:
                failing[failed] = replace(member, is_late=not one.is_recovery)
            elif one.is_over:
                del failing[failed]
            else:
                failing[failed] = replace(member, is_reported=True, is_late=False)
    return FailureMemory(failing, sent)


def _find_failures(report: CheckReport, rules: Rules, now: datetime) -> Iterator[tuple[FailureKey, Failing]]:
    """Return each failure of a check as the first one in a row."""

    def start(cause: Cause, sentence: str, subscription: Subscription) -> Failing:
        return Failing(cause, sentence[:_MOST_CHARACTERS], now, now, subscription)

    for account_failure, cause, sentence in _find_account_failures(report):
        yield account_failure, start(cause, sentence, rules.subscription)
    for one in report.targets:
        if one.outcome is Outcome.FAILED and not (one.error and one.error.code == ENDING):
            yield one.target, start(*_explain(one), _find_subscription(one, rules))


def _find_account_failures(report: CheckReport) -> Iterator[tuple[AccountFailure, Cause, str]]:
    if report.error is not None:
        yield AccountFailure.CHECK, _classify(report.error), str(report.error)
    is_in_force = {
        AccountFailure.LIST: report.is_list_missing,
        AccountFailure.AUTOSCALING: report.is_autoscaling_unknown,
    }
    missing = {failure.value for failure, is_missing in is_in_force.items() if is_missing}
    for notice in report.notices:
        if notice.topic == AccountFailure.SLOW:
            yield AccountFailure.SLOW, Cause("CheckTooSlow"), notice.sentence
        elif notice.topic in missing:
            cause = Cause(notice.topic) if notice.error is None else _classify(notice.error)
            yield AccountFailure(notice.topic), cause, notice.sentence


def _explain(report: TargetReport) -> tuple[Cause, str]:
    if report.error is not None:
        return _classify(report.error), str(report.error)
    if report.skipped is not None:
        return Cause(report.skipped.code.value), report.skipped.sentence
    return Cause("Unknown"), "the cause is not known"


def _classify(error: AwsError) -> Cause:
    return Cause(error.code, error.action)


def _find_subscription(report: TargetReport, rules: Rules) -> Subscription:
    """Return the subscription of the target's section; without a topic there, the one of [global]."""
    options = report.section.typed if report.section is not None else None
    if options is None or not options.sns_topic_arn:
        return rules.subscription
    return Subscription(options.sns_topic_arn, options.sns_message_types)


def _count(before: Failing | None, failure: Failing, rules: Rules) -> Failing | None:
    """Return a failure that begins or continues; None if nobody subscribes to it."""
    subscription = failure.subscription
    is_subscribed = subscription.topic is not None and FAILURE in subscription.types
    if before is None:
        return failure if is_subscribed else None
    if before.is_reported and subscription.topic is not None:
        subscription = Subscription(before.subscription.topic, subscription.types)
        return replace(before, subscription=subscription, checked=failure.checked, ended=None, is_gone=False)
    if not is_subscribed:
        return None
    age = abs(failure.checked - before.checked)
    if age > rules.life and not before.is_late:
        return failure
    is_counted = not rules.spacing or age >= rules.spacing
    return replace(
        failure,
        since=before.since,
        checks=min(CHECKS_BEFORE_MESSAGE, before.checks + is_counted),
        checked=failure.checked if is_counted else before.checked,
        is_late=before.is_late,
    )


def _end(
    failing: Mapping[FailureKey, Failing], report: CheckReport, now: datetime
) -> dict[FailureKey, Failing]:
    """Return what has not ended by this check, and what ended and is still to be published."""
    kept: dict[FailureKey, Failing] = {}
    if not failing:
        return kept
    reports = {one.target: one for one in report.targets}
    for failed, one in failing.items():
        if one.ended is None:
            is_gone = _is_gone(failed, report, reports) or abs(now - one.checked) > FORGOTTEN_AFTER
            if is_gone or _is_well(failed, report, reports):
                one = replace(one, ended=now, is_gone=is_gone)  # noqa: PLW2901 - the same failure, over now
        if one.ended is None or (one.is_end_published and abs(now - one.ended) <= FORGOTTEN_AFTER):
            kept[failed] = one
    return kept


def _is_well(failed: FailureKey, report: CheckReport, reports: Mapping[Target, TargetReport]) -> bool:
    """Return whether a check shows that something works; a circuit breaker that stops it shows nothing."""
    if isinstance(failed, AccountFailure):
        return report.error is None
    one = reports.get(failed)
    if one is None or one.outcome is Outcome.FAILED:
        return False
    return one.skipped is None or one.skipped.code is not Code.CIRCUIT_BREAKER


def _is_gone(failed: FailureKey, report: CheckReport, reports: Mapping[Target, TargetReport]) -> bool:
    """Return whether a table does not exist any more, or an index is not among those of its table."""
    if isinstance(failed, AccountFailure) or failed in reports or failed in report.left_out:
        return False
    if report.listed is not None and failed.table not in report.listed:
        return True
    table = reports.get(failed.table_target)
    return bool(failed.index) and table is not None and table.description is not None


def _group(failing: Mapping[FailureKey, Failing]) -> Sequence[Notification]:
    """Return a notification for each kind, cause and topic; what lasts comes before what is over already."""
    groups: dict[MessageKey, dict[FailureKey, Failing]] = {}
    also_failing: dict[MessageKey, int] = {}
    for failed, one in sorted(failing.items(), key=_over_last):
        is_over = one.ended is not None
        kind = RECOVERY if is_over and one.is_reported else FAILURE
        account_failure = failed if isinstance(failed, AccountFailure) else None
        key = MessageKey(kind, one.subscription.topic or "", account_failure, one.cause)
        if one.is_reported and not is_over:
            also_failing[key] = also_failing.get(key, 0) + 1
        elif one.checks >= CHECKS_BEFORE_MESSAGE:
            members = groups.setdefault(key, {})
            if not members or is_over == _is_over(members):
                members[failed] = one
    return [
        Notification(key, members, _is_over(members), also_failing.get(key, 0))
        for key, members in groups.items()
    ]


def _is_over(members: Mapping[FailureKey, Failing]) -> bool:
    return all(one.ended is not None for one in members.values())


def _over_last(item: tuple[FailureKey, Failing]) -> tuple[bool, str]:
    failed, one = item
    return one.ended is not None, str(failed)
