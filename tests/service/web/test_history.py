"""The history of a target holds what checks have found, and nothing where they have found nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.status.snapshot import Change, Direction
from dynamic_dynamodb.service.web.history import MOST_EVENTS, MOST_TARGETS, STEP_SECONDS, STEPS, History
from tests.service.status.builders import NOW, side, status, target

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.service.status.snapshot import CapacityStatus, Status, TargetStatus
    from dynamic_dynamodb.service.web.history import CapacityHistory

ORDERS = Target("orders")
STEP = timedelta(seconds=STEP_SECONDS)


def check(now: datetime, *targets: TargetStatus, **settings: Any) -> Status:
    """Return the status after a check at a time that reported on these targets."""
    seen = status(*targets, **settings)
    return replace(seen, check=replace(seen.check, started=now))


def orders(now: datetime, reads: CapacityStatus | None = None, **settings: Any) -> TargetStatus:
    """Return a target as a check at a time has decided on it."""
    given = {"checked": now, "described": now, "decided": now, "reads": reads or side(), **settings}
    return target("orders", **given)


def read(history: History, now: datetime, name: Target = ORDERS) -> CapacityHistory:
    """Return the history of reads."""
    found = history.read(name, now)
    assert found is not None
    assert found.start == (int(now.timestamp()) // STEP_SECONDS - STEPS + 1) * STEP_SECONDS
    return found.capacities.reads


def test_a_step_holds_what_its_checks_found_at_most_and_the_capacity_before_the_last() -> None:
    history = History()
    for seconds, percent, events in ((0, 40, 0), (60, 70, 3.5), (120, 50, 1)):
        now = NOW + timedelta(seconds=seconds)
        history.record(check(now, orders(now, side(percent, throttled_events=events))))
    found = read(history, NOW)
    assert (found.provisioned[-1], found.consumed[-1], found.throttled[-1]) == (100, 70, 4)
    assert {*found.provisioned[:-1], *found.consumed[:-1], *found.throttled[:-1]} == {None}


def test_reads_and_writes_are_kept_apart() -> None:
    history = History()
    history.record(check(NOW, orders(NOW, side(40), writes=side(60))))
    found = history.read(ORDERS, NOW)
    assert found is not None
    assert [one.consumed[-1] for one in found.capacities] == [40, 60]


def test_a_change_shows_from_the_next_check_on() -> None:
    history, later = History(), NOW + STEP
    raised = replace(side(95), provisioned=150, last_change=Change(NOW, Direction.UP, 100, 150))
    history.record(check(NOW, orders(NOW, raised)))
    history.record(check(later, orders(later, raised)))
    assert read(history, later).provisioned[-2:] == [100, 150]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({}, (100, 50, 0), id="all is known"),
        pytest.param({"consumed": 0}, (100, 0, 0), id="nothing is consumed"),
        pytest.param({"consumed": None}, (100, None, 0), id="consumption is not known"),
        pytest.param({"throttled_events": None}, (100, 50, None), id="throttling was not requested"),
        pytest.param({"throttled_events": 1e9}, (100, 50, MOST_EVENTS), id="more events than are kept"),
        pytest.param({"throttled_events": 0.2}, (100, 50, 1), id="less than one event"),
        pytest.param({"consumed": 12.3456}, (100, 12.346, 0), id="digits"),
        pytest.param({"consumed": 40_000_000}, (100, 40_000_000, 0), id="large"),
    ],
)
def test_what_is_not_known_is_missing_and_what_is_known_is_not(
    found: dict[str, Any], expected: tuple[Any, Any, Any]
) -> None:
    history = History()
    history.record(check(NOW, orders(NOW, side(**found))))
    reads = read(history, NOW)
    assert (reads.provisioned[-1], reads.consumed[-1], reads.throttled[-1]) == expected


def test_a_check_without_metrics_adds_the_capacity_alone() -> None:
    history, later = History(), NOW + STEP
    history.record(check(NOW, orders(NOW)))
    history.record(check(later, orders(later, decided=NOW)))
    found = read(history, later)
    assert (found.provisioned[-2:], found.consumed[-2:]) == ([100, 100], [50, None])


def test_a_target_that_checks_do_not_reach_has_a_gap() -> None:
    history = History()
    history.record(check(NOW, orders(NOW)))
    for number in (1, 2):  # it fails, or is left out as quiet
        history.record(check(NOW + number * STEP, orders(NOW)))
    later = NOW + 3 * STEP
    assert read(history, later).consumed[-4:] == [50, None, None, None]
    history.record(check(later, orders(later)))
    assert read(history, later).consumed[-4:] == [50, None, None, 50]


@pytest.mark.parametrize("steps", [STEPS - 1, STEPS, STEPS + 1, 10 * STEPS])
def test_after_a_day_a_step_is_forgotten(steps: int) -> None:
    history, later = History(), NOW + steps * STEP
    history.record(check(NOW, orders(NOW, side(40))))
    expected = [40, *[None] * (STEPS - 1)] if steps < STEPS else [None] * STEPS
    assert read(history, later).consumed == expected
    history.record(check(later, orders(later)))
    assert read(history, later).consumed == [*expected[:-1], 50]


def test_each_step_of_a_day_is_kept_in_order() -> None:
    history = History()
    for number in range(STEPS + 5):
        now = NOW + number * STEP
        history.record(check(now, orders(now, side(number))))
    assert read(history, now).consumed == list(range(5, STEPS + 5))


@pytest.mark.parametrize("steps", [1, 3, STEPS, 5 * STEPS])
def test_a_clock_that_is_set_back_leaves_nothing_that_lies_ahead(steps: int) -> None:
    history = History()
    for number in range(4):
        history.record(check(NOW + number * STEP, orders(NOW + number * STEP, side(40))))
    back = NOW + (3 - steps) * STEP
    history.record(check(back, orders(back, side(60))))
    assert read(history, back).consumed[-1] == 60
    later = NOW + 4 * STEP
    found = history.read(ORDERS, later)
    assert found is not None
    assert found.capacities.reads.consumed[-min(steps + 1, STEPS) :] == [None] * min(steps + 1, STEPS)


def test_targets_that_are_gone_go() -> None:
    history = History()
    history.record(check(NOW, orders(NOW), target("users")))
    history.record(check(NOW + STEP, target("users")))
    assert (history.read(ORDERS, NOW), list(history.rings)) == (None, [Target("users")])


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param({"reads": None, "writes": None}, id="on demand"),
        pytest.param(
            {"described": None, "decided": None, "reads": None, "writes": None}, id="never described"
        ),
    ],
)
def test_a_target_without_provisioned_capacity_has_no_history(unseen: dict[str, Any]) -> None:
    history = History()
    history.record(check(NOW, target("orders", **unseen)))
    assert history.read(ORDERS, NOW) is None


def test_no_more_targets_are_kept_than_fit_and_those_that_are_kept_stay() -> None:
    history = History()
    old = [target(f"old-{number}") for number in range(MOST_TARGETS - 1)]
    new = [target(f"new-{number}") for number in range(2)]
    history.record(check(NOW, *old))
    history.record(check(NOW, *new, *old))
    assert set(history.rings) == {one.target for one in (new[0], *old)}
