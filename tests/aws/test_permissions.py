"""The policy allows what the configuration needs, and little more."""

from __future__ import annotations

import re
import warnings
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.aws.permissions import list_topics, name_resource, write_policy
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
    assert list_topics(load({"config": str(path)}, {})) == topics
