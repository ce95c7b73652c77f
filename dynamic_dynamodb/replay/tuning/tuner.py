"""Tune one target: a task that can be sent to another process, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.reader import read_source
from dynamic_dynamodb.replay.simulator.simulator import find_section
from dynamic_dynamodb.replay.tuning.alternatives import Bench, find_present, list_baselines
from dynamic_dynamodb.replay.tuning.doubts import doubt_schedules, find_doubts, find_need, find_obstacle
from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from dynamic_dynamodb.replay.tuning.levers import LADDERS, Limits, Rung, build_sections
from dynamic_dynamodb.replay.tuning.search import Search
from dynamic_dynamodb.replay.tuning.table_class import find_storage
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.comparison.outlines import LoadOutline
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, Intervals, TuneSettings
    from dynamic_dynamodb.replay.tuning.search import Found
    from dynamic_dynamodb.replay.tuning.table_class import Storage

_GUESSED_FACTOR: Final = 2
"""A guessed maximum, as a multiple of the highest need."""
NO_LOAD: Final[PerCapacity[LoadOutline | None]] = PerCapacity(None, None)


@dataclass(frozen=True, slots=True)
class Task:
    """One target to tune, with the section of its table, if there is one; it can be pickled."""

    source: RecordingSource
    settings: TuneSettings
    sections: tuple[Section, ...]
    intervals: Intervals

    @property
    def target(self) -> Target:
        """Return the target to tune."""
        return self.source.entry.target


@dataclass(frozen=True, slots=True)
class Tuned:
    """The settings found for a target, and the alternatives.

    `region` is empty, and `present` and `storage` are None, if they are not known. `is_scaled_by_aws` is
    whether a side was registered with AWS Application Auto Scaling. `load` is what a chart shows of each
    side.
    """

    target: Target
    region: str
    start: datetime
    days: float
    is_recorded: PerCapacity[bool]
    found: Found
    present: Alternative | None
    baselines: tuple[Alternative, ...]
    doubts: tuple[str, ...]
    storage: Storage | None = None
    is_scaled_by_aws: bool = False
    load: PerCapacity[LoadOutline | None] = NO_LOAD


@dataclass(frozen=True, slots=True)
class Failed:
    """A target that could not be tuned, and why."""

    target: Target
    reason: str

    def __str__(self) -> str:
        """Return the target and the reason."""
        return f"{self.target} is left out: {self.reason}"


def make_task(
    source: RecordingSource, settings: TuneSettings, sections: Sequence[Section], intervals: Intervals
) -> Task:
    """Return the task for a recording, with the one of these sections that applies to its table."""
    try:
        section = find_section(sections, Target(source.entry.target.table))
    except ValueError:  # an expression takes too long to match this name
        section = None
    return Task(source, settings, () if section is None else (section,), intervals)


def tune(task: Task) -> Tuned | Failed:
    """Tune one target; whatever goes wrong with it is its result."""
    try:
        recording = read_source(task.source)
        if isinstance(recording, str):
            return Failed(task.target, recording)
        obstacle = find_obstacle(recording)
        return Failed(task.target, obstacle) if obstacle else tune_recording(recording, task)
    except MemoryError:
        return Failed(task.target, "there is not enough memory to tune it: use fewer --workers")
    except Exception as error:  # noqa: BLE001 - the other targets go on
        return Failed(task.target, f"{type(error).__name__}: {error}")


def tune_recording(recording: Recording, task: Task) -> Tuned:
    """Return the settings for a recording that has no obstacle."""
    settings, sections = task.settings, task.sections
    try:
        section = find_section(sections, recording.target)
    except ValueError:  # an expression takes too long to match this name
        section = None
    limits = find_limits(recording, section)
    halves = cut_in_half(recording)
    ladder = LADDERS[settings.levers]
    lowest = Rung(PerCapacity(ladder.heights[0], ladder.heights[0]), ladder.patiences[0])
    is_recorded = recording.sides.map(lambda side: side is not None)
    options = ladder.write(lowest, limits, is_recorded)
    (built,) = build_sections(recording.target, options)
    bench = Bench(halves, built.typed.capacities, settings)
    return Tuned(
        recording.target,
        recording.region,
        recording.start,
        recording.days,
        is_recorded,
        Search(bench, limits).run(),
        find_present(bench, sections if section is not None else (), task.intervals),
        tuple(list_baselines(bench)),
        (*recording.remarks, *find_doubts(recording, halves, limits), *doubt_schedules(section)),
        find_storage(recording, settings.prices),
        any(recording.registered),
        bench.outline_load(),
    )


def find_limits(recording: Recording, section: Section | None) -> PerCapacity[Limits]:
    """Return the limits of the section, else those registered with AWS, else 1 and twice the highest need."""

    def find(capacity: Capacity) -> Limits:
        side, registered = recording.sides[capacity], recording.registered[capacity]
        need = 1 if side is None else find_need(side)
        minimum, maximum = 1, None
        if section is not None:
            options = section.typed.capacities[capacity]
            minimum, maximum = options.min_provisioned, options.max_provisioned
        elif registered is not None:
            minimum, maximum = max(1, registered.minimum), max(1, registered.maximum)
        if maximum is None:
            return Limits(minimum, max(minimum, _GUESSED_FACTOR * need), is_guess=True)
        return Limits(minimum, maximum)

    return PerCapacity.of(find)
