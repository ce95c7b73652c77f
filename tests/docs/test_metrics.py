"""The page on watching lists exactly the metrics that there are."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.service.web.counters import Counters
from dynamic_dynamodb.service.web.metrics import render_program, render_targets
from tests.docs.pages import DOCS
from tests.service.status.builders import program, status, target


def list_metrics() -> set[str]:
    """Return the names of all families; that of a counter ends in _total."""
    counters = Counters()
    counters.observe(CheckReport(), 1.0)
    counters.count_attempt(Attempt("dynamodb:ListTables", 1.0))
    text = render_program(program(), status(target()), {"": counters}) + render_targets(status(target()))
    endings = {"counter": "_total", "info": "_info"}
    return {one.name + endings.get(one.type, "") for one in text_string_to_metric_families(text.decode())}


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    text = (DOCS / "watching.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(dynamic_dynamodb_\w+)` \|", text, re.MULTILINE)) == list_metrics()
