"""A throttled minute causes one raise, which answers it for all later checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.state_file import StateFile
from dynamic_dynamodb.service.wiring import open_memory
from tests.builders import NOW, section
from tests.check.fake_world import A, FakeWorld

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

INDEX = Target("a", "by-date")
NOON = NOW.replace(second=0)
LONG_WINDOW = {"lookback_window_start": "20", "lookback_period": "15"}
WINDOW_END = NOON - 5 * MINUTE
COUNT = {"throttled_reads_upper_threshold": "1"}
BY_PROVISIONED = {"increase_throttled_by_provisioned_reads_scale": "{0: 50}"}
BY_CONSUMED = {"increase_throttled_by_consumed_reads_scale": "{0: 50}"}
RULES = pytest.mark.parametrize(
    "rule",
    [
        pytest.param(COUNT, id="count"),
        pytest.param(BY_PROVISIONED, id="by provisioned"),
        pytest.param(BY_CONSUMED, id="by consumed"),
    ],
)
FIVE_MINUTES = timedelta(minutes=5)
STEADY_PERCENT = 50


def make_world(target: Target, *throttled: datetime, **settings: Any) -> FakeWorld:
    """Return an account in which reads of a target were throttled in some minutes, ten times in each."""
    worlds = {name: settings.pop(name) for name in ("file", "is_dry_run") if name in settings}
    options = {**LONG_WINDOW, "reads_lower_threshold": "1", "writes_lower_threshold": "1", **settings}
    breaker = CircuitBreakerOptions("http://breaker", 100)
    table = replace(section("a", gsis=(section(**options),), **options), circuit_breaker=breaker)
    world = FakeWorld(table, **worlds)
    world.add(target)
    put_load(world, target, throttled)
    return world


def put_load(world: FakeWorld, target: Target, throttled: Collection[datetime]) -> None:
    """Consume half of 100 units in each minute for hours, and throttle reads in some."""
    hours = [NOON + number * MINUTE for number in range(-60, 120)]
    consumed = dict.fromkeys(hours, STEADY_PERCENT * 60.0)
    world.metrics.answers[target] = PerCapacity((consumed, dict.fromkeys(throttled, 10.0)), (consumed, {}))


def run_checks(world: FakeWorld, target: Target, moments: Sequence[datetime]) -> list[int]:
    """Check at each moment, and return the reads of a target after each."""
    units = []
    for now in moments:
        world.run(now)
        units.append(world.units(target).reads)
    return units


@RULES
@pytest.mark.parametrize("target", [A, INDEX], ids=str)
def test_six_checks_in_quick_succession_raise_once_for_one_throttled_minute(
    target: Target, rule: dict[str, str]
) -> None:
    world = make_world(target, NOON - 10 * MINUTE, **rule)
    moments = [NOW + timedelta(seconds=number) for number in range(6)]
    assert run_checks(world, target, moments) == [150] * 6


@RULES
def test_a_throttled_minute_raises_once_while_its_window_moves_on(rule: dict[str, str]) -> None:
    world = make_world(A, NOON - 6 * MINUTE, **rule)
    assert run_checks(world, A, [NOW + number * FIVE_MINUTES for number in range(5)]) == [150] * 5


@RULES
def test_a_new_throttled_minute_raises_again(rule: dict[str, str]) -> None:
    world = make_world(A, NOON - 10 * MINUTE, NOON + 1 * MINUTE, **rule)
    units = run_checks(world, A, [NOW + number * FIVE_MINUTES for number in range(4)])
    assert units == [150, 150, 225, 225]


def test_windows_without_overlap_each_raise_while_throttling_lasts() -> None:
    world = make_world(A, *(NOON + number * MINUTE for number in range(-20, 0)), **COUNT, lookback_period="5")
    units = run_checks(world, A, [NOW + number * FIVE_MINUTES for number in range(5)])
    assert units == [150, 225, 338, 507, 507]


def test_a_rate_of_throttling_is_taken_over_the_minutes_since_the_raise() -> None:
    # The 10 events in the 5 minutes since are 0.022 % of 150 units; in all 15 minutes they would be 0.0074 %.
    scale = {"increase_throttled_by_provisioned_reads_scale": "{0.01: 50}"}
    world = make_world(A, NOON - 10 * MINUTE, NOON - 4 * MINUTE, **scale)
    assert run_checks(world, A, [NOW, NOW + FIVE_MINUTES]) == [150, 225]


def test_throttling_already_answered_by_a_raise_still_prevents_a_decrease() -> None:
    world = make_world(A, NOON - 10 * MINUTE, **COUNT, reads_lower_threshold="90")
    assert run_checks(world, A, [NOW, NOW + FIVE_MINUTES, NOW + 3 * FIVE_MINUTES]) == [150, 150, 75]


def test_a_raise_that_aws_refuses_answers_nothing() -> None:
    world = make_world(A, NOON - 10 * MINUTE, **COUNT)
    world.tables.update_errors = [AwsError("dynamodb:UpdateTable", "InternalServerError")]
    assert run_checks(world, A, [NOW, NOW, NOW]) == [100, 150, 150]


@pytest.mark.parametrize(
    ("options", "reads", "writes"),
    [
        pytest.param({"min_provisioned_reads": "120"}, WINDOW_END, None, id="to the minimum"),
        pytest.param({"reads_upper_threshold": "40"}, WINDOW_END, None, id="by consumption"),
        pytest.param({"min_provisioned_writes": "120"}, None, WINDOW_END, id="of the other side"),
        pytest.param({"max_provisioned_reads": "100", **COUNT}, None, None, id="none, at the maximum"),
        pytest.param({"reads_lower_threshold": "60"}, None, None, id="a decrease"),
    ],
)
def test_any_raise_of_a_capacity_answers_the_throttling_in_its_window(
    options: dict[str, str], reads: datetime | None, writes: datetime | None
) -> None:
    world = make_world(A, NOON - 10 * MINUTE, **options)
    world.run(NOW)
    assert world.memory.get(A).map(attrgetter("answered_until")) == PerCapacity(reads, writes)


def test_a_dry_run_would_raise_once_too() -> None:
    world = make_world(A, NOON - 10 * MINUTE, **COUNT, is_dry_run=True)
    outcomes = [str(report) for now in (NOW, NOW) for report in world.run(now).targets]
    assert [" would be updated: " in outcome for outcome in outcomes] == [True, False]


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=300)], ids=str)
def test_a_raise_recorded_in_the_future_by_a_wrong_clock_answers_nothing(ahead: timedelta) -> None:
    world = make_world(A, NOON - 10 * MINUTE, NOON - 10 * MINUTE + ahead, **COUNT)
    assert run_checks(world, A, [NOW + ahead, NOW, NOW]) == [150, 225, 225]


def test_a_check_stopped_by_an_open_breaker_keeps_the_answered_throttling() -> None:
    world = make_world(A, NOON - 10 * MINUTE, **COUNT)
    assert run_checks(world, A, [NOW]) == [150]
    world.breaker.answer = "503"
    assert run_checks(world, A, [NOW]) == [150]
    world.breaker.answer = None
    assert run_checks(world, A, [NOW]) == [150]


def test_the_answered_throttling_is_shared_through_the_state_file_but_not_by_a_dry_run(
    tmp_path: Path,
) -> None:
    throttled, found = NOON - 10 * MINUTE, []
    for is_dry_run in (True, False, False):
        file = StateFile(tmp_path / "default.json", "us-east-1")
        world = make_world(A, throttled, file=file, is_dry_run=is_dry_run, **COUNT)
        world.run(NOW)
        found.append(world.units(A).reads)
    assert found == [100, 150, 100]


def test_a_reload_with_another_state_file_keeps_the_answered_throttling(tmp_path: Path) -> None:
    options = {"check_interval": 300, "quiet_check_interval": None, "run_once": False}
    world = make_world(A, NOON - 10 * MINUTE, **COUNT)
    first, second = (
        open_memory(options, StateFile(tmp_path / name, "us-east-1")) for name in ("one.json", "two.json")
    )
    world.check.memory = first
    world.run(NOW)
    second.continue_from(first)
    world.check.memory = second
    world.run(NOW)
    assert world.units(A).reads == 150


@settings(deadline=None)
@given(
    throttled=st.sets(st.integers(-20, 60)),
    waits=st.lists(st.integers(0, 12), min_size=1, max_size=12),
    period=st.integers(1, 15),
)
def test_there_are_no_more_raises_than_throttled_minutes(
    throttled: set[int], waits: list[int], period: int
) -> None:
    minutes = [NOON + number * MINUTE for number in throttled]
    world = make_world(A, *minutes, **COUNT, lookback_period=str(period), increase_reads_with="1")
    run_checks(world, A, [NOW + sum(waits[:number]) * MINUTE for number in range(len(waits))])
    assert len(world.tables.updates) <= len(throttled)
