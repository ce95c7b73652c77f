"""The log patterns and JSON fields on the page of differences exist."""

from __future__ import annotations

import re
from pathlib import Path

from dynamic_dynamodb.check.report import CheckReport, Outcome
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.service.log_fields import list_fields
from dynamic_dynamodb.service.log_lines import CheckSummary

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
HEADER = "| in 2.5.1 | in lines of text now | in JSON |"


def read_rows() -> list[list[str]]:
    table = PAGE.read_text(encoding="utf-8").partition(HEADER)[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_reason_on_the_page_is_a_code() -> None:
    named = {
        code
        for *_, field in read_rows()
        for code in re.findall(r"`([a-z-]+)` (?:is )?among", field)
        + re.findall(r"`reason` is `([a-z-]+)`", field)
    }
    assert len(named) >= 4
    assert named - {code.value for code in Code} == set()


def test_every_event_on_the_page_is_an_outcome() -> None:
    rows = read_rows()
    events = {name for *_, field in rows for name in re.findall(r"`event` is `([a-z_]+)`", field)}
    summary = list_fields(CheckSummary(CheckReport(), 0.0))["event"]
    assert events <= {summary, *(outcome.name.lower() for outcome in Outcome)}
    sentences = {name for _, text, _ in rows for name in re.findall(r"`: ([a-z ]+): ", text)}
    assert {"updated", "unchanged", "would be updated"} <= sentences
    assert sentences <= {outcome.value for outcome in Outcome}
