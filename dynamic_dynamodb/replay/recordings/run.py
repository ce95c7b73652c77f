"""Carry out --record: find the targets of one or several regions, and record them in a directory."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.aws.metrics import METRICS
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST
from dynamic_dynamodb.replay.recordings.reader import find_regions
from dynamic_dynamodb.replay.recordings.recorder import MOST_AT_ONCE, Recorded, Recorder, Span
from dynamic_dynamodb.replay.recordings.region import Region, RegionError, list_warnings, open_region
from dynamic_dynamodb.scaling.costs import describe_metrics_bill
from dynamic_dynamodb.scaling.usage import PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamic_dynamodb.aws.account import Workers
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources


def record(
    sources: ConfigSources,
    configuration: Configuration,
    announce: Callable[[str], None],
    on_progress: Callable[[int, int], None],
) -> Recorded:
    """Record every target that matches a section, or every target with --all; raise ConfigurationError.

    `announce` gets what recording costs before it begins.
    """
    options = configuration.global_options
    directory = sources.find_path(options["record"])
    with ExitStack() as stack:
        workers = stack.enter_context(start_workers())
        workers.lookups.resize(options["max_workers"])
        run = _Run(configuration, workers, stack)
        if options["regions"]:
            run.open_several(directory)
        else:
            run.open_one(directory)
        run.record(announce, on_progress)
        run.warnings += list_warnings(workers.conditions)
    return Recorded(tuple(run.lines), tuple(run.failures), tuple(dict.fromkeys(run.warnings)), run.fetched)


@dataclass(slots=True)
class _Run:
    """The regions of a run by name, which is empty if there is only one, and the results so far."""

    configuration: Configuration
    workers: Workers
    stack: ExitStack
    regions: dict[str, Region] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fetched: int = 0

    def open_one(self, directory: Path) -> None:
        """Open the region of the configuration; raise ConfigurationError if its directory cannot be used."""
        region = self.configuration.global_options["region"]
        if not _has_manifest(directory) and find_regions(directory):
            fault = f"--record {directory} has a directory for each region: use --regions {region}"
            raise ConfigurationError((fault,))
        try:
            self.regions[""] = open_region(directory, self.configuration, self.workers, self.stack)
        except RegionError as error:
            self.failures.append(str(error))

    def open_several(self, directory: Path) -> None:
        """Open the regions of --regions, each in a directory of its own; one that fails is a sentence."""
        if _has_manifest(directory):
            fault = (
                f"--record {directory} holds recordings of one region: use another directory with --regions"
            )
            raise ConfigurationError((fault,))
        for place in self.configuration.places:
            name, configuration = place.name, self.configuration.at_place(place)
            try:
                opened = open_region(directory / name, configuration, self.workers, self.stack)
            except RegionError as error:
                self.failures.append(f"{name}: {error}")
            except ConfigurationError as error:
                self.failures += (f"{name}: {fault}" for fault in error.faults)
            else:
                self.regions[name] = opened

    def record(self, announce: Callable[[str], None], on_progress: Callable[[int, int], None]) -> None:
        """Record one region after the other, several targets at a time."""
        targets = sum(len(region.subjects) for region in self.regions.values())
        if targets:
            noun = "table or index" if targets == 1 else "tables and indexes"
            bill = describe_metrics_bill(targets * len(METRICS))
            announce(f"recording {targets:,} {noun}: CloudWatch bills up to {bill}")
        done = 0
        for name, region in self.regions.items():
            of_target, of_region = (f"{name} ", f"{name}: ") if name else ("", "")
            recorded = self._record_region(region, partial(_shift, on_progress, done, targets))
            done += len(region.subjects)
            self.fetched += recorded.fetched
            self.lines += (f"{of_region}{remark}" for remark in region.remarks)
            self.lines += (f"{of_target}{line}" for line in recorded.lines)
            self.lines += (f"{of_region}{line}" for line in _describe_prices(region))
            self.failures += (f"{of_target}{failure}" for failure in (*region.failed, *recorded.failures))
            self.failures += [] if region.is_complete else [f"{of_region}not all tables could be listed"]
            self.warnings += (f"{of_region}{warning}" for warning in region.list_warnings())
        if self.fetched:
            self.lines.append(f"CloudWatch bills {describe_metrics_bill(self.fetched * len(METRICS))}")

    def _record_region(self, region: Region, on_progress: Callable[[int, int], None]) -> Recorded:
        options = self.configuration.global_options
        now = region.account.clock.correct_later(datetime.now(timezone.utc))
        end = now.replace(second=0, microsecond=0) - PUBLISHING_DELAY
        recorder = Recorder(
            region.folder,
            region.account.history,
            Span(end - timedelta(days=options["days"]), end),
            self.workers.lookups,
            min(options["max_workers"], MOST_AT_ONCE),
        )
        return recorder.record(region.subjects, region.manifest, on_progress)


def _has_manifest(directory: Path) -> bool:
    """Return whether a directory has recordings of its own; False if it cannot be read."""
    return os.access(directory / MANIFEST, os.F_OK)


def _shift(on_progress: Callable[[int, int], None], before: int, targets: int, done: int, _: int) -> None:
    """Report the targets that are done in one region as those of all regions."""
    on_progress(before + done, targets)


def _describe_prices(region: Region) -> Iterator[str]:
    prices = region.manifest.prices
    if prices is not None and region.subjects:
        yield f"prices are those of {region.manifest.region} on {prices.day}"
