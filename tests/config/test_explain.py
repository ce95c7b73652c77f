"""--explain shows the section of a target, and the origin of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.explain import explain
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.options import Scope, options_in
from dynamic_dynamodb.scaling.back_pressure import NOT_SCALED
from dynamic_dynamodb.scaling.model import Target
from tests.builders import NOW

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
[global]
circuit-breaker-url: http://user:secret@example.com/
circuit-breaker-timeout: 500
[default_options]
max-provisioned-reads: 500
[DEFAULT]
reads-lower-threshold: 25
[table: ^orders$]
increase-reads-with: 10
maintenance-windows: 22:00-06:00
[table: ^ord]
circuit-breaker-url: http://own.example.com/
[gsi: ^by- table: ^orders$]
sns-message-types: scale-up, scale-down
[gsi: ^late$ table: ^ord]
circuit-breaker-timeout: 250
[table: ^us]
"""


def explain_to_rows(path: Path, name: str, **flags: str) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """Return the lines above the table, and the table by option."""
    path.write_text(TEXT)
    given = {flag.replace("_", "-"): text for flag, text in flags.items()}
    lines = explain(load({"config": str(path), **given}, {}), Target.parse(name), NOW).splitlines()
    start = next((number for number, line in enumerate(lines) if line.split()[0] == "option"), len(lines))
    rows = [[cell.strip() for cell in line.split("  ") if cell] for line in lines[start + 1 :] if line]
    return lines[:start], {name: (shown, origin) for name, shown, origin in rows}


def test_every_option_of_a_target_is_in_the_table(path: Path) -> None:
    _, rows = explain_to_rows(path, "orders")
    assert sorted(rows) == sorted(option.name for option in options_in(Scope.TARGET))


def test_what_is_set_comes_first_then_what_follows_from_it_then_defaults(path: Path) -> None:
    path.write_text(TEXT)
    text = explain(load({"config": str(path)}, {}), Target.parse("orders"), NOW)
    groups = [
        [line.split()[0] for line in group.splitlines()]
        for group in text.partition("from\n")[2].split("\n\n")
    ]
    assert groups[:2] == [
        ["reads-lower-threshold", "increase-reads-with", "max-provisioned-reads", "maintenance-windows"],
        [
            "increase-consumed-reads-with",
            "circuit-breaker-url",
            "circuit-breaker-timeout",
        ],
    ]
    assert len(groups) == 3
    assert "reads-upper-threshold" in groups[2]


@pytest.mark.parametrize(
    ("name", "option", "expected"),
    [
        ("orders", "increase-reads-with", ("10", "section")),
        ("orders", "increase-consumed-reads-with", ("10", "as increase-reads-with")),
        ("orders", "max-provisioned-reads", ("500 units", "[default_options]")),
        ("orders", "max-provisioned-writes", ("-", "default")),
        ("orders", "reads-lower-threshold", ("25 percent", "[DEFAULT]")),
        ("orders", "reads-upper-threshold", ("90 percent", "default")),
        ("orders", "enable-reads-up-scaling", ("true", "default")),
        ("orders", "maintenance-windows", ("22:00-06:00", "section")),
        ("orders", "circuit-breaker-url", ("http://user:********@example.com/", "as in [global]")),
        ("orders", "circuit-breaker-timeout", ("500 milliseconds", "as in [global]")),
        ("ordinary", "circuit-breaker-url", ("http://own.example.com/", "section")),
        ("ordinary", "circuit-breaker-timeout", ("10000 milliseconds", "default")),
        ("ordinary/late", "circuit-breaker-url", ("http://user:********@example.com/", "as in [global]")),
        ("ordinary/late", "circuit-breaker-timeout", ("250 milliseconds", "section")),
        ("orders/by-date", "increase-reads-with", ("50", "default")),
        ("orders/by-date", "sns-message-types", ("scale-up, scale-down", "section")),
    ],
)
def test_each_value_is_shown_with_its_origin(
    path: Path, name: str, option: str, expected: tuple[str, str]
) -> None:
    _, rows = explain_to_rows(path, name)
    assert rows[option] == expected


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "orders",
            [
                "orders: [table: ^orders$]",
                "  [table: ^ord] matches too, but comes later in the file",
                f"  its indexes that match none of [gsi: ^by- table: ^orders$] are {NOT_SCALED}",
            ],
        ),
        (
            "ordinary",
            [
                "ordinary: [table: ^ord]",
                f"  its indexes that match none of [gsi: ^late$ table: ^ord] are {NOT_SCALED}",
            ],
        ),
        (
            "users",
            ["users: [table: ^us]", f"  its indexes (no section matches them) are {NOT_SCALED}"],
        ),
        ("orders/by-date", ["orders/by-date: [gsi: ^by- table: ^orders$]"]),
        ("items", ["items: no section matches this table, so it is left alone"]),
        (
            "ordres",
            [
                "ordres: [table: ^ord]",
                f"  its indexes that match none of [gsi: ^late$ table: ^ord] are {NOT_SCALED}",
            ],
        ),
        (
            "oders",
            [
                "oders: no section matches this table, so it is left alone",
                "  did you mean orders, for which there is [table: ^orders$]?",
            ],
        ),
        ("items/late", ["items/late: no section matches the table of this index, so it is left alone"]),
        (
            "ordinary/lat",
            [
                f"ordinary/lat: no section matches this index, so it is {NOT_SCALED}",
                "  did you mean late, for which there is [gsi: ^late$ table: ^ord]?",
            ],
        ),
        ("orders/gone", [f"orders/gone: no section matches this index, so it is {NOT_SCALED}"]),
        ("ordinary/by-date", [f"ordinary/by-date: no section matches this index, so it is {NOT_SCALED}"]),
        (
            "orders/late",
            [
                f"orders/late: no section matches this index, so it is {NOT_SCALED}",
                "  [gsi: ^late$ table: ^ord] matches, but its table belongs to [table: ^orders$]",
            ],
        ),
    ],
)
def test_the_section_and_other_matches_are_shown(path: Path, name: str, lines: list[str]) -> None:
    assert explain_to_rows(path, name)[0] == lines


def test_flags_are_an_origin(path: Path) -> None:
    _, rows = explain_to_rows(path, "orders", table_name="orders", increase_reads_with="7")
    assert rows["increase-reads-with"] == ("7", "flag")


def test_a_section_follows_global_options_but_its_regions_do_not(tmp_path: Path) -> None:
    """The regions of [global] are those that are scaled, and those of a section are where it holds."""
    text = (
        "[global]\nregions: us-east-1, eu-west-1\nsns-topic-arn: arn:aws:sns:us-east-1:123456789012:t\n"
        "sns-message-types: failure\n[table: ^a$]\ncircuit-breaker-url: http://127.0.0.1:1/\n"
    )
    path = tmp_path / "a.conf"
    path.write_text(text, encoding="utf-8")
    rows = {
        line.split()[0]: line.split()[1:]
        for line in explain(load({"config": str(path)}, {}), Target("a"), NOW).splitlines()
        if line.startswith("  ")
    }
    assert {name: rows[name] for name in ("regions", "sns-message-types", "circuit-breaker-url")} == {
        "regions": ["-", "default"],
        "sns-message-types": ["failure", "as", "in", "[global]"],
        "circuit-breaker-url": ["http://127.0.0.1:1/", "section"],
    }
