"""The emulator supports AWS's protocols, checks SNS messages as AWS does, and passes other calls to moto."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import client

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def test_published_messages_are_kept_in_order(emulator: Emulator) -> None:
    arn = emulator.add_topic("alerts")
    assert arn == TOPIC
    sns = client(emulator, "sns")
    for number in range(3):
        assert sns.publish(TopicArn=arn, Subject=f"n {number}", Message=f"tëxt\n{number} & more")["MessageId"]
    assert emulator.published() == [
        {"TopicArn": arn, "Subject": f"n {number}", "Message": f"tëxt\n{number} & more"}
        for number in range(3)
    ]


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        pytest.param({"TopicArn": f"{TOPIC}-2"}, "NotFound", "Topic does not exist", id="unknown-topic"),
        pytest.param(
            {"Subject": "x" * 101}, "InvalidParameter", "Invalid parameter: Subject", id="long-subject"
        ),
        pytest.param({"Subject": "a\nb"}, "InvalidParameter", "Invalid parameter: Subject", id="line-break"),
        pytest.param({"Subject": ""}, "InvalidParameter", "Invalid parameter: Subject", id="empty-subject"),
        pytest.param({"Message": ""}, "InvalidParameter", "Empty message", id="empty-message"),
        pytest.param({"Message": "é" * 131_073}, "InvalidParameter", "Message too long", id="long-message"),
        pytest.param(
            {"TopicArn": TOPIC.replace("us-east-1", "eu-west-1")},
            "InvalidParameter",
            "TopicArn",
            id="other-region",
        ),
        pytest.param({"TopicArn": "alerts"}, "InvalidParameter", "TopicArn", id="no-arn"),
    ],
)
def test_a_bad_message_is_refused(
    emulator: Emulator, parameters: dict[str, str], code: str, message: str
) -> None:
    emulator.add_topic("alerts")
    with pytest.raises(ClientError, match=message) as caught:
        client(emulator, "sns").publish(**{"TopicArn": TOPIC, "Message": "text", **parameters})
    assert caught.value.response["Error"]["Code"] == code
    assert emulator.published() == []


def test_a_subject_of_100_characters_is_accepted(emulator: Emulator) -> None:
    client(emulator, "sns").publish(TopicArn=emulator.add_topic("alerts"), Subject="x" * 100, Message="text")
    assert len(emulator.published()) == 1


def test_moto_serves_other_services(emulator: Emulator) -> None:
    assert client(emulator, "sts").get_session_token()["Credentials"]["SessionToken"]
    assert [logged.action for logged in emulator.requests()] == ["GetSessionToken"]


def test_scalable_targets_are_listed_50_a_page(emulator: Emulator) -> None:
    for number in range(51):
        emulator.register_scalable(f"t{number:02}", capacity="Write", suspended=["ScheduledScaling"])
    emulator.register_scalable("t00", "by-date")
    scaling = client(emulator, "application-autoscaling")
    first = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")
    second = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", NextToken=first["NextToken"])
    found = [
        (
            given["ResourceId"],
            given["ScalableDimension"],
            given["SuspendedState"]["ScheduledScalingSuspended"],
        )
        for given in (*first["ScalableTargets"], *second["ScalableTargets"])
    ]
    assert (len(first["ScalableTargets"]), len(found)) == (50, 52)
    assert "NextToken" not in second
    assert found[0] == ("table/t00", "dynamodb:table:WriteCapacityUnits", True)
    assert found[-1] == ("table/t00/index/by-date", "dynamodb:index:ReadCapacityUnits", False)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []


def test_policies_are_listed_for_registrations_that_have_a_target(emulator: Emulator) -> None:
    emulator.register_scalable("t00", "by-date", capacity="Write", limits=(5, 50), target_percent=62.5)
    emulator.register_scalable("t00")
    scaling = client(emulator, "application-autoscaling")
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert (policy["ResourceId"], policy["ScalableDimension"], policy["PolicyType"]) == (
        "table/t00/index/by-date",
        "dynamodb:index:WriteCapacityUnits",
        "TargetTrackingScaling",
    )
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 62.5,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
    }


def test_policies_are_listed_ten_per_page(emulator: Emulator) -> None:
    for number in range(11):
        emulator.register_scalable(f"t{number:02}", target_percent=70)
    scaling = client(emulator, "application-autoscaling")
    pages = [
        page["ScalingPolicies"]
        for page in scaling.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="dynamodb")
    ]
    assert list(map(len, pages)) == [10, 1]


def test_scheduled_actions_are_listed_with_what_they_change(emulator: Emulator) -> None:
    emulator.register_scalable("t00", "by-date", capacity="Write")
    emulator.schedule_scaling(
        "t00", "by-date", capacity="Write", name="morning", schedule="cron(0 8 * * ? *)", minimum=50
    )
    scaling = client(emulator, "application-autoscaling")
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert (action["ResourceId"], action["ScalableDimension"]) == (
        "table/t00/index/by-date",
        "dynamodb:index:WriteCapacityUnits",
    )
    assert (action["Schedule"], action["ScalableTargetAction"]) == ("cron(0 8 * * ? *)", {"MinCapacity": 50})
    assert "Timezone" not in action


def test_a_request_without_signature_is_refused(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    connection.request("POST", "/", "{}", headers)
    answer = connection.getresponse()
    assert answer.status == 403
    assert json.load(answer)["__type"].endswith("MissingAuthenticationToken")
    connection.close()


QUERY_STATISTICS = (
    "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS/DynamoDB&MetricName=ConsumedReadCapacityUnits"
    "&Dimensions.member.1.Name=TableName&Dimensions.member.1.Value=orders&Period=60&Statistics.member.1={}"
    "&StartTime=2031-05-07T11:55:00Z&EndTime=2031-05-07T12:00:00Z"
)


@pytest.mark.parametrize(
    ("statistic", "status", "expected"),
    [
        ("Sum", 200, "<member><Timestamp>2031-05-07T11:59:00Z</Timestamp><Sum>60.0</Sum>"),
        ("Average", 400, "<Type>Sender</Type><Code>InvalidParameterValue</Code>"),
    ],
)
def test_cloudwatch_also_speaks_the_query_protocol(
    emulator: Emulator, statistic: str, status: int, expected: str
) -> None:
    emulator.set_clock("2031-05-07T12:00:30Z")
    emulator.put_metrics("orders", consumed_reads=1, minutes=1)
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDOLD/20310507/us-east-1/monitoring/aws4_request, x",
    }
    connection.request("POST", "/", QUERY_STATISTICS.format(statistic), headers)
    answer = connection.getresponse()
    assert answer.status == status
    assert expected in answer.read().decode()
    connection.close()
    (logged,) = emulator.requests("GetMetricStatistics")
    assert (logged.protocol, logged.parameters["Statistics"]) == ("query", [statistic])
