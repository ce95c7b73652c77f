"""The alerts and the dashboard use metrics that there are, and the page explains each alert."""

from __future__ import annotations

import json
import re

import pytest

from tests.deploy.contrib import CONTRIB, read
from tests.docs.pages import DOCS
from tests.docs.test_metrics import list_metrics

ALERTS = read(CONTRIB / "prometheus" / "alerts.yml")
DASHBOARD = read(CONTRIB / "prometheus" / "dashboard.json")
PARTS_OF_HISTOGRAMS = ("_bucket", "_count", "_sum")
LABELS = {
    "account",
    "region",
    "place",
    "table",
    "index",
    "capacity",
    "direction",
    "reason",
    "action",
    "result",
}


def list_used(text: str) -> set[str]:
    """Return the metrics in a text; the parts of a histogram count as the histogram."""
    names = set(re.findall(r"\bdynamic_dynamodb_\w+", text))
    known = list_metrics()
    ends = [(name, end) for name in names for end in PARTS_OF_HISTOGRAMS if name.endswith(end)]
    whole = {name: name.removesuffix(end) for name, end in ends if name not in known}
    return {whole.get(name, name) for name in names}


@pytest.mark.parametrize("text", [ALERTS, DASHBOARD], ids=["alerts", "dashboard"])
def test_every_metric_that_is_used_exists(text: str) -> None:
    assert len(list_used(text)) > 5
    assert list_used(text) - list_metrics() == set()


def test_the_page_explains_each_alert_in_its_order() -> None:
    page = read(DOCS / "watching.md")
    assert re.findall(r"^\| `(DynamicDynamoDB\w+)` \|", page, re.MULTILINE) == re.findall(
        r"- alert: (\w+)", ALERTS
    )


def test_each_alert_has_a_severity_and_says_what_to_do() -> None:
    alerts = ALERTS.split("- alert: ")[1:]
    assert len(alerts) == 6
    for one in alerts:
        assert re.search(r"severity: (critical|warning|info)\n", one)
        assert "summary: " in one
        assert "description: " in one


def test_each_query_of_the_dashboard_is_of_the_job_and_the_chosen_source() -> None:
    panels = json.loads(DASHBOARD)["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    for one in panels:
        assert one["datasource"]["uid"] == "${datasource}"
        for target in one["targets"]:
            assert target["expr"].count("dynamic_dynamodb_") == target["expr"].count('job="dynamic-dynamodb"')
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= LABELS
