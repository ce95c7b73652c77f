"""Log lines and tables on the pages match what the program computes."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.config.loader import examine
from dynamic_dynamodb.config.values import parse_value
from dynamic_dynamodb.options import OPTIONS
from dynamic_dynamodb.scaling.calculators import Scale
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.schedules import Schedule
from dynamic_dynamodb.scaling.times import Times
from tests.builders import both, decide_with, description, target_options, usage
from tests.docs.pages import DOCS, ROOT, blocks, read

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.scaling.model import Usage

AFTERNOON = datetime(2026, 3, 4, 14, 5, 30, tzinfo=timezone.utc)
SCALING = DOCS / "granular_scaling.md"


def line_of(
    reads: Usage, writes: Usage, provisioned: PerCapacity[int], outcome: Outcome, **texts: str
) -> str:
    """Return the log line about a table at 14:05 UTC."""
    facts = Facts(description(), target_options(**texts), PerCapacity(reads, writes), AFTERNOON)
    decision = guard(decide_with(reads, writes, provisioned=provisioned, **texts), facts)
    return str(TargetReport(decision.target, outcome, decision))


def held_line(percent: float) -> str:
    """Return the log line about low reads outside the maintenance windows."""
    texts = {"maintenance_windows": "22:00-06:00, 12:00-13:00"}
    return line_of(usage(percent), usage(50), both(100), Outcome.UNCHANGED, **texts)


RAISED = line_of(usage(96), usage(60, of=50), both(100, 50), Outcome.WOULD_UPDATE)


@pytest.mark.parametrize(
    ("page", "line"),
    [
        pytest.param(ROOT / "README.md", RAISED, id="README"),
        pytest.param(DOCS / "first_steps.md", RAISED, id="first steps"),
        pytest.param(DOCS / "maintenance_windows.md", held_line(10), id="maintenance windows"),
        pytest.param(DOCS / "troubleshooting.md", held_line(12), id="troubleshooting"),
    ],
)
def test_page_shows_the_line_that_the_program_logs(page: Path, line: str) -> None:
    assert line in [block.text.strip() for block in blocks(page, "text")]


def test_page_shows_the_faults_that_the_program_finds(tmp_path: Path) -> None:
    (block,) = blocks(DOCS / "configuration.md", "text")
    path = tmp_path / "dynamic-dynamodb.conf"
    first_line = int(re.findall(r"line (\d+)", block.text)[0])
    rules = "[table: ^orders$]\nmax-provisoned-reads: 500\nreads-upper-threshold: 0\n"
    path.write_text("\n" * (first_line - 2) + rules, encoding="utf-8")
    shown = [line.strip() for line in block.text.splitlines()[1:]]
    assert shown == list(examine({"config": str(path)}, {}).faults)


@pytest.mark.parametrize("name", ["increase-consumed-reads-scale", "decrease-consumed-reads-scale"])
def test_tables_match_their_scales(name: str) -> None:
    (option,) = [option for option in OPTIONS if option.name == name]
    text = re.findall(rf"^{name}: (.+)$", read(SCALING), re.MULTILINE)[0]
    scale = Scale.of(parse_value(option, text))
    look_up = scale.amount_at_or_above if name.startswith("increase") else scale.amount_at_or_below
    table = read(SCALING).partition(text)[2].partition("\n| consumed |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\d+) % \| (?:(\d+) %|not at all) \|$", table, re.MULTILINE)
    assert len(rows) >= 6
    for percent, amount in rows:
        assert look_up(Fraction(int(percent))) == int(amount or 0), percent


def test_throttling_scale_raises_as_the_page_says() -> None:
    scale = re.findall(r"^increase-throttled-by-provisioned-reads-scale: (.+)$", read(SCALING), re.MULTILINE)[
        0
    ]
    assert "1,500 events in a look-back window of 5 minutes are 5 a second, which is 5 %" in read(SCALING)
    decision = decide_with(usage(50, 1500), increase_throttled_by_provisioned_reads_scale=scale)
    assert decision.proposed.reads == 150


@pytest.mark.parametrize(
    ("moment", "expected"), [("22:00", True), ("06:00", True), ("06:01", False), ("21:59", False)]
)
def test_both_ends_belong_to_a_window_as_the_page_says(moment: str, expected: bool) -> None:  # noqa: FBT001
    hour, minute = map(int, moment.split(":"))
    now = AFTERNOON.replace(hour=hour, minute=minute, second=59)
    assert Schedule("windows", Times("22:00-06:00")).is_open(now) is expected
