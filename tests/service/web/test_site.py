"""Clients share what is rendered for them, and each place has its own counters, charts and readiness."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.web.response import Request
from dynamic_dynamodb.service.web.site import Site
from tests.service.status.builders import (
    EU,
    ONLY_PLACE,
    OWN_ACCOUNT,
    STAGING,
    US,
    board,
    keeper,
    program,
    status,
    target,
)

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.service.status.keeper import StatusKeeper

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")


@pytest.mark.parametrize("path", ["/metrics", "/status.json"])
def test_answers_between_two_checks_are_one_copy_and_those_after_a_check_another(
    path: str, tmp_path: Path
) -> None:
    shown = board(tmp_path / "x.status")
    shown.status = status(target("a"))
    site = Site(Pulse(), board=shown)
    page = site.pages[path]
    first = page(Request(path)).body
    assert page(Request(path)).body is first
    shown.status = status(target("b"))
    site.observe(shown.keepers[0], CheckReport(), 1.0)
    second = page(Request(path)).body
    assert b'"b"' in second
    assert b'"a"' not in second


def test_there_are_metrics_before_the_first_check(tmp_path: Path) -> None:
    site = Site(Pulse(), board=board(tmp_path / "x.status"))
    body = site.pages["/metrics"](Request("/metrics")).body
    for name in (b"checks_total", b"start_time_seconds", b"check_interval_seconds"):
        assert b"\ndynamic_dynamodb_" + name in body


def kept_in(*places: Place) -> list[StatusKeeper]:
    """Return what keeps the statuses of places, each with a table that its last check has described."""
    shown = [status(target(f"{one.label} orders" if one.label else "orders")) for one in places]
    owned = [
        replace(one, program=program(account=place.owner or OWN_ACCOUNT, region=place.region))
        for one, place in zip(shown, places, strict=True)
    ]
    return [
        keeper(place, one, account=place.owner or OWN_ACCOUNT)
        for place, one in zip(places, owned, strict=True)
    ]


def report(kept: StatusKeeper) -> CheckReport:
    """Return the report of a check in which the table failed."""
    orders = Target("orders", place=kept.settings.place.label)
    return CheckReport((TargetReport(orders, Outcome.FAILED, error=DENIED),))


ONLY_EU = Place("eu-west-1")
SAME_NAME = Place("us-east-1", "production", STAGING.role, US.label)
RENAMED = Place("us-east-1", "main", US.role, "main/us-east-1")


@pytest.mark.parametrize(
    ("before", "after", "checks", "targets"),
    [
        pytest.param([ONLY_PLACE], [ONLY_PLACE], {"": 1}, {"orders"}, id="one place"),
        pytest.param([ONLY_PLACE], [ONLY_EU], {"": 1}, set(), id="another region"),
        pytest.param(
            [ONLY_PLACE],
            [US, EU],
            {US.label: 1, EU.label: 0},
            {f"{US.label} orders"},
            id="a place more, and the first has a name now",
        ),
        pytest.param([US, EU], [replace(EU, label="")], {"": 1}, {"orders"}, id="one place is left"),
        pytest.param(
            [US, EU],
            [EU, STAGING],
            {EU.label: 1, STAGING.label: 0},
            {f"{EU.label} orders"},
            id="one place for another",
        ),
        pytest.param(
            [US, EU],
            [RENAMED, EU],
            {RENAMED.label: 1, EU.label: 1},
            {f"{RENAMED.label} orders", f"{EU.label} orders"},
            id="another name of the account",
        ),
        pytest.param(
            [US, EU],
            [SAME_NAME, EU],
            {US.label: 1, EU.label: 1},
            {f"{EU.label} orders"},
            id="another account of the same name",
        ),
    ],
)
def test_after_a_reload_a_place_keeps_its_counters_and_charts_and_others_are_forgotten(
    before: list[Place], after: list[Place], checks: dict[str, int], targets: set[str], tmp_path: Path
) -> None:
    site = Site(Pulse())
    old = kept_in(*before)
    site.show(board(tmp_path / "x.status", *old), 300)
    for kept in old:
        site.observe(kept, report(kept), 1.0)
        site.record(kept, report(kept), 1.0)
    site.show(board(tmp_path / "x.status", *kept_in(*after)), 300)
    counted = {label: record.counters for label, record in site.records.items() if label in checks}
    assert {label: one.reports for label, one in counted.items()} == checks
    assert {str(one.target) for each in counted.values() for one in each.copy_targets()} == targets
    assert {str(one) for one in site.history.rings} == targets


def test_a_check_that_ends_after_its_place_was_removed_counts_nothing(tmp_path: Path) -> None:
    site = Site(Pulse())
    us, eu = kept_in(US, EU)
    site.show(board(tmp_path / "x.status", us, eu), 300)
    site.show(board(tmp_path / "x.status", *kept_in(EU, STAGING)), 300)
    site.observe(us, report(us), 1.0)
    site.record(us, report(us), 1.0)
    assert {label: one.counters.reports for label, one in site.records.items()} == {
        "": 0,
        EU.label: 0,
        STAGING.label: 0,
    }
    assert site.history.rings == {}


@pytest.mark.parametrize(
    ("query", "code", "expected"),
    [
        pytest.param("", "200 OK", "2 of 3 places are ready", id="some are ready"),
        pytest.param(
            "place=production/us-east-1",
            "200 OK",
            "tables can be listed, and their metrics fetched",
            id="one that is ready",
        ),
        pytest.param(
            "place=production%2Feu-west-1",
            "503 Service Unavailable",
            f"no list of tables and no metrics of any target within 3 intervals: {DENIED}",
            id="one that is denied",
        ),
    ],
)
def test_the_program_is_ready_while_one_of_its_places_is(
    query: str, code: str, expected: str, tmp_path: Path
) -> None:
    site = Site(Pulse())
    keepers = kept_in(US, EU, STAGING)
    site.show(board(tmp_path / "x.status", *keepers), 300)
    denied = CheckReport(error=DENIED)
    for kept, seen in zip(keepers, (CheckReport(), denied, CheckReport()), strict=True):
        site.observe(kept, seen, 1.0)
    answer = site.pages["/readyz"](Request("/readyz", query))
    content = json.loads(answer.body)
    assert (answer.status, content["reason"]) == (code, expected)
    if not query:
        assert {name: one["ok"] for name, one in content["places"].items()} == {
            US.label: True,
            EU.label: False,
            STAGING.label: True,
        }


def test_the_program_is_not_ready_if_no_place_is_and_an_unknown_place_is_not_found(tmp_path: Path) -> None:
    site = Site(Pulse())
    site.show(board(tmp_path / "x.status", *kept_in(US, EU)), 300)
    answer = site.pages["/readyz"](Request("/readyz"))
    assert (answer.status, json.loads(answer.body)["reason"]) == (
        "503 Service Unavailable",
        "0 of 2 places are ready",
    )
    unknown = site.pages["/readyz"](Request("/readyz", "place=nowhere"))
    assert (unknown.status, unknown.body) == (
        "404 Not Found",
        b"place must be one of production/us-east-1, production/eu-west-1\n",
    )


def test_calls_are_counted_for_their_place_and_those_of_no_place_for_the_program(tmp_path: Path) -> None:
    site = Site(Pulse())
    site.show(board(tmp_path / "x.status", *kept_in(US, EU)), 300)
    site.count_attempt(EU.label, Attempt("dynamodb:ListTables", 0.1))
    site.count_attempt("", Attempt("sts:AssumeRole", 0.1))
    name = "dynamic_dynamodb_aws_call_duration_seconds_count"
    lines = site.pages["/metrics"](Request("/metrics")).body.decode().splitlines()
    assert [one.removeprefix(name) for one in lines if one.startswith(name)] == [
        '{action="sts:AssumeRole",place="",result="success"} 1.0',
        '{action="dynamodb:ListTables",place="production/eu-west-1",result="success"} 1.0',
    ]


def test_charts_are_asked_for_by_the_name_with_the_place(tmp_path: Path) -> None:
    site = Site(Pulse())
    keepers = kept_in(US, EU)
    site.show(board(tmp_path / "x.status", *keepers), 300)
    site.record(keepers[1], CheckReport(), 1.0)
    query = "target=production%2Feu-west-1+orders&target=production%2Fus-east-1+orders&target=orders"
    found = json.loads(site.pages["/history.json"](Request("/history.json", query)).body)
    assert [one["target"] for one in found["histories"]] == ["production/eu-west-1 orders"]
