"""Carry out `--record`: keep each target's history in a CSV file that grows from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.config.values import shorten
from dynamic_dynamodb.core.usage import MINUTE, PUBLISHING_DELAY
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.patience import Timeouts
from dynamic_dynamodb.replay.files import name_file
from dynamic_dynamodb.replay.recording import COLUMNS
from dynamic_dynamodb.replay.rows import GOOD_HEADER, GOOD_TIMESTAMP
from dynamic_dynamodb.wiring import build_history, open_session, start_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.core.model import Target
from dynamic_dynamodb.core.usage import Datapoints

OVERLAP: Final = timedelta(minutes=15)
"""The youngest part of a recording, which is fetched again: CloudWatch may have corrected it."""
LONGEST_HISTORY: Final = timedelta(days=15)
"""How long CloudWatch keeps 1-minute datapoints (CloudWatch concepts, metrics retention)."""
TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


class History(Protocol):
    """Where a target's history comes from."""

    def fetch(self, target: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
        """Give the series by column; raise AwsError."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a recording: a line for each target, and a sentence for each that failed."""

    lines: tuple[str, ...]
    failures: tuple[str, ...]


def record(
    circumstances: Circumstances, configuration: Configuration, on_progress: Callable[[float], None]
) -> Recorded:
    """Record every target that a section matches; raise ConfigurationError."""
    options = configuration.global_options
    directory = circumstances.find_path(options["record"])
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError((f"--record {directory} cannot be made: {error.strerror}",)) from error
    session = open_session(options, Timeouts(), lambda: False)
    with start_workers() as workers:
        survey, history = build_history(configuration, workers, session)
        try:
            session.prepare()
            found = survey.find()
        except AwsError as error:
            return Recorded((), (f"nothing was recorded: {error}",))
        failures = [str(report) for report in found.failed]
        if found.is_list_missing:
            failures.append("the tables could not be listed")
        targets = [subject.target for subject in found.subjects]
        if not targets and not failures:
            failures.append("no table matches any section: nothing was recorded")
        end = datetime.now(timezone.utc).replace(second=0, microsecond=0) - PUBLISHING_DELAY
        span = Span(end - timedelta(days=options["days"]), end)
        lines, more = record_targets(targets, history, directory, span, on_progress)
    return Recorded(tuple(lines), (*failures, *more))


@dataclass(frozen=True, slots=True)
class Span:
    """Whole minutes from `start` until before `end`."""

    start: datetime
    end: datetime


def record_targets(
    targets: Sequence[Target],
    history: History,
    directory: Path,
    span: Span,
    on_progress: Callable[[float], None] = lambda _: None,
) -> tuple[list[str], list[str]]:
    """Record one target after the other; give a line for each, and what failed."""
    lines, failures = [], []
    for number, target in enumerate(targets):
        on_progress(number / len(targets))
        path = directory / name_file(target)
        try:
            lines.append(f"{target}: {_record_one(target, history, path, span)}")
        except (AwsError, ValueError, OSError) as error:
            failures.append(f"{target}: not recorded: {error}")
    return lines, failures


def _record_one(target: Target, history: History, path: Path, span: Span) -> str:
    """Fetch what a file lacks, and put the longer file in its place at once."""
    kept = _read_kept(path, span)
    start = span.start
    if kept and _read_moment(kept[0]) > start:
        kept = []  # more days are wanted than the file has
    if kept:
        start = max(span.end - LONGEST_HISTORY, _read_moment(kept[-1]) + MINUTE)
    series = history.fetch(target, start, span.end)
    if not kept and not any(series[column] for column in series):
        return "CloudWatch has no datapoint of it, nothing was written"
    new = list(_write_rows(series, start, span.end))
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text("\n".join((GOOD_HEADER, *kept, *new, "")), encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return f"{len(kept) + len(new):,} minutes, {len(new):,} of them new, in {path}"


def _read_kept(path: Path, span: Span) -> list[str]:
    """Give the lines of an earlier recording that need not be fetched again."""
    if not path.exists():
        return []
    header, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
    if header != GOOD_HEADER:
        message = f"{path} is there and is no recording of --record: move it away"
        raise ValueError(message)
    if not lines:
        return []
    try:
        last = _read_moment(lines[-1])
    except ValueError:
        shown = shorten(lines[-1])
        message = f"{path} cannot be continued: its last line, {shown}, is not whole; delete that line"
        raise ValueError(message) from None
    until = min(last - OVERLAP, span.end).strftime(TIMESTAMP)
    return [line for line in lines if line[: len(GOOD_TIMESTAMP)] < until]


def _read_moment(line: str) -> datetime:
    return datetime.strptime(line.partition(",")[0], TIMESTAMP).replace(tzinfo=timezone.utc)


def _write_rows(series: Mapping[str, Datapoints], start: datetime, end: datetime) -> Iterator[str]:
    columns = [series[name] for name in COLUMNS]
    moment = start
    while moment < end:
        yield ",".join((moment.strftime(TIMESTAMP), *(_write_number(one.get(moment)) for one in columns)))
        moment += MINUTE


def _write_number(number: float | None) -> str:
    if number is None:
        return ""
    return str(int(number)) if number == int(number) else repr(number)
