"""Clients share what is rendered for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.web.response import Request
from dynamic_dynamodb.service.web.site import Site
from tests.service.status.builders import board, status, target

if TYPE_CHECKING:
    from pathlib import Path


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
