"""Clients share what is rendered for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.service.pulse import Pulse
from dynamic_dynamodb.service.web.response import Request
from dynamic_dynamodb.service.web.site import Site
from tests.service.status.builders import program, status, target

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.keeper import StatusKeeper
    from dynamic_dynamodb.service.status.snapshot import ProgramStatus, Status


@dataclass
class Keeper:
    """What a site reads of a keeper of the status."""

    status: Status | None = None

    def describe_program(self) -> ProgramStatus:
        return program()


@pytest.mark.parametrize("path", ["/metrics", "/status.json"])
def test_answers_between_two_checks_are_one_copy_and_those_after_a_check_another(path: str) -> None:
    keeper = Keeper(status(target("a")))
    site = Site(Pulse(), keeper=cast("StatusKeeper", keeper))
    page = site.pages[path]
    first = page(Request(path)).body
    assert page(Request(path)).body is first
    keeper.status = status(target("b"))
    site.observe(CheckReport(), 1.0)
    second = page(Request(path)).body
    assert b'"b"' in second
    assert b'"a"' not in second


def test_there_are_metrics_before_the_first_check() -> None:
    site = Site(Pulse(), keeper=cast("StatusKeeper", Keeper()))
    body = site.pages["/metrics"](Request("/metrics")).body
    for name in (b"checks_total", b"start_time_seconds", b"check_interval_seconds"):
        assert b"\ndynamic_dynamodb_" + name in body
