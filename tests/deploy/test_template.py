"""The CloudFormation template creates what the documentation says, in moto's CloudFormation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import dynamic_dynamodb
from tests.deploy.contrib import TEMPLATE, read
from tests.deploy.stack import REGION, client, deploy

TEMPLATE_CONTENT: dict[str, Any] = json.loads(read(TEMPLATE))
PARAMETERS = TEMPLATE_CONTENT["Parameters"]
SESSION_MANAGER = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
TABLES = f"arn:aws:dynamodb:{REGION}:123456789012:table/*"
CONFIGURATION = "arn:aws:s3:::my-bucket/some/path/dynamic-dynamodb.conf"


def test_cfn_lint_accepts_the_template() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--include-checks", "I", "--", str(TEMPLATE)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("literal", ["arn:aws", "amazonaws.com"])
def test_the_template_names_no_partition(literal: str) -> None:
    assert literal not in read(TEMPLATE)


def test_the_default_package_is_this_version() -> None:
    assert PARAMETERS["Package"]["Default"] == f"dynamic-dynamodb=={dynamic_dynamodb.__version__}"


def test_a_stack_has_one_instance_that_is_replaced_if_it_fails() -> None:
    with deploy() as stack:
        tags = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in stack.instances]
        assert [each["Name"] for each in tags] == ["dynamic-dynamodb"]
        group = stack.group
        assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (1, 1, 1)
        assert stack.launch_template == {
            "ImageId": "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
            "InstanceType": "t4g.micro",
            "IamInstanceProfile": {
                "Arn": f"arn:aws:iam::123456789012:instance-profile/{stack.resources['InstanceProfile']}"
            },
            "SecurityGroupIds": [stack.resources["SecurityGroup"]],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {
                        "VolumeSize": 8,
                        "VolumeType": "gp3",
                        "Encrypted": True,
                        "DeleteOnTermination": True,
                    },
                }
            ],
        }


def test_without_a_key_pair_no_port_is_open_and_session_manager_works() -> None:
    with deploy() as stack:
        assert "KeyName" not in stack.launch_template
        assert stack.open_ports == []
        assert stack.properties("Role")["ManagedPolicyArns"] == [SESSION_MANAGER]
        assert stack.outputs["LogIn"].startswith("aws ssm start-session ")


@pytest.mark.parametrize("name", ["my key 2026.pem", 'sly"key$(id)'])
def test_the_name_of_a_key_pair_may_have_dots_and_spaces(name: str) -> None:
    assert re.fullmatch(PARAMETERS["KeyPair"]["AllowedPattern"], name)
    with deploy(KeyPair=name, SSHLocation="192.0.2.17/32") as stack:
        assert stack.launch_template["KeyName"] == name
        assert stack.instances[0]["KeyName"] == name
        assert stack.open_ports == [(22, "192.0.2.17/32")]
        assert stack.properties("Role")["ManagedPolicyArns"] == []
        assert stack.outputs["LogIn"] == f"ssh -i '{name}.pem' ec2-user@ADDRESS"
        assert name not in stack.user_data


def test_a_key_pair_alone_opens_no_port() -> None:
    with deploy(KeyPair="key") as stack:
        assert (stack.launch_template["KeyName"], stack.open_ports) == ("key", [])
        assert stack.properties("Role")["ManagedPolicyArns"] == [SESSION_MANAGER]


def test_each_architecture_has_its_own_image() -> None:
    with deploy(Architecture="x86_64", InstanceType="t3.micro") as stack:
        assert stack.launch_template["ImageId"].endswith("al2023-ami-kernel-default-x86_64")
        assert stack.instances[0]["InstanceType"] == "t3.micro"


def test_the_default_vpc_is_used_unless_another_is_given() -> None:
    with deploy() as stack:
        assert len(stack.group["AvailabilityZones"]) > 1
    with deploy(in_own_vpc=True) as stack:
        instance = stack.instances[0]
        assert (instance["VpcId"], instance["SubnetId"]) == (
            stack.parameters["Vpc"],
            stack.parameters["Subnets"],
        )
        groups = client("ec2").describe_security_groups(GroupIds=[stack.resources["SecurityGroup"]])[
            "SecurityGroups"
        ]
        assert [group["VpcId"] for group in groups] == [stack.parameters["Vpc"]]


def test_the_role_has_the_needed_permissions_and_no_more() -> None:
    with deploy() as stack:
        statements = stack.statements().values()
        assert {
            (action, resource)
            for statement in statements
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        } == {
            ("dynamodb:ListTables", "*"),
            ("cloudwatch:GetMetricData", "*"),
            ("application-autoscaling:DescribeScalableTargets", "*"),
            ("dynamodb:DescribeTable", TABLES),
            ("dynamodb:UpdateTable", TABLES),
            ("sns:Publish", f"arn:aws:sns:{REGION}:123456789012:*"),
            ("s3:GetObject", CONFIGURATION),
            ("s3:PutObject", CONFIGURATION),
            ("s3:ListBucket", "arn:aws:s3:::my-bucket"),
        }
        assert stack.statements()["FindConfiguration"]["Condition"] == {
            "StringLike": {"s3:prefix": "*dynamic-dynamodb.conf"}
        }
        trust = stack.properties("Role")["AssumeRolePolicyDocument"]["Statement"]
        assert [each["Principal"] for each in trust] == [{"Service": "ec2.amazonaws.com"}]


def test_the_role_can_be_narrowed_to_prefixes_of_names() -> None:
    with deploy(TablePrefix="prod-", TopicPrefix="scaling") as stack:
        statements = stack.statements()
        assert (statements["ScaleTables"]["Resource"], statements["PublishMessages"]["Resource"]) == (
            f"arn:aws:dynamodb:{REGION}:123456789012:table/prod-*",
            f"arn:aws:sns:{REGION}:123456789012:scaling*",
        )


def test_your_own_policy_replaces_the_permissions_of_the_stack() -> None:
    policy = "arn:aws:iam::123456789012:policy/scaling"
    with deploy(ScalingPolicy=policy) as stack:
        assert stack.properties("Role")["ManagedPolicyArns"] == [SESSION_MANAGER, policy]
        assert set(stack.statements()) == {
            "KeepConfiguration",
            "FindConfiguration",
            "FetchPackage",
        }


def test_the_role_may_download_a_wheel_in_s3() -> None:
    with deploy(Package="s3://wheels/x/dynamic_dynamodb-3.0.0-py3-none-any.whl") as stack:
        fetched = stack.statements()["FetchPackage"]
        assert (fetched["Action"], fetched["Resource"]) == (
            "s3:GetObject",
            "arn:aws:s3:::wheels/x/dynamic_dynamodb-3.0.0-py3-none-any.whl",
        )


def test_a_bucket_without_a_path_is_accepted() -> None:
    with deploy(S3Bucket="s3://my-bucket/") as stack:
        kept = stack.statements()["KeepConfiguration"]["Resource"]
        assert kept == "arn:aws:s3:::my-bucket/dynamic-dynamodb.conf"
        assert stack.outputs["Configuration"] == "s3://my-bucket/dynamic-dynamodb.conf"


def test_a_new_version_is_a_new_launch_template_that_the_group_rolls_out() -> None:
    with deploy() as stack:
        before = stack.user_data
    with deploy(Package="dynamic-dynamodb==3.0.1") as stack:
        assert stack.user_data == before.replace("3.0.0", "3.0.1") != before
    group = TEMPLATE_CONTENT["Resources"]["AutoScalingGroup"]
    assert group["Properties"]["LaunchTemplate"]["Version"] == {
        "Fn::GetAtt": ["LaunchTemplate", "LatestVersionNumber"]
    }
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"] | group["CreationPolicy"]["ResourceSignal"] == {
        "MinInstancesInService": 0,  # never two daemons at once
        "MaxBatchSize": 1,
        "WaitOnResourceSignals": True,
        "PauseTime": "PT15M",
        "SuspendProcesses": [
            "HealthCheck",
            "ReplaceUnhealthy",
            "AZRebalance",
            "AlarmNotification",
            "ScheduledActions",
        ],
        "Count": 1,
        "Timeout": "PT15M",
    }


def as_list(one_or_more: str | list[str]) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "S3Bucket",
            ["s3://bucket-name/", "s3://bucket.name/a/b_c/D.e/"],
            [
                "",
                "bucket/",
                "s3://bucket",
                "s3://bucket/path",
                "s3://b*/",
                "s3://bucket//",
                "s3://bucket/$(id)/",
            ],
        ),
        (
            "S3BucketRegion",
            ["us-east-1", "us-gov-west-1", "cn-north-1"],
            ["", "US", "us-east-1a", "us-east-1 "],
        ),
        (
            "Package",
            [
                "dynamic-dynamodb==3.0.0",
                "dynamic-dynamodb>=3,<4",
                "dynamic-dynamodb @ https://example.org/dynamic_dynamodb-3.0.0-py3-none-any.whl",
                "s3://bucket/a/dynamic_dynamodb-3.0.0-py3-none-any.whl",
            ],
            ["", "--pre", "x'y", "x$(id)", "s3://bucket/a.tar.gz", "s3://bucket/*.whl", "a\nb"],
        ),
        ("TablePrefix", ["", "prod-", "a_b.c"], ["prod-*", "^prod", "a b", "table/x"]),
        ("TopicPrefix", ["", "scaling-"], ["scaling*", "a.fifo", "a:b"]),
        (
            "ScalingPolicy",
            ["", "arn:aws-cn:iam::123456789012:policy/team/scaling"],
            ["scaling", "arn:aws:iam::aws:policy", "arn:aws:iam::123456789012:role/scaling"],
        ),
        ("KeyPair", ["", "a", "a b.c"], [" a", "a ", "ä", "a\nb", "x" * 256]),
        ("SSHLocation", ["", "192.0.2.17/32"], ["192.0.2.17", "anywhere", "::/0"]),
        ("Vpc", ["", "vpc-0123456789abcdef0"], ["subnet-1", "vpc-"]),
        ("Subnets", ["", "subnet-0123456789abcdef0"], ["vpc-1", "subnet-1,subnet-2"]),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_an_invalid_parameter_is_refused_with_a_sentence(
    parameter: str, good: list[str], bad: list[str]
) -> None:
    declared = PARAMETERS[parameter]
    pattern = re.compile(declared["AllowedPattern"])
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []
    assert declared["ConstraintDescription"].startswith("must be")


@pytest.mark.parametrize("instance_type", PARAMETERS["InstanceType"]["AllowedValues"])
def test_each_instance_type_requires_its_architecture(instance_type: str) -> None:
    arm = "g." in instance_type  # Graviton's types: their family ends with a g
    assert [
        architecture
        for architecture in PARAMETERS["Architecture"]["AllowedValues"]
        if not broken_rules(Architecture=architecture, InstanceType=instance_type)
    ] == (["arm64"] if arm else ["x86_64"])


@pytest.mark.parametrize(
    ("given", "broken"),
    [
        ({}, []),
        ({"KeyPair": "key"}, []),
        ({"KeyPair": "key", "SSHLocation": "192.0.2.17/32"}, []),
        ({"SSHLocation": "192.0.2.17/32"}, ["SSHNeedsKeyPair"]),
        ({"Vpc": "vpc-1", "Subnets": "subnet-1,subnet-2"}, []),
        ({"Vpc": "vpc-1"}, ["VpcNeedsSubnets"]),
        ({"Subnets": "subnet-1"}, ["SubnetsNeedVpc"]),
    ],
    ids=str,
)
def test_parameters_that_contradict_each_other_are_refused(given: dict[str, str], broken: list[str]) -> None:
    assert broken_rules(**given) == broken


def broken_rules(**given: str) -> list[str]:
    """Evaluate the template's rules, which moto does not, over these parameters and the defaults."""
    texts = {name: declared.get("Default", "") for name, declared in PARAMETERS.items()} | given
    values = {
        name: text.split(",") if PARAMETERS[name]["Type"] == "CommaDelimitedList" else text
        for name, text in texts.items()
    }
    return [
        name
        for name, rule in TEMPLATE_CONTENT["Rules"].items()
        if evaluate(rule["RuleCondition"], values)
        and not all(evaluate(each["Assert"], values) for each in rule["Assertions"])
    ]


def evaluate(expression: Any, values: dict[str, Any]) -> Any:
    if not isinstance(expression, dict):
        return expression
    ((function, arguments),) = expression.items()
    if function == "Ref":
        return values[arguments]
    first, second = (*(evaluate(argument, values) for argument in arguments), None)[:2]
    if function == "Fn::Not":
        return not first
    if function == "Fn::Contains":
        return second in first
    if function == "Fn::EachMemberEquals":
        return all(each == second for each in first)
    assert function == "Fn::Equals"
    return first == second
