"""Scaling to a target remembers minutes and throttling across checks and runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.state_file import StateFile
from tests.builders import NOW, both, section
from tests.check.fake_world import A, B, FakeWorld

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.check.state import EntriesFile
    from dynamic_dynamodb.scaling.back_pressure import Doubt
    from dynamic_dynamodb.scaling.model import Target

NOON = NOW.replace(second=0)
TO_TARGET = {
    "reads_target_utilization": "85",
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "75",
    "throttled_reads_upper_threshold": "1",
    "lookback_window_start": "5",
    "lookback_period": "5",
}


def make_world(file: EntriesFile | None = None, /, **options: str) -> FakeWorld:
    """Return an account with one table of 100 units that is scaled to a target."""
    world = FakeWorld(section("^[ab]$", **TO_TARGET, **options), file=file)
    world.tables.descriptions.pop(B)
    world.add(A)
    return world


def put_load(
    world: FakeWorld,
    units: float,
    throttled: dict[datetime, float],
    until: datetime = NOON,
    target: Target = A,
) -> None:
    """Set the table's consumption in the last 30 minutes, in reads a second."""
    minutes = [until - number * MINUTE for number in range(1, 31)]
    reads = dict.fromkeys(minutes, units * 60)
    world.metrics.answers[target] = PerCapacity(
        (reads, dict(throttled)), (dict.fromkeys(minutes, 50.0 * 60), {})
    )


def codes(report: CheckReport) -> list[Code]:
    """Return the reasons for the reads."""
    (target,) = (one for one in report.targets if one.target == A)
    assert target.decision is not None
    return [reason.code for reason in target.decision.capacities.reads.reasons]


def test_minutes_that_have_led_to_a_raise_do_not_raise_again_in_another_run(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    throttled = {NOON - MINUTE: 60_000.0, NOON - 2 * MINUTE: 60_000.0}
    world = make_world(StateFile(path, "eu-west-1"))
    put_load(world, 100, throttled)
    world.run()
    assert world.units(A) == both(236, 100)  # twice the 100 that were provisioned, as 85 %
    again = make_world(StateFile(path, "eu-west-1"))
    again.tables.add(A, both(236, 100))
    put_load(again, 100, throttled)
    assert codes(again.run(NOW + timedelta(seconds=20))) == [Code.STILL_THROTTLED]
    assert again.units(A) == both(236, 100)


def test_the_third_check_that_sees_new_throttling_raises(tmp_path: Path) -> None:
    throttled: dict[datetime, float] = {}
    seen = []
    for number in range(3):
        world = make_world(StateFile(tmp_path / "counts.json", "eu-west-1"))
        now, this_minute = NOW + number * MINUTE, NOON + number * MINUTE
        throttled[this_minute - MINUTE] = 2.0
        put_load(world, 80, throttled, until=this_minute)
        seen.append(codes(world.run(now)))
    assert seen == [[Code.STILL_THROTTLED], [Code.STILL_THROTTLED], [Code.THROTTLED_COUNT]]


def test_while_little_is_consumed_the_third_check_warns_instead_of_raising() -> None:
    world = make_world()
    throttled: dict[datetime, float] = {}
    doubts = []
    for number in range(5):
        now, this_minute = NOW + number * MINUTE, NOON + number * MINUTE
        throttled[this_minute - MINUTE] = 2.0
        put_load(world, 20, throttled, until=this_minute)
        doubts.append([str(doubt) for doubt in world.run(now).doubts])
    assert world.units(A) == both(100)
    warning = (
        "a: reads are throttled in 3 checks in a row, although only 20 % are consumed: more capacity may not"
        " help; the cause may be a hot key: one key gets at most 3,000 reads or 1,000 writes a second"
    )
    assert doubts == [[], [], [warning], [], []]


def test_throttled_checks_are_in_a_row_only_if_they_follow_each_other() -> None:
    world = make_world()
    throttled: dict[datetime, float] = {}
    seen = []
    for number in (0, 1, 121):
        this_minute = NOON + number * MINUTE
        throttled[this_minute - MINUTE] = 2.0
        put_load(world, 80, throttled, until=this_minute)
        seen.append(codes(world.run(NOW + number * MINUTE)))
    assert seen == [[Code.STILL_THROTTLED]] * 3


def silence(world: FakeWorld, *others: Target) -> None:
    """Let CloudWatch have no datapoint of the table from now on, nor of the other one unless it is given."""
    for target in {A, B} - {*others}:
        world.metrics.answers[target] = PerCapacity(({}, {}), ({}, {}))


def test_a_table_without_datapoints_is_taken_for_idle_an_hour_after_the_last_one() -> None:
    world = make_world(allow_scaling_down_reads_on_0_percent="true")
    put_load(world, 80, {})
    world.run()
    silence(world)
    seen = [codes(world.run(NOW + number * MINUTE)) for number in (16, 59, 60)]
    assert seen == [[Code.METRICS_LATE], [Code.METRICS_LATE], [Code.BELOW_TARGET]]
    assert world.units(A) == both(1, 100)


def test_the_last_datapoint_is_remembered_from_run_to_run(tmp_path: Path) -> None:
    seen = []
    for number in (0, 30, 60, 61):
        world = make_world(
            StateFile(tmp_path / "counts.json", "eu-west-1"), allow_scaling_down_reads_on_0_percent="true"
        )
        silence(world)
        seen.append(codes(world.run(NOW + number * MINUTE)))
    assert seen == [[Code.METRICS_LATE]] * 3 + [[Code.BELOW_TARGET]]


def test_a_table_without_datapoints_is_idle_at_once_while_another_has_some() -> None:
    world = make_world(allow_scaling_down_reads_on_0_percent="true")
    world.add(B)
    put_load(world, 50, {}, target=B)
    silence(world, B)
    assert codes(world.run()) == [Code.BELOW_TARGET]


def test_an_idle_table_does_not_wait_for_ever_for_one_with_an_older_window() -> None:
    world = FakeWorld(
        section("^a$", **TO_TARGET, allow_scaling_down_reads_on_0_percent="true"), section("^b$")
    )
    silence(world, B)
    seen = []
    for number in (0, 61):
        put_load(world, 50, {}, until=NOON + number * MINUTE, target=B)
        seen.append(codes(world.run(NOW + number * MINUTE)))
    assert seen == [[Code.METRICS_LATE], [Code.BELOW_TARGET]]


def test_a_capacity_without_a_target_is_idle_at_once_as_ever() -> None:
    world = make_world(allow_scaling_down_writes_on_0_percent="true")
    silence(world)
    (report,) = world.run().targets
    assert report.decision is not None
    assert report.decision.capacities.writes.proposed == 50


def test_throttling_of_a_capacity_without_a_target_is_not_counted() -> None:
    world = make_world(throttled_writes_upper_threshold="1", enable_writes_up_scaling="false")
    throttled: dict[datetime, float] = {}
    doubts: list[Doubt] = []
    for number in range(4):
        now, this_minute = NOW + number * MINUTE, NOON + number * MINUTE
        throttled[this_minute - MINUTE] = 2.0
        minutes = dict.fromkeys((this_minute - each * MINUTE for each in range(1, 31)), 80 * 60.0)
        idle = dict.fromkeys(minutes, 20 * 60.0)
        world.metrics.answers[A] = PerCapacity((minutes, {}), (idle, dict(throttled)))
        doubts += world.run(now).doubts
    assert doubts == []


def test_without_a_target_no_further_minutes_are_fetched() -> None:
    world = FakeWorld(section("^a$"))
    world.run()
    assert [request.span for request in world.metrics.requests] == [
        request.window for request in world.metrics.requests
    ]


def test_with_a_target_the_fetched_minutes_last_until_now() -> None:
    world = make_world()
    put_load(world, 80, {})
    world.run()
    spans = {
        (request.span.start, request.span.end) for request in world.metrics.requests if request.target == A
    }
    assert spans == {(NOON - 15 * MINUTE, NOON)}
