"""Tuning real recordings: what cannot be tuned is a sentence, and costs only itself."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import ON_DEMAND, RECORDED, RECORDED_ON_DEMAND
from dynamic_dynamodb.replay.recordings.manifest import Entry
from dynamic_dynamodb.replay.recordings.reader import RecordingSource
from dynamic_dynamodb.replay.recordings.recording import Billing, Gaps
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import MEAN_OF_BILLS, Bench, Intervals, TuneSettings
from dynamic_dynamodb.replay.tuning.doubts import doubt_schedules, find_doubts
from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from dynamic_dynamodb.replay.tuning.levers import Limits
from dynamic_dynamodb.replay.tuning.processes import tune_in_processes
from dynamic_dynamodb.replay.tuning.tuner import Failed, Task, Tuned, find_limits, tune_recording
from dynamic_dynamodb.scaling.costs import Prices
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import section
from tests.replay.files import HEADER, stamp
from tests.replay.recordings import DAY, ORDERS, START, record, wave

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.recordings.recording import Recording

PRICES = Prices(PerCapacity(0.00013, 0.00065), PerCapacity(0.125, 0.625))
SETTINGS = TuneSettings("target", MEAN_OF_BILLS, 0.01, PRICES)
LIMITS = PerCapacity(Limits(1, 100), Limits(1, 100))
SIZED: Any = {"table_class": "STANDARD", "size_bytes": 4096}
LOAD = wave(2 * DAY, 5, 40, noise=0.05)


class Deadly(TuneSettings):
    """Settings that end the process that uses them."""

    def bill(self, _: object) -> float:
        os._exit(1)


def task(file: Path | None = None, settings: TuneSettings = SETTINGS, target: Target = ORDERS) -> Task:
    """Return a task for a file."""
    return Task(RecordingSource(Entry(target), () if file is None else (file,)), settings, (), Intervals(60))


def tune(recording: Recording, settings: TuneSettings = SETTINGS) -> Tuned:
    """Tune a recording in this process."""
    return tune_recording(recording, task(settings=settings))


def write(path: Path, load: list[float]) -> Path:
    """Write a recording of reads."""
    rows = [f"{stamp(minute)},{units:.0f},,,,," for minute, units in enumerate(load)]
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_day_and_night_load_is_cheaper_than_target_tracking_and_throttles_no_more() -> None:
    found = tune(record(LOAD))
    tracking = found.baselines[0]
    assert found.found.alternative.meets_goal
    assert found.found.alternative.bill(SETTINGS) < tracking.bill(SETTINGS)
    assert found.found.options["max-provisioned-reads"] == str(2 * -(-max(LOAD) // 60)).removesuffix(".0")
    assert found.doubts[-2].startswith("writes were not recorded")
    assert list(found.found.alternative.figures) == list(PRESETS)


def test_existing_levers_find_a_section_too() -> None:
    found = tune(record(LOAD), SETTINGS._replace(levers="existing"))
    assert "reads-target-utilization" not in found.found.options
    assert found.found.alternative.meets_goal or found.found.failing


def test_what_runs_now_is_the_recorded_capacity_or_on_demand() -> None:
    units = [60.0] * len(LOAD)
    assert getattr(tune(record(LOAD, provisioned=(units, None))).present, "name", "") == RECORDED
    by_request = tune(replace(record(LOAD), billing=frozenset({Billing.ON_DEMAND})))
    assert by_request.present is not None
    assert by_request.present.name == RECORDED_ON_DEMAND
    costs = {one.name: one.bill(SETTINGS) for one in by_request.baselines}
    assert by_request.present.bill(SETTINGS) == costs[ON_DEMAND]
    assert tune(record(LOAD)).present is None


def test_a_fixed_value_is_offered_only_if_it_holds_in_both_halves() -> None:
    half = DAY // 2
    fixed = tune(record([600.0] * 2 * half)).baselines[-1]
    assert fixed.units is not None
    assert fixed.units.reads == 10
    grown = tune(record([600.0] * half + [1200.0] * half))
    assert grown.baselines[-1].name == ON_DEMAND


@pytest.mark.parametrize(
    ("configured", "registered", "expected"),
    [
        pytest.param({}, None, Limits(1, 4, is_guess=True), id="twice-the-need"),
        pytest.param({"min_provisioned_reads": "3"}, None, Limits(3, 4, is_guess=True), id="no-maximum"),
        pytest.param({"max_provisioned_reads": "9"}, Registration(2, 8), Limits(1, 9), id="configured"),
        pytest.param(None, Registration(2, 8), Limits(2, 8), id="registered"),
        pytest.param({"min_provisioned_reads": "7"}, None, Limits(7, 7, is_guess=True), id="high-minimum"),
    ],
)
def test_limits_are_those_in_force_or_a_guess(
    configured: dict[str, str] | None, registered: Registration | None, expected: Limits
) -> None:
    recording = replace(record([100.0] * 60), registered=PerCapacity(registered, None))
    now = None if configured is None else section("^orders$", **configured)
    assert find_limits(recording, now).reads == expected


def test_what_cannot_be_tuned_costs_only_itself(tmp_path: Path) -> None:
    tasks = [
        task(tmp_path / "none.csv", target=Target("none")),
        task(write(tmp_path / "short.csv", LOAD[:600]), target=Target("short")),
        task(write(tmp_path / "idle.csv", [0.0] * (2 * DAY)), target=Target("idle")),
        task(write(tmp_path / "dead.csv", LOAD), settings=Deadly(*SETTINGS), target=Target("dead")),
        task(write(tmp_path / "orders.csv", LOAD)),
    ]
    results = {str(one.target): one for one in tune_in_processes(tasks, 2, lambda: None)}
    assert isinstance(results.pop("orders"), Tuned)
    failed = {name: one.reason for name, one in results.items() if isinstance(one, Failed)}
    assert failed == {
        "none": f"{tmp_path / 'none.csv'} cannot be read: No such file or directory",
        "short": "its recording is only 10 hours long: record at least 2 days, of which one half decides and"
        " the other one checks",
        "idle": "nothing was consumed while it was recorded: there is no load to tune for",
        "dead": "its process was killed twice, perhaps for lack of memory: use fewer --workers",
    }


def find_sentences(recording: Recording, limits: PerCapacity[Limits] = LIMITS) -> list[str]:
    """Return the doubts about a recording."""
    return list(find_doubts(recording, cut_in_half(recording), limits))


def test_every_reason_to_doubt_the_figures_is_a_sentence() -> None:
    growing = record([60.0] * DAY + [120.0] * DAY)
    side = replace(growing.sides[Capacity.READS] or growing.sides.reads, throttled_events=7.0)  # type: ignore[type-var]  # it is there
    gap = Gaps(1500, 1500, START)
    doubtful = replace(growing, period=15, sides=PerCapacity(side, None), gaps=PerCapacity(gap, gap))
    guess = PerCapacity(Limits(1, 4, is_guess=True), Limits(1, 4, is_guess=True))
    assert find_sentences(doubtful, guess) == [
        "the recording is only 2.0 days long: a whole week shows more",
        "the recording has no weekend",
        "a row of the recording is 15 minutes: shorter peaks are lost, so real throttling would be higher",
        "7 read events were throttled while this was recorded: the true demand was higher",
        "reads grew by 100 % from the first half to the second: tune again soon",
        "reads have no known maximum: the minimum 1 and the maximum 4, twice the highest need, are guesses",
        "writes were not recorded: the section does not scale them",
        "its size and table class were not recorded: there is no advice on the table class",
        (
            "1,500 minutes from 2026-03-02 00:00 on have no datapoint: if the table was deleted then, record"
            " it again"
        ),
    ]


def test_a_maximum_below_the_need_is_a_doubt() -> None:
    week = replace(record([60.0 * 150] * 7 * DAY, [60.0] * 7 * DAY), **SIZED)
    (sentence,) = find_sentences(week)
    assert sentence.startswith(
        "max-provisioned-reads 100 is below the highest need, 150: what is above it is"
    )


def test_a_week_with_limits_leaves_no_doubt() -> None:
    week = replace(record([60.0] * 7 * DAY, [60.0] * 7 * DAY), **SIZED)
    assert find_sentences(week) == []
    assert "the recording has no weekend" not in find_sentences(
        replace(record([60.0] * 2 * DAY, [60.0] * 2 * DAY), start=START + timedelta(days=4))
    )


def test_what_runs_now_is_replayed_with_its_quiet_check_interval() -> None:
    day = record([60.0] * 1440)
    rules = section("^orders$", min_provisioned_reads="10", max_provisioned_reads="50")
    bench = Bench([day, day], rules.typed.capacities, SETTINGS)
    each, quiet = (bench.replay([rules], 0, "ideal", Intervals(60, seconds)) for seconds in (None, 1200))
    assert quiet.watching < each.watching / 4


def test_sections_for_schedules_are_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "own.conf"
    limits = "max-provisioned-reads: 100\nmax-provisioned-writes: 100\n"
    during = "[schedule: peak]\ntimes: Sat\n[table: ^orders$ during: peak]\nmin-provisioned-reads: 20\n"
    path.write_text(f"[table: ^orders$]\n{limits}{during}", encoding="utf-8")
    (scheduled,) = load({"config": str(path)}, {}).sections
    assert list(doubt_schedules(scheduled)) == [
        (
            "what runs now was replayed with its schedules (peak), the new settings without: keep the"
            " sections with during, and replay the new settings with them"
        )
    ]
    assert list(doubt_schedules(section())) == list(doubt_schedules(None)) == []
