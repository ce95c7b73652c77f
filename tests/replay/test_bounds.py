"""The lower bound, the baselines and their costs."""

from __future__ import annotations

import itertools
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.replay.comparison.baselines import (
    BaselineSettings,
    run_fixed,
    run_on_demand,
    run_recorded,
)
from dynamic_dynamodb.replay.comparison.lower_bound import (
    bound_hour_max,
    compute_lower_bound,
    find_sufficient,
    measure_hour,
)
from dynamic_dynamodb.replay.comparison.target_tracking import run_tracking
from dynamic_dynamodb.replay.simulator.capacity_model import CapacityModel, Physics
from dynamic_dynamodb.scaling.costs import Prices, bill, split_hours
from dynamic_dynamodb.scaling.model import PerCapacity
from tests.builders import target_options
from tests.replay.recordings import START, record, spikes, wave

PRICES = Prices(PerCapacity(0.00013, 0.00065), PerCapacity(0.125, 0.625))
OPTIONS = target_options(max_provisioned_reads="2000", max_provisioned_writes="2000")
BURSTS = st.sampled_from((0, 60, 300))
LOADS = st.lists(st.integers(0, 6000), min_size=1, max_size=130)


def rules(physics: Physics | None = None, units: int = 10) -> BaselineSettings:
    """Return the default settings of baselines."""
    return BaselineSettings(physics or Physics(), PRICES, PerCapacity(units, units), OPTIONS.capacities)


@settings(max_examples=50, deadline=None)
@given(LOADS, st.lists(st.integers(1, 150), min_size=180, max_size=180), BURSTS, st.sampled_from((0.0, 0.5)))
def test_no_schedule_with_the_same_throttling_is_cheaper_than_the_lower_bound(
    demands: list[int], schedule: list[int], burst: int, retry: float
) -> None:
    units = schedule[: len(demands)]
    row = run_recorded(
        record(demands, provisioned=(units, None), start=START.replace(minute=37)),
        rules(Physics(burst=burst, retry=retry)),
    )
    assert row is not None
    recording = record(demands, start=START.replace(minute=37))
    least = compute_lower_bound(recording, rules(Physics(burst=burst)), row.throttled_percent)
    assert least.cost.hour_max <= row.cost.hour_max * (1 + 1e-9)
    assert least.cost.prorated <= row.cost.prorated * (1 + 1e-9)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=3), BURSTS, st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_the_lower_bound_is_close_to_the_best_whole_schedule(
    rates: list[int], burst: int, allowed: int
) -> None:
    # Each hour has constant load, so trying all units finds what an hour needs.
    demands = [float(rate * 60) for rate in rates for _ in range(60)]
    hours = split_hours(START, len(demands))
    found = bound_hour_max(array("d", demands), hours, burst, allowed) / 60
    tables = [
        [measure_hour(demands[hour], burst, units).throttled for units in range(1, max(rates) + 2)]
        for hour in hours
    ]
    best = min(
        sum(place + 1 for place in places)
        for places in itertools.product(*(range(len(table)) for table in tables))
        if sum(table[place] for table, place in zip(tables, places, strict=True)) <= allowed
    )
    assert best - len(rates) < found <= best + 1e-6


@pytest.mark.parametrize("units", [1e8, 1e9, 1e12, 1e15])
def test_the_search_ends_for_any_load_that_a_recording_may_hold(units: float) -> None:
    part = [units * (1 + minute % 7) / 7 for minute in range(60)]
    assert find_sufficient(part, 300).units > 1


@settings(max_examples=50, deadline=None)
@given(LOADS, BURSTS)
def test_the_lowest_sufficient_capacity_of_an_hour_throttles_nothing_and_a_lower_one_does(
    demands: list[int], burst: int
) -> None:
    part = [float(demand) for demand in demands[:60]]
    line = find_sufficient(part, burst)
    assert measure_hour(part, burst, line.units + 1e-6).throttled < 1e-3
    if line.units > 1:
        assert measure_hour(part, burst, line.units * 0.999 - 1e-4).throttled > 0


@settings(max_examples=50, deadline=None)
@given(LOADS, st.integers(1, 120), BURSTS)
def test_an_hour_of_the_lower_bound_never_throttles_more_than_the_model(
    demands: list[int], units: int, burst: int
) -> None:
    model = CapacityModel(Physics(burst=burst), units)
    throttled = 0.0
    for demand in demands:
        model.step(demand)
        throttled += model.throttled
    hours = split_hours(START, len(demands))
    assert sum(measure_hour(demands[hour], burst, units).throttled for hour in hours) <= throttled + 1e-6


@pytest.mark.parametrize("allowed", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("physics", [Physics(), Physics(delay=2, update=2, burst=60), Physics(burst=0)])
def test_rows_keep_their_order(physics: Physics, allowed: float) -> None:
    recording = record(wave(1440, 5, 120), spikes(1440))
    least = compute_lower_bound(recording, rules(physics), allowed)
    fixed = run_fixed(recording, rules(physics), allowed)
    assert fixed.throttled_percent <= allowed
    assert least.cost.hour_max < fixed.cost.hour_max
    assert fixed.cost.hour_max == pytest.approx(fixed.cost.prorated)
    for row in (run_tracking(recording, rules(physics), percent) for percent in (70, 90)):
        bound = compute_lower_bound(recording, rules(physics), row.throttled_percent)
        assert bound.cost.hour_max < row.cost.hour_max
        assert bound.cost.prorated < row.cost.prorated <= row.cost.hour_max


def test_the_best_fixed_value_is_the_lowest_that_throttles_no_more_than_allowed() -> None:
    recording = record([600.0, 600, 1200, 600], [60.0] * 4)
    row = run_fixed(recording, rules(Physics(burst=0)), 0)
    assert row.units == PerCapacity(20, 1)
    assert row.throttled_units == 0
    assert run_fixed(recording, rules(Physics(burst=0)), 40).units == PerCapacity(8, 1), (
        "8 a second throttle 1,080 of 3,000"
    )


@settings(max_examples=60, deadline=None)
@given(LOADS, BURSTS, st.sampled_from((0.0, 0.5, 1.0)), st.sampled_from((0.0, 0.1, 5.0, 60.0)))
def test_the_best_fixed_value_is_the_first_that_throttles_little_enough_minute_by_minute(
    demands: list[int], burst: int, retry: float, allowed_percent: float
) -> None:
    physics = Physics(burst=burst, retry=retry)
    row = run_fixed(record(demands), rules(physics), allowed_percent)

    def throttle(units: int) -> float:
        model, throttled = CapacityModel(physics, units), 0.0
        for demand in demands:
            model.step(demand)
            throttled += model.throttled
        return throttled

    most = allowed_percent / 100 * sum(demands)
    assert row.units is not None
    assert row.units.reads == next(units for units in itertools.count(1) if throttle(units) <= most)
    assert row.throttled_units == throttle(row.units.reads)


def test_on_demand_pays_for_the_demand() -> None:
    row = run_on_demand(record([1_000_000.0] * 1440, [100_000.0] * 1440), rules())
    assert row.cost.hour_max == row.cost.prorated == pytest.approx(30 * 1440 * (0.125 + 0.0625))
    assert row.throttled_units == 0


def test_an_hour_is_billed_at_its_highest_value_or_by_the_minute() -> None:
    hours = split_hours(START.replace(minute=30), 90)
    assert [(hour.start, hour.stop) for hour in hours] == [(0, 30), (30, 90)]
    cost = bill([10] * 60 + [20] * 30, hours, 1.0)
    per_month = 30 * 24 / 1.5
    assert cost.hour_max == pytest.approx((10 * 0.5 + 20) * per_month)
    assert cost.prorated == pytest.approx((10 + 20 * 0.5) * per_month)


def test_target_tracking_scales_out_after_two_high_minutes_and_in_after_fifteen_low_ones() -> None:
    # 10 units; high from minute 20 on, low from minute 60 on.
    load = [6.0 * 60] * 20 + [14.0 * 60] * 40 + [4.0 * 60] * 60
    row = run_tracking(record(load), rules(Physics(burst=0)), 70)
    # Minutes 20 and 21 show 10 of 10 units: at 23 it requests 10 / 0.7; then 14 of 15 and so on.
    assert row.updates == 3
    assert row.sides.reads.throttled == pytest.approx(60 * (4 * 4))


@pytest.mark.parametrize("alarm", [0, 1, 5])
def test_target_tracking_reacts_later_by_the_delay_of_its_alarms(alarm: int) -> None:
    load = [6.0 * 60] * 20 + [9.0 * 60] * 40 + [1.0 * 60] * 60
    row = run_tracking(record(load), rules(Physics(burst=0, alarm=alarm)), 70)
    # It asks for 13 units once minutes 20 and 21 are published, and for 2 after minutes 60 to 74.
    raised, lowered = 24 + alarm, 77 + alarm
    assert row.sides.reads.provisioned == 60 * (
        10 * raised + 13 * (lowered - raised) + 2 * (len(load) - lowered)
    )
    assert row.updates == 2


@pytest.mark.parametrize(("start", "expected"), [(1, 5), (50, 50), (900, 500)])
def test_target_tracking_starts_within_the_limits(start: int, expected: int) -> None:
    limits = target_options(
        min_provisioned_reads="5",
        max_provisioned_reads="500",
        min_provisioned_writes="5",
        max_provisioned_writes="500",
    )
    given_rules = BaselineSettings(Physics(), PRICES, PerCapacity(start, start), limits.capacities)
    row = run_tracking(record([60.0 * expected * 0.6] * 30), given_rules, 70)
    assert row.sides.reads.provisioned == 30 * 60 * expected
    assert row.updates == 0


def test_target_tracking_does_not_scale_in_without_datapoints() -> None:
    load = [10.0 * 60] * 20 + [0.0] * 100
    row = run_tracking(record(load), rules(Physics(burst=0), units=100), 70)
    assert row.updates == 1
