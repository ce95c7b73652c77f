"""What is probably not meant about accounts and regions is a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import examine
from tests.config.place_files import ACCOUNTS, DURING, INDEX, NIGHTS, OTHER, REGIONS, ROLE, TABLE, limit, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "[global]\nregion: us-west-2\nregions: us-east-1, eu-west-1\n" + TABLE,
            (
                "line 2: region us-west-2 is not scaled, only us-east-1 and eu-west-1:"
                " add it to regions, or remove it"
            ),
            id="a region that is not among the regions",
        ),
        pytest.param(
            "[global]\nregion: us-east-1\nregions: us-east-1, eu-west-1\n" + TABLE, "", id="one that is"
        ),
        pytest.param(
            "[global]\nregion: us-west-2\n" + ACCOUNTS + TABLE,
            (
                "line 2: region us-west-2 is not scaled, only us-east-1 and eu-west-1:"
                " add it to regions, or remove it"
            ),
            id="a region that no account has",
        ),
        pytest.param(
            "[account: a]\nregions: eu-wst-1\n" + TABLE,
            (
                "line 1: [account: a] region eu-wst-1 is unknown to the installed botocore:"
                " did you mean eu-west-1?"
            ),
            id="a misspelt region of an account",
        ),
        pytest.param(
            ACCOUNTS
            + limit(TABLE, accounts="production")
            + limit(INDEX, accounts="production, staging")
            + OTHER,
            (
                "line 12: [gsi: ^by-day$ table: ^orders$] accounts names staging without effect:"
                " [table: ^orders$] does not hold there"
            ),
            id="an account in which the table's section does not hold",
        ),
        pytest.param(
            REGIONS
            + NIGHTS
            + limit(TABLE, regions="us-east-1")
            + limit(DURING, regions="us-east-1, eu-west-1")
            + OTHER,
            (
                "line 10: [table: ^orders$ during: nights] regions names eu-west-1 without effect:"
                " [table: ^orders$] does not hold there"
            ),
            id="a region in which the overlay's base does not hold",
        ),
        pytest.param(
            ACCOUNTS + limit(TABLE, accounts="staging"),
            (
                "nothing is scaled in production/us-east-1 and production/eu-west-1:"
                " no [table: …] section holds there"
            ),
            id="places without a section",
        ),
        pytest.param(
            REGIONS + limit(TABLE.replace("^orders$", "orders"), regions="us-east-1") + TABLE,
            "",
            id="a section that comes first in one of two places",
        ),
        pytest.param(
            REGIONS
            + limit(TABLE.replace("^orders$", "ord"), regions="us-east-1")
            + limit(TABLE.replace("^orders$", "orde"), regions="eu-west-1")
            + TABLE,
            (
                "line 11: [table: ^orders$] is not used for orders:"
                " [table: ord] and [table: orde] come first and match it too"
            ),
            id="sections that come first in all places together",
        ),
        pytest.param(
            REGIONS
            + limit(TABLE.replace("^orders$", "ord"), regions="eu-west-1")
            + limit(TABLE, regions="us-east-1")
            + limit(TABLE, regions="eu-west-1"),
            (
                "line 11: [table: ^orders$] is not used for orders:"
                " [table: ord] comes first and matches it too"
            ),
            id="a section that comes first where the second of two holds",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(path: Path, text: str, warning: str) -> None:
    assert load(path, text).warnings == ((warning,) if warning else ())


@pytest.mark.parametrize(
    ("text", "variables", "warnings"),
    [
        pytest.param("", {"AWS_REGION": "eu-west-1"}, 1, id="one region"),
        pytest.param(REGIONS, {"AWS_REGION": "eu-west-1"}, 0, id="regions"),
        pytest.param(ACCOUNTS, {"AWS_REGION": "ap-south-1"}, 0, id="accounts with regions"),
        pytest.param(
            f"[global]\nregion: us-east-1\n[account: a]\nrole-arn: {ROLE}\n",
            {"AWS_REGION": "eu-west-1"},
            1,
            id="an account",
        ),
    ],
)
def test_the_region_of_the_environment_matters_only_where_region_does(
    path: Path, text: str, variables: dict[str, str], warnings: int
) -> None:
    path.write_text(text + TABLE)
    assert len(examine({"config": str(path)}, variables).configuration.warnings) == warnings


TOPIC = "sns-topic-arn: arn:aws:sns:us-west-2:111122223333:ops\nsns-message-types: failure\n"


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        pytest.param("[global]\n", ["us-east-1", "us-east-1"], id="one region"),
        pytest.param(
            "[account: own]\nregions: eu-west-1\n[global]\n", ["eu-west-1"] * 2, id="the own account"
        ),
        pytest.param(REGIONS, [], id="several regions"),
        pytest.param(f"[account: a]\nrole-arn: {ROLE}\nregions: eu-west-1\n[global]\n", [], id="a role"),
    ],
)
def test_a_topic_must_be_in_the_region_of_the_only_place_if_that_has_no_role(
    path: Path, text: str, regions: list[str]
) -> None:
    ends = (f"is in us-west-2, but region is {region}: messages are not published" for region in regions)
    found = [one.partition("sns-topic-arn ")[2] for one in load(path, text + TOPIC + TABLE + TOPIC).warnings]
    assert found == list(ends)
