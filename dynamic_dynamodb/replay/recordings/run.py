"""Carry out --record: find the targets of one or several places, and record them in a directory."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.aws.credential_pool import CredentialPool
from dynamic_dynamodb.aws.metrics import METRICS
from dynamic_dynamodb.check.resilience import FOR_LONG_ANSWERS, never
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST
from dynamic_dynamodb.replay.recordings.place import OpenPlace, PlaceError, list_warnings, open_place
from dynamic_dynamodb.replay.recordings.recorder import MOST_AT_ONCE, Recorded, Recorder, Span
from dynamic_dynamodb.scaling.costs import describe_metrics_bill
from dynamic_dynamodb.scaling.usage import PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamic_dynamodb.aws.account import Workers
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sources import ConfigSources

_HELD: Final = (
    "holds recordings of one region",
    "has a directory for each region",
    "has a directory for each account",
)
"""What a directory of recordings is like whose manifests are at a depth."""
_ANOTHER: Final = ("", " with --regions", " with [account: …] sections")


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
        pool = CredentialPool(configuration, FOR_LONG_ANSWERS, never, observers=workers.observers)
        run = _Run(configuration, workers, pool, stack)
        depth = _choose_depth(configuration)
        _refuse_other_depths(directory, depth, configuration.places[0])
        if depth:
            run.open_several(directory)
        else:
            run.open_one(directory)
        run.record(announce, on_progress)
        run.warnings += list_warnings(workers.conditions)
    return Recorded(tuple(run.lines), tuple(run.failures), tuple(dict.fromkeys(run.warnings)), run.fetched)


@dataclass(slots=True)
class _Run:
    """The places of a run by name, which is empty if there is only one, and the results so far."""

    configuration: Configuration
    workers: Workers
    pool: CredentialPool
    stack: ExitStack
    places: dict[str, OpenPlace] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fetched: int = 0

    def open_one(self, directory: Path) -> None:
        """Open the only place; raise ConfigurationError if its directory cannot be used."""
        try:
            self._open("", directory, self.configuration.places[0])
        except PlaceError as error:
            self.failures.append(str(error))

    def open_several(self, directory: Path) -> None:
        """Open all places, each in a directory of its own; one that fails is a sentence."""
        for place in self.configuration.places:
            self.failures += (f"{place.name}: {fault}" for fault in self._find_faults(directory, place))

    def _find_faults(self, directory: Path, place: Place) -> tuple[str, ...]:
        """Open one of several places, or return why that is not possible."""
        try:
            self._open(place.name, directory / place.name, place)
        except PlaceError as error:
            return (str(error),)
        except ConfigurationError as error:
            return error.faults
        return ()

    def _open(self, name: str, directory: Path, place: Place) -> None:
        configuration = self.configuration.at_place(place)
        self.places[name] = open_place(directory, configuration, self.workers, self.pool, self.stack)

    def record(self, announce: Callable[[str], None], on_progress: Callable[[int, int], None]) -> None:
        """Record one place after the other, several targets at a time."""
        targets = sum(len(place.subjects) for place in self.places.values())
        if targets:
            noun = "table or index" if targets == 1 else "tables and indexes"
            bill = describe_metrics_bill(targets * len(METRICS))
            announce(f"recording {targets:,} {noun}: CloudWatch bills up to {bill}")
        done = 0
        for name, place in self.places.items():
            of_target, of_place = (f"{name} ", f"{name}: ") if name else ("", "")
            recorded = self._record_place(place, partial(_shift, on_progress, done, targets))
            done += len(place.subjects)
            self.fetched += recorded.fetched
            self.lines += (f"{of_place}{remark}" for remark in place.remarks)
            self.lines += (f"{of_target}{line}" for line in recorded.lines)
            self.lines += (f"{of_place}{line}" for line in _describe_prices(place))
            self.failures += (f"{of_target}{failure}" for failure in (*place.failed, *recorded.failures))
            self.failures += [] if place.is_complete else [f"{of_place}not all tables could be listed"]
            self.warnings += (f"{of_place}{warning}" for warning in place.list_warnings())
        if self.fetched:
            self.lines.append(f"CloudWatch bills {describe_metrics_bill(self.fetched * len(METRICS))}")

    def _record_place(self, place: OpenPlace, on_progress: Callable[[int, int], None]) -> Recorded:
        options = self.configuration.global_options
        now = place.account.clock.correct_later(datetime.now(timezone.utc))
        end = now.replace(second=0, microsecond=0) - PUBLISHING_DELAY
        recorder = Recorder(
            place.folder,
            place.account.history,
            Span(end - timedelta(days=options["days"]), end),
            self.workers.lookups,
            min(options["max_workers"], MOST_AT_ONCE),
        )
        return recorder.record(place.subjects, place.manifest, on_progress)


def _choose_depth(configuration: Configuration) -> int:
    """Return 0 for recordings in the directory itself, 1 for a directory of each region, 2 with accounts."""
    if any(place.account for place in configuration.places):
        return 2
    return 1 if configuration.global_options["regions"] else 0


def _refuse_other_depths(directory: Path, depth: int, first: Place) -> None:
    """Raise ConfigurationError if a directory has recordings at another depth."""
    found = [one for one in range(len(_HELD)) if any(directory.glob("*/" * one + MANIFEST))]
    if not found or depth in found:
        return
    advice = f"use another directory{_ANOTHER[depth]}"
    if (found[0], depth) == (1, 0):
        advice = f"use --regions {first.region}"
    raise ConfigurationError((f"--record {directory} {_HELD[found[0]]}: {advice}",))


def _shift(on_progress: Callable[[int, int], None], before: int, targets: int, done: int, _: int) -> None:
    """Report the targets that are done in one place as those of all places."""
    on_progress(before + done, targets)


def _describe_prices(place: OpenPlace) -> Iterator[str]:
    prices = place.manifest.prices
    if prices is not None and place.subjects:
        yield f"prices are those of {place.manifest.region} on {prices.day}"
