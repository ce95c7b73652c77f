"""Carry out --tune."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.cli.result import ExitCode, Result, add_program_name
from dynamic_dynamodb.cli.streams import exit_cleanly_on_signals
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.comparison.comparison import find_price_caveats
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.progress import ProgressBar, describe_time
from dynamic_dynamodb.replay.recordings.files import open_folder
from dynamic_dynamodb.replay.recordings.reader import choose_region, find_sources
from dynamic_dynamodb.replay.reports.tuning import write_advice, write_configuration
from dynamic_dynamodb.replay.tuning.advice import advise
from dynamic_dynamodb.replay.tuning.alternatives import (
    DEFAULT_LIMIT_PERCENT,
    MEAN_OF_BILLS,
    Intervals,
    TuneSettings,
)
from dynamic_dynamodb.replay.tuning.tuner import Failed, Task, tune_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.replay.comparison.settings import Condition, Settings
    from dynamic_dynamodb.replay.tuning.advice import Advice
    from dynamic_dynamodb.replay.tuning.tuner import Tuned


def tune(sources: ConfigSources) -> Result:
    """Tune recordings, and print or write a configuration file; raise ConfigurationError."""
    configuration = sources.load_leniently()
    options = configuration.global_options
    replay_settings = read_settings(options, sources.flags)
    billing = options["billing"] if "billing" in sources.flags else MEAN_OF_BILLS
    output = _find_output(sources, options)
    found, faults = find_sources(sources.find_path(options["tune"]), options["as"])
    files, left_out = choose_region(found, options["region"])
    replay_settings = replay_settings.use_recorded_prices(files)
    settings = _read_settings(replay_settings, billing, options["levers"])
    intervals = Intervals(options["check_interval"], options["quiet_check_interval"])
    tasks = [Task(file, settings, configuration.sections, intervals) for file in files]
    exit_cleanly_on_signals()
    progress = _Progress(len(tasks), settings)
    try:
        for result in tune_all(tasks, options["workers"] or _count_cores()):
            progress.add(result)
    finally:
        progress.bar.clear()
    region = next((one.region for one in files if one.region), options["region"])
    failures = [*faults, *map(str, sorted(progress.failed, key=lambda one: one.target))]
    warnings = (*configuration.warnings, *left_out, *find_price_caveats([region], replay_settings))
    if not progress.tuned:
        return Result("", add_program_name(warnings), add_program_name(failures), ExitCode.FAILURE)
    advice = advise(progress.tuned, settings)
    text = "\n".join(write_configuration(advice, settings, region, failures))
    if output is not None:
        fault = _write(output, f"{text}\n")
        if fault is None:
            text = "\n".join((*write_advice(advice), f"written to {output}"))
        else:  # the search may have taken hours: its result is printed instead
            failures.append(fault)
    failures += _find_excesses(advice, replay_settings.conditions)
    code = ExitCode.FAILURE if failures else ExitCode.SUCCESS
    return Result(text, add_program_name(warnings), add_program_name(failures), code)


def _read_settings(read: Settings, billing: str, levers: str) -> TuneSettings:
    """Return the settings of the search; raise ConfigurationError."""
    others = [one.text for one in read.conditions if (one.metric, one.comparison[0]) != ("throttled", ">")]
    if others:
        raise ConfigurationError(
            (f"--fail-if with --tune sets the allowed throttling, such as throttled>0.1%, got {others[0]!r}",)
        )
    allowed = read.allowed_percent if read.conditions else DEFAULT_LIMIT_PERCENT
    return TuneSettings(levers, billing, allowed, read.prices, read.start, read.price_source)


def _find_excesses(advice: Sequence[Advice], conditions: Sequence[Condition]) -> list[str]:
    """Return a sentence for each section that throttles more than a condition of --fail-if allows."""
    return [
        f"{condition.text} holds for {one.tuned.target}"
        for condition in conditions
        for one in advice
        if one.tuned.found.alternative.throttled_percent > condition.limit
    ]


def _count_cores() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _find_output(sources: ConfigSources, options: Mapping[str, Any]) -> Path | None:
    """Return the file to write; raise ConfigurationError if it exists or could not be written later."""
    if options["tune_output"] is None:
        return None
    path = sources.find_path(options["tune_output"])
    if os.path.lexists(path):
        raise ConfigurationError(
            (f"--tune-output {path} exists; refusing to overwrite it: name another file, or move it away",)
        )
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(
            (f"--tune-output {path} cannot be written: {path.parent} is not a writable directory",)
        )
    return path


class _Progress:
    """The results so far, and a bar with targets done, saving found and time left."""

    def __init__(self, targets: int, settings: TuneSettings) -> None:
        self.tuned: list[Tuned] = []
        self.failed: list[Failed] = []
        self.bar = ProgressBar(sys.stderr, f"tuning 0/{targets}", delay_seconds=0)
        self._targets = targets
        self._settings = settings
        self._saving = 0.0
        self._begun = time.monotonic()
        self.bar(0.0)

    def add(self, result: Tuned | Failed) -> None:
        """Add a result, and redraw the bar."""
        if isinstance(result, Failed):
            self.failed.append(result)
        else:
            self.tuned.append(result)
            self._saving += sum(one.saving for one in advise([result], self._settings))
        done = len(self.tuned) + len(self.failed)
        left = (time.monotonic() - self._begun) / done * (self._targets - done)
        saved = f"saving ${self._saving:,.2f} a month, " if self._saving > 0 else ""
        self.bar.label = f"tuning {done}/{self._targets}, {saved}{describe_time(left)} left"
        self.bar(done / self._targets)


def _write(path: Path, text: str) -> str | None:
    """Write a file, and return why it could not be written."""
    try:
        with open_folder(path.parent) as folder:
            folder.replace(path.name, (text,))
    except OSError as error:
        return f"--tune-output {path} cannot be written: {error.strerror}; the sections are printed instead"
    return None
