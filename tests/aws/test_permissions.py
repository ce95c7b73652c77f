"""The policy allows what the configuration needs, and little more."""

from __future__ import annotations

import re
import warnings
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.aws.permissions import (
    list_topics,
    name_resource,
    write_policies_of_accounts,
    write_policy,
)
from dynamic_dynamodb.config.loader import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("expression", "resource"),
    [
        ("^orders$", "orders"),
        ("orders$", "orders"),
        ("^orders", "orders*"),
        ("orders", "orders*"),
        (".*", "*"),
        ("^prod-.*", "prod-*"),
        ("^prod_(users|orders)$", "prod_*"),
        ("^a|b", "*"),
        ("^users?$", "user*"),
        ("^users*", "user*"),
        ("^a{3}$", "*"),
        (r"^my\.table$", "my.table"),
        ("^my.table$", "my?table"),
        ("^my.*table$", "my*table"),
        ("^my.+table$", "my*table"),
        ("^my.*?table$", "my*"),
        (r"^my\_table$", "my_table"),
        (r"^log_\d+$", "log_*"),
        ("(?i)^orders$", "*"),
        ("^[ab]c$", "*"),
        ("^orders$|^users$", "*"),
        ("^(a|(b)|c)d", "*"),
        ("^ab(c|d)[)|]e", "ab*"),
        (r"^ab[\]|]c", "ab*"),
        (r"a||\)", "*"),
        (r"^ab\(|c", "*"),
    ],
)
def test_an_expression_becomes_the_narrowest_resource(expression: str, resource: str) -> None:
    assert name_resource(expression) == resource


@settings(max_examples=500)
@given(
    st.from_regex(r"\^?[ab.?*()\[\]|$\\-]{0,8}", fullmatch=True),
    st.text(alphabet="ab.-", min_size=3, max_size=6),
)
def test_every_table_that_a_section_matches_is_in_the_policy(expression: str, table: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about future syntax
            pattern = re.compile(expression)
    except re.error:
        return
    if pattern.match(table):
        assert fnmatchcase(table, name_resource(expression))


def actions_and_resources(path: Path, text: str, **flags: str | bool) -> dict[str, tuple[str, list[str]]]:
    path.write_text(text)
    given_flags = {name.replace("_", "-"): flag for name, flag in flags.items()}
    policy = write_policy(load({"config": str(path), **given_flags}, {}))
    assert policy["Version"] == "2012-10-17"
    return {
        statement["Sid"]: (" ".join(statement["Action"]), statement["Resource"])
        for statement in policy["Statement"]
    }


FILE = """
[global]
region: eu-west-1
[table: ^orders$]
sns-topic-arn: arn:aws:sns:eu-west-1:123456789012:scaling
sns-message-types: scale-up
[gsi: .* table: ^orders$]
sns-topic-arn: arn:aws:sns:eu-west-1:123456789012:indexes
sns-message-types: scale-up
[table: ^log]
sns-topic-arn: arn:aws:sns:eu-west-1:123456789012:unused
"""


def test_the_policy_names_tables_and_topics(tmp_path: Path) -> None:
    assert actions_and_resources(tmp_path / "conf", FILE) == {
        "FindTablesAndReadMetrics": ("cloudwatch:GetMetricData dynamodb:ListTables", ["*"]),
        "ScaleTables": (
            "dynamodb:DescribeTable dynamodb:UpdateTable",
            [
                "arn:aws:dynamodb:eu-west-1:*:table/orders",
                "arn:aws:dynamodb:eu-west-1:*:table/log*",
            ],
        ),
        "PublishMessages": (
            "sns:Publish",
            [
                "arn:aws:sns:eu-west-1:123456789012:scaling",
                "arn:aws:sns:eu-west-1:123456789012:indexes",
            ],
        ),
    }


def test_the_policy_allows_looking_up_what_aws_scales_if_that_matters(tmp_path: Path) -> None:
    allowed = actions_and_resources(tmp_path / "conf", "[global]\nskip-aws-autoscaled: yes\n[table: ^a$]\n")
    assert allowed["FindTablesAndReadMetrics"][0].split()[0] == (
        "application-autoscaling:DescribeScalableTargets"
    )


def test_the_policy_of_a_recording_allows_no_change_and_to_see_how_aws_scales(tmp_path: Path) -> None:
    path = tmp_path / "conf"
    path.write_text(FILE, encoding="utf-8")
    policy = write_policy(load({"config": str(path), "record": "history"}, {}))
    assert [statement["Action"] for statement in policy["Statement"]] == [
        [
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "cloudwatch:GetMetricData",
            "dynamodb:ListTables",
            "pricing:GetProducts",
        ],
        ["dynamodb:DescribeTable"],
    ]


def test_the_policy_of_a_recording_of_several_regions_allows_the_tables_of_each(tmp_path: Path) -> None:
    path = tmp_path / "conf"
    path.write_text("[table: ^orders$]\n", encoding="utf-8")
    flags: dict[str, str | bool] = {
        "config": str(path),
        "record": "history",
        "regions": "us-east-1,cn-north-1",
    }
    assert write_policy(load(flags, {}))["Statement"][1]["Resource"] == [
        "arn:aws:dynamodb:us-east-1:*:table/orders",
        "arn:aws-cn:dynamodb:cn-north-1:*:table/orders",
    ]


def test_a_dry_run_needs_no_permission_to_change_anything(tmp_path: Path) -> None:
    allowed = actions_and_resources(tmp_path / "conf", FILE, dry_run=True)
    assert [actions for actions, _ in allowed.values()] == [
        "cloudwatch:GetMetricData dynamodb:ListTables",
        "dynamodb:DescribeTable",
    ]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
    ],
)
def test_resources_are_in_the_partition_of_the_region(tmp_path: Path, region: str, partition: str) -> None:
    allowed = actions_and_resources(tmp_path / "conf", "[table: ^a$]\n", region=region)
    assert allowed["ScaleTables"][1] == [f"arn:{partition}:dynamodb:{region}:*:table/a"]


@pytest.mark.parametrize(
    ("types", "topics"),
    [
        pytest.param("failure", ["arn:aws:sns:us-east-1:123456789012:all"], id="failures"),
        pytest.param("recovery", ["arn:aws:sns:us-east-1:123456789012:all"], id="recoveries"),
        pytest.param("scale-up", [], id="what is not published there"),
    ],
)
def test_the_topic_of_global_may_be_published_to_if_it_gets_messages(
    tmp_path: Path, types: str, topics: list[str]
) -> None:
    text = f"[global]\nsns-topic-arn: arn:aws:sns:us-east-1:123456789012:all\nsns-message-types: {types}\n"
    path = tmp_path / "conf"
    path.write_text(f"{text}[table: ^a$]\n", encoding="utf-8")
    configuration = load({"config": str(path)}, {})
    assert list_topics(configuration, configuration.places[0]) == topics


PRODUCTION = """
[account: production]
role-arn: arn:aws:iam::111122223333:role/scaling
external-id: example
regions: us-east-1, eu-west-1
"""
STAGING = """
[account: staging]
role-arn: arn:aws:iam::444455556666:role/teams/scaling
regions: us-east-1
"""
OWN = "[account: own]\nregions: eu-central-1\n"
SECTIONS = """
[table: ^orders$]
accounts: production
regions: eu-west-1
sns-topic-arn: arn:aws:sns:eu-west-1:111122223333:orders
sns-message-types: scale-up
[table: ^logs]
"""


def write_policies(path: Path, text: str, **flags: str | bool) -> dict[str, Any]:
    path.write_text(text, encoding="utf-8")
    return write_policies_of_accounts(load({"config": str(path), **flags}, {}))


def list_resources(policy: dict[str, Any]) -> dict[str, list[str]]:
    """Return the resources of each action but those on everything."""
    return {
        action: statement["Resource"]
        for statement in policy["Statement"]
        for action in statement["Action"]
        if statement["Resource"] != ["*"]
    }


def test_a_role_may_scale_the_tables_of_its_account_in_its_regions(tmp_path: Path) -> None:
    policies = write_policies(tmp_path / "conf", OWN + PRODUCTION + STAGING + SECTIONS)
    tables = {
        "production": [
            "arn:aws:dynamodb:us-east-1:111122223333:table/logs*",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/logs*",
        ],
        "staging": ["arn:aws:dynamodb:us-east-1:444455556666:table/logs*"],
    }
    found = {name: list_resources(one["policy"]) for name, one in policies["accounts"].items()}
    assert found == {
        "production": {
            "dynamodb:DescribeTable": tables["production"],
            "dynamodb:UpdateTable": tables["production"],
            "sns:Publish": ["arn:aws:sns:eu-west-1:111122223333:orders"],
        },
        "staging": {
            "dynamodb:DescribeTable": tables["staging"],
            "dynamodb:UpdateTable": tables["staging"],
        },
    }


def test_the_program_may_assume_the_roles_and_scale_accounts_without_one(tmp_path: Path) -> None:
    policies = write_policies(tmp_path / "conf", OWN + PRODUCTION + STAGING + SECTIONS)
    tables = ["arn:aws:dynamodb:eu-central-1:*:table/logs*"]
    roles = ["arn:aws:iam::111122223333:role/scaling", "arn:aws:iam::444455556666:role/teams/scaling"]
    assert list_resources(policies["program"]["policy"]) == {
        "sts:AssumeRole": roles,
        "dynamodb:DescribeTable": tables,
        "dynamodb:UpdateTable": tables,
    }


def test_the_program_may_do_nothing_but_assume_roles_if_each_account_has_one(tmp_path: Path) -> None:
    policy = write_policies(tmp_path / "conf", PRODUCTION + SECTIONS)["program"]["policy"]
    assert [statement["Sid"] for statement in policy["Statement"]] == ["AssumeRoles"]


def test_a_role_trusts_the_account_of_the_program_with_its_external_id(tmp_path: Path) -> None:
    china = STAGING.replace("arn:aws:", "arn:aws-cn:").replace("us-east-1", "cn-north-1")
    accounts = write_policies(tmp_path / "conf", PRODUCTION + china + SECTIONS)["accounts"]
    trusted = {
        "Sid": "LetTheProgramAssumeThisRole",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::ID-OF-THE-PROGRAMS-ACCOUNT:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": ["example"]}},
    }
    assert accounts["production"]["trust-policy"] == {"Version": "2012-10-17", "Statement": [trusted]}
    (statement,) = accounts["staging"]["trust-policy"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws-cn:iam::ID-OF-THE-PROGRAMS-ACCOUNT:root"}
    assert "Condition" not in statement


def test_a_role_of_two_accounts_of_the_file_gets_the_permissions_of_both(tmp_path: Path) -> None:
    again = PRODUCTION.replace("production", "asia").replace("us-east-1, eu-west-1", "ap-south-1")
    text = PRODUCTION + again.replace("example", "other") + "[table: ^orders$]"
    accounts = write_policies(tmp_path / "conf", text)["accounts"]
    assert accounts["production"] == accounts["asia"]
    assert list_resources(accounts["asia"]["policy"])["dynamodb:DescribeTable"] == [
        f"arn:aws:dynamodb:{region}:111122223333:table/orders"
        for region in ("us-east-1", "eu-west-1", "ap-south-1")
    ]
    (statement,) = accounts["asia"]["trust-policy"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": ["example", "other"]}}


def test_a_topic_outside_the_account_of_a_role_is_published_to_by_the_program(tmp_path: Path) -> None:
    topic = "arn:aws:sns:sa-east-1:999999999999:on-call"
    messages = f"[global]\nsns-topic-arn: {topic}\nsns-message-types: failure\n"
    policies = write_policies(tmp_path / "conf", messages + PRODUCTION + SECTIONS)
    assert list_resources(policies["program"]["policy"])["sns:Publish"] == [topic]
    assert list_resources(policies["accounts"]["production"]["policy"])["sns:Publish"] == [
        "arn:aws:sns:eu-west-1:111122223333:orders"
    ]


def test_a_role_without_a_section_may_change_nothing(tmp_path: Path) -> None:
    text = f"{STAGING}{PRODUCTION}[table: ^orders$]\naccounts: production\n"
    statements = write_policies(tmp_path / "conf", text)["accounts"]["staging"]["policy"]["Statement"]
    assert [statement["Sid"] for statement in statements] == ["FindTablesAndReadMetrics"]


def test_the_policy_of_several_regions_has_the_tables_and_topics_of_each(tmp_path: Path) -> None:
    text = f"[global]\nregions: us-east-1, eu-west-1\n{SECTIONS.replace('accounts: production', '')}"
    assert actions_and_resources(tmp_path / "conf", text)["ScaleTables"][1] == [
        "arn:aws:dynamodb:us-east-1:*:table/logs*",
        "arn:aws:dynamodb:eu-west-1:*:table/orders",
        "arn:aws:dynamodb:eu-west-1:*:table/logs*",
    ]
