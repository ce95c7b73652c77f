"""When several tables lose all datapoints at once, nothing is lowered for an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.check.silence import LONGEST_SILENCE, MetricsAnswer, find_longest_step
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from dynamic_dynamodb.service.state_file import StateFile
from dynamic_dynamodb.service.wiring import open_memory
from tests.builders import NOW, both, load_flags, section
from tests.check.fake_world import A, B, FakeWorld, load

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

C, INDEX = Target("c"), Target("a", "by-date")
RULES = {
    "allow_scaling_down_reads_on_0_percent": "true",
    "allow_scaling_down_writes_on_0_percent": "true",
    "max_provisioned_reads": "200",
}


def make_world(*targets: Target, **rules: str) -> FakeWorld:
    """Return an account of these targets, each at 60 %, and each with a circuit breaker."""
    table = section(gsis=(section(**RULES),), **RULES, **rules)
    world = FakeWorld(replace(table, circuit_breaker=CircuitBreakerOptions("http://breaker", 100)))
    world.tables.descriptions.clear()
    world.metrics.answers.clear()
    for target in targets:
        world.add(target, 60)
    return world


def fall_silent(world: FakeWorld) -> None:
    """Remove all datapoints of CloudWatch."""
    world.metrics.answers.clear()


def codes(world: FakeWorld, now: datetime) -> list[Code]:
    """Check, and return the codes of the reasons for the reads of each target."""
    decisions = [report.decision for report in world.run(now).targets]
    return [decision.capacities.reads.reasons[-1].code for decision in decisions if decision is not None]


@pytest.mark.parametrize("interval_minutes", [5, 20, 60])
def test_several_silent_tables_are_an_outage_for_an_hour_and_idle_after_it(interval_minutes: int) -> None:
    world = make_world(A, B, C)
    assert codes(world, NOW) == [Code.STEADY] * 3
    fall_silent(world)
    first = NOW + timedelta(minutes=interval_minutes)
    for minutes in range(0, 61, interval_minutes):
        assert codes(world, first + timedelta(minutes=minutes)) == [Code.METRICS_LATE] * 3
    assert world.units(A) == both(100)
    late = first + timedelta(minutes=60 + interval_minutes)
    assert codes(world, late) == [Code.CONSUMED_BELOW_THRESHOLD] * 3
    assert world.units(A) == both(50)


def test_a_datapoint_ends_the_silence() -> None:
    world = make_world(A, B, C)
    codes(world, NOW)
    for minutes in (5, 55, 105):
        fall_silent(world)
        assert set(codes(world, NOW + timedelta(minutes=minutes))) == {Code.METRICS_LATE}
        for target in (A, B, C):
            world.add(target, 60)
        assert set(codes(world, NOW)) == {Code.STEADY}


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param((), id="never busy"),
        pytest.param((A, B), id="two tables"),
        pytest.param((A, INDEX), id="a table and its index"),
    ],
)
def test_few_tables_without_load_are_idle_at_once(targets: tuple[Target, ...]) -> None:
    world = make_world(*targets)
    codes(world, NOW)
    fall_silent(world)
    world.tables.add(A, both(100))
    found = codes(world, NOW + timedelta(minutes=20))
    assert set(found) == {Code.CONSUMED_BELOW_THRESHOLD}


def test_one_idle_table_is_idle_at_once_while_another_has_load() -> None:
    world = make_world(A, B, C)
    codes(world, NOW)
    world.metrics.answers.pop(B)
    assert codes(world, NOW) == [Code.STEADY, Code.CONSUMED_BELOW_THRESHOLD, Code.STEADY]


def test_an_outage_prevents_decreases_to_the_maximum_but_not_raises_to_the_minimum() -> None:
    world = make_world(A, B, C, min_provisioned_writes="150")
    codes(world, NOW)
    fall_silent(world)
    world.tables.add(A, PerCapacity(300, 100))
    codes(world, NOW + timedelta(minutes=15))
    assert world.units(A) == PerCapacity(300, 150)


NO_ANSWER = AwsError("cloudwatch:GetMetricData", "InternalServiceFault")
NO_DESCRIPTION = AwsError("dynamodb:DescribeTable", "InternalServerError")
NO_LIST = AwsError("dynamodb:ListTables", "InternalServerError")
ALL = (A, B, C)
FIVE_MINUTES = timedelta(minutes=5)


def make_problem(world: FakeWorld, kind: str, targets: Collection[Target] = ALL) -> None:
    """Leave checks without datapoints; for these targets, because of one kind of problem."""
    world.metrics.answers.clear()
    world.tables.describe_errors.clear()
    world.tables.list_error, world.breaker.answers = None, {}
    world.metrics.error, world.tables.unlisted = None, frozenset()
    if kind == "breaker":
        world.breaker.answers = dict.fromkeys(targets, "503")
    elif kind == "descriptions":
        world.tables.describe_errors = dict.fromkeys((one.table for one in targets), NO_DESCRIPTION)
    elif kind == "metrics":
        world.metrics.answers |= dict.fromkeys(targets, NO_ANSWER)
    elif kind == "list":
        world.tables.list_error = NO_LIST
    elif kind == "no tables":
        world.tables.unlisted = frozenset(one.table for one in ALL)
    elif kind == "crash":
        world.metrics.error = RuntimeError("unexpected")


def check(world: FakeWorld, now: datetime) -> None:
    """Run a check, and survive an unexpected error as a daemon does."""
    try:
        world.run(now)
    except RuntimeError:
        assert world.metrics.error is not None


def reads(world: FakeWorld) -> list[int]:
    """Return the units of all tables."""
    return [world.units(target).reads for target in ALL]


PROBLEMS = pytest.mark.parametrize(
    ("kind", "targets"),
    [
        pytest.param("breaker", ALL, id="open breakers"),
        pytest.param("breaker", (B,), id="an open breaker"),
        pytest.param("descriptions", ALL, id="failing DescribeTable"),
        pytest.param("descriptions", (B,), id="failing DescribeTable of one"),
        pytest.param("metrics", ALL, id="failing GetMetricData"),
        pytest.param("metrics", (B,), id="failing GetMetricData of one"),
        pytest.param("list", ALL, id="failing ListTables"),
        pytest.param("no tables", ALL, id="an empty list of tables"),
        pytest.param("crash", ALL, id="a check that fails as a whole"),
    ],
)


@PROBLEMS
def test_checks_without_an_answer_of_cloudwatch_are_not_silent(
    kind: str, targets: tuple[Target, ...]
) -> None:
    world = make_world(*ALL)
    check(world, NOW)
    make_problem(world, kind, targets)
    for number in range(1, 15):
        check(world, NOW + number * FIVE_MINUTES)
    make_problem(world, "silent")
    after = NOW + 15 * FIVE_MINUTES
    for number in range(13):
        check(world, after + number * FIVE_MINUTES)
        assert reads(world) == [100, 100, 100]
    check(world, after + 13 * FIVE_MINUTES)
    assert reads(world) == [50, 50, 50]


@PROBLEMS
def test_silence_before_and_after_other_checks_adds_up_without_them(
    kind: str, targets: tuple[Target, ...]
) -> None:
    world = make_world(*ALL)
    check(world, NOW)
    # Empty answers at minutes 5 and 10, then a problem, then empty answers from minute 75 on.
    for number in range(1, 27):
        make_problem(world, kind if 3 <= number < 15 else "silent", targets)
        check(world, NOW + number * FIVE_MINUTES)
        assert reads(world) == [100, 100, 100], number
    check(world, NOW + 27 * FIVE_MINUTES)
    assert reads(world) == [50, 50, 50]


@PROBLEMS
def test_tables_without_an_answer_for_a_while_still_count_as_several(
    kind: str, targets: tuple[Target, ...]
) -> None:
    world = make_world(*ALL)
    check(world, NOW)
    make_problem(world, kind, targets)
    soon = NOW + FIVE_MINUTES
    world.metrics.answers |= {one: load(60, 60, soon) for one in ALL if one not in targets}
    check(world, soon)
    make_problem(world, "silent")
    check(world, NOW + 2 * FIVE_MINUTES)
    assert reads(world) == [100, 100, 100]


def test_a_table_that_never_had_load_and_cannot_be_fetched_does_not_prolong_silence() -> None:
    denied = Target("d")
    world = make_world(*ALL, denied)
    world.tables.describe_errors[denied.table] = NO_DESCRIPTION
    check(world, NOW)
    fall_silent(world)
    for number in range(1, 15):
        check(world, NOW + number * FIVE_MINUTES)
    assert reads(world) == [50, 50, 50]


def test_a_deleted_table_does_not_prolong_silence() -> None:
    world = make_world(*ALL)
    check(world, NOW)
    fall_silent(world)
    del world.tables.descriptions[C]
    for number in range(1, 15):
        check(world, NOW + number * FIVE_MINUTES)
    assert world.units(A) == both(50)


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        pytest.param([5, 300], 100, id="a clock that jumps ahead, or a process that was suspended"),
        pytest.param([5, 300, 10, 10, 10, 10, 10], 100, id="jumps count as two intervals"),
        pytest.param([5, 300, 10, 10, 10, 10, 10, 5], 50, id="and then an hour is over"),
        pytest.param([5, -300, *[5] * 12], 100, id="a clock put back"),
        pytest.param([5, -300, *[5] * 13], 50, id="a clock put back, and then an hour"),
        pytest.param([5, *[0.01] * 200], 100, id="a storm of reloads"),
    ],
)
def test_an_hour_of_silence_is_an_hour_of_checks(waits: list[float], expected: int) -> None:
    world = make_world(*ALL)
    world.memory.silence.longest_step = find_longest_step(300)
    check(world, NOW)
    fall_silent(world)
    for number in range(len(waits)):
        check(world, NOW + timedelta(minutes=sum(waits[: number + 1])))
    assert reads(world) == [expected] * 3


def test_a_reload_with_another_state_file_keeps_the_silence(tmp_path: Path) -> None:
    options = load_flags(table_name="a").global_options
    first, again = (
        open_memory(options, StateFile(tmp_path / name, "us-east-1")) for name in ("one.json", "two.json")
    )
    first.begin(NOW)
    first.silence.find_freshest(MetricsAnswer(NOW, frozenset("abc"), frozenset("abc"), frozenset()), NOW)
    again.continue_from(first)
    assert (again.entries, again.silence) == (first.entries, first.silence)
    assert again.silence.tables == frozenset("abc")


KINDS = st.sampled_from(
    ["busy", "silent", "breaker", "descriptions", "metrics", "list", "no tables", "crash"]
)
EVENTS = st.tuples(KINDS, st.sets(st.sampled_from(ALL), min_size=1), st.sampled_from([0.01, 5, 20]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), EVENTS), max_size=12))
def test_no_busy_table_is_lowered_before_an_hour_of_silent_checks(
    runs: list[tuple[int, tuple[str, set[Target], float]]],
) -> None:
    world = make_world(*ALL)
    check(world, NOW)
    now, silence, was_silent = NOW, timedelta(), False
    for kind, targets, minutes in (event for times, event in runs for _ in range(times)):
        now += timedelta(minutes=minutes)
        make_problem(world, kind, targets)
        if kind == "busy":
            world.metrics.answers |= dict.fromkeys(ALL, load(60, 60, now))
        check(world, now)
        if kind == "silent":
            silence += timedelta(minutes=minutes) if was_silent else timedelta()
        elif kind == "busy":
            silence = timedelta()
        was_silent = kind == "silent"
        if silence > LONGEST_SILENCE:
            return
        assert reads(world) == [100, 100, 100]
