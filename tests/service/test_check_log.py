"""The log of checks: a line for each target, and for each condition when it begins or changes."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.conditions import Conditions, Level, Notice
from dynamic_dynamodb.check.notifications import Message
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport, Unpublished
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.config.loader import Configuration
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.reasons import Code, Reason, outside_window
from dynamic_dynamodb.service.check_log import CheckLog, LogChoices
from dynamic_dynamodb.service.log_formatters import choose_formatter
from tests.builders import decide_with, usage
from tests.check.fake_world import FakeWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
SUMMARY = "INFO checked 0 targets: none matched, in 0.0 s"


BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Return a function that writes reports to one log, and returns their lines with their levels."""
    caplog.set_level(logging.DEBUG)
    written = CheckLog()

    def write(*reports: CheckReport, unpublished: Sequence[Unpublished] = ()) -> list[str]:
        caplog.clear()
        for report in reports:
            written.write(report)
            written.write_end(report, unpublished, 0.0)
        return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]

    return write


def notices(*sentences: str) -> CheckReport:
    return CheckReport(notices=tuple(Notice(f"topic {one[0]}", one) for one in sentences))


def failed(*names: str, error: AwsError = DENIED) -> CheckReport:
    reason = Reason(Code.DESCRIBE_FAILED, str(error))
    return CheckReport(
        tuple(TargetReport(Target(name), Outcome.FAILED, error=error, skipped=reason) for name in names)
    )


def crash() -> AwsError:
    def fail() -> None:
        raise ValueError("odd")

    error = isolate("the check", fail)
    assert isinstance(error, AwsError)
    return error


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        pytest.param([["a1"]], ["a1"], id="begins"),
        pytest.param([["a1"], ["a1"]], ["a1"], id="stays"),
        pytest.param([["a1"], ["a2"]], ["a1", "a2"], id="changes"),
        pytest.param([["a1"], []], ["a1"], id="ends"),
        pytest.param([["a1"], [], ["a1"]], ["a1", "a1"], id="comes back"),
        pytest.param([["a1", "b1"], ["a1", "b2"]], ["a1", "b1", "b2"], id="another changes"),
    ],
)
def test_a_condition_is_logged_when_it_begins_or_changes(
    reports: Iterable[Iterable[str]], expected: list[str], log: Callable[..., list[str]]
) -> None:
    lines = log(*(notices(*each) for each in reports))
    assert [line for line in lines if line != SUMMARY] == [f"WARNING {one}" for one in expected]


def test_conditions_in_force_are_those_set_last_of_each_topic() -> None:
    conditions = Conditions()
    conditions.set("a", "first")
    conditions.set("b", "worse", level=Level.ERROR, error=DENIED)
    conditions.set("a", "second")
    conditions.set("c", "over")
    conditions.set("c", None)
    conditions.set("never", None)
    assert conditions.in_force == (Notice("a", "second"), Notice("b", "worse", Level.ERROR, DENIED))


def test_targets_that_all_failed_just_as_before_are_logged_at_debug(log: Callable[..., list[str]]) -> None:
    other = AwsError("dynamodb:DescribeTable", "InternalServerError")
    lines = log(failed("a"), failed("a"), failed("a", error=other), CheckReport(), failed("a", error=other))
    assert [line.split(" ", 1)[0] for line in lines if "DescribeTable" in line] == [
        "ERROR",
        "DEBUG",
        "ERROR",
        "ERROR",
    ]


def test_the_end_of_an_error_is_logged(log: Callable[..., list[str]]) -> None:
    denied = Notice("list", f"{DENIED}; tables that match an expression are not checked", Level.ERROR)
    lines = log(CheckReport(notices=(denied,)), CheckReport())
    assert lines == [f"ERROR {denied.sentence}", SUMMARY, f"INFO recovered from: {DENIED}", SUMMARY]


def test_why_nothing_could_be_checked_is_logged_until_it_changes(log: Callable[..., list[str]]) -> None:
    nothing = "INFO checked 0 targets: nothing could be checked, in 0.0 s"
    said = f"ERROR nothing can be checked: {DENIED}; the next check looks again"
    assert log(CheckReport(error=DENIED), CheckReport(error=DENIED)) == [said, nothing, nothing]
    over = f"INFO recovered from: nothing can be checked: {DENIED}"
    assert log(CheckReport(), CheckReport(error=DENIED)) == [over, SUMMARY, said, nothing]


def test_a_stopping_program_does_not_log_that_nothing_could_be_checked(log: Callable[..., list[str]]) -> None:
    (line,) = log(CheckReport(error=DENIED, is_cut_short=True))
    assert line == "INFO checked 0 targets: nothing could be checked, in 0.0 s"


def test_the_number_of_metrics_is_logged_at_debug(log: Callable[..., list[str]]) -> None:
    counted = "DEBUG requested 1,200 metrics from CloudWatch"
    assert log(CheckReport(metrics_requested=1_200)) == [counted, SUMMARY]


def test_an_unexpected_error_is_logged_once_with_its_traceback_at_debug(
    log: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    lines = log(failed("a", "b", error=crash()))
    assert [line for line in lines if line.startswith("DEBUG")] == ["DEBUG an unexpected error"]
    assert "in fail\n" in caplog.text
    assert log(CheckReport(error=crash()))[:2] == [
        "ERROR the check failed: ValueError: odd",
        "DEBUG an unexpected error",
    ]


def test_unpublished_messages_are_logged_one_by_one_unless_their_fate_is_not_known(
    log: Callable[..., list[str]],
) -> None:
    message = Message("arn:t", "ALARM", "body")
    late = Unpublished(message, AwsError("the message", "TooLate"), is_uncertain=True)
    unpublished = [
        Unpublished(message),
        Unpublished(message, AwsError("sns:Publish", "NotFound")),
        late,
        late,
    ]
    assert log(CheckReport(), unpublished=unpublished) == [
        "INFO would publish to arn:t: ALARM",
        "WARNING not published to arn:t: ALARM: sns:Publish failed: NotFound",
        "WARNING 2 messages may not have been published: the message failed: TooLate",
        SUMMARY,
    ]


def test_json_has_the_fields_of_a_target_whatever_the_message_is(caplog: pytest.LogCaptureFixture) -> None:
    CheckLog().write(failed("a"))
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    line = json.loads(choose_formatter("json", is_dry_run=False).format(record))
    assert (line["table"], line["index"], line["event"], line["reason"]) == (
        "a",
        None,
        "failed",
        "describe-failed",
    )


@pytest.fixture
def in_berlin() -> Iterator[None]:
    """Set the zone of the machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = BERLIN
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("moment", "line_time", "hour"),
    [
        pytest.param(
            datetime(2026, 1, 5, 23, 30, tzinfo=timezone.utc),
            "2026-01-06 00:30:00+0100",
            "00:30+0100",
            id="winter",
        ),
        pytest.param(
            datetime(2026, 7, 5, 14, 5, tzinfo=timezone.utc),
            "2026-07-05 16:05:00+0200",
            "16:05+0200",
            id="summer",
        ),
    ],
)
def test_a_sentence_names_hours_in_the_zone_of_its_line(
    moment: datetime, line_time: str, hour: str, caplog: pytest.LogCaptureFixture
) -> None:
    held = decide_with(usage(12)).hold_decreases(Reason(Code.OUTSIDE_WINDOW, outside_window, moment))
    target = TargetReport(Target("orders"), Outcome.UNCHANGED, held)
    caplog.set_level(logging.INFO)
    CheckLog().write(CheckReport((target,)))
    (record,) = caplog.records
    record.created = moment.timestamp()
    text = choose_formatter("text", is_dry_run=False).format(record)
    assert text.startswith(f"{line_time} - ")
    assert f"but {hour} is outside maintenance-windows" in text
    line = json.loads(choose_formatter("json", is_dry_run=False).format(record))
    assert line["time"] == moment.isoformat(timespec="milliseconds")
    assert f"but {moment:%H:%M} UTC is outside maintenance-windows" in line["message"]


@pytest.mark.usefixtures("in_berlin")
def test_at_debug_a_target_shows_its_section_window_and_sums(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    FakeWorld().run()
    line = next(one for one in caplog.messages if one.startswith("a: section"))
    assert line == (
        "a: section [table: .*]; window of 5 min from 2026-03-04 12:45+0100;"
        " reads consumed 28500 in the first 5 min; writes consumed 15000 in the first 5 min"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, ["introduces", "is_daemon"], id="a daemon"),
        pytest.param({"log_unchanged": "always"}, ["introduces", "is_daemon", "shows_all"], id="always"),
        pytest.param({"dry_run": True}, ["introduces", "is_daemon", "shows_all"], id="a dry run"),
        pytest.param({"run_once": True}, ["shows_all"], id="a single run"),
        pytest.param({"run_once": True, "dry_run": True}, ["introduces", "shows_all"], id="a single dry run"),
    ],
)
def test_a_single_run_and_a_dry_run_log_all_targets(given: dict[str, Any], expected: list[str]) -> None:
    prices = {"price_read_capacity": 0.00013, "price_write_capacity": 0.00065}
    options = {"run_once": False, "dry_run": False, "log_unchanged": "on-change", **prices} | given
    choices = LogChoices.of(Configuration(options, options, (), ()))
    assert sorted(name for name, chosen in asdict(choices).items() if chosen is True) == expected
