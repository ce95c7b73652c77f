"""Commands that show a configuration tell its places apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.cli.configuration import check_configuration, explain_target
from dynamic_dynamodb.config.explain import explain, render_configuration
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.lowered_limits import describe_lowered_limits
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.scaling.model import Target
from tests.builders import NOW
from tests.config.files import LIMITS

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration

ROLE = "arn:aws:iam::111122223333:role/scaling"
ACCOUNTS = f"""\
[account: production]
role-arn: {ROLE}
external-id: example-id
regions: us-east-1, eu-west-1
[account: own]
regions: us-east-1
"""
REGIONS = "[global]\nregions: us-east-1, eu-west-1\n"
ONE_TABLE = f"[table: ^orders$]\n{LIMITS}"
TWO_TABLES = f"[table: ^orders$]\nregions: us-east-1\n{LIMITS}[table: ^orders$]\nregions: eu-west-1\n{LIMITS}"
HIGHER = TWO_TABLES + "min-provisioned-reads: 40\n"
NIGHTS = "[schedule: nights]\ntimes: 22:00-06:00\n"


def read(path: Path, text: str, **flags: str) -> Configuration:
    """Return the configuration of a file."""
    path.write_text(text)
    return load({"config": str(path), **flags}, {})


def head(path: Path, text: str, name: str = "orders", **flags: str) -> list[str]:
    """Return the first lines of each part of an explanation, and the minimum of reads."""
    shown = explain(read(path, text, **flags), Target.parse(name), NOW).splitlines()
    return [
        " ".join(line.split())
        for line in shown
        if line and (not line.startswith(" ") or line.startswith("  min-provisioned-reads"))
    ]


@pytest.mark.parametrize(
    ("text", "name", "flags", "lines"),
    [
        pytest.param(
            ONE_TABLE,
            "orders",
            {},
            ["orders: [table: ^orders$]", "min-provisioned-reads 1 units default"],
            id="one place",
        ),
        pytest.param(
            ACCOUNTS + ONE_TABLE,
            "orders",
            {},
            ["In all 3 places:", "orders: [table: ^orders$]", "min-provisioned-reads 1 units default"],
            id="the same everywhere",
        ),
        pytest.param(
            ACCOUNTS + HIGHER,
            "orders",
            {},
            [
                "In production/us-east-1, own/us-east-1:",
                "orders: [table: ^orders$]",
                "min-provisioned-reads 1 units default",
                "In production/eu-west-1:",
                "orders: [table: ^orders$]",
                "min-provisioned-reads 40 units section",
            ],
            id="two sections of one title",
        ),
        pytest.param(
            ACCOUNTS + ONE_TABLE.replace("]\n", "]\naccounts: own\n"),
            "orders",
            {},
            [
                "In production/us-east-1, production/eu-west-1:",
                "orders: no section matches this table, so it is left alone",
                "In own/us-east-1:",
                "orders: [table: ^orders$]",
                "min-provisioned-reads 1 units default",
            ],
            id="nothing in some places",
        ),
        pytest.param(
            ACCOUNTS + HIGHER,
            "production/eu-west-1 orders",
            {},
            [
                "In production/eu-west-1:",
                "orders: [table: ^orders$]",
                "min-provisioned-reads 40 units section",
            ],
            id="one place of several by its name",
        ),
        pytest.param(
            ACCOUNTS + HIGHER,
            "us-east-1 orders",
            {},
            [
                "In production/us-east-1, own/us-east-1:",
                "orders: [table: ^orders$]",
                "min-provisioned-reads 1 units default",
            ],
            id="a region",
        ),
        pytest.param(
            ACCOUNTS + HIGHER,
            "orders",
            {"region": "eu-west-1"},
            ["orders: [table: ^orders$]", "min-provisioned-reads 40 units section"],
            id="one place of several by a flag",
        ),
    ],
)
def test_explain_groups_the_places_by_what_applies_there(
    path: Path, text: str, name: str, flags: dict[str, str], lines: list[str]
) -> None:
    assert head(path, text, name, **flags) == lines


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(
            "prodution/us-east-1 orders",
            "--explain: 'prodution/us-east-1' is not scaled: did you mean production/us-east-1?",
            id="misspelt",
        ),
        pytest.param(
            "staging orders",
            (
                "--explain: 'staging' is not scaled:"
                " choose from production/us-east-1, production/eu-west-1, own/us-east-1"
            ),
            id="unknown",
        ),
        pytest.param(
            "own/us-east-1",
            "--explain: own/us-east-1 is not a table: add one, such as 'own/us-east-1 orders'",
            id="no table",
        ),
    ],
)
def test_explain_refuses_a_place_that_is_not_scaled_or_alone(path: Path, name: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        head(path, ACCOUNTS + ONE_TABLE, name)
    assert raised.value.faults == (fault,)


def test_explain_shows_the_limits_of_a_section_but_not_those_of_an_overlay(path: Path) -> None:
    during = "[table: ^orders$ during: nights]\naccounts: production\nmin-provisioned-reads: 9\n"
    text = ACCOUNTS + NIGHTS + ONE_TABLE.replace("]\n", "]\nregions: us-east-1, eu-west-1\n") + during
    night = NOW.replace(hour=23)
    shown = explain(read(path, text), Target.parse("production orders"), night)
    rows = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line.startswith("  ")}
    assert rows["regions"] == "regions us-east-1, eu-west-1 section"
    assert rows["accounts"] == "accounts - default"
    assert rows["min-provisioned-reads"].startswith("min-provisioned-reads 9 units [table: ^orders$ during")


def test_show_config_has_places_only_if_there_are_accounts_or_several_regions(path: Path) -> None:
    assert "places" not in json.loads(render_configuration(read(path, ONE_TABLE)))
    several = json.loads(render_configuration(read(path, REGIONS + ONE_TABLE)))["places"]
    assert several == [
        {"name": name, "account": None, "region": name, "role_arn": None, "external_id": None}
        for name in ("us-east-1", "eu-west-1")
    ]
    text = ACCOUNTS + ONE_TABLE
    accounts = json.loads(render_configuration(read(path, text, region="us-east-1")))["places"]
    assert accounts == [
        {
            "name": "production/us-east-1",
            "account": "production",
            "region": "us-east-1",
            "role_arn": ROLE,
            "external_id": "example-id",
        },
        {
            "name": "own/us-east-1",
            "account": "own",
            "region": "us-east-1",
            "role_arn": None,
            "external_id": None,
        },
    ]


def test_show_config_lists_sections_that_have_one_title(path: Path) -> None:
    during = "[table: ^orders$ during: nights]\nregions: us-east-1\nmin-provisioned-reads: 9\n"
    shown = json.loads(render_configuration(read(path, REGIONS + NIGHTS + HIGHER + during)))["tables"]
    found = [(one["regions"], one["min_provisioned_reads"], one.get("during")) for one in shown["^orders$"]]
    assert found == [
        (["us-east-1"], 1, {"nights": {"regions": ["us-east-1"], "min_provisioned_reads": 9}}),
        (["eu-west-1"], 40, None),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            ONE_TABLE,
            ["can be used: 1 table section, 0 index sections, 0 warnings, 0 notices"],
            id="one place",
        ),
        pytest.param(
            REGIONS + ONE_TABLE,
            [
                "scales us-east-1",
                "scales eu-west-1",
                "can be used: 2 places, 1 table section, 0 index sections, 0 warnings, 0 notices",
            ],
            id="regions",
        ),
        pytest.param(
            ACCOUNTS + TWO_TABLES,
            [
                f"scales production/us-east-1 with {ROLE}",
                f"scales production/eu-west-1 with {ROLE}",
                "scales own/us-east-1 with the program's own credentials",
                "can be used: 3 places, 2 table sections, 0 index sections, 0 warnings, 0 notices",
            ],
            id="accounts",
        ),
    ],
)
def test_check_config_lists_the_places(path: Path, text: str, lines: list[str]) -> None:
    path.write_text(text)
    sources = ConfigSources({"config": str(path)}, {"STATE_DIRECTORY": str(path.parent)}, path.parent)
    assert check_configuration(sources).text.replace(f"{path} ", "").splitlines() == lines


def test_check_config_counts_an_index_section_of_two_tables_sections_once(path: Path) -> None:
    index = f"[gsi: ^by-day$ table: ^orders$]\n{LIMITS}decrease-consumed-reads-scale: {{20: 10}}\n"
    path.write_text(REGIONS + TWO_TABLES + index)
    sources = ConfigSources({"config": str(path)}, {"STATE_DIRECTORY": str(path.parent)}, path.parent)
    *rest, counted = check_configuration(sources).text.replace(f"{path} ", "").splitlines()
    assert counted == "can be used: 2 places, 2 table sections, 1 index section, 0 warnings, 1 notice"
    assert [line.partition(":")[0] for line in rest] == ["notice", "scales us-east-1", "scales eu-west-1"]


def test_explain_includes_the_warnings_of_check_config_but_not_the_places(path: Path) -> None:
    path.write_text(ACCOUNTS + ONE_TABLE)
    flags = {"config": str(path), "explain": "orders"}
    sources = ConfigSources(flags, {"STATE_DIRECTORY": str(path.parent)}, path.parent)
    assert explain_target(sources).text.splitlines()[:2] == [
        f"{path} can be used: 3 places, 1 table section, 0 index sections, 0 warnings, 0 notices",
        "In all 3 places:",
    ]


@pytest.mark.parametrize(
    ("old", "new", "described"),
    [
        pytest.param(
            ACCOUNTS + ONE_TABLE,
            ACCOUNTS.replace(", eu-west-1", "") + ONE_TABLE,
            "production/eu-west-1 is gone",
            id="a region",
        ),
        pytest.param(
            ACCOUNTS + ONE_TABLE,
            ACCOUNTS.replace("[account: own]\nregions: us-east-1\n", "") + ONE_TABLE,
            "own/us-east-1 is gone",
            id="an account",
        ),
        pytest.param(
            ACCOUNTS + ONE_TABLE, ACCOUNTS.replace(": own", ": mine") + ONE_TABLE, "", id="an account's name"
        ),
        pytest.param(
            ONE_TABLE,
            ACCOUNTS + ONE_TABLE,
            "",
            id="from the own account alone to its name and another account",
        ),
        pytest.param("[global]\nregion: us-west-2\n" + ONE_TABLE, ONE_TABLE, "", id="the only region"),
        pytest.param(
            REGIONS + HIGHER,
            REGIONS + HIGHER.replace(": 40", ": 30"),
            "[table: ^orders$] min-provisioned-reads 40 -> 30 in eu-west-1",
            id="a limit in one of two sections of one title",
        ),
        pytest.param(
            REGIONS + HIGHER,
            REGIONS + ONE_TABLE,
            "[table: ^orders$] min-provisioned-reads 40 -> 1 in eu-west-1",
            id="one section in place of two",
        ),
        pytest.param(
            REGIONS + ONE_TABLE,
            REGIONS + ONE_TABLE.replace("]\n", "]\nregions: us-east-1\n"),
            "[table: ^orders$] is gone in eu-west-1",
            id="a section that is limited now",
        ),
        pytest.param(
            REGIONS + ONE_TABLE,
            REGIONS + ONE_TABLE.replace("max-provisioned-reads: 500", "max-provisioned-reads: 50"),
            "[table: ^orders$] max-provisioned-reads 500 -> 50",
            id="a limit everywhere",
        ),
    ],
)
def test_a_reload_names_the_places_that_are_gone_or_lower(
    path: Path, old: str, new: str, described: str
) -> None:
    assert describe_lowered_limits(read(path, old), read(path, new)) == described
