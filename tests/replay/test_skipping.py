"""A replay skips the checks that change nothing, with the same result as if it made them all."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS, Physics
from dynamic_dynamodb.replay.simulator.simulator import Run, Scenario
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import section
from tests.replay.recordings import START, record, spikes, wave

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.recordings.recording import Recording

EXAMPLES: Final = int(os.environ.get("FUZZ_REPLAYS", "8"))
LIMITS = {"max_provisioned_reads": "400", "max_provisioned_writes": "300"}
CHANGES: dict[str, list[str]] = {
    "reads_upper_threshold": ["60", "75.5", "90"],
    "reads_lower_threshold": ["20", "45", "60"],
    "writes_lower_threshold": ["1", "30"],
    "lookback_window_start": ["3", "5", "15"],
    "lookback_period": ["1", "3"],
    "num_read_checks_before_scale_down": ["1", "3", "12"],
    "num_read_checks_reset_percent": ["0", "50"],
    "throttled_reads_upper_threshold": ["0", "1"],
    "enable_writes_autoscaling": ["false", "true"],
    "enable_reads_up_scaling": ["false", "true"],
    "enable_reads_down_scaling": ["false", "true"],
    "min_provisioned_reads": ["1", "40"],
    "max_provisioned_reads": ["60", "400"],
    "always_decrease_rw_together": ["true", "false"],
    "increase_consumed_writes_scale": ["{50: 10}", "{20: 10}"],
    "decrease_consumed_reads_scale": ["{30: 20}"],
    "reads_upper_alarm_threshold": ["70"],
    "increase_throttled_by_provisioned_reads_scale": ["{0: 25}"],
    "reads_target_utilization": ["70", "60.5"],
    "writes_target_utilization": ["65"],
    "decrease_lookback_period": ["15", "60"],
    "decrease_late_in_hour": ["true"],
    "allow_scaling_down_reads_on_0_percent": ["true"],
    "maintenance_windows": ["22:00-23:30, 01:00-02:10"],
    "decrease_reads_with": ["10", "70"],
    "num_write_checks_before_scale_down": ["1", "6"],
}
OPTIONS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(texts) for name, texts in CHANGES.items()}
)


def results_of(run: Run) -> list[Any]:
    """Return all that a replay is judged by."""
    return [
        (
            target,
            [list(codes) for codes in one.timeline.codes],
            [(moment, decision.proposed) for moment, decision in one.timeline.changes],
            one.timeline.write_lines(),
            (one.timeline.refused_decreases, one.timeline.failure),
            (one.model.updates, one.model.requested_metrics),
            [(list(side.provisioned), list(side.consumed)) for side in one.model.sides],
        )
        for target, one in run.replayed.items()
    ]


def run_both(
    sections: tuple[Section, ...], recordings: list[Recording], scenario: Scenario
) -> tuple[int, list[Any], list[Any]]:
    """Return how many checks a run made that may skip some, and the results of it and of one that may not."""
    quick = Run(sections, recordings, scenario)
    every = Run(sections, recordings, replace(scenario, is_every_check_made=True))
    for run in (quick, every):
        for _ in run.pass_time():
            pass
    return quick.checks_made, results_of(quick), results_of(every)


@settings(max_examples=EXAMPLES)
@given(
    options=OPTIONS,
    others=OPTIONS,
    seed=st.integers(1, 10_000),
    physics=st.sampled_from([*PRESETS.values(), Physics(delay=4, update=3, burst=30, retry=0.5)]),
    interval=st.sampled_from([20, 45, 60, 77, 90, 300, 420]),
    shift=st.integers(0, 400),
)
def test_skipping_changes_no_result(  # noqa: PLR0913 - hypothesis passes them
    *,
    options: dict[str, str],
    others: dict[str, str],
    seed: int,
    physics: Physics,
    interval: int,
    shift: int,
) -> None:
    rules = (
        section("^orders$", gsis=(section("^by-date$", **LIMITS),), **{**LIMITS, **options}),
        section("^users$", **{**LIMITS, **others}),
    )
    minutes = 400
    recordings = [
        record(wave(minutes, 30, 90, seed=seed, noise=0.05), wave(minutes, 20, 60, seed=seed + 1)),
        record(spikes(minutes, seed=seed), None, target=Target("users"), start=START + shift * MINUTE),
        record(
            wave(minutes, 5, 40, seed=seed + 2),
            wave(minutes, 5, 9, seed=seed + 3, noise=0),
            target=Target("orders", "by-date"),
        ),
    ]
    _, quick, every = run_both(rules, recordings, Scenario(physics, interval))
    assert quick == every


LOADS: dict[str, Callable[[int, int], list[float]]] = {
    "wave": lambda minutes, seed: wave(minutes, 10, 90, seed=seed, noise=0.3),
    "calm": lambda minutes, seed: wave(minutes, 40, 80, seed=seed, noise=0.02),
    "spikes": lambda minutes, seed: spikes(minutes, seed=seed),
    "rare": lambda minutes, seed: [
        60.0 * seed % 7 * (minute % (seed % 5 + 2) == 0) for minute in range(minutes)
    ],
    "fractions": lambda minutes, seed: [one * 1.07 for one in wave(minutes, 1, 20, seed=seed)],
    "steps": lambda minutes, seed: [
        60.0 * (20 + 50 * (minute // (seed % 90 + 30) % 2)) for minute in range(minutes)
    ],
}
TO_TARGET = {
    "reads_upper_threshold": "95",
    "reads_lower_threshold": "75",
    "reads_target_utilization": "85",
    "throttled_reads_upper_threshold": "1",
    "allow_scaling_down_reads_on_0_percent": "true",
}


@settings(max_examples=EXAMPLES)
@given(
    options=OPTIONS,
    loads=st.tuples(st.sampled_from([*LOADS]), st.sampled_from([*LOADS, None])),
    seed=st.integers(1, 10_000),
    physics=st.sampled_from([*PRESETS.values(), Physics(delay=0, update=5, burst=10, retry=1.0)]),
    interval=st.sampled_from([60, 60, 300]),
    start=st.integers(0, 1439),
)
def test_skipping_changes_no_result_of_days_to_a_target_utilization(  # noqa: PLR0913 - hypothesis passes them
    *,
    options: dict[str, str],
    loads: tuple[str, str | None],
    seed: int,
    physics: Physics,
    interval: int,
    start: int,
) -> None:
    rules = section("^orders$", **{**LIMITS, **TO_TARGET, **options})
    reads, writes = (None if load is None else LOADS[load](1700, seed) for load in loads)
    recording = record(reads, writes, start=START + start * MINUTE)
    _, quick, every = run_both((rules,), [recording], Scenario(physics, interval))
    assert quick == every


@pytest.mark.parametrize(
    ("options", "is_skipped"),
    [
        pytest.param({}, True, id="thresholds"),
        pytest.param({"reads_target_utilization": "80"}, True, id="a target utilization"),
        pytest.param({"increase_consumed_reads_scale": "{95: 10}"}, True, id="a scale"),
        pytest.param({"min_provisioned_reads": "100"}, True, id="at the minimum"),
        pytest.param({"max_provisioned_reads": "90"}, True, id="above the maximum"),
        pytest.param({"reads_upper_threshold": "50", "max_provisioned_reads": "100"}, False, id="capped"),
    ],
)
def test_steady_load_within_the_thresholds_needs_few_checks(
    options: dict[str, str], *, is_skipped: bool
) -> None:
    rules = section("^orders$", **{**LIMITS, **options})
    scenario = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))
    made, quick, every = run_both((rules,), [record([60.0 * 60] * 300, [60.0 * 50] * 300)], scenario)
    assert quick == every
    assert (made < 30) == is_skipped


def test_fractions_of_units_and_idle_minutes_are_skipped_too() -> None:
    rules = section("^orders$", **LIMITS)
    scenario = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))
    halves = [60.0 * 60 + 0.5] * 200
    made, quick, every = run_both((rules,), [record(halves, halves)], scenario)
    assert quick == every
    assert made < 30
    idle_now_and_then = [60.0 * 60 * (minute % 3 > 0) for minute in range(200)]
    _, quick, every = run_both((rules,), [record(idle_now_and_then, halves)], scenario)
    assert quick == every


def test_counts_outlive_hours_of_skipped_checks() -> None:
    rules = section("^orders$", **LIMITS, num_read_checks_before_scale_down="9")
    low, steady = [60.0 * 10] * 8, [60.0 * 60] * 200
    load = [60.0 * 60] * 20 + low + steady + low + steady
    scenario = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))
    made, quick, every = run_both((rules,), [record(load, [60.0 * 50] * len(load))], scenario)
    assert quick == every
    assert made < len(load) / 2


def replay_beside_a_busy_table(options: dict[str, str], load: list[float], start: PerCapacity[int]) -> bool:
    """Return whether skipping changes no result of a table while one at its maximum often ends it."""
    capped = {"min_provisioned_reads": "100", "max_provisioned_reads": "100", "reads_upper_threshold": "50"}
    rules = section("^orders$", **{**LIMITS, **options}), section("^users$", **{**LIMITS, **capped})
    busy = [60.0 * (40 + 30 * (minute // 7 % 2)) for minute in range(len(load))]
    recordings = [record(load), record(busy, target=Target("users"))]
    _, quick, every = run_both(rules, recordings, Scenario(PRESETS["ideal"], 60, start))
    return bool(quick == every)


def test_a_high_minute_ahead_does_not_count_when_checks_are_foreseen_again() -> None:
    load = [60.0 * (80 if minute % 40 == 39 else 58) for minute in range(400)]
    options = {**TO_TARGET, "reads_target_utilization": "85", "enable_reads_down_scaling": "false"}
    assert replay_beside_a_busy_table(options, load, PerCapacity(100, 100))


def test_an_hour_ahead_does_not_count_when_checks_are_foreseen_again() -> None:
    options = {"max_provisioned_reads": "2000", "decrease_reads_with": "10"}
    assert replay_beside_a_busy_table(options, [60.0] * 300, PerCapacity(2000, 100))


def test_low_consumption_that_a_scale_raises_at_is_not_skipped() -> None:
    load = [60.0 * 10] * 60 + [60.0 * 25] * 60
    scenario = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))
    for minimum in ("1", "100"):
        rules = section(
            "^orders$", **LIMITS, min_provisioned_reads=minimum, increase_consumed_reads_scale="{20: 10}"
        )
        _, quick, every = run_both((rules,), [record(load)], scenario)
        assert quick == every


HALVED_AND_LESS = [60.0 * 80] * 15 + [60.0 * 55] * 15 + [60.0 * 20] * 60
BURSTS = ([60.0 * 50] * 30 + [60.0 * 140] * 2 + [60.0 * 20] * 45) * 3
LATE = {**TO_TARGET, "decrease_late_in_hour": "true", "lookback_window_start": "5", "lookback_period": "5"}


@pytest.mark.parametrize(
    ("options", "load", "physics"),
    [
        pytest.param(
            LATE, HALVED_AND_LESS, PRESETS["ideal"], id="a decrease to less than half does not wait"
        ),
        pytest.param(
            {**LATE, "maintenance_windows": "00:00-00:20, 00:50-01:10"},
            [60.0 * 80] * 4 + [60.0 * 55] * 100,
            PRESETS["ideal"],
            id="a window closes while a decrease waits",
        ),
        pytest.param(
            {**LATE, "decrease_lookback_period": "40"},
            BURSTS,
            PRESETS["no-burst"],
            id="throttled before the look-back window",
        ),
        pytest.param(
            {**LATE, "max_provisioned_reads": "90"}, BURSTS, Physics(burst=0, retry=1.0), id="units come back"
        ),
        pytest.param(
            {"lookback_window_start": "5", "lookback_period": "3"},
            BURSTS,
            Physics(burst=0, retry=1.0),
            id="units come back to thresholds",
        ),
        pytest.param(
            {"increase_consumed_reads_scale": "{70: 10, 95: 50}"},
            [60.0 * 60] * 40 + [60.0 * 75] * 60,
            PRESETS["ideal"],
            id="the lowest step of a scale",
        ),
        pytest.param(
            {**LATE, "decrease_lookback_period": "5", "max_provisioned_reads": "100"},
            ([60.0 * 90] * 8 + [60.0 * 101] + [60.0 * 90] * 9) * 12,
            PRESETS["no-burst"],
            id="checks that saw throttling are counted",
        ),
        pytest.param(
            {**LATE, "lookback_window_start": "10", "lookback_period": "10"},
            [60.0 * 70] * 40 + [0.0] * 30 + [60.0 * 70] * 40,
            Physics(delay=3),
            id="minutes without a datapoint",
        ),
    ],
)
def test_skipping_ends_where_more_than_steady_load_decides(
    options: dict[str, str], load: list[float], physics: Physics
) -> None:
    rules = section("^orders$", **{**LIMITS, **options})
    scenario = Scenario(physics, 60, PerCapacity(100, 100))
    for writes in (None, [60.0 * 60] * len(load)):
        made, quick, every = run_both((rules,), [record(load, writes)], scenario)
        assert quick == every
        assert made < len(load)


def test_an_outage_after_skipped_checks_lasts_as_long_as_one_after_all_checks() -> None:
    rules = section("^table", **{**LATE, **LIMITS})
    load = [60.0 * 90] * 90 + [0.0] * 150
    recordings = [record(load, None, target=Target(f"table{number}")) for number in range(4)]
    scenario = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))
    made, quick, every = run_both((rules,), recordings, scenario)
    assert quick == every
    assert made < len(load)
