"""--record with accounts: each account and region is recorded with its role, into a directory of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.recordings.manifest import MANIFEST
from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

PRODUCTION, STAGING = "111122223333", "444455556666"
ROLE = "arn:aws:iam::{}:role/scaling"
ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE.format(PRODUCTION)}
external-id: example
regions: us-east-1, eu-west-1
[account: staging]
role-arn: {ROLE.format(STAGING)}
regions: eu-west-1
"""
ORDERS = """\
[table: ^orders$]
max-provisioned-reads: 9
max-provisioned-writes: 9
"""
RECORD = ("-c", "test.conf", "--record", "history", "--days", "1")
PLACES = ("production/us-east-1", "production/eu-west-1", "staging/eu-west-1")


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program, with roles in two accounts that have the tables orders and users in each region."""
    emulator.add_role(ROLE.format(PRODUCTION), external_id="example")
    emulator.add_role(ROLE.format(STAGING))
    for account, region in ((PRODUCTION, "us-east-1"), (PRODUCTION, "eu-west-1"), (STAGING, "eu-west-1")):
        place = emulator.at(account, region)
        for table in ("orders", "users"):
            place.add_table(table)
            place.put_metrics(table, consumed_reads=4, consumed_writes=1, minutes=30)
    program = Program(emulator, tmp_path)
    program.write(ACCOUNTS + ORDERS, "test.conf")
    return program


def list_manifests(folder: Path) -> dict[str, tuple[str, str, str, list[str]]]:
    """Return the region, the account, its name and the tables of each directory of recordings."""
    history = folder / "history"
    found = {}
    for path in history.rglob(MANIFEST):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found[path.parent.relative_to(history).as_posix()] = (
            manifest["region"],
            manifest["account"],
            manifest["account_name"],
            sorted(manifest["targets"]),
        )
    return found


def test_each_account_and_region_has_a_directory_of_its_own(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    run = program.run(*RECORD, "--all")
    assert (run.code, run.stderr) == (0, "")
    assert list_manifests(tmp_path) == {
        "production/us-east-1": ("us-east-1", PRODUCTION, "production", ["orders", "users"]),
        "production/eu-west-1": ("eu-west-1", PRODUCTION, "production", ["orders", "users"]),
        "staging/eu-west-1": ("eu-west-1", STAGING, "staging", ["orders", "users"]),
    }
    lines = run.stdout.splitlines()
    assert lines[0].startswith("recording 6 tables and indexes: CloudWatch bills up to 36 metrics")
    starts = [line.split(": ")[0] for line in lines[1:] if " minutes, " in line]
    assert starts == [f"{place} {table}" for place in PLACES for table in ("orders", "users")]
    assert len(emulator.requests("AssumeRole")) == 2  # once for each role, not for each region


def test_sections_are_recorded_where_they_hold(program: Program, tmp_path: Path) -> None:
    limited = ORDERS.replace("orders", "users") + "accounts: production\nregions: eu-west-1\n"
    program.write(ACCOUNTS + ORDERS + limited, "test.conf")
    run = program.run(*RECORD)
    assert (run.code, run.stderr) == (0, "")
    assert {place: tables for place, (*_, tables) in list_manifests(tmp_path).items()} == {
        "production/us-east-1": ["orders"],
        "production/eu-west-1": ["orders", "users"],
        "staging/eu-west-1": ["orders"],
    }


@pytest.mark.parametrize(
    ("flags", "places"),
    [
        pytest.param(("--account", "staging"), ["staging/eu-west-1"], id="an account with one region"),
        pytest.param(("--region", "eu-west-1"), ["production/eu-west-1", "staging/eu-west-1"], id="a region"),
        pytest.param(
            ("--account", "production", "--region", "us-east-1"), ["production/us-east-1"], id="one place"
        ),
    ],
)
def test_a_chosen_place_is_recorded_into_the_directory_that_it_has_among_all(
    program: Program, tmp_path: Path, flags: tuple[str, ...], places: list[str]
) -> None:
    run = program.run(*RECORD, *flags, AWS_DEFAULT_REGION=None)
    assert (run.code, run.stderr) == (0, "")
    assert sorted(list_manifests(tmp_path)) == places
    assert program.run(*RECORD).code == 0
    assert sorted(list_manifests(tmp_path)) == sorted(PLACES)


def test_a_role_that_may_not_be_assumed_is_a_sentence_and_the_other_accounts_are_recorded(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.add_role(ROLE.format(PRODUCTION), external_id="another")
    run = program.run(*RECORD)
    assert run.code == 1
    places = [line.removeprefix("dynamic-dynamodb: ").split(": ")[0] for line in run.stderr.splitlines()]
    assert places == ["production/us-east-1", "production/eu-west-1"]
    assert "sts:AssumeRole" in run.stderr
    assert list(list_manifests(tmp_path)) == ["staging/eu-west-1"]
    assert {one.account for one in emulator.requests("DescribeTable")} == {STAGING}


def test_a_directory_of_another_account_is_refused_before_its_tables_are_read(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    assert program.run(*RECORD, "--account", "staging").code == 0
    (tmp_path / "history" / "staging").rename(tmp_path / "history" / "production")
    before = len(emulator.requests("ListTables"))
    run = program.run(*RECORD, "--account", "production", "--region", "eu-west-1")
    assert run.code == 1
    assert (
        f"holds recordings of account {STAGING}, but the role of production is in account {PRODUCTION}: use"
        " another directory\n"
    ) in run.stderr
    assert len(emulator.requests("ListTables")) == before


def test_older_recordings_are_continued_in_the_directory_of_their_account_and_region(
    emulator: Emulator, program: Program, tmp_path: Path
) -> None:
    emulator.at("123456789012", "us-east-1").add_table("orders")
    emulator.at("123456789012", "us-east-1").put_metrics("orders", consumed_reads=4, minutes=30)
    assert program.run(*PLAIN, "--region", "us-east-1").code == 0
    (tmp_path / "history").rename(tmp_path / "older")
    (tmp_path / "history" / "own").mkdir(parents=True)
    (tmp_path / "older").rename(tmp_path / "history" / "own" / "us-east-1")
    program.write(f"[account: own]\nregions: us-east-1\n{ORDERS}", "test.conf")
    run = program.run(*RECORD)
    assert (run.code, run.stderr) == (0, "")
    assert "own/us-east-1 orders: 1,440 minutes, recorded less than 15 minutes ago" in run.stdout
    assert list_manifests(tmp_path) == {"own/us-east-1": ("us-east-1", "123456789012", "own", ["orders"])}


PLAIN = ("--record", "history", "--all", "--days", "1")


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        pytest.param(
            (*PLAIN, "--region", "us-east-1"),
            RECORD,
            "holds recordings of one region: use another directory with [account: …] sections",
            id="accounts after one region",
        ),
        pytest.param(
            (*PLAIN, "--regions", "us-east-1"),
            RECORD,
            "has a directory for each region: use another directory with [account: …] sections",
            id="accounts after regions",
        ),
        pytest.param(
            RECORD,
            (*PLAIN, "--region", "us-east-1"),
            "has a directory for each account: use another directory",
            id="one region after accounts",
        ),
        pytest.param(
            RECORD,
            (*PLAIN, "--regions", "us-east-1"),
            "has a directory for each account: use another directory with --regions",
            id="regions after accounts",
        ),
    ],
)
def test_a_directory_holds_recordings_of_accounts_or_others(
    emulator: Emulator, program: Program, first: tuple[str, ...], second: tuple[str, ...], fault: str
) -> None:
    for region in ("us-east-1", "eu-west-1"):  # the program's own account
        emulator.at("123456789012", region).add_table("orders")
        emulator.at("123456789012", region).put_metrics("orders", consumed_reads=4, minutes=30)
    assert program.run(*first).code == 0
    run = program.run(*second)
    assert (run.code, run.stderr.rstrip().endswith(f"history {fault}")) == (2, True), run.stderr
