"""A fault of accounts and regions says what would be right, and causes no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.config.place_files import ACCOUNTS, REGIONS, ROLE, TABLE, find_faults, limit, load

if TYPE_CHECKING:
    from pathlib import Path


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
