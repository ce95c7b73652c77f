"""With decrease-late-in-hour, small decreases are made in the last minutes of an hour."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.config.validation import LONGEST_LATE_INTERVAL_SECONDS
from dynamic_dynamodb.scaling.guards import Facts, find_late_start, guard
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from tests.builders import TABLE, both, decide_with, demand, description, target_options

if TYPE_CHECKING:
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.model import Description

OPTIONS = {
    "reads_target_utilization": "85",
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "75",
    "decrease_late_in_hour": "true",
}
MIDNIGHT = datetime(2026, 3, 4, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SLOWEST_UPDATE = timedelta(minutes=2)


def lower(percent: float, now: datetime, described: Description, **options: str) -> Decision:
    """Return the guarded decision on a table whose reads need this percentage of their capacity."""
    texts = {**OPTIONS, **options}
    usage = demand(percent)
    decision = decide_with(usage, **texts)
    facts = Facts(described, target_options(**texts), PerCapacity(usage, usage), now)
    return guard(decision, facts)


def codes(decision: Decision) -> list[Code]:
    """Return the reasons for the reads."""
    return [reason.code for reason in decision.capacities.reads.reasons]


@given(
    second=st.integers(0, 86_399),
    percent=st.integers(0, 74),
    used=st.integers(0, 8),
    ago=st.integers(0, 2 * 86_400),
)
def test_a_decrease_waits_as_a_plain_second_implementation_says(
    second: int, percent: int, used: int, ago: int
) -> None:
    now = MIDNIGHT + timedelta(seconds=second)
    last = now - timedelta(seconds=ago)
    described = description(decreases_today=used, last_decrease=last)
    options = {"allow_scaling_down_reads_on_0_percent": "true"}
    found = codes(lower(percent, now, described, **options))

    is_budget_used = used >= 4 and last >= MIDNIGHT
    allowed = min(last + HOUR, MIDNIGHT + DAY) if is_budget_used else now - DAY
    into_hour = timedelta(seconds=second % 3600)
    is_late = into_hour >= find_late_start(TABLE)
    is_past_an_hour = is_budget_used and allowed >= now - into_hour - timedelta(minutes=1)
    units = max(1, -(-percent * 100 // 85))
    waits = units > 50 and not is_late and not is_past_an_hour
    is_over_budget = allowed > now
    expected = [Code.LATE_IN_HOUR] if waits else [Code.DECREASE_BUDGET] if is_over_budget else []
    assert found == [Code.BELOW_TARGET, *expected]


@pytest.mark.parametrize("interval_seconds", [60, 90, 300])
def test_every_hour_has_a_decrease_whenever_checks_are_made_and_whatever_the_budget(
    interval_seconds: int,
) -> None:
    for phase in range(0, interval_seconds, 29):
        now = MIDNIGHT + timedelta(seconds=phase)
        made: list[datetime] = []
        while now < MIDNIGHT + DAY:
            described = description(decreases_today=len(made), last_decrease=made[-1] if made else None)
            if lower(70, now, described).is_change:
                made.append(now)
            now += timedelta(seconds=interval_seconds)
        gaps = [later - earlier for earlier, later in pairwise(made)]
        assert made[0] < MIDNIGHT + HOUR
        assert max(gaps) < HOUR + timedelta(seconds=interval_seconds) + timedelta(minutes=2)
        assert made[-1] > MIDNIGHT + DAY - HOUR - timedelta(seconds=interval_seconds)


def test_with_a_check_each_minute_a_decrease_is_in_force_before_the_hour_is_over() -> None:
    for phase in range(60):
        start = MIDNIGHT + timedelta(minutes=50, seconds=phase)
        checks = (start + number * timedelta(minutes=1) for number in range(10))
        first = next(now for now in checks if lower(70, now, description()).is_change)
        assert first + SLOWEST_UPDATE < MIDNIGHT + HOUR


def test_after_midnight_a_decrease_waits_for_the_end_of_the_hour() -> None:
    last = MIDNIGHT - timedelta(minutes=20)
    described = description(decreases_today=6, last_decrease=last)
    assert codes(lower(70, MIDNIGHT - timedelta(minutes=1), described)) == [
        Code.BELOW_TARGET,
        Code.DECREASE_BUDGET,
    ]
    assert codes(lower(70, MIDNIGHT + timedelta(minutes=1), described)) == [
        Code.BELOW_TARGET,
        Code.LATE_IN_HOUR,
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(
            {"max_provisioned_reads": "90"}, [Code.ABOVE_MAXIMUM], id="down to the maximum does not wait"
        ),
        pytest.param(
            {"maintenance_windows": "01:00-02:00"},
            [Code.BELOW_TARGET, Code.OUTSIDE_WINDOW],
            id="windows come first",
        ),
        pytest.param(
            {"always_decrease_rw_together": "true"},
            [Code.BELOW_TARGET, Code.LATE_IN_HOUR],
            id="before reads and writes together",
        ),
    ],
)
def test_other_limits_in_the_middle_of_an_hour(options: dict[str, str], expected: list[Code]) -> None:
    percent = 80 if "max_provisioned_reads" in options else 70
    assert codes(lower(percent, MIDNIGHT + HOUR / 3, description(), **options)) == expected


def test_reads_that_could_go_at_once_wait_for_writes_if_they_go_together() -> None:
    options = OPTIONS | {
        "writes_target_utilization": "85",
        "writes_upper_threshold": "95",
        "writes_lower_threshold": "75",
        "always_decrease_rw_together": "true",
    }
    reads, writes = demand(20), demand(70)
    decision = decide_with(reads, writes, **options)
    facts = Facts(description(), target_options(**options), PerCapacity(reads, writes), MIDNIGHT + HOUR / 3)
    held = guard(decision, facts).capacities
    assert [[reason.code for reason in side.reasons] for side in held] == [
        [Code.BELOW_TARGET, Code.RW_TOGETHER],
        [Code.BELOW_TARGET, Code.LATE_IN_HOUR],
    ]
    late = guard(decision, Facts(facts.description, facts.options, facts.usage, MIDNIGHT + HOUR * 0.95))
    assert late.proposed == both(24, 83)


def test_the_late_minutes_begin_by_name_and_hold_a_check_each_300_seconds() -> None:
    starts = {find_late_start(Target(f"orders-{number}")) for number in range(200)}
    assert min(starts) >= timedelta(minutes=53)
    assert max(starts) <= HOUR - timedelta(seconds=LONGEST_LATE_INTERVAL_SECONDS)
    assert len(starts) > 100
    assert find_late_start(TABLE) == find_late_start(Target(TABLE.table))
