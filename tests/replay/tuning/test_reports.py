"""The advice of --tune as a page, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.places import Place, label_places
from dynamic_dynamodb.replay.comparison.outlines import CapacityOutline, LoadOutline
from dynamic_dynamodb.replay.comparison.verdict import THIS_CONFIGURATION
from dynamic_dynamodb.replay.reports.tuning import rate_confidence, write_configuration
from dynamic_dynamodb.replay.reports.tuning_data import write_tuning_csv, write_tuning_json
from dynamic_dynamodb.replay.reports.tuning_page import write_tuning_report
from dynamic_dynamodb.replay.tuning.advice import Advice, advise
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.replay.pages import Page, read_page
from tests.replay.tuning.test_advice import BY_REQUEST, MISSES, NOW, tuned
from tests.replay.tuning.test_tuner import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.tuning.tuner import Tuned

HOSTILE = '<script>alert(1)</script>" onload="x'


def draw(advice: list[Advice]) -> list[Advice]:
    """Return advice on targets whose alternatives have charts."""
    line = CapacityOutline((5.0, 6.0), (7.0, 8.0), (False, True))
    outlines: PerCapacity[CapacityOutline | None] = PerCapacity(line, line)
    load = LoadOutline((1.0, 2.0), (3.0, 4.0))
    return [
        replace(
            one,
            tuned=replace(one.tuned, load=PerCapacity(load, load)),
            present=replace(one.present, outlines=outlines),
            best=replace(one.best, outlines=outlines),
        )
        for one in advice
    ]


SEVERAL = [
    *advise([tuned(present=NOW, target="orders"), tuned(fixed=50, target="orders/by-date")], SETTINGS),
    *advise([tuned(99, tracking=150, present=NOW, target="users")], SETTINGS),
    *advise([tuned(present=BY_REQUEST, target="sessions")], SETTINGS),
]


def test_the_page_has_a_row_for_each_target_the_highest_saving_first() -> None:
    page = read_page(write_tuning_report(draw(SEVERAL), SETTINGS, ["logs is left out: no load"]))
    savings = {str(one.tuned.target): one.saving for one in SEVERAL}
    assert list(page.details) == sorted(savings, key=lambda name: -savings[name])
    for part in map(Page, page.details.values()):
        assert part.tags.count("svg") == 2 * 4, "a chart, its axes and the throttling now for each side"
        assert part.tags.count("table") == 1
    assert "svg" not in page.tags
    assert "<li>logs is left out: no load.</li>" in page.text
    for sum_ in ("$&nbsp;a month saved", "targets to change"):
        assert sum_.replace("&nbsp;", " ") in page.text
    assert "orders with its indexes: " in page.text


def test_sections_that_are_not_advised_are_comments() -> None:
    users = tuned(99, present=replace(NOW, name=THIS_CONFIGURATION), target="users")
    lines = list(write_configuration([*SEVERAL, *advise([users], SETTINGS)], SETTINGS, [Place("us-east-1")]))
    titles = [line for line in lines if line.lstrip("#").startswith("[")]
    assert titles == [
        "[global]",
        "[table: ^orders$]",
        "#[gsi: ^by-date$ table: ^orders$]",
        "#[table: ^users$]",
        "[table: ^sessions$]",
        "#[table: ^users$]",
    ]
    why = "# This section is not advised, so it is commented out."
    place = lines.index("#[table: ^users$]")
    assert lines[place - 1] == why
    assert lines[lines.index("#[table: ^users$]", place + 1) - 1] == (
        f"{why} Keep the section that scales users now."
    )
    assert "# 2 sections, 3 commented out because not advised" in lines


def test_what_aws_scales_is_left_alone_until_it_is_deregistered() -> None:
    by_aws = replace(tuned(present=NOW), is_scaled_by_aws=True)
    lines = list(write_configuration(advise([by_aws], SETTINGS), SETTINGS, [Place("us-east-1")]))
    assert (
        lines.index("[global]") < lines.index("skip-aws-autoscaled: true") < lines.index("[table: ^orders$]")
    )
    assert "# AWS scales it now: deregister it there, or this section has no effect." in lines
    others = write_configuration(advise([tuned(present=NOW)], SETTINGS), SETTINGS, [Place("us-east-1")])
    assert "skip-aws-autoscaled: true" not in others


def test_an_index_whose_table_is_not_scaled_needs_a_section_for_the_table() -> None:
    table, index = tuned(fixed=50), tuned(target="orders/by-date")
    lines = list(write_configuration(advise([table, index], SETTINGS), SETTINGS, [Place("us-east-1")]))
    place = lines.index("[table: ^orders$]")
    assert lines[place - 1 : place + 2] == [
        "# orders itself is not scaled.",
        "[table: ^orders$]",
        "enable-reads-up-scaling: false",
    ]
    assert lines.index("#[table: ^orders$]") < place < lines.index("[gsi: ^by-date$ table: ^orders$]")


def test_names_are_escaped_on_the_page() -> None:
    (one,) = advise([replace(tuned(present=NOW), target=Target(HOSTILE, HOSTILE))], SETTINGS)
    page = read_page(write_tuning_report(draw([one]), SETTINGS, [HOSTILE]))
    assert page.tags.count("script") == 1, "the page's own"
    assert list(page.details) == [f"{HOSTILE}/{HOSTILE}"]
    assert "<script>alert" not in page.text + "".join(page.details.values())


def test_a_target_without_charts_has_a_page_too() -> None:
    page = read_page(write_tuning_report(SEVERAL, SETTINGS))
    assert not any("svg" in Page(details).tags for details in page.details.values())


@pytest.mark.parametrize(
    ("doubts", "advice", "expected"),
    [
        pytest.param(0, tuned(present=NOW), "high", id="none"),
        pytest.param(3, tuned(present=NOW), "medium", id="few"),
        pytest.param(4, tuned(present=NOW), "low", id="many"),
        pytest.param(0, tuned(MISSES, present=replace(NOW, meets_goal=False)), "high", id="another-is-used"),
    ],
)
def test_confidence_falls_with_the_reasons_to_doubt(doubts: int, advice: Tuned, expected: str) -> None:
    (one,) = advise([replace(advice, doubts=("a reason",) * doubts)], SETTINGS)
    assert rate_confidence(one) == expected
    assert rate_confidence(replace(one, best=MISSES)) == "low", "the goal is missed"


def test_a_place_without_an_advised_section_or_without_a_target_leaves_a_file_without_warnings(
    tmp_path: Path,
) -> None:
    places = label_places(map(Place, ("us-east-1", "eu-west-1", "us-west-2")))
    found = [
        replace(one, target=one.target._replace(place=place.label))
        for one, place in zip((tuned(), tuned(fixed=50)), places, strict=False)
    ]
    lines = list(write_configuration(advise(found, SETTINGS), SETTINGS, places))
    path = tmp_path / "tuned.conf"
    path.write_text("\n".join(lines), encoding="utf-8")
    warnings = load({"config": str(path)}, {}).warnings
    assert [
        one for one in warnings if "has no max-provisioned" not in one
    ] == []  # of the section made up here
    assert "regions: us-east-1, eu-west-1" in lines
    titles = [
        (title, limit)
        for title, limit in pairwise(lines)
        if title.lstrip("#").startswith("[table: ^orders$]")
    ]
    assert titles == [
        ("[table: ^orders$]", "regions: eu-west-1"),
        ("#[table: ^orders$]", "#regions: eu-west-1"),
        ("[table: ^orders$]", "regions: us-east-1"),
    ]


def test_json_and_csv_have_the_same_figures() -> None:
    as_json = json.loads(write_tuning_json(SEVERAL, SETTINGS, [Place("eu-west-1")], ["logs is left out"]))
    rows = list(csv.DictReader(io.StringIO(write_tuning_csv(SEVERAL))))
    assert len(rows) == len(as_json["targets"]) == len(SEVERAL)
    assert (as_json["region"], as_json["left_out"]) == ("eu-west-1", ["logs is left out"])
    for row, target in zip(rows, as_json["targets"], strict=True):
        shared = row.keys() & target.keys() - {"doubts"}
        assert {name: row[name] for name in shared} == {
            name: "" if target[name] is None else str(target[name]) for name in shared
        }
        assert len(shared) > 15
    total = as_json["total"]
    assert total["saving"] == pytest.approx(sum(float(row["saving"]) for row in rows))
    assert total["dollars_now"] - total["dollars"] == pytest.approx(total["saving"])


def test_what_runs_now_is_null_if_it_is_not_known() -> None:
    advice = advise([tuned()], SETTINGS)
    (target,) = json.loads(write_tuning_json(advice, SETTINGS, [Place("us-east-1")]))["targets"]
    unknown = ("index", "now", "dollars_now", "throttled_percent_now", "present", "fixed_reads", "storage")
    assert {name: target[name] for name in unknown} == dict.fromkeys(unknown)
    assert target["compared_with"] == "AWS target tracking 70 %"
    assert isinstance(target["saving"], float)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1+2", "'-1+2"),
        ("@SUM", "'@SUM"),
        ("\t=1", "\\t=1"),
        ("\r\n=1", "\\r\\n=1"),
        ("a-b=c", "a-b=c"),
    ],
)
def test_a_spreadsheet_takes_no_name_for_a_formula(name: str, written: str) -> None:
    advice = advise([replace(tuned(MISSES, tracking=200, present=NOW), target=Target(name, name))], SETTINGS)
    text = write_tuning_csv([replace(one, dollars=one.dollars_now + 5) for one in advice])
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["table"], row["index"]) == (written, written)
    assert float(row["saving"]) == -5, "a negative number is a number"
