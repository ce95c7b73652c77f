"""The page on troubleshooting explains every reason, with a sentence that the program logs."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target, Usage
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.scaling.schedules import Schedule
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions, read_target_options
from dynamic_dynamodb.scaling.times import Times
from tests.builders import (
    HARD_EXPRESSION,
    HARD_NAME,
    INDEX,
    NOW,
    both,
    decide_with,
    demand,
    description,
    option_dict,
    section,
    target_options,
    usage,
)
from tests.check.fake_world import FakeWorld
from tests.docs.pages import DOCS, read

if TYPE_CHECKING:
    from collections.abc import Callable

Reasons = tuple[Reason, ...]

ORDERS = Target("orders")
HIGH, LOW, STEADY = usage(96), usage(12), usage(50)
TARGET = {
    "reads_target_utilization": "85",
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "75",
}
BREAKER = CircuitBreakerOptions("https://status.example.com/ok", 500)


def decided(reads: Usage, *, provisioned: int = 100, **texts: str) -> Reasons:
    """Return the reasons for the reads of a table with 100 units each."""
    return decide_with(reads, provisioned=both(provisioned, 100), **texts).capacities.reads.reasons


def guarded(reads: Usage, described: Description | None = None, **texts: str) -> Reasons:
    """Return the reasons for the reads after all guards."""
    facts = Facts(described or description(), target_options(**texts), PerCapacity(reads, STEADY), NOW)
    return guard(decide_with(reads, **texts), facts).capacities.reads.reasons


def to_target(percent: float, **texts: str) -> Reasons:
    """Return the reasons for reads that are scaled to a target of 85 percent, after all guards."""
    return guarded(demand(percent), None, **TARGET, **texts)


def autoscaled(registered: tuple[Capacity, ...] | None) -> Reasons:
    """Return the reasons for low reads of a table with these registrations in AWS auto scaling."""
    facts = Facts(description(), target_options(), PerCapacity(LOW, STEADY), NOW, registered)
    return guard(decide_with(LOW), facts).capacities.reads.reasons


def checked(prepare: Callable[[FakeWorld], object], *, reads: float = 96) -> Reasons:
    """Return the reasons of a whole check for a table with low writes."""
    world = FakeWorld(replace(section("^orders$"), circuit_breaker=BREAKER))
    world.add(ORDERS, reads=reads, writes=12)
    prepare(world)
    (report,) = world.run().targets
    sides = tuple(report.decision.capacities) if report.decision else ()
    skipped = (report.skipped,) if report.skipped else ()
    return (*skipped, *(reason for side in sides for reason in side.reasons))


def end_before_updates(world: FakeWorld) -> None:
    """Request a stop after the decisions."""
    answers = iter([False, False])  # before and after the breakers
    world.check.is_stopping = lambda: next(answers, True)


def break_memory(world: FakeWorld) -> None:
    """Leave a count in memory that no decision can be made from."""
    world.memory.put(ORDERS, both(Memory(low_checks=None)))  # type: ignore[arg-type]


def match_for_too_long() -> Reasons:
    """Return the reasons for a table whose name takes too long to match."""
    world = FakeWorld(section(HARD_EXPRESSION))
    world.add(Target(HARD_NAME))
    return tuple(one.skipped for one in world.run().targets if one.skipped)


def raise_during_schedule() -> Reasons:
    """Return the reasons for a raise to a minimum that an open schedule has set."""
    options = option_dict(min_provisioned_reads="200")
    opened = Schedule("business-hours", Times("*"))
    typed = read_target_options(options, {"min_provisioned_reads": opened})
    return decide(
        ORDERS, typed, provisioned=both(100), usage=PerCapacity(STEADY, STEADY), counts=both(0)
    ).capacities.reads.reasons


def refuse_updates(code: str, message: str = "") -> Callable[[FakeWorld], None]:
    """Return what makes AWS refuse the next update."""
    return lambda world: world.tables.update_errors.append(AwsError("dynamodb:UpdateTable", code, message))


GIVEN: dict[Code, Callable[[], Reasons]] = {
    Code.CONSUMED_ABOVE_THRESHOLD: lambda: decided(HIGH),
    Code.CONSUMED_SCALE: lambda: decided(HIGH, increase_consumed_reads_scale="{60: 10, 95: 100}"),
    Code.ABOVE_TARGET: lambda: to_target(96),
    Code.BELOW_TARGET: lambda: to_target(72),
    Code.LATE_IN_HOUR: lambda: to_target(72, decrease_late_in_hour="true"),
    Code.THROTTLED_COUNT: lambda: decided(usage(50, 1800), throttled_reads_upper_threshold="10"),
    Code.THROTTLED_BY_PROVISIONED: lambda: decided(
        usage(50, 1800), increase_throttled_by_provisioned_reads_scale="{1: 25, 5: 75}"
    ),
    Code.THROTTLED_BY_CONSUMED: lambda: decided(
        usage(50, 1800), increase_throttled_by_consumed_reads_scale="{1: 25, 10: 75}"
    ),
    Code.CAPPED_AT_MAXIMUM: lambda: decided(HIGH, max_provisioned_reads="120"),
    Code.BELOW_MINIMUM: lambda: decided(STEADY, min_provisioned_reads="200"),
    Code.SCHEDULED_MINIMUM: raise_during_schedule,
    Code.ABOVE_MAXIMUM: lambda: decided(STEADY, max_provisioned_reads="80"),
    Code.CONSUMED_BELOW_THRESHOLD: lambda: decided(LOW),
    Code.DECREASE_SCALE: lambda: decided(LOW, decrease_consumed_reads_scale="{10: 70, 25: 40}"),
    Code.STEADY: lambda: decided(STEADY),
    Code.AT_MINIMUM: lambda: decided(LOW, min_provisioned_reads="100"),
    Code.AUTOSCALING_OFF: lambda: decided(HIGH, enable_reads_autoscaling="false"),
    Code.UP_SCALING_OFF: lambda: decided(HIGH, enable_reads_up_scaling="false"),
    Code.DOWN_SCALING_OFF: lambda: decided(LOW, enable_reads_down_scaling="false"),
    Code.ZERO_CONSUMPTION: lambda: decided(usage(0)),
    Code.STILL_THROTTLED: lambda: decided(
        usage(12, 1800), throttled_reads_upper_threshold="10", enable_reads_up_scaling="false"
    ),
    Code.WAITING_FOR_CHECKS: lambda: decided(LOW, num_read_checks_before_scale_down="3"),
    Code.BELOW_CONSUMPTION: lambda: decided(usage(29), decrease_reads_with="80"),
    Code.ROUNDS_TO_NOTHING: lambda: decided(usage(12, of=1), provisioned=1),
    Code.METRICS_UNKNOWN: lambda: decided(usage(None)),
    Code.METRICS_LATE: lambda: guarded(usage(12, is_late=True)),
    Code.NOT_ACTIVE: lambda: guarded(
        HIGH, description(target=INDEX, status="UPDATING", table_status="UPDATING")
    ),
    Code.OUTSIDE_WINDOW: lambda: guarded(LOW, maintenance_windows="22:00-06:00"),
    Code.RW_TOGETHER: lambda: guarded(LOW, always_decrease_rw_together="true"),
    Code.DECREASE_BUDGET: lambda: guarded(
        LOW, description(decreases_today=4, last_decrease=NOW - timedelta(minutes=20))
    ),
    Code.AWS_AUTOSCALED: lambda: autoscaled((Capacity.READS,)),
    Code.AWS_AUTOSCALING_UNKNOWN: lambda: autoscaled(None),
    Code.ON_DEMAND: lambda: checked(lambda world: world.tables.add(ORDERS, both(0))),
    Code.CIRCUIT_BREAKER: lambda: checked(lambda world: setattr(world.breaker, "answer", "it answered 503")),
    Code.METRICS_FAILED: lambda: checked(
        lambda world: world.metrics.answers.update(
            {ORDERS: AwsError("cloudwatch:GetMetricData", "ConnectTimeoutError")}
        )
    ),
    Code.DESCRIBE_FAILED: lambda: checked(
        lambda world: world.tables.describe_errors.update(
            orders=AwsError("dynamodb:DescribeTable", "AccessDeniedException", "not authorized")
        )
    ),
    Code.UNEXPECTED_ERROR: lambda: checked(break_memory),
    Code.MATCHING_TIMED_OUT: match_for_too_long,
    Code.REFUSED: lambda: checked(refuse_updates("AccessDeniedException")),
    Code.LIMIT_EXCEEDED: lambda: checked(refuse_updates("LimitExceededException")),
    Code.ENDING: lambda: checked(end_before_updates),
}
"""For each code, a situation in which the program logs it."""


@pytest.mark.parametrize("code", Code, ids=lambda code: code.value)
def test_page_explains_every_reason_under_a_sentence_of_the_program(code: Code) -> None:
    (said,) = {reason.sentence for reason in GIVEN[code]() if reason.code is code}
    entry = rf"^### {code.value}\n\n`([^\n]+)`\n\n(.+?)\n\n(.+?)\n\n"
    parts = re.search(entry, read_page(), re.MULTILINE | re.DOTALL)
    assert parts is not None, f"### {code.value}, its sentence, what it means, and what to do: {said}"
    assert parts[1] == said


@pytest.mark.parametrize("code", Code, ids=lambda code: code.value)
def test_the_reason_is_equal_after_pickling(code: Code) -> None:
    given = GIVEN[code]()
    assert pickle.loads(pickle.dumps(given)) == given  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(to_target(80), Code.STEADY, id="steady"),
        pytest.param(
            to_target(96, enable_reads_up_scaling="false"), Code.UP_SCALING_OFF, id="up-scaling off"
        ),
        pytest.param(
            decided(demand(70, of=1), provisioned=1, **TARGET), Code.ROUNDS_TO_NOTHING, id="nothing to lower"
        ),
        pytest.param(to_target(1, min_provisioned_reads="5"), Code.BELOW_TARGET, id="down to the minimum"),
    ],
)
def test_page_has_the_sentences_of_a_target_utilization_too(given: Reasons, code: Code) -> None:
    (sentence,) = {reason.sentence for reason in given if reason.code is code}
    _, _, end = sentence.rpartition(", but " if code is Code.ROUNDS_TO_NOTHING else ": ")
    entry = read_page().split(f"### {code.value}\n")[1].split("\n### ")[0]
    assert f"{end}`" in entry


def test_page_explains_only_existing_reasons() -> None:
    named = re.findall(r"^### ([a-z-]+)$", read_page(), re.MULTILINE)
    assert sorted(named) == sorted(code.value for code in Code)


def read_page() -> str:
    """Read the page; a blank line ends its last entry."""
    return read(DOCS / "troubleshooting.md") + "\n"
