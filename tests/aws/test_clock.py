"""AWS's time is the one that most of its answers agree on, whatever this machine's clock shows."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.aws.clock import ENOUGH_DATES, AwsClock
from dynamic_dynamodb.check.report import CheckReport
from dynamic_dynamodb.service.check_log import CheckLog

NOON = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
ODD_DATES: Final[tuple[object, ...]] = (
    None,
    "",
    "soon",
    5,
    [],
    "Thu, 99 Nov 2026 25:00:00 GMT",
    "Thu, 01 Jan 99999 00:00:00 GMT",
)


@dataclass
class World:
    """A machine whose clock is wrong by some seconds, and AWS, which is right."""

    seconds_wrong: float = 0.0
    passed: float = 0.0
    booted: float = 1_000.0
    clock: AwsClock = field(init=False)
    log: CheckLog = field(default_factory=CheckLog)

    def __post_init__(self) -> None:
        self.clock = AwsClock(monotonic=lambda: self.booted + self.passed)

    @property
    def truth(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    @property
    def ours(self) -> datetime:
        return self.truth + timedelta(seconds=self.seconds_wrong)

    def answer(self, *, delay: float = 0.05, date: Any = ...) -> None:
        """Note an answer of AWS that takes `delay` seconds to arrive."""
        asked, written = self.clock.monotonic(), self.truth.replace(microsecond=0)
        self.passed += delay
        self.clock.note(format_datetime(written, usegmt=True) if date is ... else date, asked)

    def check(self, *, answers: int = 3, date: Any = ..., delay: float = 0.05) -> float:
        """Run a check, with one more answer if a date is given; return the error of its time in seconds."""
        truth, now = self.truth, self.ours
        self.clock.begin()
        if date is not ...:
            self.answer(date=date)
        for _ in range(answers):
            self.answer(delay=delay)
        off = (self.clock.correct(now) - truth).total_seconds()
        self.log.write(CheckReport(notices=self.clock.conditions.in_force))
        return off


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@given(
    wrong=st.floats(-3000, 3000),
    answers=st.integers(2, 60),
    delay=st.floats(0, 5),
    passed=st.floats(0, 60),
    odd=st.sampled_from([*ODD_DATES, "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 26 Nov 2026 12:10:00 GMT"]),
)
def test_the_time_of_a_check_is_right_from_the_first_check_on(
    wrong: float, answers: int, delay: float, passed: float, odd: object
) -> None:
    world = World(seconds_wrong=wrong, passed=passed)
    off = world.check(answers=answers, delay=delay, date=odd)
    # With two answers, the odd date or our clock may agree with a delayed answer.
    assert abs(off) <= 2 * delay + 3


@pytest.mark.parametrize("wrong", [0.0, 0.4, -0.4])
def test_a_correct_clock_is_not_changed(wrong: float, caplog: pytest.LogCaptureFixture) -> None:
    world = World(seconds_wrong=wrong, passed=0.7)
    assert world.check() == pytest.approx(wrong, abs=1e-6)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("wrong", [-420.0, 420.0])
def test_a_wrong_clock_is_reported_once_and_again_when_it_gets_worse(
    wrong: float, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(seconds_wrong=wrong)
    for _ in range(3):
        assert abs(world.check()) < 2
        world.passed += 300
    direction = "ahead of" if wrong > 0 else "behind"
    (said,) = warnings_of(caplog)
    assert said.startswith("this machine's clock is 4")
    assert f" s {direction} the dates of AWS's answers: checks use AWS's time; set the clock" in said
    world.seconds_wrong *= 2
    assert abs(world.check()) < 2
    assert len(warnings_of(caplog)) == 2
    world.seconds_wrong = 0
    world.check()
    world.seconds_wrong = wrong
    world.check()
    assert len(warnings_of(caplog)) == 3


@pytest.mark.parametrize("wrong", [25.0, -25.0])
def test_a_slightly_wrong_clock_is_corrected_without_a_warning(
    wrong: float, caplog: pytest.LogCaptureFixture
) -> None:
    assert abs(World(seconds_wrong=wrong).check()) < 2
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("wrong", [0.0, 420.0])
def test_a_time_read_long_after_the_answers_is_corrected_like_one_read_before_them(wrong: float) -> None:
    world = World(seconds_wrong=wrong)
    world.clock.begin()
    for _ in range(3):
        world.answer()
    world.passed += 300
    off = (world.clock.correct_later(world.ours) - world.truth).total_seconds()
    assert abs(off) < 2
    assert bool(world.clock.conditions.in_force) == bool(wrong)


@pytest.mark.parametrize("date", ODD_DATES, ids=repr)
def test_answers_without_a_usable_date_change_nothing(date: object) -> None:
    assert World(seconds_wrong=300).check(answers=0, date=date) == 300


def test_a_single_date_has_no_effect() -> None:
    assert World(seconds_wrong=300).check(answers=1) == 300
    assert World().check(answers=0, date="Thu, 26 Nov 2026 12:07:00 GMT") == 0


def test_impossible_dates_are_ignored_however_many_there_are(caplog: pytest.LogCaptureFixture) -> None:
    world = World(seconds_wrong=7 * 3600)
    assert world.check() == 7 * 3600
    assert "AWS would refuse such calls, so checks use this machine's clock" in warnings_of(caplog)[0]


@pytest.mark.parametrize("jump", [-420.0, 420.0])
def test_a_clock_that_jumps_during_a_run_has_no_effect_even_with_a_single_answer(jump: float) -> None:
    world = World()
    world.check()
    world.passed += 300
    world.seconds_wrong = jump
    assert abs(world.check(answers=1)) < 2


def test_after_sleep_the_time_is_that_of_the_latest_dates() -> None:
    world = World()
    world.check()
    world.passed += 7200
    world.booted -= 7200  # the monotonic clock stands still during sleep
    assert abs(world.check(answers=2)) < 2


def test_only_as_many_dates_as_needed_are_read() -> None:
    world = World()
    world.check(answers=3 * ENOUGH_DATES)
    assert len(world.clock.dates) == ENOUGH_DATES
