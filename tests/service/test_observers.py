"""A check that fails is reported like any other, and every observer gets the report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import pytest

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.check.notifications import Message
from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.service.logs import shut_down_logging
from dynamic_dynamodb.service.service import Service
from dynamic_dynamodb.service.signals import SignalRequests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from dynamic_dynamodb.check.check import Check


def crash() -> None:
    raise RuntimeError("odd")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return the service of a single run whose checks fail before they call AWS."""
    path = tmp_path / "own.conf"
    path.write_text("[table: ^a$]\n", encoding="utf-8")
    sources = ConfigSources(
        {"config": str(path), "run-once": True}, {"XDG_STATE_HOME": str(tmp_path)}, tmp_path
    )
    with start_workers() as workers:
        yield Service(sources, SignalRequests(), workers, before_check=crash)
    shut_down_logging()


def test_an_unexpected_error_of_a_check_is_logged_and_the_check_is_a_failure(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    assert not service.run(service.sources.load())
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert [line.partition(", in ")[0] for line in lines[-2:]] == [
        "the check failed: RuntimeError: odd",
        "checked 0 targets: nothing could be checked",
    ]


class _BrokenTopic:
    """A check with a message that cannot even be sent."""

    def run(self, _: datetime) -> CheckReport:
        return CheckReport(messages=((Message("arn", "subject", "body"),),))

    def publish(self, _: object) -> None:
        crash()


def test_an_unexpected_error_of_the_publishing_is_logged_and_ends_nothing(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.before_check = None
    (place,) = service.open(service.sources.load()).places
    place.check, place.is_prepared = cast("Check", _BrokenTopic()), True
    assert place.run()
    warning = "1 message may not have been published: the publishing failed: RuntimeError: odd"
    assert [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING] == [warning]
    assert "checked 0 targets: none matched, in " in caplog.text


def test_an_observer_that_fails_keeps_the_report_from_no_other(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[CheckReport] = []

    def fail(_: CheckReport, seconds: float) -> None:
        raise ValueError(f"after {seconds:.0f} s")

    (place,) = service.open(service.sources.load()).places
    place.observers = (fail, lambda report, _: seen.append(report))
    assert not place.run()
    assert [str(report.error) for report in seen] == ["the check failed: RuntimeError: odd"]
    assert "the report of the check failed: ValueError: after 0 s" in caplog.text
