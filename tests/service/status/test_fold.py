"""The status has what a check found; what the check did not ask for stays as last seen, and is never 0."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from dynamic_dynamodb.service.status.snapshot import (
    CapacityStatus,
    Cause,
    Change,
    Condition,
    Direction,
    Failure,
    TargetStatus,
)
from tests.builders import NOW, both, section
from tests.check.fake_world import A, B, FakeWorld, load
from tests.service.status.builders import STEP, check, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.service.status.snapshot import Status

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
LATER = NOW + STEP


def only(status: Status, name: str = "a") -> TargetStatus:
    """Return the target of this name."""
    (found,) = [one for one in status.targets if str(one.target) == name]
    return found


def throttle(world: FakeWorld) -> None:
    reads, writes = load(50, 50)
    world.metrics.answers[A] = PerCapacity((reads[0], dict.fromkeys(reads[0], 3.0)), writes)


def make_busy(world: FakeWorld) -> None:
    world.add(A, reads=10)
    world.tables.descriptions[A] = replace(world.tables.descriptions[A], status="UPDATING")


def test_a_target_has_everything_that_a_check_found() -> None:
    world = FakeWorld(section("^a$", max_provisioned_reads="1000", throttled_reads_upper_threshold="5"))
    world.tables.descriptions[A] = replace(
        world.tables.descriptions[A], account="123456789012", decreases_today=3, last_decrease=NOW - STEP
    )
    status = check(world)
    assert only(status) == TargetStatus(
        "a",
        None,
        Condition.CHANGED,
        "updated",
        NOW,
        NOW,
        NOW,
        "table: ^a$",
        "ACTIVE",
        free_decreases_left=1,
        reads=CapacityStatus(
            150,
            95,
            63.333,
            0,
            150,
            None,
            ("consumed-above-threshold",),
            "95 % consumed is above reads-upper-threshold 90 %: up by 50 percent",
            0,
            1,
            1,
            1000,
            Change(NOW, Direction.UP, 100, 150),
        ),
        writes=CapacityStatus(
            100,
            50,
            50,
            None,  # no option needs them
            100,
            None,
            ("steady",),
            "50 % consumed is within the thresholds 30 % and 90 %",
            0,
            1,
            1,
            None,
        ),
    )
    assert status.program == program()
    assert (status.check.started, status.check.next, status.check.seconds) == (NOW, LATER, 2.5)
    assert status.check.metrics_requested == 3


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        pytest.param(
            lambda world: world.tables.describe_errors.update({"a": DENIED}), "failing", id="denied"
        ),
        pytest.param(lambda world: world.metrics.answers.update({A: DENIED}), "failing", id="no metrics"),
        pytest.param(throttle, "throttled", id="throttled"),
        pytest.param(make_busy, "held", id="not active"),
        pytest.param(lambda world: world.add(A, reads=95), "at-maximum", id="at its maximum"),
        pytest.param(lambda world: setattr(world.breaker, "answers", {A: "503"}), "stopped", id="breaker"),
        pytest.param(lambda world: world.add(A, reads=82), "near-threshold", id="82 of 90 percent"),
        pytest.param(lambda world: world.add(A, reads=80), "steady", id="80 of 90 percent"),
        pytest.param(lambda world: world.add(A, reads=10), "changed", id="low"),
        pytest.param(lambda world: world.tables.add(A, both(0)), "skipped", id="on demand"),
    ],
)
def test_a_target_is_in_the_condition_that_is_worst(prepare: Callable[[Any], None], expected: str) -> None:
    options = CircuitBreakerOptions("https://status.example.com/ok", 500)
    limits = section(".*", max_provisioned_reads="100", throttled_reads_upper_threshold="50")
    world = FakeWorld(replace(limits, circuit_breaker=options))
    world.add(A, reads=50)
    world.add(B, reads=50)
    prepare(world)
    assert only(check(world)).condition.value == expected


def test_a_failure_has_its_beginning_and_its_number_of_checks_until_it_ends() -> None:
    world = FakeWorld()
    world.tables.describe_errors["a"] = DENIED
    first = check(world)
    second = check(world, first, 1)
    assert only(second).failing == Failure(NOW, 2, "AccessDeniedException", str(DENIED))
    world.tables.describe_errors.clear()
    assert only(check(world, second, 2)).failing is None


def test_a_target_that_fails_keeps_what_was_last_known_with_its_moment() -> None:
    world = FakeWorld()
    before = only(first := check(world))
    world.metrics.answers[A] = DENIED
    after = only(check(world, first, 1))
    assert (after.checked, after.described, after.decided) == (LATER, LATER, NOW)
    assert (after.reads, after.writes) == (before.reads, before.writes)
    assert after.section == before.section


def test_what_was_never_asked_for_is_none() -> None:
    world = FakeWorld()
    world.tables.describe_errors["a"] = DENIED
    failed = only(check(world))
    assert (failed.described, failed.reads, failed.writes, failed.free_decreases_left) == (None,) * 4
    world.tables.describe_errors.clear()
    world.metrics.answers[A] = DENIED
    assert only(check(world)).reads == CapacityStatus(100)


def test_a_table_on_demand_has_no_capacity() -> None:
    world = FakeWorld()
    first = check(world)
    world.tables.add(A, both(0))
    assert (only(check(world, first, 1)).reads, only(check(world, first, 1)).writes) == (None, None)
    assert only(check(world, first, 1)).free_decreases_left is None


def test_the_last_change_is_kept_while_nothing_changes() -> None:
    world = FakeWorld()
    first = check(world)
    world.add(A, reads=50)
    world.tables.add(A, both(150))
    reads = only(check(world, first, 1)).reads
    assert reads is not None
    assert (reads.proposed, reads.last_change) == (150, Change(NOW, Direction.UP, 100, 150))


def test_a_dry_run_has_no_change() -> None:
    reads = only(check(FakeWorld(is_dry_run=True))).reads
    assert reads is not None
    assert (reads.provisioned, reads.proposed, reads.last_change) == (100, 150, None)


def test_a_decrease_of_this_check_counts() -> None:
    world = FakeWorld()
    world.add(A, reads=10)
    world.tables.descriptions[A] = replace(
        world.tables.descriptions[A], decreases_today=3, last_decrease=NOW - timedelta(hours=2)
    )
    found = only(check(world))
    assert (found.free_decreases_left, found.next_decrease) == (0, NOW + timedelta(hours=1))


def test_a_refused_update_that_is_no_failure_has_the_answer_of_aws() -> None:
    world = FakeWorld(section("^a$"))
    world.add(A, reads=10)
    refusal = AwsError("dynamodb:UpdateTable", "LimitExceededException", "no more decreases")
    world.tables.update_errors += [refusal]
    found = only(check(world))
    assert (found.condition, found.failing) == (Condition.HELD, None)
    assert found.refusal == Cause("LimitExceededException", str(refusal))
    assert found.reads is not None
    assert (found.reads.provisioned, found.reads.held, found.reads.codes[-1]) == (100, 50, "refused")


def test_a_table_that_is_gone_leaves_the_status() -> None:
    world = FakeWorld()
    first = check(world)
    del world.tables.descriptions[A]
    assert [str(one.target) for one in check(world, first, 1).targets] == ["b"]


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(
            lambda world: setattr(world.tables, "list_error", AwsError("dynamodb:ListTables", "Throttling")),
            id="list refused",
        ),
        pytest.param(
            lambda world: setattr(
                world.tables, "list_error", AwsError("dynamodb:ListTables", "ExpiredTokenException")
            ),
            id="credentials refused",
        ),
        pytest.param(lambda world: setattr(world, "is_stopping", True), id="stopped"),
    ],
)
def test_targets_stay_if_a_check_could_not_see_all(prepare: Callable[[FakeWorld], None]) -> None:
    world = FakeWorld()
    first = check(world)
    prepare(world)
    second = check(world, first, 1)
    assert [str(one.target) for one in second.targets] == ["a", "b"]
    assert only(second).checked == NOW


def test_an_index_stays_while_its_table_cannot_be_described() -> None:
    index = A._replace(index="by-date")
    world = FakeWorld(section(".*", gsis=(section(".*"),)))
    world.add(index)
    first = check(world)
    world.tables.describe_errors["a"] = DENIED
    second = check(world, first, 1)
    assert [str(one.target) for one in second.targets] == ["a", "a/by-date", "b"]
    assert only(second, "a/by-date") == only(first, "a/by-date")


def test_a_check_that_fails_as_a_whole_has_its_cause_and_the_check_is_not_complete() -> None:
    world = FakeWorld()
    world.tables.list_error = AwsError("dynamodb:ListTables", "ExpiredTokenException")
    second = check(world, check(world), 1)
    assert second.check.failing == Failure(
        NOW, 2, "ExpiredTokenException", "dynamodb:ListTables failed: ExpiredTokenException"
    )
    assert not second.check.complete


def test_a_condition_in_force_is_a_notice() -> None:
    world = FakeWorld(section("^z$"))
    (notice,) = check(world).notices
    assert (notice.level, notice.sentence) == ("warning", "nothing matches [table: ^z$]")


def test_a_single_run_has_no_next_check() -> None:
    report = FakeWorld().run()
    assert continue_status(None, program(), report, Moment(NOW, 1.0)).check.next is None


def test_a_skipped_target_has_the_reason_and_its_code() -> None:
    world = FakeWorld()
    world.tables.add(A, both(0))
    assert only(check(world)).skipped == Cause(
        "on-demand", "billed on demand: no provisioned capacity to change"
    )


def test_a_quiet_target_that_a_check_leaves_out_stays_as_last_seen() -> None:
    world = FakeWorld()
    world.add(A, reads=40, writes=40)
    world.memory.resting = RestingTargets.every(3_000)
    before = check(world)
    report = world.run(NOW + MINUTE)
    status = continue_status(before, program(), report, Moment(NOW + MINUTE, 2.5, 60))
    assert report.left_out == {A}
    assert only(status) == only(before)
    assert (only(status).checked, only(status, "b").checked) == (NOW, NOW + MINUTE)
