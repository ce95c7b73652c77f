"""The permissions that the calls of this package need, and the least IAM policy of a configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.topics import is_of_place
from dynamic_dynamodb.options import FAILURE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place, Role

LIST_TABLES: Final = "dynamodb:ListTables"
DESCRIBE_TABLE: Final = "dynamodb:DescribeTable"
UPDATE_TABLE: Final = "dynamodb:UpdateTable"
GET_METRIC_DATA: Final = "cloudwatch:GetMetricData"
GET_METRIC_STATISTICS: Final = "cloudwatch:GetMetricStatistics"
PUBLISH: Final = "sns:Publish"
DESCRIBE_SCALABLE_TARGETS: Final = "application-autoscaling:DescribeScalableTargets"
DESCRIBE_SCALING_POLICIES: Final = "application-autoscaling:DescribeScalingPolicies"
DESCRIBE_SCHEDULED_ACTIONS: Final = "application-autoscaling:DescribeScheduledActions"
GET_PRODUCTS: Final = "pricing:GetProducts"
ASSUME_ROLE: Final = "sts:AssumeRole"
GET_CALLER_IDENTITY: Final = "sts:GetCallerIdentity"

PURPOSES: Final = {
    LIST_TABLES: "to find the tables that sections match; without it, plain names still work",
    DESCRIBE_TABLE: "to see what is provisioned, and whether it can be changed now",
    UPDATE_TABLE: "to change capacity; not needed for a dry run",
    GET_METRIC_DATA: "to see what was consumed and throttled",
    GET_METRIC_STATISTICS: "only in place of GetMetricData, where that is denied; takes many more calls",
    DESCRIBE_SCALABLE_TARGETS: (
        "only with `skip-aws-autoscaled`, `--record` or `--init`, to see what AWS scales itself"
    ),
    DESCRIBE_SCALING_POLICIES: (
        "only with `--record` or `--init`, for the utilization that AWS scales to; optional"
    ),
    DESCRIBE_SCHEDULED_ACTIONS: "only with `--init`, for AWS's scheduled actions; optional",
    GET_PRODUCTS: "only with `--record` or `--init`, for the prices of the region; optional",
    PUBLISH: "for the messages of sections with `sns-topic-arn`, [global] included",
    ASSUME_ROLE: "only to assume the roles of `[account: …]` sections",
}
"""What each permission is needed for, as the reference page says it."""

MOST_CHARACTERS: Final = 6144
"""How long a managed policy may be, spaces not counted (IAM and AWS STS quotas)."""
PROGRAM_ACCOUNT: Final = "ID-OF-THE-PROGRAMS-ACCOUNT"
"""IAM refuses a trust policy in which this has not been replaced."""
_PARTITIONS: Final = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)
"""AWS's partitions by the beginnings of their regions' names; all others are in `aws`."""
_STEP: Final = re.compile(
    r"(?P<any>\.[*+])(?![?+])|(?P<one>\.)(?![?*{+])|(?P<literal>[A-Za-z0-9_-]|\\[._-])(?![?*{+])"
)
_ESCAPE_OR_CLASS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def write_policy(configuration: Configuration, places: Sequence[Place] | None = None) -> dict[str, Any]:
    """Return the policy document for places of one account, by default for all places.

    It has tables and topics as resources where AWS supports them, else `*`. AWS has no resources for
    ListTables and CloudWatch's reads (Service Authorization Reference), and one call of Application Auto
    Scaling is for all tables. Prices have no resources. --record and --init change nothing.
    """
    options = configuration.global_options
    places = configuration.places if places is None else places
    tables = [
        f"arn:{find_partition(place.region)}:dynamodb:{place.region}:{place.owner or '*'}"
        f":table/{name_resource(section.expression.text)}"
        for place in places
        for section in configuration.sections_in(place)
    ]
    is_survey = bool(options["record"] or options["init"])
    on_tables = [DESCRIBE_TABLE, *([] if options["dry_run"] or is_survey else [UPDATE_TABLE])]
    anywhere = [LIST_TABLES, GET_METRIC_DATA]
    if is_survey or options["skip_aws_autoscaled"]:
        anywhere.append(DESCRIBE_SCALABLE_TARGETS)
    if is_survey:
        anywhere += [DESCRIBE_SCALING_POLICIES, GET_PRODUCTS]
    if options["init"]:
        anywhere.append(DESCRIBE_SCHEDULED_ACTIONS)
    statements = [_allow("FindTablesAndReadMetrics", anywhere, ["*"])]
    if tables:
        statements.append(_allow("ScaleTables", on_tables, tables))
    topics = [
        topic for place in places for topic in list_topics(configuration, place) if is_of_place(topic, place)
    ]
    return _write_document([*statements, *_allow_topics(topics)])


def _allow_topics(topics: list[str]) -> list[dict[str, Any]]:
    return [_allow("PublishMessages", [PUBLISH], topics)] if topics else []


def write_policies_of_accounts(configuration: Configuration) -> dict[str, Any]:
    """Return the policy of the program's own credentials, and the policies of the role of each account.

    The role's trust policy names the program's account by `PROGRAM_ACCOUNT`, because only STS knows its id.
    """
    roles = {place.account: place.role for place in configuration.places if place.role is not None}
    own = [place for place in configuration.places if place.role is None]
    others = [
        topic
        for place in configuration.places
        for topic in list_topics(configuration, place)
        if place.role is None or not is_of_place(topic, place)
    ]
    statements = [_allow("AssumeRoles", [ASSUME_ROLE], (role.arn for role in roles.values()))]
    if own:
        document = write_policy(configuration, own)
        statements += [one for one in document["Statement"] if one["Action"] != [PUBLISH]]
    statements += _allow_topics(others)
    return {
        "program": {"policy": _write_document(statements)},
        "accounts": {
            account: {
                "role-arn": role.arn,
                "policy": write_policy(configuration, _find_places(configuration, role)),
                "trust-policy": _write_trust_policy(configuration, role),
            }
            for account, role in roles.items()
        },
    }


def _find_places(configuration: Configuration, role: Role) -> list[Place]:
    """Return the places that a role is assumed for: several accounts of the file may have the same one."""
    return [one for one in configuration.places if one.role is not None and one.role.arn == role.arn]


def _write_trust_policy(configuration: Configuration, role: Role) -> dict[str, Any]:
    partition = role.arn.split(":")[1]
    statement: dict[str, Any] = {
        "Sid": "LetTheProgramAssumeThisRole",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{PROGRAM_ACCOUNT}:root"},
        "Action": ASSUME_ROLE,
    }
    places = _find_places(configuration, role)
    external_ids = dict.fromkeys(one.role.external_id for one in places if one.role is not None)
    if None not in external_ids:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": list(external_ids)}}
    return _write_document([statement])


def _write_document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def find_partition(region: str) -> str:
    """Return the partition of a region, such as `aws` or `aws-cn`."""
    return next((name for start, name in _PARTITIONS if region.startswith(start)), "aws")


def list_topics(configuration: Configuration, place: Place) -> list[str]:
    """Return the SNS topics that a place publishes to: none by a dry run, --record and --init."""
    options = configuration.global_options
    if options["dry_run"] or options["record"] or options["init"]:
        return []
    has_types = any(one in FAILURE_TYPES for one in options["sns_message_types"])
    own = [options["sns_topic_arn"]] if options["sns_topic_arn"] and has_types else []
    return own + [
        one.typed.sns_topic_arn
        for table in configuration.sections_in(place)
        for section in (table, *table.gsis)
        for one in section.variants
        if one.typed.sns_topic_arn and one.typed.sns_message_types
    ]


def _allow(name: str, allowed: list[str], resources: Iterable[str]) -> dict[str, Any]:
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": sorted(allowed),
        "Resource": list(dict.fromkeys(resources)),
    }


def name_resource(expression: str) -> str:
    """Return the narrowest name with IAM's wildcards that covers all tables that an expression matches.

    A `.` becomes `?`; from the first construct that IAM cannot express, everything is allowed by `*`.
    """
    rest = expression.removeprefix("^")
    if _has_alternatives(rest):
        return "*"
    name, place = "", 0
    while match := _STEP.match(rest, place):
        name += "*" if match["any"] else "?" if match["one"] else match["literal"].removeprefix("\\")
        place = match.end()
    return name if rest[place:] == "$" else f"{name.rstrip('*')}*"


def _has_alternatives(expression: str) -> bool:
    """Return whether a `|` stands outside all groups, so that a match may start in several ways."""
    depth = 0
    for character in _ESCAPE_OR_CLASS.sub("", expression):
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            return True
    return False
