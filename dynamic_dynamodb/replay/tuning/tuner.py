"""Tune many targets, each in a process of its own if there are several; one that fails costs only itself."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.recordings.reader import read_source
from dynamic_dynamodb.replay.simulator.simulator import find_section
from dynamic_dynamodb.replay.tuning.alternatives import Bench, find_present, list_baselines
from dynamic_dynamodb.replay.tuning.doubts import find_doubts, find_need, find_obstacle
from dynamic_dynamodb.replay.tuning.halves import cut_in_half
from dynamic_dynamodb.replay.tuning.levers import LADDERS, Limits, Rung, build_sections
from dynamic_dynamodb.replay.tuning.search import Search
from dynamic_dynamodb.replay.tuning.table_class import find_storage
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.comparison.outlines import LoadOutline
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, Intervals, TuneSettings
    from dynamic_dynamodb.replay.tuning.search import Found
    from dynamic_dynamodb.replay.tuning.table_class import Storage
    from dynamic_dynamodb.scaling.model import Target

_GUESSED_FACTOR: Final = 2
"""A guessed maximum, as a multiple of the highest need."""
NO_LOAD: Final[PerCapacity[LoadOutline | None]] = PerCapacity(None, None)


@dataclass(frozen=True, slots=True)
class Task:
    """One target to tune, with the sections that may apply to it now; it can be pickled."""

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

    `region` is empty, and `present` and `storage` are None, if they are not known. `load` is what a chart
    shows of each side.
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
    load: PerCapacity[LoadOutline | None] = NO_LOAD


@dataclass(frozen=True, slots=True)
class Failed:
    """A target that could not be tuned, and why."""

    target: Target
    reason: str

    def __str__(self) -> str:
        """Return the target and the reason."""
        return f"{self.target} is left out: {self.reason}"


def tune(task: Task) -> Tuned | Failed:
    """Tune one target; whatever goes wrong with it is its result."""
    try:
        recording = read_source(task.source)
        if isinstance(recording, str):
            return Failed(task.target, recording)
        obstacle = find_obstacle(recording)
        return Failed(task.target, obstacle) if obstacle else tune_recording(recording, task)
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
        (*recording.remarks, *find_doubts(recording, halves, limits)),
        find_storage(recording, settings.prices),
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
            minimum, maximum = registered.minimum, registered.maximum
        if maximum is None:
            return Limits(minimum, max(minimum, _GUESSED_FACTOR * need), is_guess=True)
        return Limits(minimum, maximum)

    return PerCapacity.of(find)


def tune_all(tasks: Sequence[Task], workers: int) -> Iterator[Tuned | Failed]:
    """Yield the result of each task as it comes; a worker that dies costs its task only."""
    if min(workers, len(tasks)) <= 1:
        yield from map(tune, tasks)
        return
    left = {task.target: task for task in tasks}
    try:
        for result in _run_in_pool(tasks, min(workers, len(tasks))):
            del left[result.target]
            yield result
    except BrokenProcessPool:
        yield from map(_tune_apart, left.values())


def _run_in_pool(tasks: Sequence[Task], workers: int) -> Iterator[Tuned | Failed]:
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _prepare_worker)
    try:
        for future in as_completed([pool.submit(tune, task) for task in tasks]):
            yield future.result()
    except BaseException:  # on Ctrl-C nobody waits for the tasks that run
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _tune_apart(task: Task) -> Tuned | Failed:
    """Tune a target in a process of its own, since it may be the one that kills its process."""
    try:
        (result,) = _run_in_pool([task], 1)
    except BrokenProcessPool:
        return Failed(task.target, "its process was killed, perhaps for lack of memory: use fewer --workers")
    return result
