"""--replay with the recordings of several accounts and regions: which are taken, and by which sections."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.places import Place, Role, label_places
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.recordings.places import choose_places
from dynamic_dynamodb.replay.recordings.reader import RecordingSource
from dynamic_dynamodb.replay.recordings.recording import Origin, RecordedPrices
from dynamic_dynamodb.scaling.model import Target
from tests.end_to_end.program import Program
from tests.replay.pages import read_page
from tests.replay.recordings import DAY, wave
from tests.replay.test_command import NO_AWS, write_recording

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

PRODUCTION, STAGING, OWN = "111122223333", "444455556666", "123456789012"
ACCOUNTS = f"""\
[account: production]
role-arn: arn:aws:iam::{PRODUCTION}:role/scaling
external-id: example
regions: us-east-1, eu-west-1
[account: staging]
role-arn: arn:aws:iam::{STAGING}:role/scaling
regions: eu-west-1
"""
DEFAULTS = """\
[default_options]
reads-target-utilization: 70
writes-target-utilization: 70
max-provisioned-reads: 400
max-provisioned-writes: 400
"""
FIVE_TIMES_AS_DEAR = {name: 5 * dollars for name, dollars in DEFAULT_DOLLARS.items()}


def write_place(
    history: Path, origin: Origin, *tables: str, prices: RecordedPrices | None = None, days: int = 1
) -> None:
    """Write the recordings of a place, as --record does with accounts or regions."""
    folder = history / origin.name
    folder.mkdir(parents=True)
    entries = {table: Entry(Target(table)) for table in tables}
    manifest = Manifest(origin.region, origin.account, entries, prices, origin.account_name)
    (folder / MANIFEST).write_text(manifest.write(), encoding="utf-8")
    load = wave(days * DAY, 20, 100, noise=0.05)
    for table in tables:
        write_recording(folder / f"{table}.csv", load, load)


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with recordings of two accounts, of one of them in two regions."""
    history = tmp_path / "history"
    prices = RecordedPrices("2026-03-02", FIVE_TIMES_AS_DEAR)
    write_place(history, Origin("us-east-1", PRODUCTION, "production"), "orders")
    write_place(history, Origin("eu-west-1", PRODUCTION, "production"), "orders", prices=prices)
    write_place(history, Origin("eu-west-1", STAGING, "staging"), "orders", "users")
    return Program(emulator, tmp_path)


def replay(program: Program, rules: str, *flags: str) -> tuple[list[str], str]:
    """Return the names of the targets that are replayed, and the error output."""
    program.write(rules, "test.conf")
    run = program.run("-c", "test.conf", "--replay", "history", "--format", "json", *flags, **NO_AWS)
    assert run.code == 0, run.stderr
    shown = json.loads(run.stdout)
    targets = [f"{one.get('place', '')} {one['table']}".strip() for one in shown["targets"]]
    return targets, "\n".join((*shown["warnings"], run.stderr))


def test_all_places_are_replayed_by_the_sections_that_hold_there_at_the_prices_of_each(
    program: Program, tmp_path: Path
) -> None:
    limited = "[table: ^orders$]\naccounts: production\n[table: ^users$]\nregions: eu-west-1\n"
    targets, said = replay(program, ACCOUNTS + DEFAULTS + limited)
    assert targets == [
        "production/eu-west-1 orders",
        "production/us-east-1 orders",
        "staging/eu-west-1 users",
    ]
    assert "has no section for staging/eu-west-1 orders: left out" in said
    run = program.run("-c", "test.conf", "--replay", "history", "--report", "page.html", **NO_AWS)
    heads = [line.split(": ")[0] for line in run.stdout.splitlines() if " days of 1-minute data" in line]
    assert sorted(heads) == targets
    assert "at the prices of eu-west-1 on 2026-03-02, us-east-1 in November 2024\n" in run.stdout
    assert "but the recording is from eu-west-1: set" in run.stdout  # that of staging has no prices
    page = read_page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert all(target in page.text for target in targets)


def test_csv_has_the_place_of_each_target_and_its_cost_by_the_prices_there(program: Program) -> None:
    program.write(ACCOUNTS + DEFAULTS + "[table: .*]\n", "test.conf")
    run = program.run("-c", "test.conf", "--replay", "history", "--format", "csv", **NO_AWS)
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    costs = {
        (row["place"], row["table"]): float(row["cost_prorated"])
        for row in rows
        if row["name"] == "this configuration"
    }
    cheap = costs["production/us-east-1", "orders"]
    assert costs == {
        ("production/us-east-1", "orders"): cheap,
        ("production/eu-west-1", "orders"): pytest.approx(5 * cheap, rel=1e-6),
        ("staging/eu-west-1", "orders"): cheap,
        ("staging/eu-west-1", "users"): cheap,
        ("", ""): pytest.approx(8 * cheap, rel=1e-6),
    }


def test_the_same_table_may_have_other_limits_in_each_place(program: Program) -> None:
    several = "".join(
        f"[table: ^orders$]\naccounts: {account}\nmin-provisioned-reads: {minimum}\n"
        for account, minimum in (("production", 300), ("staging", 5))
    )
    program.write(ACCOUNTS + DEFAULTS + several, "test.conf")
    run = program.run("-c", "test.conf", "--replay", "history", "--format", "csv", **NO_AWS)
    rows = csv.DictReader(io.StringIO(run.stdout))
    served = {
        row["place"]: float(row["utilization_percent"]) for row in rows if row["name"] == "this configuration"
    }
    assert served["production/us-east-1"] < served["staging/eu-west-1"]
    assert served["production/us-east-1"] == served["production/eu-west-1"]


@pytest.mark.parametrize(
    ("flags", "targets"),
    [
        pytest.param(("--account", "staging"), ["orders", "users"], id="an account"),
        pytest.param(
            ("--region", "eu-west-1"),
            ["production/eu-west-1 orders", "staging/eu-west-1 orders", "staging/eu-west-1 users"],
            id="a region",
        ),
    ],
)
def test_flags_choose_places_and_the_others_are_named(
    program: Program, flags: tuple[str, ...], targets: list[str]
) -> None:
    found, said = replay(program, ACCOUNTS + DEFAULTS + "[table: .*]\n", *flags)
    assert found == targets
    assert "1 recording of production/us-east-1 is left out: the configuration is for" in said


def test_without_accounts_the_recordings_of_one_account_are_replayed(
    program: Program, tmp_path: Path
) -> None:
    rules = f"[global]\nregions: us-east-1, eu-west-1\n{DEFAULTS}[table: .*]\n"
    targets, said = replay(program, rules)
    assert targets == ["eu-west-1 orders", "us-east-1 orders"]
    assert (
        "2 recordings of staging/eu-west-1 are left out: without [account: …] sections, the configuration is"
        f" for one account; use their directory, {tmp_path}/history/staging/eu-west-1"
    ) in said


def test_a_second_configuration_is_compared_with_its_own_sections(program: Program) -> None:
    program.write(ACCOUNTS + DEFAULTS + "[table: .*]\nregions: us-east-1\n", "other.conf")
    path = program.write(ACCOUNTS + DEFAULTS + "[table: .*]\n")
    flags = ("--compare", "other.conf", "--format", "csv")
    run = program.run("-c", path, "--replay", "history", *flags, **NO_AWS)
    rows = csv.DictReader(io.StringIO(run.stdout))
    assert [row["place"] for row in rows if row["name"] == "other.conf"] == ["production/us-east-1"]


def test_recordings_of_other_places_only_are_refused(program: Program) -> None:
    other = ACCOUNTS.replace("production", "testing").replace(PRODUCTION, OWN).split("[account: staging]")[0]
    path = program.write(other + DEFAULTS + "[table: .*]\n")
    run = program.run("-c", path, "--replay", "history", **NO_AWS)
    assert run.code == 2
    assert (
        "all recordings are of production/eu-west-1, production/us-east-1 and staging/eu-west-1, and the"
        " configuration is for testing/us-east-1 and testing/eu-west-1"
    ) in run.stderr


def make_role(account: str) -> Role:
    """Return a role in an account."""
    return Role(f"arn:aws:iam::{account}:role/scaling")


US = "us-east-1"
PLACES = label_places(
    (Place(US, "production", make_role(PRODUCTION)), Place(US, "own"), Place("eu-west-1", "own"))
)


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        pytest.param(Origin(US, PRODUCTION, "production"), "production/us-east-1", id="id and name"),
        pytest.param(Origin(US, PRODUCTION, "renamed"), "production/us-east-1", id="a name that has changed"),
        pytest.param(Origin(US, PRODUCTION, "own"), "production/us-east-1", id="the id counts"),
        pytest.param(
            Origin(US, PRODUCTION), "production/us-east-1", id="recorded before there were accounts"
        ),
        pytest.param(Origin(US, "", "production"), "production/us-east-1", id="a name alone"),
        pytest.param(Origin(US, OWN, "own"), "own/us-east-1", id="the program's own account"),
        pytest.param(Origin(US, OWN), "own/us-east-1", id="its recordings from before"),
        pytest.param(Origin(US, STAGING, "production"), None, id="a name that another account has had"),
        pytest.param(Origin(US, STAGING, "staging"), None, id="an unknown account"),
        pytest.param(Origin("eu-west-1", PRODUCTION), None, id="a role's account where it is not scaled"),
        pytest.param(Origin("us-west-2", OWN, "own"), None, id="another region"),
    ],
)
def test_a_recording_is_of_the_place_with_its_account_and_region(origin: Origin, place: str | None) -> None:
    anchor = RecordingSource(Entry(Target("anchor")), (), Origin("eu-west-1", OWN, "own"))
    chosen = choose_places(PLACES, [anchor, RecordingSource(Entry(Target("orders")), (), origin)])
    found = [one.target for one in chosen.sources if one.target.table == "orders"]
    assert found == ([] if place is None else [Target("orders", place=place)])
    assert len(chosen.left_out) == (place is None)


def test_names_have_no_place_if_all_recordings_are_of_one() -> None:
    source = RecordingSource(Entry(Target("orders")), (), Origin(US, PRODUCTION, "production"))
    chosen = choose_places(PLACES, [source])
    assert chosen.sources == (source,)
    assert chosen.places == (replace(PLACES[0], label=""),)


def test_a_recording_without_a_region_is_taken_to_be_of_the_first_place_which_is_said() -> None:
    sources = [
        RecordingSource(Entry(Target("orders")), ()),
        RecordingSource(Entry(Target("users")), (), Origin(US, OWN, "own")),
    ]
    chosen = choose_places(PLACES, sources)
    assert [str(one.target) for one in chosen.sources] == [
        "production/us-east-1 orders",
        "own/us-east-1 users",
    ]
    assert chosen.left_out == ("1 recording does not name a region: production/us-east-1 is assumed",)


def test_two_recordings_of_the_same_table_in_the_same_place_are_refused(tmp_path: Path) -> None:
    sources = [
        RecordingSource(
            Entry(Target("orders")), (tmp_path / name / "orders.csv",), Origin(US, PRODUCTION, name)
        )
        for name in ("", "production")
    ]
    with pytest.raises(ConfigurationError, match=r"orders\.csv is a second recording of orders: keep one"):
        choose_places(PLACES, sources)
