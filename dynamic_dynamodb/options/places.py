"""The options that say which accounts and regions are scaled, and which sections hold there."""

from __future__ import annotations

from typing import Final

from dynamic_dynamodb.options.capacities import target_option
from dynamic_dynamodb.options.option import Group, Kind, Option, Scope

_REGION_NAME: Final = "[a-z0-9-]+"
_ACCOUNT_NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
GOOD_REGIONS: Final = "us-east-1, eu-west-1"
GOOD_ROLE: Final = "arn:aws:iam::111122223333:role/scaling"

CHOSEN_ACCOUNT: Final = Option(
    "account",
    Kind.TEXT,
    Scope.COMMAND_LINE,
    "Only this one of the accounts that the configuration file names, such as production."
    " --region chooses a region.",
    pattern=_ACCOUNT_NAME,
    example="production",
    metavar="NAME",
    since="3.0",
    flags=("--account",),
    group=Group.DYNAMODB,
)
REGION: Final = Option(
    "region",
    Kind.TEXT,
    Scope.GLOBAL,
    "AWS region.",
    default="us-east-1",
    pattern=_REGION_NAME,
    flags=("-r", "--region"),
    group=Group.DYNAMODB,
)
REGIONS: Final = Option(
    "regions",
    Kind.NAMES,
    Scope.GLOBAL,
    "AWS regions that are scaled at the same time, separated by commas, in place of `region`."
    " With --record, each is recorded into a directory of its own.",
    pattern=_REGION_NAME,
    example=GOOD_REGIONS,
    metavar="REGION,…",
    since="3.0",
    flags=("--regions",),
    group=Group.DYNAMODB,
)
ACCOUNT_OPTIONS: Final = (
    Option(
        "role-arn",
        Kind.ROLE,
        Scope.ACCOUNT,
        "ARN of the IAM role to assume in this account. Without it, the account is the one that the program's"
        " own credentials are for.",
        example=GOOD_ROLE,
        since="3.0",
    ),
    Option(
        "external-id",
        Kind.TEXT,
        Scope.ACCOUNT,
        "External ID that the role's trust policy requires.",
        pattern=r"[\w+=,.@:/-]{2,1224}",
        example="example-id",
        since="3.0",
    ),
    Option(
        "regions",
        Kind.NAMES,
        Scope.ACCOUNT,
        "Regions of this account that are scaled. Defaults to those of [global].",
        pattern=_REGION_NAME,
        example=GOOD_REGIONS,
        since="3.0",
    ),
)
LIMIT_OPTIONS: Final = (
    target_option(
        "accounts",
        Kind.NAMES,
        "Accounts in which the section holds, by the names of their [account: …] sections. Defaults to all.",
        pattern=_ACCOUNT_NAME,
        example="production, staging",
        since="3.0",
    ),
    target_option(
        "regions",
        Kind.NAMES,
        "Regions in which the section holds. Defaults to all.",
        pattern=_REGION_NAME,
        example=GOOD_REGIONS,
        since="3.0",
    ),
)
