"""Quiet targets are looked at only at each quiet-check-interval; all others at each check."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.silence import SEVERAL_TABLES
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import NOW, both, make_check, section
from tests.fakes import FakeMetrics, FakeTables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dynamic_dynamodb.check.check import Check
    from dynamic_dynamodb.check.ports import Autoscaled, Descriptions
    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.config.sections import Section
    from tests.fakes import Load

INTERVAL = 900
MINUTES = INTERVAL // 60
TO_ZERO = {
    "allow_scaling_down_reads_on_0_percent": "true",
    "allow_scaling_down_writes_on_0_percent": "true",
}


@dataclass
class CountedTables(FakeTables):
    """An account that keeps which tables were described."""

    described: list[str] = field(default_factory=list)

    def describe_all(self, tables: Iterable[str]) -> Descriptions:
        """Keep the names, and answer."""
        names = list(tables)
        self.described += names
        return super().describe_all(names)


@dataclass
class FakeAutoscaling:
    """AWS's auto scaling of some targets."""

    answer: Autoscaled = field(default_factory=dict)

    def find_autoscaled(self) -> Autoscaled:
        """Return what a test says."""
        return self.answer


class World:
    """An account, and checks of it a minute apart."""

    def __init__(
        self, *sections: Section, seconds: int | None = INTERVAL, targets: Iterable[Target] = ()
    ) -> None:
        self.tables, self.metrics, self.autoscaling = CountedTables(), FakeMetrics(), FakeAutoscaling()
        self.rates: dict[Target, tuple[float, float]] = {}
        self.late: dict[Target, int] = {}
        """Minutes that CloudWatch is late with the datapoints of a target."""
        self.memory = AccountMemory(resting=RestingTargets.every(seconds))
        self.now = NOW
        self.sections = sections or (section(),)
        self.check = self.build_check()
        for target in targets:
            self.add(target)

    def build_check(self) -> Check:
        return make_check(
            self.sections,
            self.memory,
            tables=self.tables,
            metrics=self.metrics,
            autoscaling=self.autoscaling,
        )

    def add(self, target: Target, reads: float = 40, writes: float = 40, **settings: str) -> None:
        """Add a target of 100 units each, with this consumption."""
        self.tables.add(target, both(100), **settings)
        self.rates[target] = reads, writes

    def run(self, passed: timedelta = MINUTE) -> CheckReport:
        """Let time pass, and check."""
        self.now += passed
        self.metrics.answers = {
            target: consume(self.now, reads, writes, self.late.get(target, 0))
            for target, (reads, writes) in self.rates.items()
        }
        self.tables.described.clear()
        self.metrics.requests.clear()
        return self.check.run(self.now)

    def looked_at(self, passed: timedelta = MINUTE) -> set[str]:
        """Check, and return the targets that were decided on."""
        return {str(one.target) for one in self.run(passed).targets}


def consume(now: datetime, reads: float, writes: float, late: int = 0) -> Load:
    """Return series of so many units a second for the last quarter of an hour; none at 0."""
    this_minute = now.replace(second=0)
    minutes = [this_minute - number * MINUTE for number in range(1 + late, 16)]
    return PerCapacity(*((dict.fromkeys(minutes, rate * 60) if rate else {}, {}) for rate in (reads, writes)))


A, B, C, D = (Target(name) for name in "abcd")
A_INDEX = Target("a", "by-date")


def test_without_the_option_each_check_looks_at_all() -> None:
    world = World(seconds=None, targets=[A, B])
    assert [world.looked_at() for _ in range(3)] == [{"a", "b"}] * 3


def test_a_quiet_table_is_described_and_measured_once_in_the_interval() -> None:
    world = World(targets=[A])
    world.run()
    looks = [bool(world.looked_at()) for _ in range(4 * MINUTES)]
    assert sum(looks) == 4
    first = looks.index(True)
    assert looks.index(True, first + 1) - first == MINUTES


def test_a_check_that_looks_at_nothing_describes_and_requests_nothing() -> None:
    world = World(targets=[A, B])
    world.run()
    report = world.run(timedelta(seconds=1))
    assert (list(report.targets), set(report.left_out), report.metrics_requested) == ([], {A, B}, 0)
    assert (world.tables.described, world.metrics.requests) == ([], [])
    assert str(report) == "checked 0 targets: none due; left out 2 quiet targets"
    assert report.is_well


def test_the_summary_counts_the_quiet_targets_apart() -> None:
    world = World(targets=[A, B])
    world.rates[B] = 60, 60
    world.run()
    assert str(world.run(timedelta(seconds=1))) == "checked 1 target: 1 unchanged; left out 1 quiet target"


def test_a_busy_target_is_looked_at_by_each_check() -> None:
    world = World(targets=[A, B])
    world.rates[A] = 50, 40
    world.run()
    assert all("a" in world.looked_at() for _ in range(MINUTES))


def test_a_fleet_does_not_come_all_at_once() -> None:
    targets = [Target(f"table-{number}") for number in range(300)]
    world = World(targets=targets)
    world.run()
    counts = [len(world.looked_at()) for _ in range(2 * MINUTES)]
    assert sum(counts) == 2 * len(targets)
    assert max(counts) < 3 * len(targets) / MINUTES


@given(
    steps=st.lists(st.integers(-7200, 7200), max_size=12),
    name=st.text("abcdef", min_size=1, max_size=5),
    seconds=st.integers(60, 3600),
)
def test_no_look_is_put_off_for_longer_than_the_interval(steps: list[int], name: str, seconds: int) -> None:
    """Time passes, clocks jump back and forth, machines are suspended."""
    world = World(seconds=seconds, targets=[Target(name)])
    world.run()
    looked = world.now
    for step in steps:
        if world.looked_at(timedelta(seconds=step)):
            looked = world.now
            continue
        assert step >= 0
        assert world.now < looked + timedelta(seconds=seconds)


def test_a_new_table_is_seen_at_once_and_a_deleted_one_is_forgotten() -> None:
    world = World(targets=[A])
    world.run()
    world.add(B)
    second = timedelta(seconds=1)
    assert world.looked_at(second) == {"b"}
    del world.tables.descriptions[A]
    report = world.run(second)
    assert (list(report.targets), set(report.left_out)) == ([], {B})
    assert A not in world.memory.entries
    world.add(A)
    assert world.looked_at(second) == {"a"}


def test_other_options_are_applied_at_once() -> None:
    world = World(targets=[A])
    world.run()
    world.memory = AccountMemory(entries=world.memory.entries, resting=RestingTargets.every(INTERVAL))
    world.sections = (section(min_provisioned_reads="150"),)
    world.check = world.build_check()
    world.run(timedelta(seconds=1))
    assert world.tables.descriptions[A].provisioned == PerCapacity(150, 100)


def test_a_target_is_looked_at_once_its_maintenance_window_opens() -> None:
    world = World(section(maintenance_windows="12:05-12:06"), seconds=3600, targets=[A])
    world.run(timedelta())
    opened = [
        f"{moment:%H:%M}"
        for moment in (NOW + number * MINUTE for number in range(1, 10))
        if world.looked_at(moment - world.now)
    ]
    assert "12:05" in opened


def test_a_table_with_a_busy_index_is_described_but_not_measured() -> None:
    world = World(section(gsis=(section(),)), targets=[A])
    world.add(A_INDEX, 60, 60)
    world.run()
    report = world.run(timedelta(seconds=1))
    assert ([one.target for one in report.targets], set(report.left_out)) == ([A_INDEX], {A})
    assert {request.target for request in world.metrics.requests} == {A_INDEX}
    assert world.tables.described == ["a"]


def test_a_described_table_that_has_changed_is_looked_at() -> None:
    world = World(section(gsis=(section(),)), targets=[A])
    world.add(A_INDEX, 60, 60)
    world.run()
    world.tables.descriptions[A] = replace(world.tables.descriptions[A], provisioned=both(200))
    assert world.looked_at(timedelta(seconds=1)) == {"a", "a/by-date"}


def test_no_target_of_a_throttled_table_rests() -> None:
    world = World(section(gsis=(section(),), throttled_writes_upper_threshold="1000"), targets=[A])
    world.add(A_INDEX)
    world.run()
    load = consume(world.now, 40, 40)
    minute = max(load.writes[0])
    check = world.check
    world.metrics.answers[A] = PerCapacity(load.reads, (load.writes[0], {minute - 12 * MINUTE: 5}))
    world.memory.resting.rests.clear()
    check.run(world.now)
    assert not world.memory.resting.rests


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(
            lambda world: world.tables.describe_errors.update(a=AwsError("dynamodb:DescribeTable", "Oops")),
            id="description",
        ),
        pytest.param(
            lambda world: setattr(
                world.metrics, "fetch", lambda requests: {one.target: AwsError("x", "y") for one in requests}
            ),
            id="metrics",
        ),
    ],
)
def test_a_failed_target_is_looked_at_by_each_check(fail: object) -> None:
    world = World(targets=[A])
    fail(world)  # type: ignore[operator]
    assert [world.looked_at(timedelta(seconds=1)) for _ in range(3)] == [{"a"}] * 3


def test_a_target_in_alarm_is_looked_at_by_each_check() -> None:
    alarm = {"sns_topic_arn": "arn:aws:sns:us-east-1:1:t", "sns_message_types": "low-throughput-alarm"}
    world = World(section(reads_lower_alarm_threshold="41", **alarm), targets=[A])
    reports = [world.run(timedelta(seconds=1)) for _ in range(3)]
    assert [len(report.messages) for report in reports] == [1, 1, 1]


def test_a_target_near_an_alarm_is_looked_at_by_each_check() -> None:
    alarm = {"sns_topic_arn": "arn:aws:sns:us-east-1:1:t", "sns_message_types": "high-throughput-alarm"}
    world = World(section(reads_upper_alarm_threshold="80", **alarm), targets=[A])
    assert [world.looked_at(timedelta(seconds=1)) for _ in range(3)] == [{"a"}] * 3


def test_a_side_that_aws_scales_does_not_keep_a_target_awake() -> None:
    world = World(targets=[A])
    world.rates[A] = 95, 40
    world.autoscaling.answer = {A: frozenset({Capacity.READS})}
    world.run()
    assert world.looked_at(timedelta(seconds=1)) == set()


def test_an_idle_table_alone_in_a_check_is_no_outage() -> None:
    """Others that rest had datapoints: they are asked for before silence counts as an outage."""
    world = World(targets=[A, B, C, D])
    world.run()
    world.rates[A] = 0, 0
    world.memory.resting.rests.pop(A)
    report = world.run(timedelta(seconds=1))
    (target,) = report.targets
    assert target.decision is not None
    assert [side.reasons[-1].code for side in target.decision.capacities] == [Code.ZERO_CONSUMPTION] * 2


def test_an_outage_is_seen_by_a_check_that_looks_at_one_table() -> None:
    world = World(section(**TO_ZERO), targets=[A, B, C, D])
    world.rates[A] = 60, 60
    world.run()
    world.rates = dict.fromkeys(world.rates, (0.0, 0.0))
    report = world.run(timedelta(seconds=1))
    (target,) = report.targets
    assert target.decision is not None
    assert [side.reasons[-1].code for side in target.decision.capacities] == [Code.METRICS_LATE] * 2


def test_few_of_many_quiet_tables_are_asked_before_one_series_counts_as_late() -> None:
    quiet = [Target(f"t{number:03}") for number in range(200)]
    world = World(section(throttled_reads_upper_threshold="1", throttled_writes_upper_threshold="1"))
    for target in (A, *quiet):
        world.add(target, *((60, 60) if target is A else (40, 40)))
    world.run()
    stale = consume(world.now - 12 * MINUTE, 60, 60)
    world.metrics.answers |= dict.fromkeys((A, *quiet[:SEVERAL_TABLES]), stale)
    world.metrics.requests.clear()
    report = world.check.run(world.now)
    (found,) = report.targets
    assert found.usage is not None
    assert not found.usage.reads.is_late
    assert [request.target for request in world.metrics.requests] == [A, *quiet[:15]]
    assert report.metrics_requested == 4 * 16


def test_an_outage_ends_after_an_hour_though_most_targets_rested_when_it_began() -> None:
    world = World(section(**TO_ZERO), targets=[A, B, C, D])
    world.rates[A] = 60, 60
    world.run()
    world.rates = dict.fromkeys(world.rates, (0.0, 0.0))
    codes = []
    for _ in range(63):
        (target,) = (one for one in world.run().targets if one.target == A)
        assert target.decision is not None
        codes.append(target.decision.capacities.reads.reasons[-1].code)
    assert codes[:61] == [Code.METRICS_LATE] * 61
    assert codes[-1] is not Code.METRICS_LATE


@given(
    had=st.lists(st.booleans(), min_size=3, max_size=8),
    late=st.lists(st.integers(0, 15), min_size=8, max_size=8),
    busy=st.integers(1, 3),
    start=st.sampled_from(["5", "15"]),
)
def test_decisions_on_what_is_due_are_those_of_a_check_of_all(
    had: list[bool], late: list[int], busy: int, start: str
) -> None:
    """Some tables had datapoints, and then some are late or silent: looking at few makes no difference."""
    limits = {"min_provisioned_reads": "100", "min_provisioned_writes": "100"}
    rules = section(**TO_ZERO, **limits, lookback_window_start=start)
    targets = [Target(f"t{number}") for number in range(len(had))]
    every, few = World(rules, seconds=None), World(rules)
    for world in (every, few):
        for number, (target, had_some) in enumerate(zip(targets, had, strict=True)):
            rate = (60.0 if number < busy else 40.0) if had_some else 0.0
            world.add(target, rate, rate)
        world.run()
        world.late = dict(zip(targets, late, strict=False))
    decided, due = (
        {one.target: one.decision for one in world.run(timedelta(seconds=1)).targets}
        for world in (every, few)
    )
    assert due == {target: decided[target] for target in due}
    event(f"{len(due)} of {len(targets)} are due")
    silence = few.memory.silence
    assert every.memory.silence.is_outage or not silence.duration
    assert len(silence.tables) >= min(SEVERAL_TABLES, len(every.memory.silence.tables))
