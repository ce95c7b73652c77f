"""Print what --tune finds on the first half of recordings, and its cost on the second: `make held-out`.

The second half has no part in the search. The result is a Markdown table.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

from docs.tools.traces import Figures, average, print_for_folder
from dynamic_dynamodb.options import OPTIONS, Group
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT
from dynamic_dynamodb.replay.progress import ProgressBar
from dynamic_dynamodb.replay.recordings.manifest import Entry
from dynamic_dynamodb.replay.recordings.reader import RecordingSource
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import (
    DEFAULT_LIMIT_PERCENT,
    MEAN_OF_BILLS,
    Bench,
    Intervals,
    TuneSettings,
)
from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from dynamic_dynamodb.replay.tuning.levers import CHECK_INTERVAL_SECONDS, build_sections
from dynamic_dynamodb.replay.tuning.tuner import Task, tune_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.replay.recordings.recording import Recording


def measure(recording: Recording) -> dict[str, Figures]:
    """Return the figures of the second half by the model of AWS, with what the first half found."""
    first, second = cut_in_half(recording)
    defaults = {option.key: option.default for option in OPTIONS if option.group is Group.REPLAY}
    prices = read_settings({**defaults, "region": ""}).prices
    settings = TuneSettings("target", MEAN_OF_BILLS, DEFAULT_LIMIT_PERCENT, prices)
    intervals = Intervals(CHECK_INTERVAL_SECONDS)
    source = RecordingSource(Entry(recording.target), ())
    tuned = tune_recording(first, Task(source, settings, (), intervals))
    sections = build_sections(recording.target, tuned.found.options)
    bench = Bench([second], sections[0].typed.capacities, settings)
    tracked = bench.run_tracking(DEFAULT_TARGET_PERCENT)
    figures = {}
    for physics in PRESETS:
        ours, tracking = bench.replay(sections, 0, physics, intervals), tracked[0, physics]
        figures[physics] = Figures(
            ours.cost.hour_max / tracking.cost.hour_max,
            ours.cost.prorated / tracking.cost.prorated,
            ours.throttled_percent,
            tracking.throttled_percent,
        )
    return figures


def measure_all(recordings: Mapping[str, Recording]) -> dict[str, dict[str, Figures]]:
    """Return the figures of each recording, in one process for each core."""
    figures = {}
    progress = ProgressBar(sys.stderr, "tuning", delay_seconds=0)
    with ProcessPoolExecutor() as pool:
        tasks = {pool.submit(measure, recording): name for name, recording in recordings.items()}
        for number, task in enumerate(as_completed(tasks), 1):
            figures[tasks[task]] = task.result()
            progress(number / len(tasks))
    progress.clear()
    return figures


def write_table(figures: Mapping[str, Mapping[str, Figures]]) -> Iterator[str]:
    """Yield the lines of the table, with the means in the last one."""
    yield f"| tuned on the first half | {' | '.join(PRESETS)} |"
    yield "|---|" + "---|" * len(PRESETS)
    for name in sorted(figures):
        yield f"| {name} | {' | '.join(str(figures[name][physics]) for physics in PRESETS)} |"
    means = [average([one[physics] for one in figures.values()]) for physics in PRESETS]
    yield f"| **mean** | {' | '.join(map(str, means))} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 2 if the folder cannot be used."""
    return print_for_folder(
        "make held-out", __doc__, lambda recordings: write_table(measure_all(recordings)), arguments
    )


if __name__ == "__main__":
    sys.exit(main())
