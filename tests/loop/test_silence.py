"""When CloudWatch falls silent for all, nothing is lowered until it is sure that there is no load."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.core.model import Code, PerCapacity
from dynamic_dynamodb.state import CountStore, find_later
from dynamic_dynamodb.state_file import StateFile
from tests.builders import NOW, both, section
from tests.loop.test_loop import A, B, World

if TYPE_CHECKING:
    from pathlib import Path

RULES = {
    "allow_scaling_down_reads_on_0_percent": "true",
    "allow_scaling_down_writes_on_0_percent": "true",
    "max_provisioned_reads": "200",
}
LAST_DATAPOINT = timedelta(minutes=11)
"""How long before NOW the last minute of the window is."""


def fall_silent(world: World) -> None:
    """Let CloudWatch have no datapoint any more."""
    world.metrics.answers.clear()


def codes(world: World, now: datetime) -> list[Code]:
    """Check, and give the reasons for the reads of each table."""
    decisions = [report.decision for report in world.loop.check(now).targets]
    return [decision.capacities.reads.reasons[-1].code for decision in decisions if decision is not None]


def test_silence_after_load_is_trouble_for_an_hour_and_then_no_load() -> None:
    world = World(section(**RULES))
    world.add(A, 60)
    world.add(B, 60)
    assert codes(world, NOW) == [Code.STEADY, Code.STEADY]
    fall_silent(world)
    for minutes in (5, 15, 30, 48):
        assert codes(world, NOW + timedelta(minutes=minutes)) == [Code.METRICS_LATE, Code.METRICS_LATE]
    assert world.units(A) == both(100)
    assert codes(world, NOW + timedelta(hours=1) - LAST_DATAPOINT + timedelta(minutes=1)) == [
        Code.CONSUMED_BELOW_THRESHOLD,
        Code.CONSUMED_BELOW_THRESHOLD,
    ]
    assert world.units(A) == both(50)


def test_an_account_that_was_never_busy_is_idle_at_once() -> None:
    world = World(section(**RULES))
    fall_silent(world)
    assert codes(world, NOW) == [Code.CONSUMED_BELOW_THRESHOLD, Code.CONSUMED_BELOW_THRESHOLD]


def test_one_idle_table_is_idle_at_once_while_another_has_load() -> None:
    world = World(section(**RULES))
    world.add(A, 60)
    world.metrics.answers.pop(B)
    assert codes(world, NOW) == [Code.STEADY, Code.CONSUMED_BELOW_THRESHOLD]


def test_in_silence_nothing_is_lowered_to_its_maximum_and_all_is_raised_to_its_minimum() -> None:
    world = World(section(**RULES, min_provisioned_writes="150"))
    world.add(A, 60)
    world.add(B, 60)
    codes(world, NOW)
    fall_silent(world)
    world.tables.add(A, PerCapacity(300, 100))
    codes(world, NOW + timedelta(minutes=15))
    assert world.units(A) == PerCapacity(300, 150)


def test_checks_from_cron_remember_through_the_state_file(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json", "us-east-1")
    for minutes, expected in ((0, Code.STEADY), (20, Code.METRICS_LATE), (60, Code.CONSUMED_BELOW_THRESHOLD)):
        world = World(section(**RULES), file=file)
        world.add(A, 60)
        world.add(B, 60)
        if minutes:
            fall_silent(world)
        assert codes(world, NOW + timedelta(minutes=minutes)) == [expected, expected]


def test_the_younger_of_two_moments_stays_in_the_file_and_each_region_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for region, minutes in (("us-east-1", 3), ("us-east-1", 9), ("eu-west-1", 1)):
        store = CountStore(file=StateFile(path, region))
        store.begin(NOW)
        store.recall_freshest(NOW - timedelta(minutes=minutes))
        store.put(A, both(0))
        store.commit()
    kept = {region: StateFile(path, region).read().freshest for region in ("us-east-1", "eu-west-1", "x")}
    assert kept == {
        "us-east-1": NOW - timedelta(minutes=3),
        "eu-west-1": NOW - timedelta(minutes=1),
        "x": None,
    }


@pytest.mark.parametrize(("one", "other"), [(None, NOW), (NOW, None), (NOW, NOW - timedelta(1))])
def test_a_moment_is_later_than_none(one: datetime | None, other: datetime | None) -> None:
    assert find_later(one, other) == NOW
    assert find_later(None, None) is None
