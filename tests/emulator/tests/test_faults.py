"""The emulator fails on command, as AWS and networks do."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from tests.emulator.clients import client
from tests.emulator.faults import PAGE_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator import Emulator

DENIED = (
    "User: arn:aws:iam::123456789012:user/tester is not authorized to perform: dynamodb:DescribeTable on "
    "resource: arn:aws:dynamodb:us-east-1:123456789012:table/orders because no identity-based policy"
)

pytest_plugins = ["tests.emulator.fixtures"]

NOON = datetime(2031, 5, 7, 12, 0, 0, tzinfo=timezone.utc)


def describe(emulator: Emulator, table: str = "orders", **options: Any) -> str:
    answer = client(emulator, "dynamodb", **options).describe_table(TableName=table)
    return str(answer["Table"]["TableStatus"])


def update(emulator: Emulator, reads: int) -> None:
    wanted = {"ReadCapacityUnits": reads, "WriteCapacityUnits": 5}
    client(emulator, "dynamodb").update_table(TableName="orders", ProvisionedThroughput=wanted)


METRIC_DATA: dict[str, Any] = {
    "MetricDataQueries": [
        {
            "Id": "reads",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/DynamoDB",
                    "MetricName": "ConsumedReadCapacityUnits",
                    "Dimensions": [{"Name": "TableName", "Value": "orders"}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
    ],
    "StartTime": NOON - timedelta(minutes=4),
    "EndTime": NOON,
}


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("ThrottlingException", 400, "Rate exceeded"),
        ("ProvisionedThroughputExceededException", 400, "The level of configured provisioned throughput"),
        ("RequestLimitExceeded", 400, "Throughput exceeds the current throughput limit for your account"),
        ("InternalServerError", 500, "The request processing has failed because of an internal error"),
        ("ServiceUnavailable", 503, "temporarily unavailable"),
        ("ExpiredTokenException", 400, "The security token included in the request is expired"),
        ("UnrecognizedClientException", 400, "The security token included in the request is invalid"),
        ("InvalidSignatureException", 400, "Signature expired: "),
        ("RequestExpired", 400, "Request has expired."),
        ("LimitExceededException", 400, "Subscriber limit exceeded: "),
        ("ResourceInUseException", 400, "still in use: Table: orders"),
        ("ResourceNotFoundException", 400, "Requested resource not found: Table: orders not found"),
        (
            "AccessDeniedException",
            400,
            DENIED,
        ),
    ],
)
def test_a_call_can_fail_with_an_error_of_aws(
    emulator: Emulator, code: str, status: int, message: str
) -> None:
    emulator.add_table("orders")
    emulator.add_fault(code=code)
    with pytest.raises(ClientError) as caught:
        describe(emulator)
    response = caught.value.response
    assert response["Error"]["Code"] == code
    assert message in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert [(logged.error, logged.status, logged.applied) for logged in emulator.requests()] == [
        (code, status, False)
    ]
    assert describe(emulator) == "ACTIVE"


def test_an_error_may_have_another_message_and_status(emulator: Emulator) -> None:
    emulator.add_fault(code="LimitExceededException", message="Too much.", status=429)
    with pytest.raises(ClientError, match=r"Too much\.") as caught:
        describe(emulator)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


@pytest.mark.parametrize("service", ["dynamodb", "sns"])
def test_an_error_may_have_no_message(emulator: Emulator, service: str) -> None:
    emulator.add_fault(kind="bare_error", code="InternalFailure")
    method, parameters = {
        "dynamodb": ("describe_table", {"TableName": "orders"}),
        "sns": ("publish", {"TopicArn": "arn:aws:sns:us-east-1:1:x", "Message": "m"}),
    }[service]
    with pytest.raises(ClientError) as caught:
        getattr(client(emulator, service), method)(**parameters)
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    assert not caught.value.response["Error"].get("Message")


def test_cloudwatch_fails_in_its_own_way(emulator: Emulator) -> None:
    emulator.add_fault(action="GetMetricData", code="AccessDenied")
    with pytest.raises(
        ClientError, match="is not authorized to perform: cloudwatch:GetMetricData because"
    ) as caught:
        client(emulator, "cloudwatch").get_metric_data(**METRIC_DATA)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_sns_fails_in_its_own_way(emulator: Emulator) -> None:
    arn = emulator.add_topic("alerts")
    emulator.add_fault(action="Publish", code="AuthorizationError")
    with pytest.raises(ClientError, match=f"sns:Publish on resource: {arn} because") as caught:
        client(emulator, "sns").publish(TopicArn=arn, Message="m")
    assert caught.value.response["Error"]["Code"] == "AuthorizationError"
    assert emulator.published() == []


def test_a_connection_can_be_reset(emulator: Emulator) -> None:
    emulator.add_fault(kind="reset")
    with pytest.raises(ConnectionClosedError) as caught:
        describe(emulator)
    assert "ConnectionResetError" in repr(caught.value.__context__)
    assert emulator.requests()[0].status is None


def test_a_call_can_hang_and_lose_its_connection(emulator: Emulator) -> None:
    emulator.add_fault(kind="hang", seconds=0.05)
    with pytest.raises(ConnectionClosedError):
        describe(emulator)


def test_a_call_can_hang_longer_than_the_client_waits(emulator: Emulator) -> None:
    emulator.add_fault(kind="hang")
    with pytest.raises(ReadTimeoutError):
        describe(emulator, read_timeout=0.05)
    assert emulator.requests()[0].ended is None


def test_clearing_the_faults_ends_what_hangs(emulator: Emulator) -> None:
    emulator.add_fault(kind="hang")

    def release() -> None:
        emulator.wait_for_requests(ended=False)
        emulator.clear_faults()

    releaser = threading.Thread(target=release)
    releaser.start()
    started = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        describe(emulator)
    assert time.monotonic() - started < 5
    releaser.join()


def test_a_call_can_be_slow(emulator: Emulator) -> None:
    emulator.add_table("orders")
    emulator.add_fault(kind="slow", seconds=0.05)
    assert describe(emulator) == "ACTIVE"
    (logged,) = emulator.requests()
    assert logged.ended is not None
    assert logged.ended - logged.started >= timedelta(seconds=0.05)


@pytest.mark.parametrize("kind", ["html", "cut_body", "short_body"])
def test_an_answer_can_be_unreadable(emulator: Emulator, kind: str) -> None:
    # botocore treats a JSON answer that it cannot read as one without members.
    emulator.add_table("orders")
    emulator.add_fault(kind=kind)
    answer = client(emulator, "dynamodb").describe_table(TableName="orders")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert set(answer) == {"ResponseMetadata"}


@pytest.mark.parametrize("kind", ["cut_body", "short_body"])
def test_an_answer_in_xml_can_be_unreadable(emulator: Emulator, kind: str) -> None:
    arn = emulator.add_topic("alerts")
    emulator.add_fault(kind=kind)
    with pytest.raises(ResponseParserError):
        client(emulator, "sns").publish(TopicArn=arn, Message="text")
    assert len(emulator.published()) == 1


def test_an_error_can_be_a_web_page(emulator: Emulator) -> None:
    emulator.add_fault(kind="html", status=503)
    with pytest.raises(ClientError) as caught:
        describe(emulator)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.parametrize("kind", ["cut_body", "short_body"])
def test_a_call_takes_effect_though_its_answer_is_damaged(emulator: Emulator, kind: str) -> None:
    emulator.add_table("orders")
    emulator.add_fault(kind=kind, action="UpdateTable")
    update(emulator, 20)
    assert emulator.capacities()["orders", None] == (20, 5)


@contextmanager
def ask_for_tables(emulator: Emulator) -> Iterator[http.client.HTTPResponse]:
    """Send ListTables without an SDK, which would hide how the answer comes in."""
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20310507/us-east-1/dynamodb/aws4_request, Sig=x",
    }
    connection.request("POST", "/", "{}", headers)
    with closing(connection), connection.getresponse() as response:
        yield response


def test_a_body_which_ends_early_is_shorter_than_announced(emulator: Emulator) -> None:
    emulator.add_fault(kind="short_body")
    with ask_for_tables(emulator) as response, pytest.raises(http.client.IncompleteRead):
        response.read()


def test_a_body_can_drip_in_until_the_faults_are_cleared(emulator: Emulator) -> None:
    emulator.add_fault(kind="drip", seconds=0.01)
    began = time.monotonic()
    with ask_for_tables(emulator) as response:
        assert (response.status, response.read(5)) == (200, b" " * 5)
        assert time.monotonic() - began >= 0.04
        emulator.clear_faults()
        with pytest.raises(http.client.IncompleteRead):
            response.read()


@pytest.mark.parametrize(
    ("service", "action", "parameters"),
    [
        pytest.param("dynamodb", "ListTables", {}, id="tables"),
        pytest.param("cloudwatch", "GetMetricData", METRIC_DATA, id="metrics"),
        pytest.param(
            "application-autoscaling",
            "DescribeScalableTargets",
            {"ServiceNamespace": "dynamodb"},
            id="scalable targets",
        ),
    ],
)
def test_pages_without_end_are_the_first_page_with_a_new_token_each(
    emulator: Emulator, service: str, action: str, parameters: dict[str, Any]
) -> None:
    emulator.set_clock(NOON)
    emulator.add_table("orders")
    emulator.add_fault(kind="endless_pages", times=None)
    asked, following = PAGE_TOKENS[action]
    call = getattr(client(emulator, service), xform_name(action))
    first = call(**parameters)
    second = call(**parameters, **{asked: first[following]})
    assert first.pop(following) != second.pop(following)
    assert {**first, "ResponseMetadata": None} == {**second, "ResponseMetadata": None}


@pytest.mark.parametrize(("applied", "reads"), [(False, 5), (True, 20)])
def test_a_call_which_fails_may_have_taken_effect(emulator: Emulator, applied: bool, reads: int) -> None:  # noqa: FBT001 - a case
    emulator.add_table("orders")
    emulator.add_fault(action="UpdateTable", kind="reset", applied=applied)
    with pytest.raises(ConnectionClosedError):
        update(emulator, 20)
    assert emulator.capacities()["orders", None] == (reads, 5)
    assert [logged.applied for logged in emulator.requests("UpdateTable")] == [applied]
