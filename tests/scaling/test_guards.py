"""Guards hold decisions back, in their order, and never add anything."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.guards import Facts, find_next_decrease, guard
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Usage
from dynamic_dynamodb.scaling.reasons import Code
from tests.builders import INDEX, NOW, both, decide_with, description, target_options, usage

UP, DOWN, STEADY = usage(95), usage(10), usage(50)


def held_by(
    reads: Usage, writes: Usage = STEADY, described: Any = None, **texts: str
) -> tuple[PerCapacity[int], list[Code | None]]:
    """Decide and guard; return the proposed units, and the last reason of each capacity that was held."""
    decision = decide_with(reads, writes, **texts)
    facts = Facts(described or description(), target_options(**texts), PerCapacity(reads, writes), NOW)
    left = guard(decision, facts)
    return left.proposed, [
        side.reasons[-1].code if side.held_units is not None else None for side in left.capacities
    ]


@pytest.mark.parametrize(
    "described",
    [
        pytest.param(description(status="UPDATING", table_status="UPDATING"), id="the table is busy"),
        pytest.param(description(target=INDEX, status="CREATING"), id="the index is being made"),
        pytest.param(description(target=INDEX, table_status="UPDATING"), id="the index's table is busy"),
    ],
)
def test_nothing_is_changed_while_aws_would_refuse_it(described: Description) -> None:
    assert held_by(UP, DOWN, described) == (both(100), [Code.NOT_ACTIVE, Code.NOT_ACTIVE])


def test_decreases_by_late_metrics_are_held_and_raises_go_on() -> None:
    late_low = usage(10, is_late=True)
    late_high = usage(95, is_late=True)
    assert held_by(late_low, late_high) == (both(100, 150), [None, None])
    limits = {"max_provisioned_reads": "80"}
    assert held_by(late_low, late_high, **limits) == (both(100, 150), [Code.METRICS_LATE, None])


def test_decreases_wait_for_the_maintenance_window_and_raises_do_not() -> None:
    closed, opened = "13:00-14:00", "11:00-12:00"
    assert held_by(DOWN, UP, maintenance_windows=closed) == (both(100, 150), [Code.OUTSIDE_WINDOW, None])
    assert held_by(DOWN, UP, maintenance_windows=opened) == (both(50, 150), [None, None])


def test_decreases_that_aws_would_refuse_are_left_out_with_the_next_time() -> None:
    described = description(decreases_today=4, last_decrease=NOW - timedelta(minutes=20))
    decision = decide_with(DOWN, UP)
    left = guard(decision, Facts(described, target_options(), PerCapacity(DOWN, UP), NOW))
    assert left.proposed == both(100, 150)
    assert left.capacities.reads.reasons[-1].code is Code.DECREASE_BUDGET
    assert left.capacities.reads.reasons[-1].sentence == (
        "4 decreases today, AWS allows the next at 12:40 UTC"
    )


def utc(text: str) -> datetime:
    """Return a time in March 2026."""
    return datetime.fromisoformat(f"2026-03-{text}:00").replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("decreases", "last", "now", "expected"),
    [
        pytest.param(3, "04T11:59", "04T12:00", None, id="one is left"),
        pytest.param(4, "04T11:59", "04T12:00", "04T12:59", id="an hour after the last"),
        pytest.param(4, "04T11:00", "04T12:00", None, id="the hour is over"),
        pytest.param(9, "04T11:30", "04T12:00", "04T12:30", id="every further one waits an hour"),
        pytest.param(4, "04T23:30", "04T23:50", "05T00:00", id="midnight comes first"),
        pytest.param(4, "04T23:30", "05T00:00", None, id="the counter is of yesterday"),
        pytest.param(4, None, "04T12:00", "05T00:00", id="without a time, midnight is sure"),
        pytest.param(4, "04T23:00", "04T23:59", "05T00:00", id="the hour ends with the day"),
        pytest.param(4, "04T23:00", "05T00:00", None, id="the first moment of a new day"),
        pytest.param(3, "04T23:59", "04T23:59", None, id="the fourth, in the last minute"),
        pytest.param(4, "04T23:59", "04T23:59", "05T00:00", id="a fifth, in the last minute"),
        pytest.param(4, "05T00:01", "04T23:59", "05T00:00", id="AWS's clock is in the new day already"),
        pytest.param(
            4, "05T00:01", "05T00:02", "05T01:01", id="the fifth of a new day waits from the fourth"
        ),
    ],
)
def test_the_next_decrease_is_an_hour_after_the_last_or_at_midnight(
    decreases: int, last: str | None, now: str, expected: str | None
) -> None:
    described = description(decreases_today=decreases, last_decrease=utc(last) if last else None)
    assert find_next_decrease(described, utc(now)) == (utc(expected) if expected else None)


@pytest.mark.parametrize(
    ("autoscaled", "expected", "codes"),
    [
        pytest.param((), both(150, 50), [None, None], id="nothing is registered"),
        pytest.param((Capacity.READS,), both(100, 50), [Code.AWS_AUTOSCALED, None], id="reads are"),
        pytest.param((Capacity.WRITES,), both(150, 100), [None, Code.AWS_AUTOSCALED], id="writes are"),
        pytest.param(None, both(150, 100), [None, Code.AWS_AUTOSCALING_UNKNOWN], id="not known"),
    ],
)
def test_what_aws_scales_itself_is_left_to_it(
    autoscaled: tuple[Capacity, ...] | None, expected: PerCapacity[int], codes: list[Code | None]
) -> None:
    facts = Facts(description(), target_options(), PerCapacity(UP, DOWN), NOW, autoscaled)
    left = guard(decide_with(UP, DOWN), facts)
    assert left.proposed == expected
    assert [side.reasons[-1].code if side.held_units else None for side in left.capacities] == codes


def test_a_decrease_does_not_wait_for_a_capacity_that_aws_scales() -> None:
    together = {"always_decrease_rw_together": "yes"}
    facts = Facts(
        description(), target_options(**together), PerCapacity(DOWN, STEADY), NOW, (Capacity.WRITES,)
    )
    assert guard(decide_with(DOWN, STEADY, **together), facts).proposed == both(50, 100)


TOGETHER = {"always_decrease_rw_together": "yes"}


@pytest.mark.parametrize(
    ("reads", "writes", "texts", "expected", "codes"),
    [
        pytest.param(DOWN, DOWN, {}, both(50), [None, None], id="both go down"),
        pytest.param(DOWN, STEADY, {}, both(100), [Code.RW_TOGETHER, None], id="the other is steady"),
        pytest.param(DOWN, UP, {}, both(100, 150), [Code.RW_TOGETHER, None], id="the other goes up"),
        pytest.param(
            DOWN, STEADY, {"min_provisioned_writes": "100"}, both(50, 100), [None, None], id="at its minimum"
        ),
        pytest.param(
            DOWN, STEADY, {"enable_writes_down_scaling": "no"}, both(50, 100), [None, None], id="switched off"
        ),
        pytest.param(
            DOWN, STEADY, {"enable_writes_autoscaling": "no"}, both(50, 100), [None, None], id="not scaled"
        ),
        pytest.param(
            DOWN,
            UP,
            {"enable_writes_down_scaling": "no"},
            both(100, 150),
            [Code.RW_TOGETHER, None],
            id="switched off but going up",
        ),
        pytest.param(DOWN, usage(0), {}, both(50, 100), [None, None], id="refused by the 0 % rule"),
        pytest.param(
            DOWN,
            usage(0.1),
            {"decrease_writes_unit": "percent", "decrease_writes_with": "1", "min_provisioned_writes": "1"},
            both(50, 99),
            [None, None],
            id="both, by little",
        ),
        pytest.param(
            DOWN,
            DOWN,
            {"num_write_checks_before_scale_down": "3"},
            both(100),
            [Code.RW_TOGETHER, None],
            id="the other still counts its checks",
        ),
    ],
)
def test_one_capacity_is_lowered_only_with_the_other_or_if_that_cannot_be(
    reads: Usage,
    writes: Usage,
    texts: dict[str, str],
    expected: PerCapacity[int],
    codes: list[Code | None],
) -> None:
    assert held_by(reads, writes, **TOGETHER, **texts) == (expected, codes)
