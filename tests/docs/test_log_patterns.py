"""Who searched 2.5.1's log finds patterns and fields on the page of differences that are really there."""

from __future__ import annotations

import re
from pathlib import Path

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.scaling.reasons import Code

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
HEADER = "| in 2.5.1 | in lines of text now | in JSON |"


def read_rows() -> list[list[str]]:
    table = PAGE.read_text(encoding="utf-8").partition(HEADER)[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_reasons_that_are_named_for_searches_are_codes() -> None:
    named = {
        code
        for *_, field in read_rows()
        for code in re.findall(r"`([a-z-]+)` (?:is )?among", field)
        + re.findall(r"`reason` is `([a-z-]+)`", field)
    }
    assert len(named) >= 4
    assert named - {code.value for code in Code} == set()


def test_events_that_are_named_for_searches_are_outcomes() -> None:
    rows = read_rows()
    events = {name for *_, field in rows for name in re.findall(r"`event` is `([a-z_]+)`", field)}
    assert events <= {outcome.name.lower() for outcome in Outcome}
    sentences = {name for _, text, _ in rows for name in re.findall(r"`: ([a-z ]+): ", text)}
    assert {"updated", "unchanged", "would be updated"} <= sentences
    assert sentences <= {outcome.value for outcome in Outcome}
