"""Carry out --tune."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.cli.new_files import find_new_file, write_new_file
from dynamic_dynamodb.cli.report_file import find_report, write_report_file
from dynamic_dynamodb.cli.result import ExitCode, Result, add_program_name
from dynamic_dynamodb.cli.streams import exit_cleanly_on_signals
from dynamic_dynamodb.cli.tuning_run import check_scheduler, run_tasks
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.comparison.comparison import find_price_caveats
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.recordings.places import choose_places, find_sections, group_by_place
from dynamic_dynamodb.replay.recordings.reader import find_sources
from dynamic_dynamodb.replay.reports.tuning import count_sections, write_advice, write_configuration
from dynamic_dynamodb.replay.reports.tuning_data import write_tuning_csv, write_tuning_json
from dynamic_dynamodb.replay.reports.tuning_page import write_tuning_report
from dynamic_dynamodb.replay.tuning.advice import advise
from dynamic_dynamodb.replay.tuning.alternatives import (
    DEFAULT_LIMIT_PERCENT,
    MEAN_OF_BILLS,
    Intervals,
    TuneSettings,
)
from dynamic_dynamodb.replay.tuning.cluster import ClusterError
from dynamic_dynamodb.replay.tuning.tuner import Failed, Tuned, make_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.replay.comparison.settings import Condition, Settings
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource
    from dynamic_dynamodb.replay.tuning.advice import Advice
    from dynamic_dynamodb.replay.tuning.tuner import Task


def tune(sources: ConfigSources) -> Result:
    """Tune recordings, and print or write a configuration file; raise ConfigurationError."""
    configuration = sources.load_leniently()
    options = configuration.global_options
    replay_settings = read_settings({**options, "region": configuration.places[0].region}, sources.flags)
    billing = options["billing"] if "billing" in sources.flags else MEAN_OF_BILLS
    output, report = find_new_file(sources, "tune-output"), find_report(sources, options)
    check_scheduler(options, sources.flags)
    path = sources.find_path(options["tune"])
    found, faults = find_sources(path, options["as"])
    if "region" in sources.flags:
        _check_region(found, options["region"])
    chosen = choose_places(configuration.places, found)
    replay_settings = replay_settings.use_recorded_prices(chosen.sources)
    settings = _read_settings(replay_settings, billing, options["levers"])
    tasks = [*_make_tasks(chosen.sources, configuration, replay_settings, settings)]
    exit_cleanly_on_signals()
    try:
        results = run_tasks(tasks, options, settings, are_kept=path.is_dir())
    except ClusterError as error:
        return Result("", faults=add_program_name([str(error)]), code=ExitCode.FAILURE)
    tuned = [one for one in results if isinstance(one, Tuned)]
    failed = [one for one in results if isinstance(one, Failed)]
    failures = [*faults, *map(str, sorted(failed, key=lambda one: one.target))]
    remarks = (*chosen.left_out, *failures)
    caveats = find_price_caveats(chosen.sources, replay_settings)
    warnings = (*configuration.warnings, *chosen.left_out, *caveats)
    if not tuned:
        return Result("", add_program_name(warnings), add_program_name(failures), ExitCode.FAILURE)
    advice = advise(tuned, settings)
    file = "\n".join(write_configuration(advice, settings, chosen.places, remarks))
    text = file
    # The search may have taken hours: its result is printed even if a file cannot be written.
    unwritten: list[str | None] = []
    if report is not None:
        unwritten.append(write_report_file(report, write_tuning_report(advice, settings, remarks)))
    if output is not None:
        unwritten.append(_write(output, f"{file}\n"))
        if unwritten[-1] is None:
            text = "\n".join((*write_advice(advice), f"written to {output}: {count_sections(advice)}"))
    if options["format"] == "json":
        text = write_tuning_json(advice, settings, chosen.places, remarks)
    elif options["format"] == "csv":
        text = write_tuning_csv(advice)
    failures += filter(None, unwritten)
    failures += _find_excesses(advice, replay_settings.conditions)
    code = ExitCode.FAILURE if failures else ExitCode.SUCCESS
    return Result(text, add_program_name(warnings), add_program_name(failures), code)


def _make_tasks(
    sources: Iterable[RecordingSource], configuration: Configuration, read: Settings, settings: TuneSettings
) -> Iterator[Task]:
    """Yield the task of each recording, with the sections and the prices of its place."""
    options = configuration.global_options
    intervals = Intervals(options["check_interval"], options["quiet_check_interval"])
    for place, group in group_by_place(sources).items():
        sections = find_sections(configuration, (one.origin for one in group))
        of_place = settings._replace(prices=read.at(place).prices)
        yield from (make_task(one, of_place, sections, intervals) for one in group)


def _check_region(files: Sequence[RecordingSource], wanted: str) -> None:
    """Raise ConfigurationError if all recordings are of other regions."""
    regions = {one.region for one in files}
    if regions and not regions & {wanted, ""}:
        raise ConfigurationError((f"--region {wanted}: all recordings are of {', '.join(sorted(regions))}",))


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
    """Return a sentence for each target whose advice throttles more than a condition of --fail-if allows."""
    return [
        f"{condition.text} holds for {one.tuned.target}"
        for condition in conditions
        for one in advice
        if one.best.throttled_percent > condition.limit
    ]


def _write(path: Path, text: str) -> str | None:
    """Write a file, and return why it could not be written."""
    fault = write_new_file(path, text)
    return fault and f"--tune-output {path} cannot be written: {fault}; the sections are printed instead"
