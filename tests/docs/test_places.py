"""What the page about accounts and regions shows is what the commands print for its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.cli.configuration import check_configuration, explain_target
from dynamic_dynamodb.config.accounts import MOST_PLACES
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.sources import ConfigSources
from tests.docs.pages import DOCS, blocks, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PAGE = DOCS / "places.md"
REGIONS, ACCOUNTS, LIMITED, ONE_TITLE = (block.text for block in blocks(PAGE, "ini"))
CHECKED, EXPLAINED = (block.text for block in blocks(PAGE, "output"))
PRODUCTION = ["production/us-east-1", "production/eu-west-1"]


def make_sources(path: Path, text: str, **flags: str) -> ConfigSources:
    """Return the sources of a configuration file with this text."""
    path.write_text(text, encoding="utf-8")
    return ConfigSources({"config": str(path), **flags}, {"STATE_DIRECTORY": str(path.parent)}, path.parent)


def test_check_config_lists_the_places_of_the_page(tmp_path: Path) -> None:
    sources = make_sources(tmp_path / "own.conf", LIMITED)
    assert check_configuration(sources).text.splitlines()[:-1] == CHECKED.splitlines()


def test_explain_groups_the_places_as_on_the_page(tmp_path: Path) -> None:
    sources = make_sources(tmp_path / "own.conf", LIMITED, explain="orders")
    groups = explain_target(sources).text.partition("\n")[2].split("\n\nIn ")
    shown = [group.split("; an index")[0].removeprefix("In ") for group in groups]
    assert shown == [
        group.removesuffix("; an index …").removeprefix("In ") for group in EXPLAINED.strip().split("\n\n")
    ]


@pytest.mark.parametrize(
    ("text", "flags", "names"),
    [
        pytest.param(REGIONS, {}, ["us-east-1", "eu-west-1"], id="regions"),
        pytest.param(ACCOUNTS, {}, [*PRODUCTION, "staging/us-east-1"], id="accounts"),
        pytest.param(ACCOUNTS, {"account": "production"}, PRODUCTION, id="an account"),
        pytest.param(
            ACCOUNTS, {"region": "us-east-1"}, ["production/us-east-1", "staging/us-east-1"], id="a region"
        ),
        pytest.param(
            ACCOUNTS, {"account": "production", "region": "us-east-1"}, PRODUCTION[:1], id="one place"
        ),
        pytest.param(
            ACCOUNTS, {"regions": "us-east-1,eu-west-1"}, [*PRODUCTION, "staging/us-east-1"], id="two regions"
        ),
        pytest.param(REGIONS, {"region": "us-west-2"}, ["us-west-2"], id="any region, without accounts"),
    ],
)
def test_flags_choose_the_places_of_the_table(
    tmp_path: Path, text: str, flags: Mapping[str, str], names: list[str]
) -> None:
    sources = make_sources(tmp_path / "own.conf", text, **flags)
    assert [place.name for place in sources.load().places] == names


def test_each_place_has_the_maximum_of_its_own_section(tmp_path: Path) -> None:
    sources = make_sources(tmp_path / "own.conf", ONE_TITLE)
    configuration = load(sources.flags, {})
    found = {
        place.name: [
            (one.options["max_provisioned_reads"], [overlay.title for overlay in one.blueprint.overlays])
            if one.blueprint
            else (one.options["max_provisioned_reads"], [])
            for one in configuration.sections_in(place)
        ]
        for place in configuration.places
    }
    during = ["table: ^orders$ during: black-friday"]
    assert found == {
        "us-east-1": [(5000, during)],
        "eu-west-1": [(500, during)],
        "ap-south-1": [(500, [])],
    }


def test_the_page_has_the_largest_number_of_places() -> None:
    assert f"More than {MOST_PLACES} places" in read(PAGE)
