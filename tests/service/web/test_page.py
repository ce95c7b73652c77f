"""The files of the page are complete and self-contained; its requests for histories are bounded."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from dynamic_dynamodb.scaling.guards import FREE_DECREASES_PER_DAY
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.service.status.age import LEAST_GRACE
from dynamic_dynamodb.service.status.snapshot import Condition
from dynamic_dynamodb.service.web.history import STEP_SECONDS, STEPS, History
from dynamic_dynamodb.service.web.page import MOST_TARGETS, read_files, render_histories
from tests.service.status.builders import NOW, status, target

FILES = read_files()
TEXTS = {path: file.body.decode() for path, file in FILES.items()}


def ask(history: History, *names: str) -> Any:
    """Return the histories of these targets."""
    query = urlencode([("target", name) for name in names])
    return json.loads(b"".join(render_histories(history, query, NOW)))["histories"]


@pytest.fixture
def history() -> History:
    kept = History()
    names = ("orders", "orders/by-customer", *(f"table-{number}" for number in range(20)))
    made = status(*(target(name) for name in names))
    kept.record(made)
    return kept


def test_the_page_is_at_the_root() -> None:
    assert FILES["/"].content_type == "text/html; charset=utf-8"
    assert TEXTS["/"].startswith("<!doctype html>")


def test_every_file_that_a_file_names_is_served() -> None:
    named = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', TEXTS["/"])
    imported = [one for text in TEXTS.values() for one in re.findall(r'from "\./([^"]+)"', text)]
    assert {f"/{one}" for one in (*named, *imported)} == FILES.keys() - {"/"}


@pytest.mark.parametrize("path", TEXTS)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(path: str) -> None:
    text = TEXTS[path].replace("http://www.w3.org/2000/svg", "")  # a name, which is not fetched
    assert not re.search(r"https?:|//[a-z]+\.|\son[a-z]+=|\sstyle=|<style|<script>|javascript:|url\(", text)


@pytest.mark.parametrize("path", [one for one in TEXTS if one.endswith(".js")])
def test_scripts_insert_texts_and_never_markup(path: str) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc"
    assert not re.search(forbidden, TEXTS[path])


def test_the_page_is_small() -> None:
    assert sum(len(file.body) for file in FILES.values()) < 50_000


def test_histories_are_those_of_the_targets_asked_for(history: History) -> None:
    first, second = ask(history, "orders", "unknown", "orders/by-customer")
    assert [one["target"] for one in (first, second)] == ["orders", "orders/by-customer"]
    end = first["start"] + STEPS * STEP_SECONDS
    assert 0 < end - NOW.timestamp() <= STEP_SECONDS
    assert first["step_seconds"] == STEP_SECONDS
    for capacity in (first["reads"], first["writes"]):
        assert {key: (len(steps), steps[0], steps[-1]) for key, steps in capacity.items()} == {
            "provisioned": (STEPS, None, 100),
            "consumed": (STEPS, None, 50.0),
            "throttled": (STEPS, None, 0),
        }


@pytest.mark.parametrize(
    "names",
    [
        pytest.param((), id="none"),
        pytest.param(("",), id="empty"),
        pytest.param(("a/b/c", "/", "../../etc/passwd", "\x00", "<b>"), id="not names"),
        pytest.param(tuple(f"table-{number}" for number in range(MOST_TARGETS + 1)), id="too many"),
    ],
)
def test_odd_requests_are_answered_with_nothing(history: History, names: tuple[str, ...]) -> None:
    assert ask(history, *names) == []


def test_as_many_as_the_page_asks_for_are_answered(history: History) -> None:
    (asked,) = re.findall(r"TARGETS_A_REQUEST = (\d+)", TEXTS["/histories.js"])
    assert len(ask(history, *(f"table-{number}" for number in range(int(asked))))) == MOST_TARGETS


def test_the_states_are_those_of_the_status_in_their_order() -> None:
    (listed,) = re.findall(r"const STATES = (\[.*?\]);", TEXTS["/page.js"], re.DOTALL)
    assert json.loads(listed) == [one.value for one in Condition]


def test_the_page_knows_codes_and_limits_as_the_program_does() -> None:
    text = TEXTS["/text.js"]
    (raises,) = re.findall(r"const RAISES = new Set\(\[(.*?)\]\);", text, re.DOTALL)
    named = re.findall(r'"([a-z-]+)"', raises) + re.findall(r'codes\.includes\("([a-z-]+)"\)', text)
    assert set(named) <= {one.value for one in Code}
    assert f"LEAST_GRACE_SECONDS = {LEAST_GRACE.total_seconds():.0f};" in text
    assert f"now, {FREE_DECREASES_PER_DAY} left today" in text
