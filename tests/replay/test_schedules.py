"""A replay obeys schedules, and skips no check that a schedule matters to."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.replay.comparison.outlines import LoadOutline, outline_schedules
from dynamic_dynamodb.replay.reports.charts import Chart, draw_chart
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.simulator.simulator import Run, Scenario
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.replay.recordings import START, record, spikes
from tests.replay.test_skipping import run_both

if TYPE_CHECKING:
    from dynamic_dynamodb.config.sections import Section

LIMITS = "max-provisioned-reads: 400\nmax-provisioned-writes: 300\n"
ALWAYS = f"""\
[schedule: peak]
times: *
[table: ^orders$]
{LIMITS}
[table: ^orders$ during: peak]
min-provisioned-reads: 400
"""
SCENARIO = Scenario(PRESETS["ideal"], 60, PerCapacity(100, 100))


def read(path: Path, text: str) -> tuple[Section, ...]:
    """Return the sections of a file."""
    path.write_text(text, encoding="utf-8")
    return load({"config": str(path)}, {}).sections


def read_text(text: str) -> tuple[Section, ...]:
    """Return the sections of a text."""
    with TemporaryDirectory() as directory:
        return read(Path(directory, "own.conf"), text)


def write_times(begin: int, minutes: int) -> str:
    """Return the times of a schedule that is open from so many minutes after the start."""
    first, last = START + begin * MINUTE, START + (begin + minutes - 1) * MINUTE
    return f"{first:%H:%M}-{last:%H:%M}"


@settings(max_examples=15, deadline=None)
@given(
    begin=st.integers(5, 200),
    minutes=st.integers(1, 120),
    during=st.sampled_from(
        [
            "min-provisioned-reads: 250",
            "max-provisioned-reads: 60",
            "reads-upper-threshold: 70\nreads-lower-threshold: 40",
            "enable-reads-autoscaling: false",
            "reads-target-utilization: 70",
            "lookback-window-start: 5\nlookback-period: 3",
            "maintenance-windows: 00:00-00:30",
        ]
    ),
    base=st.sampled_from(["", "reads-target-utilization: 60\n", "num-read-checks-before-scale-down: 4\n"]),
    at_once=st.sampled_from(["true", "false"]),
    interval=st.sampled_from([45, 60, 300]),
    seed=st.integers(1, 1000),
)
def test_skipping_changes_no_result_of_a_section_with_schedules(  # noqa: PLR0913 - hypothesis passes them
    *,
    begin: int,
    minutes: int,
    during: str,
    base: str,
    at_once: str,
    interval: int,
    seed: int,
) -> None:
    sections = read_text(
        f"[schedule: peak]\ntimes: {write_times(begin, minutes)}\nreturn-at-once: {at_once}\n"
        f"[table: ^orders$]\n{LIMITS}{base}[table: ^orders$ during: peak]\n{during}\n",
    )
    load_of_both = spikes(400, seed=seed), [60.0 * 50] * 400
    _, quick, every = run_both(sections, [record(*load_of_both)], Scenario(PRESETS["ideal"], interval))
    assert quick == every


def replay(sections: tuple[Section, ...], minutes: int = 300) -> tuple[list[tuple[int, int]], int]:
    """Return the reads that each update set, by the minute, and how many checks were made."""
    run = Run(sections, [record([60.0 * 50] * minutes, [60.0 * 50] * minutes)], SCENARIO)
    for _ in run.pass_time():
        pass
    (one,) = run.replayed.values()
    changes = [
        ((moment - START) // MINUTE, decision.proposed.reads) for moment, decision in one.timeline.changes
    ]
    return changes, run.checks_made


def test_a_replay_raises_when_a_schedule_opens_and_returns_by_steps_or_at_once(tmp_path: Path) -> None:
    text = (
        f"[schedule: peak]\ntimes: {write_times(60, 60)}\n[table: ^orders$]\n{LIMITS}"
        "decrease-reads-with: 20\n"
        "lookback-window-start: 5\nreads-lower-threshold: 40\n"
        "[table: ^orders$ during: peak]\nmin-provisioned-reads: 400\n"
    )
    by_steps, made = replay(read(tmp_path / "steps.conf", text))
    assert (by_steps[0], made < 100) == ((60, 400), True)
    assert [units for _, units in by_steps[1:]] == [320, 256, 205, 164, 132, 106][: len(by_steps) - 1]
    assert len(by_steps) > 3
    once = text.replace("[table: ^orders$]", "return-at-once: true\n[table: ^orders$]")
    at_once, _ = replay(read(tmp_path / "once.conf", once))
    assert at_once[0] == (60, 400)
    assert at_once[1] == (120, 77)  # of which 50 consumed units are 65 %, the middle of 40 and 90
    assert len(at_once) == 2


def test_a_replay_with_schedules_can_be_sent_to_another_process(tmp_path: Path) -> None:
    sections = pickle.loads(pickle.dumps(read(tmp_path / "own.conf", ALWAYS)))  # noqa: S301 - made by this test
    changes, _ = replay(sections, 60)
    assert [units for _, units in changes] == [400]


def test_the_report_of_a_replay_has_the_code_of_a_scheduled_minimum(tmp_path: Path) -> None:
    run = Run(read(tmp_path / "own.conf", ALWAYS), [record([60.0 * 50] * 60)], SCENARIO)
    for _ in run.pass_time():
        pass
    (one,) = run.replayed.values()
    ((_, decision),) = one.timeline.changes
    assert decision.capacities.reads.reasons[0].code is Code.SCHEDULED_MINIMUM


def test_the_columns_of_a_chart_know_when_a_schedule_is_open(tmp_path: Path) -> None:
    text = ALWAYS.replace("times: *", f"times: {write_times(60, 30)}")
    (section,) = read(tmp_path / "own.conf", text)
    columns = [(begin, begin + 20) for begin in range(0, 160, 20)]
    shaded = outline_schedules(section, START, columns)
    assert shaded == (False, False, False, True, True, False, False, False)
    (bare,) = read(tmp_path / "bare.conf", f"[table: ^orders$]\n{LIMITS}")
    assert outline_schedules(bare, START, columns) == ()


def test_charts_shade_the_times_of_schedules_behind_everything() -> None:
    load_outline = LoadOutline((1.0, 2.0), (1.0, 2.0))
    drawn = draw_chart(Chart(load_outline, (), (False, True)), "load")
    assert drawn.index('<g class="scheduled"><rect') < drawn.index('<g class="band">')
    assert "scheduled" not in draw_chart(Chart(load_outline, ()), "load")
