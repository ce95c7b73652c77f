"""A call is retried if that may help, for a limited time, and fails with one kind of error."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.aws.client import (
    FIRST_WAIT_MILLISECONDS,
    JITTER_MILLISECONDS,
    LONGEST_WAIT_MILLISECONDS,
    AwsClient,
    make_retrying,
)
from dynamic_dynamodb.check.resilience import CallBudget, Timeouts, never
from dynamic_dynamodb.errors import AwsError
from tests.aws.fakes import OK, FakeClock, FakeService, make_client, refuse, use_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACTION = "dynamodb:Call"
THROTTLED = refuse("ThrottlingException", "slow down")
TOO_MANY_AT_ONCE = refuse("LimitExceededException", "too many operations at the same time")
NO_ANSWER = ReadTimeoutError(endpoint_url="http://aws")
UNREACHABLE = ConnectTimeoutError(endpoint_url="http://aws")
DATE = "Mon, 02 Mar 2026 00:00:00 GMT"
FIVE_ATTEMPTS = [0.0, 0.2, 0.6, 1.4, 3.0]
"""The seconds at which five attempts begin that take no time themselves."""


@pytest.fixture
def service() -> FakeService:
    return FakeService(FakeClock())


def call(client: AwsClient, action: str = ACTION, **named: Any) -> Any:
    return client.call(action, "call", dict, **named)


def fail(client: AwsClient, action: str = ACTION, **named: Any) -> AwsError:
    with pytest.raises(AwsError) as raised:
        call(client, action, **named)
    assert raised.value.__cause__ is None, "what botocore raises may hold secrets"
    return raised.value


def starts(service: FakeService) -> list[float]:
    """Return the seconds after the first attempt at which each attempt began."""
    return [round(at - service.called_at[0], 3) for at in service.called_at]


@pytest.mark.parametrize(
    ("attempt", "shortest"),
    [
        pytest.param(1, FIRST_WAIT_MILLISECONDS, id="the first"),
        pytest.param(2, 2 * FIRST_WAIT_MILLISECONDS, id="the second, doubled"),
        pytest.param(9, LONGEST_WAIT_MILLISECONDS, id="the longest"),
    ],
)
def test_a_wait_between_attempts_is_as_long_as_its_constant(attempt: int, shortest: int) -> None:
    pause = make_retrying(lambda _: True).wait(attempt, 0)
    assert shortest <= pause <= shortest + JITTER_MILLISECONDS


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        pytest.param(THROTTLED, FIVE_ATTEMPTS, id="a throttled call"),
        pytest.param(refuse("InternalServerError", status=500), FIVE_ATTEMPTS, id="an error of AWS"),
        pytest.param(refuse("Odd", status=429), FIVE_ATTEMPTS, id="too many requests, by the status"),
        pytest.param(NO_ANSWER, FIVE_ATTEMPTS, id="no answer"),
        pytest.param(UNREACHABLE, FIVE_ATTEMPTS, id="no connection"),
        pytest.param(TimeoutError(), FIVE_ATTEMPTS, id="an answer that takes too long"),
        pytest.param("<html>", FIVE_ATTEMPTS, id="a malformed answer"),
        pytest.param(refuse("AccessDeniedException"), [0.0], id="a missing permission"),
        pytest.param(refuse("ValidationException"), [0.0], id="an invalid call"),
        pytest.param(refuse("ExpiredTokenException"), [0.0], id="expired credentials"),
        pytest.param(refuse("LimitExceededException", "decreases"), [0.0], id="a limit of the day"),
        pytest.param(RuntimeError("odd"), [0.0], id="an unexpected error"),
    ],
)
def test_a_call_is_retried_if_that_may_help(
    service: FakeService, failure: object, expected: list[float]
) -> None:
    fail(make_client(service, [failure]))
    assert starts(service) == expected


def test_the_answer_of_a_later_attempt_counts(service: FakeService) -> None:
    client = make_client(service, [THROTTLED, NO_ANSWER, {"Table": "orders"}])
    assert call(client) == {"Table": "orders"}


def test_no_attempt_begins_after_the_time_for_retries(service: FakeService) -> None:
    service.seconds = 10
    fail(make_client(service, [NO_ANSWER], timeouts=Timeouts(retrying=25)))
    assert starts(service) == [0.0, 10.2, 20.6]


def test_an_update_that_waits_for_others_is_retried_until_the_time_is_up(service: FakeService) -> None:
    fail(make_client(service, [TOO_MANY_AT_ONCE], timeouts=Timeouts(retrying=25)))
    assert len(service.called_at) > Timeouts().most_attempts
    assert (
        25 - LONGEST_WAIT_MILLISECONDS / 1000 <= starts(service)[-1] <= 25 + LONGEST_WAIT_MILLISECONDS / 1000
    )


def test_nothing_is_retried_while_the_program_is_stopping(service: FakeService) -> None:
    fail(make_client(service, [THROTTLED], is_stopping=lambda: True))
    assert len(service.called_at) == 1


@pytest.mark.parametrize(
    ("failure", "allows_retry", "attempts"),
    [
        pytest.param(NO_ANSWER, False, 1, id="lost and not to be repeated"),
        pytest.param(NO_ANSWER, True, 5, id="lost and free to be repeated"),
        pytest.param(THROTTLED, False, 5, id="refused, so not carried out"),
        pytest.param(UNREACHABLE, False, 5, id="never sent"),
    ],
)
def test_a_call_whose_answer_is_lost_is_retried_only_if_the_caller_allows_it(
    service: FakeService, failure: Exception, *, allows_retry: bool, attempts: int
) -> None:
    fail(make_client(service, [failure]), allows_retry=lambda: allows_retry)
    assert len(service.called_at) == attempts


def test_an_answer_stays_lost_when_a_later_attempt_is_refused(service: FakeService) -> None:
    assert fail(make_client(service, [NO_ANSWER, refuse("ValidationException")])).is_answer_lost


def test_an_exhausted_budget_stops_calls_of_its_kind_until_the_next_check(service: FakeService) -> None:
    service.seconds = 15
    client = make_client(service, [NO_ANSWER], timeouts=Timeouts(budget=40))
    fail(client)
    fail(client)
    made = len(service.called_at)
    assert fail(client).code == "NotAsked"
    assert len(service.called_at) == made, "the third call is not made"
    assert fail(client, "dynamodb:Other").code == "ReadTimeoutError"
    client.budget.reset()
    assert fail(client).code == "ReadTimeoutError"


def test_failures_that_take_no_time_use_up_no_budget(service: FakeService) -> None:
    client = make_client(service, [THROTTLED])
    assert {fail(client).code for _ in range(20)} == {"ThrottlingException"}


def page(answer: Mapping[str, Any]) -> tuple[Any, str | None]:
    return answer["Page"], answer.get("Next")


def fetch_pages(client: AwsClient, found: list[Any], **named: Any) -> None:
    found += client.call_for_pages(ACTION, "call", page, "Start", **named)


def test_each_page_is_requested_with_the_token_of_the_one_before(service: FakeService) -> None:
    client = make_client(service, [{"Page": 1, "Next": "a"}, {"Page": 2, "Next": "b"}, {"Page": 3}])
    found: list[Any] = []
    fetch_pages(client, found, Limit=100)
    assert found == [1, 2, 3]
    assert service.parameters == [
        {"Limit": 100},
        {"Limit": 100, "Start": "a"},
        {"Limit": 100, "Start": "b"},
    ]


@pytest.mark.parametrize(
    ("seconds", "make_pages", "code", "requested"),
    [
        pytest.param(
            0, lambda number: {"Page": number, "Next": "a"}, "UnusableAnswer", 2, id="a page that repeats"
        ),
        pytest.param(
            0, lambda number: {"Page": number, "Next": str(number)}, "UnusableAnswer", 7, id="too many pages"
        ),
        pytest.param(
            25, lambda number: {"Page": number, "Next": str(number)}, "AnswerTooSlow", 3, id="slow pages"
        ),
    ],
)
def test_endless_pages_are_an_error(
    service: FakeService,
    seconds: float,
    make_pages: Callable[[int], dict[str, Any]],
    code: str,
    requested: int,
) -> None:
    service.seconds = seconds
    found: list[Any] = []
    client = make_client(service, map(make_pages, range(9)), timeouts=Timeouts(pages=60))
    with pytest.raises(AwsError) as raised:
        fetch_pages(client, found, most_pages=7)
    assert (raised.value.code, len(found)) == (code, requested)


def test_no_further_page_is_requested_while_the_program_is_stopping(service: FakeService) -> None:
    client = make_client(service, [{"Page": 1, "Next": "a"}], is_stopping=lambda: True)
    with pytest.raises(AwsError, match="the program is stopping"):
        fetch_pages(client, [])
    assert len(service.called_at) == 1


def test_secrets_are_masked_in_errors(service: FakeService) -> None:
    error = fail(make_client(service, [RuntimeError("cannot sign with a-secret-key")]))
    assert str(error) == "dynamodb:Call failed: RuntimeError: cannot sign with ********"


@pytest.mark.parametrize(
    ("answer", "dates"),
    [
        pytest.param(
            {
                "ResponseMetadata": {
                    "HTTPStatusCode": 200,
                    "HTTPHeaders": {"date": DATE},
                }
            },
            1,
            id="an answer",
        ),
        pytest.param(refuse("ValidationException", date=DATE), 1, id="a refusal"),
        pytest.param(
            refuse("ServiceUnavailable", status=503, date=DATE),
            0,
            id="an error that may be a proxy's",
        ),
        pytest.param(OK, 0, id="an answer without a date"),
    ],
)
def test_the_dates_of_aws_set_the_clock(service: FakeService, answer: object, dates: int) -> None:
    client = make_client(service, [answer], timeouts=Timeouts(most_attempts=1))
    with suppress(AwsError):
        call(client)
    assert len(client.clock.dates) == dates


def test_clients_are_made_once(service: FakeService) -> None:
    made: list[int] = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"dynamodb": service}

    client = AwsClient(use_keys(), make, budget=CallBudget(), is_stopping=never)
    assert not client.is_usable
    client.prepare()
    client.prepare()
    assert (client.is_usable, len(made)) == (True, 1)


def test_a_check_fails_if_no_client_can_be_made() -> None:
    def make() -> dict[str, Any]:
        raise ValueError("Invalid endpoint: http//nowhere")

    client = AwsClient(use_keys(), make, budget=CallBudget(), is_stopping=never)
    with pytest.raises(AwsError, match=r"^making AWS clients failed: ValueError: Invalid endpoint: "):
        client.prepare()


def answered(request_id: object) -> dict[str, Any]:
    """Return an answer with this request id."""
    return {"ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": 200, "HTTPHeaders": {}}}


@pytest.mark.parametrize(
    ("answers", "parameters", "expected"),
    [
        pytest.param(
            [answered("4KBN")], {"TableName": "orders"}, [Attempt(ACTION, 2.5, "", "orders", "4KBN")], id="ok"
        ),
        pytest.param([OK], {}, [Attempt(ACTION, 2.5)], id="an answer without a request id"),
        pytest.param([answered(["4KBN"])], {}, [Attempt(ACTION, 2.5)], id="a malformed request id"),
        pytest.param(
            [answered("4" * 200)], {}, [Attempt(ACTION, 2.5, request_id="4" * 100)], id="a long request id"
        ),
        pytest.param(
            [THROTTLED, answered("4KBN")],
            {},
            [Attempt(ACTION, 2.5, "ThrottlingException"), Attempt(ACTION, 2.5, request_id="4KBN")],
            id="each attempt",
        ),
    ],
)
def test_observers_see_each_attempt_with_its_latency_and_request_id(
    answers: list[Any], parameters: dict[str, Any], expected: list[Attempt], service: FakeService
) -> None:
    seen: list[Attempt] = []
    service.seconds = 2.5
    client = make_client(service, answers)
    client.observers = [seen.append]
    call(client, **parameters)
    assert seen == expected


def test_an_attempt_without_an_answer_is_seen_with_what_happened(service: FakeService) -> None:
    seen: list[Attempt] = []
    client = make_client(service, [refuse("AccessDeniedException")])
    client.observers = [seen.append]
    fail(client)
    assert [str(one) for one in seen] == [f"{ACTION} failed with AccessDeniedException in 0.000 s"]
