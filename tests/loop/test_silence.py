"""When CloudWatch falls silent of several tables at once, nothing is lowered until that has lasted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dynamic_dynamodb.core.model import Code, PerCapacity, Target
from tests.builders import NOW, both, section
from tests.loop.test_loop import A, B, World

C, INDEX = Target("c"), Target("a", "by-date")
RULES = {
    "allow_scaling_down_reads_on_0_percent": "true",
    "allow_scaling_down_writes_on_0_percent": "true",
    "max_provisioned_reads": "200",
}


def make_world(*targets: Target, **rules: str) -> World:
    """Give an account of these targets, each at 60 %."""
    world = World(section(gsis=(section(**RULES),), **RULES, **rules))
    world.tables.descriptions.clear()
    world.metrics.answers.clear()
    for target in targets:
        world.add(target, 60)
    return world


def fall_silent(world: World) -> None:
    """Let CloudWatch have no datapoint any more."""
    world.metrics.answers.clear()


def codes(world: World, now: datetime) -> list[Code]:
    """Check, and give the reasons for the reads of each target."""
    decisions = [report.decision for report in world.loop.check(now).targets]
    return [decision.capacities.reads.reasons[-1].code for decision in decisions if decision is not None]


@pytest.mark.parametrize("interval_minutes", [5, 20, 60])
def test_silence_of_several_tables_is_trouble_for_an_hour_and_then_no_load(interval_minutes: int) -> None:
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


def test_in_silence_nothing_is_lowered_to_its_maximum_and_all_is_raised_to_its_minimum() -> None:
    world = make_world(A, B, C, min_provisioned_writes="150")
    codes(world, NOW)
    fall_silent(world)
    world.tables.add(A, PerCapacity(300, 100))
    codes(world, NOW + timedelta(minutes=15))
    assert world.units(A) == PerCapacity(300, 150)
