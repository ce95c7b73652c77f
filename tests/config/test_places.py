"""Accounts and regions in a configuration: which places are scaled, and which sections hold where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.config.places import Place, Role
from tests.config.files import LIMITS
from tests.config.place_files import (
    ACCOUNTS,
    DURING,
    INDEX,
    NIGHTS,
    REGIONS,
    ROLE,
    TABLE,
    find_faults,
    limit,
    load,
    name_sections,
)

if TYPE_CHECKING:
    from pathlib import Path


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


def test_an_account_has_its_role_and_external_id(path: Path) -> None:
    other = f"[account: a]\nrole-arn: {ROLE}\nexternal-id: secret-ish\nregions: us-east-1\n"
    text = f"{other}[account: own]\nregions: us-east-1\n"
    assert load(path, text + TABLE).places == (
        Place("us-east-1", "a", Role(ROLE, "secret-ish"), "a/us-east-1"),
        Place("us-east-1", "own", None, "own/us-east-1"),
    )


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
