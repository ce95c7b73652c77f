"""/healthz says whether the program moves, /readyz whether AWS answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.conditions import Level, Notice
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.check.resilience import CallBudget, Timeouts
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.pulse import GRACE_SECONDS, Pulse
from dynamic_dynamodb.service.web.health import Readiness, check_health, check_readiness

if TYPE_CHECKING:
    from dynamic_dynamodb.service.web.response import Response

HANGING = Timeouts().hanging
DENIED = AwsError("dynamodb:ListTables", "AccessDeniedException", "no")


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Moving:
    """A program whose clock the test sets."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.clock)
        self.budget = CallBudget(clock=self.clock)


def read(response: Response) -> tuple[str, Any]:
    """Return the status code, and the JSON of the body."""
    return response.status[:3], json.loads(response.body)


def test_a_program_that_sleeps_until_its_next_check_is_healthy_however_long_that_is() -> None:
    moving = Moving()
    moving.pulse.rest(600_000)
    moving.clock.now += 600_000 + GRACE_SECONDS
    assert read(check_health(moving.pulse)) == ("200", {"ok": True, "reason": "the program moves"})


def test_a_program_that_does_not_wake_up_is_not_healthy() -> None:
    moving = Moving()
    moving.pulse.rest(60)
    moving.clock.now += 60 + GRACE_SECONDS + 1
    assert read(check_health(moving.pulse)) == (
        "503",
        {"ok": False, "reason": "it should have woken up 31 s ago"},
    )


def test_a_check_is_healthy_for_as_long_as_its_calls_begin_fail_or_end() -> None:
    moving = Moving()
    moving.pulse.work(moving.budget)
    for _ in range(100):
        moving.clock.now += HANGING
        assert read(check_health(moving.pulse))[0] == "200"
        with moving.budget.call("dynamodb:DescribeTable") as call:
            moving.clock.now += HANGING
            call.fail_attempt()
            moving.clock.now += HANGING
            assert read(check_health(moving.pulse))[0] == "200"


def test_a_check_without_progress_is_not_healthy() -> None:
    moving = Moving()
    moving.pulse.work(moving.budget)
    moving.clock.now += HANGING + 1
    assert read(check_health(moving.pulse)) == (
        "503",
        {"ok": False, "reason": f"no call of the check has begun or ended for {HANGING + 1:.0f} s"},
    )


def test_a_check_may_wait_as_long_as_the_time_limit_of_a_circuit_breaker() -> None:
    moving, most_seconds = Moving(), 7_200.0
    moving.pulse.work(moving.budget)
    with moving.budget.call("http://breaker.example", most_seconds):
        with moving.budget.call("http://breaker.example", 1.0):
            pass
        moving.clock.now += most_seconds + HANGING
        assert read(check_health(moving.pulse))[0] == "200"
        moving.clock.now += 1
        assert read(check_health(moving.pulse))[0] == "503"


def report(*outcomes: Outcome, **facts: Any) -> CheckReport:
    """Return a report of targets with these outcomes; a failed one was denied."""
    targets = tuple(
        TargetReport(Target(f"t{place}"), outcome, error=DENIED if outcome is Outcome.FAILED else None)
        for place, outcome in enumerate(outcomes)
    )
    return CheckReport(targets, **facts)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        pytest.param(report(), "200", id="no target"),
        pytest.param(report(Outcome.SKIPPED), "200", id="nothing to measure"),
        pytest.param(report(Outcome.FAILED), "503", id="every target fails"),
        pytest.param(report(error=DENIED), "503", id="nothing can be checked"),
        pytest.param(report(is_list_missing=True), "503", id="no list"),
    ],
)
def test_a_program_is_ready_after_a_list_and_unless_every_target_fails(
    seen: CheckReport, status: str
) -> None:
    readiness = Readiness(Clock(), interval_seconds=60)
    assert read(check_readiness({"": readiness}))[0] == "503"
    readiness.observe(seen, 1.0)
    assert read(check_readiness({"": readiness}))[0] == status


def test_it_stays_ready_for_three_intervals_without_an_answer_and_says_why_not_then() -> None:
    clock = Clock()
    readiness = Readiness(clock, interval_seconds=60)
    readiness.observe(report(), 1.0)
    readiness.observe(report(error=DENIED), 1.0)
    clock.now += 180
    assert read(check_readiness({"": readiness}))[0] == "200"
    clock.now += 1
    code, content = read(check_readiness({"": readiness}))
    assert code == "503"
    assert content["reason"].startswith(
        "no list of tables and no metrics of any target within 3 intervals: dynamodb:ListTables failed"
    )


def test_a_program_that_starts_is_healthy_before_its_first_check() -> None:
    assert read(check_health(Pulse(Clock())))[0] == "200"


def test_it_says_why_there_is_no_list() -> None:
    readiness, sentence = Readiness(Clock(), interval_seconds=60), f"{DENIED}"
    warning, refused = Notice("region", "no region"), Notice("list", sentence, Level.ERROR, DENIED)
    readiness.observe(report(is_list_missing=True, notices=(warning, refused)), 1.0)
    reason = f"no list of tables within 3 intervals: {sentence}"
    assert read(check_readiness({"": readiness})) == ("503", {"ok": False, "reason": reason})
