"""The model of a table: cases computed by hand, and properties for all load."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel, Physics
from dynamic_dynamodb.replay.simulator.target_model import TargetModel
from dynamic_dynamodb.scaling.model import PerCapacity
from tests.replay.recordings import START, record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LOADS = st.lists(st.integers(0, 3000), min_size=1, max_size=60)
PHYSICS = st.builds(Physics, burst=st.sampled_from((0, 60, 300)), retry=st.sampled_from((0.0, 0.3, 0.5, 1.0)))
CAPACITIES = st.lists(st.integers(1, 40), min_size=60, max_size=60)

# The demand of each minute on a fixed capacity; then units served, throttled and left in the bucket.
CASES = {
    "what-fits-is-served": (Physics(burst=0), 10, [600], [(600, 0, 0)]),
    "the-rest-is-throttled": (Physics(burst=0), 10, [601], [(600, 1, 0)]),
    "unused-units-are-kept": (Physics(), 10, [100, 0], [(100, 0, 500), (0, 0, 1100)]),
    "no-more-than-the-burst-is-kept": (Physics(burst=60), 10, [0, 0], [(0, 0, 600), (0, 0, 600)]),
    "a-burst-serves-what-is-beyond": (
        Physics(),
        10,
        [0, 0, 1500, 1500],
        [(0, 0, 600), (0, 0, 1200), (1500, 0, 300), (900, 600, 0)],
    ),
    "a-share-comes-back": (
        Physics(burst=0, retry=0.5),
        10,
        [803, 0, 0],
        [(600, 203, 0), (101, 0, 0), (0, 0, 0)],
    ),
    "all-comes-back-until-it-is-served": (
        Physics(burst=0, retry=1.0),
        10,
        [1500, 0, 0],
        [(600, 900, 0), (600, 300, 0), (300, 0, 0)],
    ),
}


@pytest.mark.parametrize(("physics", "units", "demands", "expected"), CASES.values(), ids=CASES)
def test_minutes_are_served_as_computed_by_hand(
    physics: Physics, units: int, demands: list[float], expected: list[tuple[float, float, float]]
) -> None:
    model = CapacityModel(physics, units)
    seen = []
    for demand in demands:
        model.step(demand)
        seen.append((model.served, model.throttled, model.bucket))
    assert seen == expected


def test_a_smaller_capacity_keeps_less_of_the_burst() -> None:
    model = CapacityModel(Physics(), 10)
    for _ in range(10):
        model.step(0)
    assert model.bucket == 3000
    model.provision(2)
    assert model.bucket == 600
    model.provision(20)
    assert model.bucket == 600


def run(physics: Physics, demands: Sequence[float], capacities: Sequence[int]) -> tuple[float, float, float]:
    """Return all units served, all units throttled, and those that came back."""
    model = CapacityModel(physics, capacities[0])
    served = throttled = returned = 0.0
    for demand, units in zip(demands, capacities, strict=False):
        returned += model.returning
        model.provision(units)
        model.step(demand)
        served += model.served
        throttled += model.throttled
    return served, throttled, returned


@settings(deadline=None)
@given(PHYSICS, LOADS, CAPACITIES)
def test_served_and_throttled_units_add_up_to_the_demand_and_returning_units(
    physics: Physics, demands: list[int], capacities: list[int]
) -> None:
    served, throttled, returned = run(physics, demands, capacities)
    assert served + throttled == sum(demands) + returned


@settings(deadline=None)
@given(PHYSICS, LOADS, CAPACITIES, st.lists(st.integers(0, 20), min_size=60, max_size=60))
def test_more_capacity_never_throttles_more(
    physics: Physics, demands: list[int], capacities: list[int], more: list[int]
) -> None:
    larger = [units + extra for units, extra in zip(capacities, more, strict=True)]
    assert run(physics, demands, larger)[1] <= run(physics, demands, capacities)[1]


@settings(deadline=None)
@given(PHYSICS, LOADS, st.integers(1, 50), st.integers(0, 2000))
def test_is_enough_agrees_with_the_model(
    physics: Physics, demands: list[int], units: int, allowed: int
) -> None:
    throttled = run(physics, demands, [units] * len(demands))[1]
    assert CapacityModel(physics, units).is_enough(array("d", demands), allowed) is (throttled <= allowed)


@settings(deadline=None)
@given(PHYSICS, st.lists(st.floats(0, 3000), min_size=1, max_size=60), CAPACITIES, st.integers(1, 20))
def test_minutes_served_together_are_those_served_one_by_one(
    physics: Physics, demands: list[float], capacities: list[int], length: int
) -> None:
    demand = array("d", demands)
    served, throttled = array("d", demand), array("d", bytes(8 * len(demand)))
    plain, fast = (CapacityModel(physics, 1) for _ in range(2))
    for begin in range(0, len(demand), length):
        end = min(begin + length, len(demand))
        fast.provision(capacities[begin])
        fast.serve(demand, range(begin, end), served, throttled)
        plain.provision(capacities[begin])
        for minute in range(begin, end):
            plain.step(demand[minute])
            assert (served[minute], throttled[minute]) == (plain.served, plain.throttled)
        assert (fast.bucket, fast.returning) == (plain.bucket, plain.returning)


def at(minute: int) -> datetime:
    """Return a moment of the recording."""
    return START.replace(hour=minute // 60 % 24, minute=minute % 60)


def update(model: TargetModel, units: tuple[int, int], minute: int) -> str | None:
    """Request units; return AWS's refusal, None if it accepts."""
    wanted = PerCapacity(*units)
    refusal = model.find_refusal(wanted, at(minute))
    if refusal is None:
        model.update(wanted, minute, at(minute))
        return None
    assert isinstance(refusal, AwsError)
    return refusal.code


def make_model(physics: Physics | None = None) -> TargetModel:
    """Return a table of 100 reads and 100 writes."""
    return TargetModel(record([0] * 1440, [0] * 1440), physics or Physics(), PerCapacity(100, 100))


def test_an_update_is_in_force_after_its_delay_and_others_are_refused_meanwhile() -> None:
    model = make_model(Physics(update=2))
    assert update(model, (200, 100), 0) is None
    assert [model.settle(1), model.provisioned.reads, model.is_updating] == [False, 100, True]
    assert update(model, (300, 100), 1) == "ResourceInUseException"
    assert [model.settle(2), model.provisioned.reads, model.is_updating] == [True, 200, False]


def test_four_decreases_a_day_are_free_and_then_one_an_hour() -> None:
    model = make_model(Physics(update=0))
    taken = [update(model, (99 - minute, 100), minute) for minute in range(5)]
    assert taken == [None, None, None, None, "LimitExceededException"]
    assert update(model, (500, 100), 5) is None, "a raise is always taken"
    assert update(model, (50, 100), 62) == "LimitExceededException"
    assert update(model, (50, 100), 63) is None
    assert update(model, (49, 100), 122) == "LimitExceededException"


def test_a_raise_is_refused_together_with_the_decrease_of_the_other_side() -> None:
    model = make_model(Physics(update=0))
    for minute in range(4):
        update(model, (99 - minute, 100), minute)
    assert update(model, (90, 200), 4) == "LimitExceededException"
    assert update(model, (96, 200), 4) is None
