"""What --tune prints about a section is what --replay finds if it replays the printed file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.config.places import Place
from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.comparison.formatting import format_dollars, format_percent
from dynamic_dynamodb.replay.recordings.manifest import Entry
from dynamic_dynamodb.replay.recordings.reader import RecordingSource
from dynamic_dynamodb.replay.recordings.recording import RecordedPrices
from dynamic_dynamodb.replay.reports.tuning import write_configuration
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.simulator.simulator import find_section
from dynamic_dynamodb.replay.tuning.advice import advise
from dynamic_dynamodb.replay.tuning.alternatives import MEAN_OF_BILLS, Intervals, TuneSettings
from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from dynamic_dynamodb.replay.tuning.tuner import Task, Tuned, tune_recording
from dynamic_dynamodb.scaling.model import Target
from tests.builders import load_flags
from tests.replay.configurations import settings
from tests.replay.recordings import DAY, record, wave

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.recordings.recording import Recording

PRICES = RecordedPrices("2026-03-02", {key: 1.3 * dollars for key, dollars in DEFAULT_DOLLARS.items()})
BOTH = {"reads": wave(2 * DAY, 5, 40, noise=0.1), "writes": wave(2 * DAY, 2, 9, seed=2, noise=0.3)}


def tune(recording: Recording, levers: str) -> Tuned:
    """Return the result for a recording."""
    tuning = TuneSettings(levers, MEAN_OF_BILLS, 0.01, settings().prices)
    return tune_recording(
        recording, Task(RecordingSource(Entry(recording.target), ()), tuning, (), Intervals(60))
    )


def predict(tuned: Tuned, path: Path, levers: str) -> dict[str, list[str]]:
    """Write the file of a result, and return the cells of each row of its comments."""
    tuning = TuneSettings(levers, MEAN_OF_BILLS, 0.01, settings().prices)
    lines = list(write_configuration(advise([tuned], tuning), tuning, [Place("us-east-1")]))
    text = re.sub(r"(?m)^# No section is advised.*\n([^#].*\n)*", "", "\n".join(lines) + "\n")
    path.write_text(re.sub(r"(?m)^#(?=[\[a-z])", "", text), encoding="utf-8")  # advised or not
    rows = (re.fullmatch(r"#   (\S.*?)  +(\$.*)", line) for line in lines)
    return {row[1]: re.split(r"  +", row[2]) for row in rows if row}


def replay(half: Recording, path: Path, physics: str) -> dict[str, Any]:
    """Replay a half with the written file, and return the rows of the comparison by name."""
    comparison = compare(load_flags(config=str(path)), [half], settings(physics=physics))
    return {row.name.replace("this configuration", "this section"): row for row in comparison.targets[0].rows}


@pytest.mark.parametrize(
    ("recording", "levers"),
    [
        pytest.param(record(BOTH["reads"], BOTH["writes"]), "target", id="table"),
        pytest.param(record(BOTH["reads"]), "existing", id="existing-levers-reads-only"),
        pytest.param(
            replace(
                record(None, BOTH["reads"], target=Target("a.b", "a.b")),
                table_class="STANDARD_INFREQUENT_ACCESS",
                prices=PRICES,
            ),
            "target",
            id="index-in-standard-ia",
        ),
    ],
)
def test_predicted_figures_are_those_of_a_replay_of_the_printed_file(
    recording: Recording, levers: str, tmp_path: Path
) -> None:
    path = tmp_path / "tuned.conf"
    predicted = predict(tune(recording, levers), path, levers)
    for place, physics in enumerate(PRESETS):
        first, second = (replay(half, path, physics) for half in cut_in_half(recording))
        for name in ("this section", "AWS target tracking 70 %", "on-demand"):
            rows = first[name], second[name]
            hour_max = format_dollars(max(row.total.hour_max for row in rows))
            prorated = format_dollars(max(row.total.prorated for row in rows))
            throttled = format_percent(max(row.throttled_percent for row in rows))
            assert predicted[name][place] == f"{hour_max} / {prorated}, {throttled}", (name, physics)


@pytest.fixture(scope="module")
def advised() -> Tuned:
    """Return a result whose section is advised, so that it is not commented out."""
    return tune(record(wave(2 * DAY, 50, 400)), "target")


@pytest.mark.parametrize(
    "name", ["a.b", "a-b_c.", "___", 255 * "n", f"a.b/{255 * 'i'}", "a.b/a.b", "a.b/a.b-c", "...", "-.-/-.-"]
)
def test_a_section_applies_to_its_target_alone(name: str, advised: Tuned, tmp_path: Path) -> None:
    target = Target.parse(name)
    predict(replace(advised, target=target), tmp_path / "tuned.conf", "target")
    sections = load_flags(config=str(tmp_path / "tuned.conf")).sections
    assert find_section(sections, target) is not None
    others = [f"{target.table}x", f"x{target.table}", target.table.replace(".", "x") + "y"]
    assert [find_section(sections, Target(other, target.index)) for other in others] == [None] * 3
    if target.index:
        assert find_section(sections, Target(target.table, target.index + "x")) is None
