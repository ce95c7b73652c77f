"""Failures that last are published once, and their ends once, at most one message an hour for each cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.check.conditions import Notice
from dynamic_dynamodb.check.failures import (
    FAILURE,
    NOTHING_FAILS,
    AccountFailure,
    Cause,
    Delivery,
    FailureMemory,
    Rules,
    Subscription,
    note_deliveries,
    plan_notifications,
)
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.check.resilience import ENDING
from dynamic_dynamodb.errors import AwsError, CredentialsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.reasons import Code, Reason
from tests.builders import NOW, description, section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.failures import Notification
    from dynamic_dynamodb.config.sections import Section

OWN, ALL = "arn:aws:sns:us-east-1:1:own", "arn:aws:sns:us-east-1:1:all"
BOTH = frozenset({"failure", "recovery"})
A, B, INDEX = Target("a"), Target("b"), Target("a", "by-date")
RULES = Rules(timedelta(hours=1), subscription=Subscription(ALL, BOTH))
DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
HANGING = AwsError("cloudwatch:GetMetricData", "ReadTimeoutError")
REFUSED = CredentialsError("", "NoCredentials", "no credentials")
SUBSCRIBED = section(sns_topic_arn=OWN, sns_message_types="failure, recovery")


def failed(target: Target = A, error: AwsError = DENIED, by: Section | None = SUBSCRIBED) -> TargetReport:
    return TargetReport(target, Outcome.FAILED, error=error, section=by)


def well(target: Target = A) -> TargetReport:
    return TargetReport(target, Outcome.UNCHANGED, section=SUBSCRIBED, description=description(target=target))


def check(*targets: TargetReport, **fields: Any) -> CheckReport:
    return CheckReport(targets, **fields)


def describe(one: Notification) -> str:
    """Return the kind of a notification, whether it is over, and what it is about."""
    over = " over" if one.is_over and not one.is_recovery else ""
    return f"{one.message_key.kind}{over}: {', '.join(sorted(map(str, one.members)))}"


class Account:
    """Checks every five minutes, whose messages are delivered as told."""

    def __init__(self, rules: Rules = RULES, *, minutes: float = 5) -> None:
        self.rules, self.interval = rules, timedelta(minutes=minutes)
        self.memory: FailureMemory = NOTHING_FAILS
        self.now: datetime = NOW
        self.delivery = Delivery.PUBLISHED
        self.tried: list[Notification] = []

    def see(self, *reports: CheckReport) -> list[list[str]]:
        """Return what is sent after each check."""
        return [[describe(one) for one in self.run(report)] for report in reports]

    def run(self, report: CheckReport, *, is_first: bool = False) -> Sequence[Notification]:
        self.now += self.interval
        plan = plan_notifications(self.memory, report, self.rules, self.now, is_first=is_first)
        self.memory = note_deliveries(plan, [self.delivery] * len(plan.notifications), self.now)
        return plan.notifications


FAILS, WORKS = check(failed()), check(well())
LATE_LIST = check(
    is_list_missing=True,
    notices=(Notice("list", "s", error=AwsError("dynamodb:ListTables", "AccessDeniedException")),),
)
SLOW = check(notices=(Notice("slow", "a check takes longer"),))
OPEN = check(TargetReport(A, Outcome.SKIPPED, skipped=Reason(Code.CIRCUIT_BREAKER, "open")))


@pytest.mark.parametrize(
    ("reports", "sent"),
    [
        pytest.param([FAILS] * 2 + [WORKS], [[], [], []], id="two failed checks"),
        pytest.param([FAILS] * 4, [[], [], ["failure: a"], []], id="one message while it lasts"),
        pytest.param(
            [*[FAILS] * 3, WORKS, WORKS], [[], [], ["failure: a"], ["recovery: a"], []], id="one recovery"
        ),
        pytest.param([FAILS, FAILS, WORKS, FAILS, FAILS], [[]] * 5, id="not three in a row"),
        pytest.param(
            [check(failed()), check(failed(error=HANGING)), check(failed())],
            [[], [], ["failure: a"]],
            id="three in a row of different causes",
        ),
        pytest.param(
            [check(failed(), failed(B))] * 3 + [check(well(), well(B))],
            [[], [], ["failure: a, b"], ["recovery: a, b"]],
            id="targets with one cause are one message",
        ),
        pytest.param(
            [check(failed(), failed(B, HANGING))] * 3,
            [[], [], ["failure: a", "failure: b"]],
            id="each cause is a message",
        ),
        pytest.param(
            [FAILS] * 3 + [OPEN] + [WORKS],
            [[], [], ["failure: a"], [], ["recovery: a"]],
            id="an open circuit breaker shows no recovery",
        ),
        pytest.param(
            [FAILS] * 3 + [check(error=DENIED)] + [FAILS],
            [[], [], ["failure: a"], [], []],
            id="a check that sees nothing shows no recovery",
        ),
        pytest.param(
            [FAILS] * 3 + [check(left_out=frozenset({A}))],
            [[], [], ["failure: a"], []],
            id="a target that was left out has not recovered",
        ),
        pytest.param(
            [replace(FAILS, is_cut_short=True)] * 3, [[]] * 3, id="checks that were cut short do not count"
        ),
        pytest.param(
            [check(failed(error=AwsError("the update", ENDING)))] * 3, [[]] * 3, id="the end of the program"
        ),
        pytest.param(
            [FAILS] * 3 + [check(listed=("b",))],
            [[], [], ["failure: a"], ["recovery: a"]],
            id="a deleted table",
        ),
        pytest.param(
            [FAILS] * 3 + [check(listed=("a", "b"))],
            [[], [], ["failure: a"], []],
            id="a table that no section matches for now",
        ),
        pytest.param(
            [check(well(), failed(INDEX))] * 3 + [WORKS],
            [[], [], ["failure: a/by-date"], ["recovery: a/by-date"]],
            id="a deleted index",
        ),
        pytest.param(
            [check(well(), failed(INDEX))] * 3 + [FAILS],
            [[], [], ["failure: a/by-date"], []],
            id="an index of a table that cannot be described",
        ),
        pytest.param(
            [LATE_LIST] * 3 + [WORKS],
            [[], [], ["failure: AccountFailure.LIST"], ["recovery: AccountFailure.LIST"]],
            id="the list of tables",
        ),
        pytest.param(
            [SLOW] * 3 + [WORKS],
            [[], [], ["failure: AccountFailure.SLOW"], ["recovery: AccountFailure.SLOW"]],
            id="slow checks",
        ),
        pytest.param(
            [check(is_autoscaling_unknown=True, notices=(Notice("autoscaling", "s", error=DENIED),))] * 3,
            [[], [], ["failure: AccountFailure.AUTOSCALING"]],
            id="what AWS scales itself",
        ),
        pytest.param(
            [check(error=HANGING)] * 3 + [WORKS],
            [[], [], ["failure: AccountFailure.CHECK"], ["recovery: AccountFailure.CHECK"]],
            id="nothing can be checked",
        ),
        pytest.param(
            [check(error=REFUSED)] * 9 + [WORKS, WORKS],
            [[]] * 9 + [["failure over: AccountFailure.CHECK"], []],
            id="without credentials a message follows when they are back",
        ),
        pytest.param(
            [check(error=REFUSED)] * 2 + [WORKS], [[]] * 3, id="two checks without credentials are no message"
        ),
    ],
)
def test_what_is_sent_after_each_check(reports: list[CheckReport], sent: list[list[str]]) -> None:
    account_failures = {str(one): f"AccountFailure.{one.name}" for one in AccountFailure}
    found = Account().see(*reports)
    assert [
        [
            ": ".join((kind, ", ".join(account_failures.get(name, name) for name in names.split(", "))))
            for kind, names in (one.split(": ") for one in each)
        ]
        for each in found
    ] == sent


def test_the_first_check_of_a_process_does_not_know_whether_checks_are_slow() -> None:
    account = Account()
    account.see(SLOW, SLOW, SLOW)
    assert account.run(WORKS, is_first=True) == ()
    assert account.see(SLOW, WORKS) == [[], ["recovery: AccountFailure.SLOW"]]


def test_slow_checks_of_a_daemon_that_cron_has_replaced_are_forgotten_after_a_day() -> None:
    account = Account(minutes=5)
    account.see(SLOW, SLOW, SLOW)
    account.now += timedelta(hours=24)
    assert [describe(one) for one in account.run(WORKS, is_first=True)] == ["recovery: AccountFailure.SLOW"]


@pytest.mark.parametrize(
    ("own", "topic"),
    [
        pytest.param(SUBSCRIBED, OWN, id="the topic of the section"),
        pytest.param(section(), ALL, id="without one, that of all"),
        pytest.param(None, ALL, id="without a section, that of all"),
        pytest.param(section(sns_topic_arn=OWN, sns_message_types="scale-up"), None, id="not subscribed"),
    ],
)
def test_a_failure_goes_to_the_topic_of_its_section(own: Section | None, topic: str | None) -> None:
    account = Account()
    found = [one.message_key.topic_arn for _ in range(3) for one in account.run(check(failed(by=own)))]
    assert found == ([] if topic is None else [topic])


def test_a_type_that_is_not_listed_is_not_sent() -> None:
    only = section(sns_topic_arn=OWN, sns_message_types="failure")
    account = Account()
    assert account.see(*[check(failed(by=only))] * 3, WORKS) == [[], [], ["failure: a"], []]
    assert account.memory.failing == {}


def test_another_failure_with_the_same_cause_waits_an_hour() -> None:
    account = Account()
    account.see(*[check(failed(), well(B))] * 3)
    both = check(failed(), failed(B))
    sent = account.see(*[both] * 12)
    assert sent == [[]] * 11 + [["failure: b"]]
    account.now += timedelta(hours=1)
    assert account.see(both) == [[]]


def test_a_waiting_failure_that_ends_is_not_sent_at_all() -> None:
    account = Account()
    account.see(*[check(failed(), well(B))] * 3)
    assert account.see(*[check(failed(), failed(B))] * 4, check(failed(), well(B))) == [[]] * 5


def test_a_message_counts_the_targets_that_were_reported_before() -> None:
    account = Account()
    account.see(*[check(failed(), well(B))] * 3)
    account.see(*[check(failed(), failed(B))] * 11)
    (found,) = account.run(check(failed(), failed(B)))
    assert (list(found.members), found.also_failing) == ([B], 1)


@pytest.mark.parametrize(
    ("delivery", "then"),
    [
        pytest.param(Delivery.FAILED, ["failure: a"], id="what failed is tried again at once"),
        pytest.param(Delivery.UNCERTAIN, [], id="what may have arrived waits an hour"),
    ],
)
def test_a_message_that_was_not_published_is_tried_again(delivery: Delivery, then: list[str]) -> None:
    account = Account()
    account.delivery = delivery
    account.see(*[FAILS] * 3)
    account.delivery = Delivery.PUBLISHED
    assert account.see(FAILS) == [then]
    if not then:
        account.now += timedelta(minutes=50)
        assert account.see(FAILS, FAILS) == [["failure: a"], []]


def test_a_failure_that_could_not_be_published_is_published_when_it_is_over() -> None:
    account = Account()
    account.delivery = Delivery.FAILED
    account.see(*[FAILS] * 3, WORKS)
    account.delivery = Delivery.PUBLISHED
    (found,) = account.run(WORKS)
    assert describe(found) == "failure over: a"
    assert [(one.since, one.ended) for one in found.members.values()] == [
        (NOW + timedelta(minutes=5), NOW + timedelta(minutes=20))
    ]
    assert account.memory.failing == {}


def test_a_recovery_that_was_not_published_is_tried_again_once() -> None:
    account = Account()
    account.see(*[FAILS] * 3)
    account.delivery = Delivery.FAILED
    account.see(WORKS)
    account.delivery = Delivery.PUBLISHED
    assert account.see(WORKS, WORKS) == [["recovery: a"], []]


def test_a_failure_that_returns_before_its_recovery_was_published_has_one_recovery() -> None:
    account = Account()
    account.see(*[FAILS] * 3)
    account.delivery = Delivery.FAILED
    account.see(WORKS)
    account.delivery = Delivery.PUBLISHED
    assert account.see(FAILS, WORKS, WORKS) == [[], ["recovery: a"], []]


def test_failed_checks_long_apart_are_not_in_a_row() -> None:
    assert Account(minutes=61).see(*[FAILS] * 5) == [[]] * 5


def test_a_check_soon_after_another_does_not_count() -> None:
    rules = replace(RULES, spacing=timedelta(minutes=2))
    account = Account(rules, minutes=1)
    assert account.see(*[FAILS] * 5) == [[], [], [], [], ["failure: a"]]


def test_a_target_that_is_not_checked_for_a_day_counts_as_gone() -> None:
    account = Account()
    account.see(*[FAILS] * 3)
    account.now += timedelta(hours=25)
    (found,) = account.run(check())
    assert describe(found) == "recovery: a"
    assert all(one.is_gone for one in found.members.values())


def test_a_target_that_still_fails_after_a_weekend_without_checks_has_not_recovered() -> None:
    account = Account()
    account.see(*[FAILS] * 3)
    account.now += timedelta(hours=60)
    assert account.see(FAILS, WORKS) == [[], ["recovery: a"]]


def test_a_clock_that_was_set_back_does_not_silence_failures() -> None:
    account = Account()
    account.see(*[FAILS] * 3, WORKS)
    account.now -= timedelta(days=30)
    assert account.see(*[FAILS] * 3) == [[], [], ["failure: a"]]


def test_an_error_is_kept_in_part() -> None:
    account = Account()
    long = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "x" * 10_000)
    account.see(check(failed(error=long)))
    assert [len(one.sentence) for one in account.memory.failing.values()] == [1_000]


TARGETS = (A, B, INDEX)
STATES = st.fixed_dictionaries({target: st.sampled_from([None, DENIED, HANGING]) for target in TARGETS})


@given(st.lists(st.tuples(STATES, st.sampled_from(Delivery), st.booleans(), st.integers(1, 90)), max_size=60))
def test_no_cause_has_two_messages_in_an_hour_and_each_reported_failure_has_one_recovery(
    checks: list[tuple[dict[Target, AwsError | None], Delivery, bool, int]],
) -> None:
    account = Account()
    published: dict[Any, list[datetime]] = {}
    reported: set[Target] = set()
    quiet = (dict.fromkeys(TARGETS), Delivery.PUBLISHED, True, 61)
    for states, delivery, has_credentials, minutes in [*checks, quiet, quiet]:
        account.interval, account.delivery = timedelta(minutes=minutes), delivery
        found = [failed(one, error) if error else well(one) for one, error in states.items()]
        sent = account.run(check(*found) if has_credentials else check(error=REFUSED))
        assert has_credentials or not sent
        for one in sent if delivery is Delivery.PUBLISHED else ():
            names = {name for name in one.members if isinstance(name, Target)}
            if one.message_key.kind == FAILURE:
                published.setdefault(one.message_key, []).append(account.now)
                assert not names & reported
                if not one.is_over:
                    reported |= names
            else:
                assert names <= reported
                reported -= names
    assert reported == set()
    for moments in published.values():
        assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(moments))


def test_the_cause_has_the_code_and_the_action_of_aws() -> None:
    account = Account()
    account.see(FAILS)
    assert [one.cause for one in account.memory.failing.values()] == [
        Cause("AccessDeniedException", "dynamodb:DescribeTable")
    ]


def test_a_recovery_goes_where_the_failure_was_published() -> None:
    account = Account()
    account.see(*[check(failed(by=section()))] * 3, FAILS)
    assert [one.message_key.topic_arn for one in account.run(WORKS)] == [ALL]
