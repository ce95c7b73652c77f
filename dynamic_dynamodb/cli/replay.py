"""Carry out --record and --replay."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.cli.report_file import find_report, write_report_file
from dynamic_dynamodb.cli.result import ExitCode, Result, add_program_name
from dynamic_dynamodb.cli.streams import exit_cleanly_on_signals, write_result
from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.comparison.comparison import compare, name_compared
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.progress import Progress, ProgressBar, describe_time
from dynamic_dynamodb.replay.recordings.places import choose_places
from dynamic_dynamodb.replay.recordings.reader import find_sources, read_sources
from dynamic_dynamodb.replay.reports.data import write_csv, write_json
from dynamic_dynamodb.replay.reports.text import write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.replay.comparison.comparison import Comparison

_WEIGHTS: Final = (1, 10)
"""How the time of a replay is shared: reading the recordings, replaying them."""


def record(sources: ConfigSources, configuration: Configuration) -> Result:
    """Record every matching target; raise ConfigurationError."""
    from dynamic_dynamodb.replay.recordings import run

    exit_cleanly_on_signals()
    progress = _RecordingProgress()
    try:
        recorded = run.record(sources, configuration, _announce, progress)
    finally:
        progress.bar.clear()
    return Result(
        "\n".join(map(escape, recorded.lines)),
        add_program_name((*configuration.warnings, *recorded.warnings, *recorded.failures)),
        code=ExitCode.FAILURE if recorded.failures else ExitCode.SUCCESS,
    )


def _announce(sentence: str) -> None:
    write_result(f"{sentence}\n")


class _RecordingProgress:
    """A bar with the targets done and the time left."""

    def __init__(self) -> None:
        self.bar = ProgressBar(sys.stderr, "recording", delay_seconds=0)
        self._begun = time.monotonic()

    def __call__(self, done: int, targets: int) -> None:
        """Show that some of all targets are recorded."""
        left = (time.monotonic() - self._begun) / done * (targets - done) if done else None
        remaining = "" if left is None else f", {describe_time(left)} left"
        self.bar.label = f"recording {done:,}/{targets:,}{remaining}"
        self.bar(done / targets)


def replay(sources: ConfigSources) -> Result:
    """Replay recordings, and fail if a condition of --fail-if holds; raise ConfigurationError."""
    progress = ProgressBar(sys.stderr, "replaying")
    try:
        return _replay(sources, progress)
    finally:
        progress.clear()


def _replay(sources: ConfigSources, on_progress: Callable[[float], None]) -> Result:
    configuration = sources.load_leniently()
    options = configuration.global_options
    settings = read_settings({**options, "region": configuration.places[0].region}, sources.flags)
    report = find_report(sources, options)
    other = _load_other(sources, options)
    reading, replaying = Progress(on_progress).split(_WEIGHTS)
    found, faults = find_sources(sources.find_path(options["replay"]), options["as"])
    chosen = choose_places(configuration.places, found)
    recordings = read_sources(chosen.sources, faults, reading)
    settings = settings.use_recorded_prices(chosen.sources)
    comparison = compare(configuration, recordings, settings, other=other, progress=replaying)
    if report is not None:
        from dynamic_dynamodb.replay.reports.replay_page import write_report

        fault = write_report_file(report, write_report(comparison))
        if fault is not None:
            raise ConfigurationError((fault,))
    remarks = (*configuration.warnings, *chosen.left_out)
    if options["format"] == "csv":  # CSV has no field for warnings
        remarks += comparison.warnings + tuple(
            f"{target.recording.target}: {warning}"
            for target in comparison.targets
            for warning in target.warnings
        )
    failure = comparison.find_failure()
    return Result(
        _format(comparison, options),
        add_program_name(remarks),
        add_program_name([failure] if failure else []),
        ExitCode.FAILURE if failure else ExitCode.SUCCESS,
    )


def _format(comparison: Comparison, options: Mapping[str, Any]) -> str:
    if options["format"] == "table":
        return write_table(comparison, is_complete=bool(options["all"]))
    return (write_json if options["format"] == "json" else write_csv)(comparison)


def _load_other(sources: ConfigSources, options: Mapping[str, Any]) -> tuple[str, Configuration] | None:
    if options["compare"] is None:
        return None
    if "config" not in sources.flags:
        raise ConfigurationError(("--compare requires --config FILE, the configuration to compare with",))
    path = sources.find_path(options["compare"])
    others = replace(sources, flags={**sources.flags, "config": str(path)})
    try:
        return name_compared(path), others.load_leniently()
    except ConfigurationError as error:
        raise ConfigurationError(error.faults, str(path)) from error
