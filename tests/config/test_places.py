"""Accounts and regions in a configuration: which places are scaled, and which sections hold where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.config.places import Place, Role
from dynamic_dynamodb.config.sources import ConfigSources
from tests.config.files import LIMITS

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration

ROLE = "arn:aws:iam::111122223333:role/scaling"
OTHER_ROLE = "arn:aws:iam::444455556666:role/scaling"
REGIONS = "[global]\nregions: us-east-1, eu-west-1\n"
ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE}
regions: us-east-1, eu-west-1
[account: staging]
role-arn: {OTHER_ROLE}
regions: us-east-1
"""
TABLE = f"[table: ^orders$]\n{LIMITS}"
OTHER = f"[table: ^users$]\n{LIMITS}"
INDEX = f"[gsi: ^by-day$ table: ^orders$]\n{LIMITS}"
NIGHTS = "[schedule: nights]\ntimes: 22:00-06:00\n"
DURING = "[table: ^orders$ during: nights]\nmin-provisioned-reads: 5\n"


def load(path: Path, text: str, **flags: str) -> Configuration:
    """Return the configuration of a file without faults."""
    path.write_text(text)
    result = ConfigSources({"config": str(path), **flags}, {}, path.parent).examine()
    assert result.faults == ()
    return result.configuration


def find_faults(path: Path, text: str, **flags: str) -> tuple[str, ...]:
    """Return the faults of a file."""
    path.write_text(text)
    return ConfigSources({"config": str(path), **flags}, {}, path.parent).examine().faults


def name_sections(configuration: Configuration) -> dict[str, list[str]]:
    """Return the titles of the sections that hold in each place, with indexes and overlays."""
    found: dict[str, list[str]] = {}
    for place in configuration.places:
        titles = found.setdefault(place.name, [])
        for table in configuration.sections_in(place):
            for section in (table, *table.gsis):
                titles.append(section.title)
                titles += [one.title for one in section.blueprint.overlays] if section.blueprint else []
    return found


def limit(section: str, **limits: str) -> str:
    """Return a section that holds only in some accounts and regions."""
    title, _, rest = section.partition("\n")
    return "\n".join((title, *(f"{name}: {given}" for name, given in limits.items()), rest))


@pytest.mark.parametrize(
    ("text", "flags", "names"),
    [
        pytest.param("", {}, ["us-east-1"], id="neither accounts nor regions"),
        pytest.param("[global]\nregion: eu-west-1\n", {}, ["eu-west-1"], id="a region"),
        pytest.param(REGIONS, {}, ["us-east-1", "eu-west-1"], id="regions"),
        pytest.param(REGIONS, {"region": "us-west-2"}, ["us-west-2"], id="any region by a flag"),
        pytest.param(
            REGIONS, {"regions": "us-west-2,eu-west-1"}, ["us-west-2", "eu-west-1"], id="regions by a flag"
        ),
        pytest.param(
            ACCOUNTS,
            {},
            ["production/us-east-1", "production/eu-west-1", "staging/us-east-1"],
            id="accounts",
        ),
        pytest.param(
            ACCOUNTS,
            {"account": "production"},
            ["production/us-east-1", "production/eu-west-1"],
            id="one account",
        ),
        pytest.param(
            ACCOUNTS, {"region": "us-east-1"}, ["production/us-east-1", "staging/us-east-1"], id="one region"
        ),
        pytest.param(
            ACCOUNTS,
            {"account": "production", "region": "eu-west-1"},
            ["production/eu-west-1"],
            id="one region of one account",
        ),
        pytest.param(
            REGIONS + f"[account: a]\nrole-arn: {ROLE}\n[account: b]\nregions: us-west-2\n",
            {},
            ["a/us-east-1", "a/eu-west-1", "b/us-west-2"],
            id="an account without regions has those of [global]",
        ),
        pytest.param(
            REGIONS + f"[account: a]\nrole-arn: {ROLE}\n",
            {"regions": "eu-west-1"},
            ["a/eu-west-1"],
            id="a flag chooses from the regions of [global]",
        ),
        pytest.param(
            f"[account: a]\nrole-arn: {ROLE}\n",
            {"region": "eu-west-1"},
            ["a/eu-west-1"],
            id="a flag names the region of an account that has none",
        ),
        pytest.param(
            f"[account: a]\nrole-arn: {ROLE}\nregions: us-east-1, us-east-1\n",
            {},
            ["a/us-east-1"],
            id="a region twice",
        ),
    ],
)
def test_the_file_names_the_places_and_flags_choose_from_them(
    path: Path, text: str, flags: dict[str, str], names: list[str]
) -> None:
    configuration = load(path, text + TABLE, **flags)
    assert [place.name for place in configuration.places] == names
    labels = [place.label for place in configuration.places]
    assert labels == (names if len(names) > 1 else [""])
    assert configuration.warnings == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "[account: a]\nrole-arn:\nregions: us-east-1\n" + TABLE,
            f"line 2: [account: a] role-arn is empty: give it a value such as {ROLE}, or remove it",
            id="a role, without which the program's own account would be scaled",
        ),
        pytest.param(
            "[global]\nregions: ,\n" + TABLE,
            "line 2: [global] regions is empty: give it a value such as us-east-1, eu-west-1, or remove it",
            id="the regions of [global]",
        ),
        pytest.param(
            REGIONS + limit(TABLE, regions=""),
            (
                "line 4: [table: ^orders$] regions is empty:"
                " give it a value such as us-east-1, eu-west-1, or remove it"
            ),
            id="the regions of a section, which would hold everywhere",
        ),
        pytest.param(
            ACCOUNTS + limit(TABLE, accounts=""),
            (
                "line 8: [table: ^orders$] accounts is empty:"
                " give it a value such as production, staging, or remove it"
            ),
            id="the accounts of a section, which would hold everywhere",
        ),
    ],
)
def test_a_value_that_a_template_left_empty_is_a_fault(path: Path, text: str, fault: str) -> None:
    assert find_faults(path, text) == (fault,)


def test_an_account_has_its_role_and_external_id(path: Path) -> None:
    other = f"[account: a]\nrole-arn: {ROLE}\nexternal-id: secret-ish\nregions: us-east-1\n"
    text = f"{other}[account: own]\nregions: us-east-1\n"
    assert load(path, text + TABLE).places == (
        Place("us-east-1", "a", Role(ROLE, "secret-ish"), "a/us-east-1"),
        Place("us-east-1", "own", None, "own/us-east-1"),
    )


@pytest.mark.parametrize(
    ("text", "flags", "fault"),
    [
        pytest.param(
            f"[account: a]\nrole-arn: {ROLE}\n",
            {},
            "line 1: [account: a] has no regions: add some, such as regions: us-east-1, eu-west-1",
            id="an account without regions",
        ),
        pytest.param(
            "[account: a]\nregions: us-east-1\nexternal-id: abc\n",
            {},
            (
                "line 3: [account: a] has an external-id but no role-arn:"
                " add the ARN of the role that requires it"
            ),
            id="an external id without a role",
        ),
        pytest.param(
            f"[account: a]\nregion: us-east-1\nrole-arn: {ROLE}\nregions: us-east-1\n",
            {},
            "line 2: [account: a] region belongs in [global]; did you mean regions?",
            id="region in an account",
        ),
        pytest.param(
            f"[account: a]\nrole-anr: {ROLE}\nregions: us-east-1\n",
            {},
            "line 2: [account: a] has no option 'role-anr': did you mean role-arn?",
            id="a misspelt option",
        ),
        pytest.param(
            ACCOUNTS + f"[account: copy]\nrole-arn: {ROLE}\nregions: eu-west-1\n",
            {},
            (
                "line 7: [account: copy] is account 111122223333 in eu-west-1, as [account: production] is:"
                " remove the region from one of them"
            ),
            id="an account twice",
        ),
        pytest.param(
            "[account: a]\nregions: us-east-1\n[account: b]\nregions: us-east-1\n",
            {},
            (
                "line 3: [account: b] is the program's own account in us-east-1, as [account: a] is:"
                " remove the region from one of them"
            ),
            id="the own account twice",
        ),
        pytest.param(
            ACCOUNTS + "[account: production ]\nregions: us-west-2\n",
            {},
            (
                "line 7: section [account: production ] is defined twice,"
                " first as [account: production]: keep one"
            ),
            id="an account's section twice",
        ),
        pytest.param(
            f"[account: cn]\nrole-arn: {ROLE.replace('aws:', 'aws-cn:')}\nregions: us-east-1, cn-north-1\n",
            {},
            (
                "line 2: [account: cn] role-arn is for partition aws-cn, which does not have us-east-1:"
                " use a role of partition aws, or other regions"
            ),
            id="a role of another partition",
        ),
        pytest.param(
            ACCOUNTS,
            {"account": "prodution"},
            "--account 'prodution' has no section: did you mean production?",
            id="a misspelt account on the command line",
        ),
        pytest.param(
            "",
            {"account": "a"},
            "--account 'a' has no section: add [account: a]",
            id="an account of no file",
        ),
        pytest.param(
            ACCOUNTS,
            {"account": "staging", "region": "eu-west-1"},
            "staging is not scaled in eu-west-1: choose from us-east-1",
            id="flags that choose nothing",
        ),
        pytest.param(
            ACCOUNTS,
            {"regions": "us-west-1,us-west-2"},
            "no account is scaled in us-west-1 or us-west-2: choose from us-east-1, eu-west-1",
            id="regions of no account",
        ),
        pytest.param(
            ACCOUNTS,
            {"regions": "us-east-1,eu-wset-1"},
            "no account is scaled in eu-wset-1: choose from us-east-1, eu-west-1",
            id="a misspelt region next to another",
        ),
        pytest.param(
            ACCOUNTS,
            {"account": "staging", "regions": "us-east-1,eu-west-1"},
            "staging is not scaled in eu-west-1: choose from us-east-1",
            id="a region that the chosen account does not have",
        ),
    ],
)
def test_a_fault_of_the_places_says_what_would_be_right(
    path: Path, text: str, flags: dict[str, str], fault: str
) -> None:
    assert find_faults(path, text + TABLE, **flags) == (fault,)


@pytest.mark.parametrize(
    ("arn", "got"),
    [
        pytest.param(
            "arn:aws:iam::111122223333:user/ops",
            "'arn:aws:iam::111122223333:user/ops': this is the ARN of a user, which cannot be assumed",
            id="a user",
        ),
        pytest.param(
            "arn:aws-cn:sts::111122223333:assumed-role/scaling/session",
            (
                "'arn:aws-cn:sts::111122223333:assumed-role/scaling/session': this is a session of a role,"
                " did you mean arn:aws-cn:iam::111122223333:role/scaling?"
            ),
            id="a session",
        ),
        pytest.param(
            "arn:aws:iam::111122223333:instance-profile/web",
            (
                "'arn:aws:iam::111122223333:instance-profile/web': this is the ARN of an instance profile,"
                " which cannot be assumed"
            ),
            id="an instance profile",
        ),
        pytest.param(
            "111122223333",
            f"'111122223333': this is an account, write the role too, as in {ROLE}",
            id="an account",
        ),
        pytest.param(
            "1111-2222-3333",
            f"'1111-2222-3333': this is an account, write the role too, as in {ROLE}",
            id="an account with hyphens",
        ),
        pytest.param(
            "arn:aws:iam::111122223333:root",
            (
                "'arn:aws:iam::111122223333:root': this is an account, write the role too,"
                " as in arn:aws:iam::111122223333:role/scaling"
            ),
            id="an account's root",
        ),
        pytest.param("scaling", "'scaling'", id="a name"),
        pytest.param(
            "arn:aws:iam::11112222333:role/scaling",
            "'arn:aws:iam::11112222333:role/scaling'",
            id="a digit fewer",
        ),
        pytest.param("arn:aws:iam::111122223333:role/", "'arn:aws:iam::111122223333:role/'", id="no name"),
    ],
)
def test_a_role_that_is_none_is_the_only_fault_of_its_account(path: Path, arn: str, got: str) -> None:
    text = (
        f"[account: a]\nrole-arn: {arn}\nexternal-id: abc\nregions: us-east-1\n{limit(TABLE, accounts='a')}"
    )
    assert find_faults(path, text) == (
        f"line 2: [account: a] role-arn must be the ARN of a role such as {ROLE}, got {got}",
    )


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("[account: production]\nrole-arn: scaling\nregions: us-east-1\n", id="a role"),
        pytest.param(f"[account: production]\nrolearn: {ROLE}\nregions: us-east-1\n", id="an option"),
        pytest.param("[account: production]\nrole-arn:\nregions: us-east-1\n", id="an empty role"),
        pytest.param(f"[account: production]\nrole-arn: {ROLE}\nregions:\n", id="empty regions"),
        pytest.param(f"[account: production]\nrole-arn: {ROLE}\n", id="no regions"),
        pytest.param(f"[account: production]\nrole-arn: {ROLE}\nregions: us east\n", id="regions"),
        pytest.param(f"[acount: production]\nrole-arn: {ROLE}\nregions: us-east-1\n", id="a title"),
        pytest.param(f"[account: pro duction]\nrole-arn: {ROLE}\nregions: us-east-1\n", id="a name"),
    ],
)
def test_a_fault_of_an_account_is_the_only_one(path: Path, broken: str) -> None:
    own = "[account: own]\nregions: us-east-1\n"
    limited = limit(TABLE, accounts="production", regions="us-east-1")
    more = limit(TABLE, accounts="production", regions="eu-west-1")
    assert len(find_faults(path, broken + own + limited + more)) == 1


def test_a_fault_of_an_account_leaves_no_other_to_the_flag_that_chooses_it(path: Path) -> None:
    text = f"[account: a]\nrole-arn: {ROLE}\n{TABLE}"
    assert find_faults(path, text, account="a") == (
        "line 1: [account: a] has no regions: add some, such as regions: us-east-1, eu-west-1",
    )


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


def test_a_file_for_several_instances_leaves_its_regions_to_the_command_line(path: Path) -> None:
    text = limit(TABLE, regions="us-east-1") + limit(TABLE, regions="eu-west-1").replace("500", "9")
    for region, most in (("us-east-1", 500), ("eu-west-1", 9)):
        (section,) = load(path, text, region=region).at_place(Place(region)).sections
        assert section.options["max_provisioned_reads"] == most
    assert find_faults(path, text) == (
        (
            "line 6: [table: ^orders$] regions names a region that is not scaled, eu-west-1:"
            " add it to regions in [global], or choose from us-east-1"
        ),
    )


def test_more_accounts_than_a_file_may_have_are_a_fault(path: Path) -> None:
    accounts = "".join(
        f"[account: a{number}]\nrole-arn: arn:aws:iam::{number:012}:role/x\nregions: us-east-1\n"
        for number in range(201)
    )
    assert find_faults(path, accounts + limit(TABLE, accounts="a200")) == (
        "line 601: section [account: a200] is one too many: use at most 200 accounts",
    )


def test_more_places_than_a_process_should_scale_are_a_fault(path: Path) -> None:
    regions = ", ".join(f"us-east-{number}" for number in range(41))
    accounts = "".join(
        f"[account: a{number}]\nrole-arn: arn:aws:iam::{number:012}:role/x\nregions: {regions}\n"
        for number in range(5)
    )
    assert find_faults(path, accounts + TABLE) == (
        (
            "205 regions of accounts are too many for one process, which scales at most 200:"
            " run several instances with --account or --region"
        ),
    )
    assert len(load(path, accounts + TABLE, account="a3").places) == 41


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


def test_sections_with_one_title_hold_in_different_places(path: Path) -> None:
    text = (
        REGIONS
        + NIGHTS
        + limit(TABLE, regions="us-east-1")
        + limit(TABLE, regions="eu-west-1").replace("500", "50")
        + INDEX
        + limit(DURING, regions="us-east-1")
        + limit(DURING, regions="eu-west-1").replace("5\n", "7\n")
    )
    configuration = load(path, text)
    titles = ["table: ^orders$", "table: ^orders$ during: nights", "gsi: ^by-day$ table: ^orders$"]
    assert name_sections(configuration) == {"us-east-1": titles, "eu-west-1": titles}
    found = {
        place.name: (section.options["max_provisioned_reads"], section.blueprint.overlays[0].layer.values)
        for place in configuration.places
        for section in configuration.sections_in(place)
        if section.blueprint
    }
    assert found == {
        "us-east-1": (500, {"min_provisioned_reads": 5}),
        "eu-west-1": (50, {"min_provisioned_reads": 7}),
    }


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


ACCOUNT_NAMES = ("a", "b", "c")
REGION_NAMES = ("us-east-1", "eu-west-1", "ap-south-1")
_some_regions = st.lists(st.sampled_from(REGION_NAMES), min_size=1, unique=True)
_limits = st.tuples(st.lists(st.sampled_from(ACCOUNT_NAMES), unique=True), _some_regions | st.just([]))


def write_accounts(regions: tuple[list[str], ...]) -> str:
    """Return sections of accounts, each with some regions."""
    return "".join(
        f"[account: {name}]\nrole-arn: arn:aws:iam::{number:012}:role/x\nregions: {', '.join(own)}\n"
        for number, (name, own) in enumerate(zip(ACCOUNT_NAMES, regions, strict=True))
    )


def write_limited(title: str, limits: tuple[list[str], list[str]]) -> str:
    """Return a section that holds in these accounts and regions; in all if there are none."""
    names = zip(("accounts", "regions"), limits, strict=True)
    lines = (f"{name}: {', '.join(given)}\n" for name, given in names if given)
    return f"[{title}]\n{''.join(lines)}{LIMITS}"


@given(
    regions=st.tuples(*(_some_regions for _ in ACCOUNT_NAMES)),
    limits=st.lists(st.tuples(_limits, _limits), min_size=1, max_size=4),
)
def test_each_section_holds_in_the_places_that_it_names(
    tmp_path_factory: pytest.TempPathFactory,
    regions: tuple[list[str], ...],
    limits: list[tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]],
) -> None:
    text = write_accounts(regions)
    for number, (table, index) in enumerate(limits):
        text += write_limited(f"table: ^t{number}$", table)
        text += write_limited(f"gsi: ^i$ table: ^t{number}$", index)
    path = tmp_path_factory.mktemp("places") / "own.conf"
    path.write_text(text)
    configuration = examine({"config": str(path)}, {}).configuration

    expected: dict[str, list[str]] = {}
    for account, own in zip(ACCOUNT_NAMES, regions, strict=True):
        for region in own:
            titles = expected.setdefault(f"{account}/{region}", [])
            for number, both in enumerate(limits):
                held = [
                    (account in accounts or accounts == []) and (region in named or named == [])
                    for accounts, named in both
                ]
                titles += [f"table: ^t{number}$"] if held[0] else []
                titles += [f"gsi: ^i$ table: ^t{number}$"] if all(held) else []
    assert name_sections(configuration) == expected


_named_limits = _limits.filter(any)


@given(
    regions=st.tuples(*(_some_regions for _ in ACCOUNT_NAMES)),
    limits=st.lists(_named_limits, min_size=2, max_size=3),
)
def test_a_place_has_one_section_of_a_title_or_the_file_has_a_fault(
    tmp_path_factory: pytest.TempPathFactory,
    regions: tuple[list[str], ...],
    limits: list[tuple[list[str], list[str]]],
) -> None:
    text = write_accounts(regions)
    for number, both in enumerate(limits):
        text += write_limited("table: ^t$", both).replace("500", str(number + 1))
    path = tmp_path_factory.mktemp("places") / "own.conf"
    path.write_text(text)
    result = examine({"config": str(path)}, {})

    every = [(account, region) for account, own in zip(ACCOUNT_NAMES, regions, strict=True) for region in own]
    expected = {
        f"{account}/{region}": [
            number + 1
            for number, (accounts, named) in enumerate(limits)
            if (account in accounts or accounts == []) and (region in named or named == [])
        ]
        for account, region in every
    }
    doubled = [fault for fault in result.faults if "is defined twice for" in fault]
    assert any(len(numbers) > 1 for numbers in expected.values()) == bool(doubled)
    for place in result.configuration.places if not doubled else ():
        sections = result.configuration.sections_in(place)
        assert [one.options["max_provisioned_reads"] for one in sections] == expected[place.name]


def test_an_index_without_a_table_section_has_no_other_message(path: Path) -> None:
    path.write_text(f"{TABLE}[gsi: ^i$ table: ^users$]\nsns-message-types: scale-up\n")
    result = examine({"config": str(path)}, {})
    assert result.faults == ("line 4: [gsi: ^i$ table: ^users$] has no table section: add [table: ^users$]",)
    assert result.configuration.warnings == ()
