"""The emulator tells accounts and regions apart, and issues sessions of roles as STS does."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.asking import refused, units
from tests.emulator.clients import assume_role, client

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.emulator.clients import Keys

pytest_plugins = ["tests.emulator.fixtures"]

OWN = "123456789012"
OTHER = "111122223333"
ROLE = f"arn:aws:iam::{OTHER}:role/scaling"
USER = f"arn:aws:iam::{OWN}:user/tester"
DENIED = f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


def list_tables(emulator: Emulator, *, region: str, keys: Keys) -> list[str]:
    found: list[str] = client(emulator, "dynamodb", region=region, keys=keys).list_tables()["TableNames"]
    return found


def test_each_account_and_region_has_its_own_tables_and_metrics(emulator: Emulator) -> None:
    emulator.set_clock("2031-05-07T12:00:30Z")
    emulator.add_table("ours", reads=1, writes=1)
    emulator.at(OTHER, "us-east-1").add_table("orders", reads=5, writes=5)
    there = emulator.at(OTHER, "eu-west-1")
    there.add_table("orders", reads=7, writes=7)
    there.put_metrics("orders", consumed_reads=3)
    emulator.add_user("AKIDOTHER", account=OTHER)
    keys = ("AKIDOTHER", "secret", None)
    found = {region: list_tables(emulator, region=region, keys=keys) for region in ("eu-west-1", "sa-east-1")}
    assert found == {"eu-west-1": ["orders"], "sa-east-1": []}
    client(emulator, "dynamodb", region="eu-west-1", keys=keys).update_table(
        TableName="orders", ProvisionedThroughput=units(9, 9)
    )
    assert emulator.at(OTHER, "us-east-1").capacities() == {("orders", None): (5, 5)}
    assert there.capacities() == {("orders", None): (9, 9)}
    assert emulator.capacities() == {("ours", None): (1, 1)}
    described = client(emulator, "dynamodb", region="eu-west-1", keys=keys).describe_table(TableName="orders")
    assert described["Table"]["TableArn"] == f"arn:aws:dynamodb:eu-west-1:{OTHER}:table/orders"
    assert [read_reads(emulator, region, keys) for region in ("us-east-1", "eu-west-1")] == [[], [180.0]]


def read_reads(emulator: Emulator, region: str, keys: Keys) -> list[float]:
    metric = {
        "Namespace": "AWS/DynamoDB",
        "MetricName": "ConsumedReadCapacityUnits",
        "Dimensions": [{"Name": "TableName", "Value": "orders"}],
    }
    answer = client(emulator, "cloudwatch", region=region, keys=keys).get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime="2031-05-07T11:59:00Z",
        EndTime="2031-05-07T12:00:00Z",
    )
    values: list[float] = answer["MetricDataResults"][0]["Values"]
    return values


def test_regions_of_the_default_account_share_everything_until_one_is_separated(emulator: Emulator) -> None:
    keys = ("AKIDTESTS", "secret", None)
    emulator.add_table("everywhere")
    emulator.at(OWN, "eu-west-1").add_table("there")
    found = {region: list_tables(emulator, region=region, keys=keys) for region in ("us-east-1", "eu-west-1")}
    assert found == {"us-east-1": ["everywhere"], "eu-west-1": ["there"]}


def test_registrations_of_auto_scaling_are_those_of_the_place(emulator: Emulator) -> None:
    emulator.at(OTHER, "eu-west-1").register_scalable("orders")
    emulator.add_user("AKIDOTHER", account=OTHER)
    found = [
        client(
            emulator, "application-autoscaling", region=region, keys=("AKIDOTHER", "secret", None)
        ).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
        for region in ("us-east-1", "eu-west-1")
    ]
    assert list(map(len, found)) == [0, 1]


def test_a_session_of_a_role_calls_the_account_of_the_role(emulator: Emulator) -> None:
    emulator.at(OTHER, "eu-west-1").add_table("orders")
    emulator.add_role(ROLE)
    keys = assume_role(emulator, ROLE)
    assert list_tables(emulator, region="eu-west-1", keys=keys) == ["orders"]
    caller = client(emulator, "sts", keys=keys).get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/scaling/tests")
    assert client(emulator, "sts").get_caller_identity()["Arn"] == USER
    assert [(one.action, one.account) for one in emulator.requests()] == [
        ("AssumeRole", OWN),
        ("ListTables", OTHER),
        ("GetCallerIdentity", OTHER),
        ("GetCallerIdentity", OWN),
    ]


@pytest.mark.parametrize(
    ("role", "given"),
    [
        pytest.param(None, {}, id="a role that does not exist"),
        pytest.param({"external_id": "example"}, {}, id="no external id"),
        pytest.param({"external_id": "example"}, {"ExternalId": "exmple"}, id="another external id"),
        pytest.param({"trusted": ["444455556666"]}, {}, id="a role that trusts another account"),
        pytest.param({"trusted": [f"{USER}s"]}, {}, id="a role that trusts another user"),
    ],
)
def test_a_role_that_may_not_be_assumed_is_denied(
    emulator: Emulator, role: dict[str, Any] | None, given: dict[str, str]
) -> None:
    if role is not None:
        emulator.add_role(ROLE, **role)
    with refused("AccessDenied", DENIED):
        assume_role(emulator, ROLE, **given)


@pytest.mark.parametrize(
    "role",
    [
        pytest.param({"external_id": "example"}, id="the external id"),
        pytest.param({"trusted": [USER]}, id="a role that trusts the user"),
        pytest.param({}, id="an external id that is not asked for"),
    ],
)
def test_a_role_can_be_assumed_by_those_it_trusts(emulator: Emulator, role: dict[str, Any]) -> None:
    emulator.add_role(ROLE, **role)
    assert assume_role(emulator, ROLE, ExternalId="example")[0].startswith("ASIA")


def test_a_role_can_assume_another_role(emulator: Emulator) -> None:
    second = "arn:aws:iam::444455556666:role/scaling"
    emulator.add_role(ROLE)
    emulator.add_role(second, trusted=[ROLE])
    sts = client(emulator, "sts", keys=assume_role(emulator, ROLE))
    assumed = sts.assume_role(RoleArn=second, RoleSessionName="tests")["AssumedRoleUser"]
    assert assumed["Arn"] == "arn:aws:sts::444455556666:assumed-role/scaling/tests"


@pytest.mark.parametrize("name", ["a", "x" * 65, "with space"])
def test_a_malformed_session_name_is_refused(emulator: Emulator, name: str) -> None:
    emulator.add_role(ROLE)
    with refused("ValidationError", "at 'roleSessionName' failed"):
        client(emulator, "sts").assume_role(RoleArn=ROLE, RoleSessionName=name)


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("dynamodb", "list_tables", "ExpiredTokenException"),
        ("sts", "get_caller_identity", "ExpiredToken"),
    ],
)
def test_a_session_expires_by_the_emulators_clock(
    emulator: Emulator, service: str, call: str, code: str
) -> None:
    emulator.set_clock("2031-05-07T12:00:00Z")
    emulator.add_role(ROLE, session_seconds=900)
    keys = assume_role(emulator, ROLE)
    asked = getattr(client(emulator, service, keys=keys), call)
    emulator.set_clock("2031-05-07T12:14:50Z")
    asked()
    emulator.set_clock("2031-05-07T12:15:10Z")
    with refused(code, "The security token included in the request is expired"):
        asked()


def test_keys_of_a_session_need_its_token(emulator: Emulator) -> None:
    emulator.add_role(ROLE)
    access_key, secret_key, _ = assume_role(emulator, ROLE)
    with refused("UnrecognizedClientException", "The security token included in the request is invalid"):
        list_tables(emulator, region="us-east-1", keys=(access_key, secret_key, None))


def test_faults_can_be_chosen_by_account_region_and_role(emulator: Emulator) -> None:
    second = f"{ROLE}-2"
    emulator.add_role(ROLE)
    emulator.add_role(second)
    emulator.add_fault(role=second, code="AccessDenied", times=None)
    emulator.add_fault(account=OTHER, region="eu-west-1", code="AccessDeniedException", times=None)
    keys = assume_role(emulator, ROLE)
    with refused("AccessDenied", f"sts:AssumeRole on resource: {second}"):
        assume_role(emulator, second)
    assert list_tables(emulator, region="us-east-1", keys=keys) == []
    with refused("AccessDeniedException", f"User: arn:aws:sts::{OTHER}:assumed-role/scaling/tests is not"):
        list_tables(emulator, region="eu-west-1", keys=keys)
    assert client(emulator, "dynamodb", region="eu-west-1").list_tables()["TableNames"] == []


def test_a_topic_accepts_messages_of_its_own_account_and_of_those_it_is_open_to(emulator: Emulator) -> None:
    emulator.add_role(ROLE)
    keys = assume_role(emulator, ROLE)
    sns = client(emulator, "sns", keys=keys)
    there = emulator.at(OTHER, "us-east-1").add_topic("there")
    assert there == f"arn:aws:sns:us-east-1:{OTHER}:there"
    for topic in (there, emulator.add_topic("open", open_to=[OTHER])):
        assert sns.publish(TopicArn=topic, Message="text")["MessageId"]
    with refused("AuthorizationError", "is not authorized to perform: SNS:Publish"):
        sns.publish(TopicArn=emulator.add_topic("closed"), Message="text")


def test_places_and_roles_can_be_set_up_over_http(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    for method, arguments in (
        (f"{OTHER}/eu-west-1/add_table", {"name": "orders", "reads": 3}),
        ("add_role", {"arn": ROLE, "external_id": "example"}),
    ):
        connection.request("POST", f"/_control/{method}", json.dumps(arguments))
        assert connection.getresponse().read() == b"null"
    connection.request("POST", f"/_control/{OTHER}/eu-west-1/capacities", "{}")
    assert json.load(connection.getresponse()) == {"orders": [3, 5]}
    connection.request("POST", f"/_control/{OTHER}/eu-west-1/add_role", "{}")
    answer = connection.getresponse()
    assert (answer.status, "there is no control method" in answer.read().decode()) == (400, True)
    connection.close()
    assert list_tables(
        emulator, region="eu-west-1", keys=assume_role(emulator, ROLE, ExternalId="example")
    ) == ["orders"]
