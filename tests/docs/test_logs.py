"""The page on logs shows what the program logs, and lists the options and events that there are."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from dynamic_dynamodb import __version__
from dynamic_dynamodb.config.sections import MOST_NAMED
from dynamic_dynamodb.options.program import LOG_UNCHANGED
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.log_formatters import choose_formatter
from dynamic_dynamodb.service.log_lines import REPEAT_SECONDS
from tests.builders import NOW, section
from tests.check.fake_world import A, B, FakeWorld
from tests.docs.pages import DOCS, read

if TYPE_CHECKING:
    import pytest

PAGE = read(DOCS / "logs.md")
_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}")


def test_the_page_begins_with_lines_of_the_program(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = FakeWorld(section("^ordres$"), section(".*"))
    for one in (A, B):
        del world.tables.descriptions[one]
    world.add(Target("orders"), reads=96)
    world.add(Target("users"), reads=50)
    report = world.check.run(NOW)
    world.log.write(report)
    world.log.write_end(report, (), 0.4)
    formatter = choose_formatter("text", is_dry_run=False)
    logged = [_TIME.sub("", formatter.format(record)) for record in caplog.records]
    first, *shown = PAGE.split("```text\n")[1].split("\n```")[0].splitlines()
    assert [_TIME.sub("", line) for line in shown] == logged
    assert all(_TIME.match(line) for line in (first, *shown))
    assert first.endswith(f"Dynamic DynamoDB {__version__} checks us-east-1 every 300 s, instance default")


def test_the_page_names_every_value_of_log_unchanged() -> None:
    assert set(re.findall(r"`log-unchanged: ([a-z-]+)`", PAGE)) == set(LOG_UNCHANGED)


def test_figures_on_the_page_are_those_of_the_program() -> None:
    assert (REPEAT_SECONDS, MOST_NAMED) == (3600, 5)
    assert "each hour while that lasts" in PAGE
    assert PAGE.count("the first five") == 3
