"""The log of checks: a line for each target, and for each condition when it begins or changes."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.conditions import Conditions, Level, Notice
from dynamic_dynamodb.check.notifications import Message
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport, Unpublished
from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.service.check_log import CheckLog
from dynamic_dynamodb.service.log_formatters import choose_formatter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
SUMMARY = "INFO checked 0 targets: none matched, in 0.0 s"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Return a function that writes reports to one log, and returns their lines with their levels."""
    caplog.set_level(logging.DEBUG)
    written = CheckLog(is_daemon=True)

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


def test_a_target_that_fails_while_quiet_ones_rest_is_logged_each_time(log: Callable[..., list[str]]) -> None:
    report = replace(failed("a"), left_out=frozenset({Target("b")}))
    levels = [line.partition(" ")[0] for line in log(report, report) if " a: " in line]
    assert levels == ["ERROR", "ERROR"]


def test_why_nothing_could_be_checked_is_logged_until_it_changes(log: Callable[..., list[str]]) -> None:
    nothing = "INFO checked 0 targets: nothing could be checked, in 0.0 s"
    said = f"ERROR nothing can be checked: {DENIED}; the next check looks again"
    assert log(CheckReport(error=DENIED), CheckReport(error=DENIED)) == [said, nothing, nothing]
    assert log(CheckReport(), CheckReport(error=DENIED)) == [SUMMARY, said, nothing]


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
    CheckLog(is_daemon=False).write(failed("a"))
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    line = json.loads(choose_formatter("json", is_dry_run=False).format(record))
    assert (line["table"], line["index"], line["event"], line["reason"]) == (
        "a",
        None,
        "failed",
        "describe-failed",
    )
