"""A section that names accounts and regions in which it cannot hold is a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import examine
from tests.config.place_files import ACCOUNTS, DURING, INDEX, NIGHTS, REGIONS, TABLE, find_faults, limit, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            ACCOUNTS + limit(TABLE, account="production"),
            "line 8: [table: ^orders$] account is a flag: use --account; did you mean accounts?",
            id="one account",
        ),
        pytest.param(
            "[global]\nregion: us-east-1, eu-west-1\n" + TABLE,
            (
                "line 2: [global] region must be a name such as us-east-1, got 'us-east-1, eu-west-1':"
                " regions takes several"
            ),
            id="several regions where one is meant",
        ),
        pytest.param(
            ACCOUNTS + limit(TABLE, accounts="prodution"),
            (
                "line 8: [table: ^orders$] accounts names an account that does not exist, prodution:"
                " did you mean production?"
            ),
            id="a misspelt account",
        ),
        pytest.param(
            limit(TABLE, accounts="production"),
            (
                "line 2: [table: ^orders$] accounts names an account that does not exist, production:"
                " add [account: production]"
            ),
            id="accounts without sections of accounts",
        ),
        pytest.param(
            REGIONS + limit(TABLE, regions="us-est-1"),
            (
                "line 4: [table: ^orders$] regions names a region that is not scaled, us-est-1:"
                " did you mean us-east-1?"
            ),
            id="a misspelt region",
        ),
        pytest.param(
            ACCOUNTS + limit(TABLE, regions="ap-south-1"),
            (
                "line 8: [table: ^orders$] regions names a region that is not scaled, ap-south-1: add it to"
                " regions in an [account: …] section, or choose from us-east-1, eu-west-1"
            ),
            id="a region that no account has",
        ),
        pytest.param(
            REGIONS + "[default_options]\nregions: ap-south-1\n" + TABLE,
            (
                "line 4: [default_options] regions names a region that is not scaled, ap-south-1: add it to"
                " regions in [global], or choose from us-east-1, eu-west-1"
            ),
            id="a region of the default options",
        ),
        pytest.param(
            ACCOUNTS + limit(TABLE, accounts="staging", regions="us-east-1, eu-west-1"),
            (
                "line 9: [table: ^orders$] regions names eu-west-1, which is not a region of staging:"
                " choose from us-east-1"
            ),
            id="a region of another account",
        ),
        pytest.param(
            ACCOUNTS + "[default_options]\nregions: eu-west-1\n" + limit(TABLE, accounts="staging"),
            "line 10: [table: ^orders$] accounts leave no place: staging is not scaled in eu-west-1",
            id="limits that leave no place",
        ),
        pytest.param(
            REGIONS + limit(TABLE, regions="us-east-1") + limit(INDEX, regions="eu-west-1"),
            (
                "line 7: [gsi: ^by-day$ table: ^orders$] never applies: it holds in eu-west-1, and"
                " [table: ^orders$] in us-east-1; let both hold in the same places"
            ),
            id="an index in other places than its table",
        ),
        pytest.param(
            REGIONS + NIGHTS + limit(TABLE, regions="us-east-1") + limit(DURING, regions="eu-west-1"),
            (
                "line 9: [table: ^orders$ during: nights] never applies: it holds in eu-west-1, and"
                " [table: ^orders$] in us-east-1; let both hold in the same places"
            ),
            id="an overlay in other places than its base",
        ),
        pytest.param(
            REGIONS + NIGHTS + TABLE + "[table: ^orders$ during: nights]\nregions: us-east-1\n",
            "line 8: [table: ^orders$ during: nights] sets no option: add one, or remove the section",
            id="an overlay that has nothing but regions",
        ),
        pytest.param(
            REGIONS + limit(TABLE, regions="us-east-1, eu-west-1") + limit(TABLE, regions="eu-west-1"),
            (
                "line 8: [table: ^orders$] is defined twice for eu-west-1, first in line 3:"
                " name other accounts or regions in one of them"
            ),
            id="two sections for one table in one place",
        ),
        pytest.param(
            REGIONS
            + limit(TABLE, regions="us-east-1")
            + limit(TABLE, regions="eu-west-1")
            + limit(TABLE, regions="us-east-1, eu-west-1"),
            (
                "line 12: [table: ^orders$] is defined twice for us-east-1 and eu-west-1, first in line 3:"
                " name other accounts or regions in one of them"
            ),
            id="a third section in the places of two others",
        ),
        pytest.param(
            REGIONS + TABLE + limit(TABLE, regions="eu-west-1"),
            (
                "line 6: section [table: ^orders$] is defined twice, first in line 3:"
                " keep one, or name accounts or regions in each"
            ),
            id="one of two sections is not limited",
        ),
        pytest.param(
            REGIONS
            + limit(TABLE, regions="us-east-1")
            + limit(TABLE + "min-provisioned-reads: 600\n", regions="eu-west-1"),
            (
                "line 11: [table: ^orders$] min-provisioned-reads 600 is above max-provisioned-reads 500:"
                " lower the minimum or raise the maximum"
            ),
            id="limits that cross in the second of two sections",
        ),
    ],
)
def test_a_fault_of_where_a_section_holds_says_what_would_be_right(path: Path, text: str, fault: str) -> None:
    assert find_faults(path, text) == (fault,)


def test_values_of_the_second_of_two_sections_are_read_too(path: Path) -> None:
    second = limit(TABLE, regions="eu-west-1").replace("500", "5x")
    title = "[table: ^orders$]"
    assert find_faults(path, REGIONS + limit(TABLE, regions="us-east-1") + second) == (
        f"line 9: {title} max-provisioned-reads must be a whole number such as 50, got '5x'",
        f"line 10: {title} max-provisioned-writes must be a whole number such as 50, got '5x'",
    )


def test_an_unreadable_limit_is_the_only_fault_of_two_sections(path: Path) -> None:
    text = REGIONS + limit(TABLE, regions="us east 1") + limit(TABLE, regions="eu-west-1")
    assert find_faults(path, text) == (
        ("line 4: [table: ^orders$] regions must be names such as us-east-1, eu-west-1, got 'us east 1'"),
    )


@pytest.mark.parametrize(
    ("defaults", "own"),
    [
        pytest.param({"accounts": "prodution"}, {"regions": "us-east-1"}, id="an account"),
        pytest.param({"regions": "us-est-1"}, {"accounts": "staging"}, id="a region"),
    ],
)
def test_a_fault_of_the_default_options_is_not_one_of_each_section(
    path: Path, defaults: dict[str, str], own: dict[str, str]
) -> None:
    text = ACCOUNTS + limit("[default_options]\n", **defaults) + limit(TABLE, **own) + INDEX
    (fault,) = find_faults(path, text)
    assert fault.startswith("line 8: [default_options] ")


def test_an_overlay_of_one_region_hides_none_of_another(path: Path) -> None:
    always = "[schedule: always]\ntimes: *\n"
    text = (
        REGIONS
        + NIGHTS
        + always
        + TABLE
        + limit(DURING.replace("nights", "always"), regions="us-east-1")
        + DURING
    )
    load(path, text)
    assert find_faults(path, text.replace("regions: us-east-1\n", "")) == (
        (
            "line 12: [table: ^orders$ during: nights] never applies: whenever it is open,"
            " [table: ^orders$ during: always] sets the same options and comes first; change their order"
        ),
    )


def test_an_index_without_a_table_section_has_no_other_message(path: Path) -> None:
    path.write_text(f"{TABLE}[gsi: ^i$ table: ^users$]\nsns-message-types: scale-up\n")
    result = examine({"config": str(path)}, {})
    assert result.faults == ("line 4: [gsi: ^i$ table: ^users$] has no table section: add [table: ^users$]",)
    assert result.configuration.warnings == ()
