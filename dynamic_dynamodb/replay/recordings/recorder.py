"""Fetch the history of each target, and add it to the CSV file of that target."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.aws.workers import call_for_each
from dynamic_dynamodb.config.text import clip, escape
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS
from dynamic_dynamodb.replay.recordings.files import Folder, RecordingError, open_text
from dynamic_dynamodb.replay.recordings.history_file import (
    CURRENT,
    OVERLAP,
    find_first_missing,
    merge,
    read_history,
    write_history,
)
from dynamic_dynamodb.replay.recordings.manifest import (
    MANIFEST,
    SUFFIXES,
    Entry,
    Manifest,
    name_stem,
    strip_suffix,
)
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.replay.recordings.resampling import find_period
from dynamic_dynamodb.scaling.model import NAME_RULE, Target
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from dynamic_dynamodb.replay.recordings.history_file import Minutes
    from dynamic_dynamodb.scaling.usage import Datapoints

MOST_AT_ONCE: Final = 8
"""How many targets may be fetched concurrently.

Two weeks of a target take about 12 MB of memory, and CloudWatch's quota of datapoints allows three a second.
"""


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""After these errors, no other file can be written either: further metrics would be paid for in vain."""


class History(Protocol):
    """A source of histories: CloudWatch."""

    def fetch(self, target: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
        """Return the series of each column; raise AwsError."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of a run: a line for each recorded target, a sentence for each failure, and warnings.

    `fetched` is the number of targets whose metrics CloudWatch returned.
    """

    lines: tuple[str, ...]
    failures: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    fetched: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """The whole minutes `start` <= minute < `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RecordedTarget:
    """A target to record, with its account, empty if unknown, and what the manifest keeps of it."""

    entry: Entry
    account: str = ""

    @property
    def target(self) -> Target:
        """Return its target."""
        return self.entry.target

    def __str__(self) -> str:
        """Return the target as text, with control characters escaped."""
        return escape(str(self.target))


@dataclass(frozen=True, slots=True)
class _Fetched:
    """The rows that a file has, and the series of the minutes from `start` on; None if it lacks none."""

    path: Path
    kept: Minutes
    start: datetime
    series: Mapping[str, Datapoints] | None


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records targets into a directory that this run has locked."""

    folder: Folder
    history: History
    span: Span
    workers: Executor
    most_at_once: int = MOST_AT_ONCE

    def record(
        self,
        subjects: Sequence[RecordedTarget],
        manifest: Manifest,
        on_progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> Recorded:
        """Fetch several targets at a time, and write the file of each as soon as it is fetched.

        `on_progress` gets the number of targets that are done, and of all that can be recorded.
        """
        account = manifest.account or next((one.account for one in subjects if one.account), "")
        refusals = {subject: _find_refusal(subject, account) for subject in subjects}
        lines: dict[RecordedTarget, str] = {}
        errors: dict[RecordedTarget, str] = {}
        failures = [f"{one}: not recorded: {refusal}" for one, refusal in refusals.items() if refusal]
        names = frozenset(self.folder.list_names())
        stems = _name_stems([subject for subject in subjects if not refusals[subject]], names)
        known = {stem: one.entry for one, stem in stems.items()}
        try:
            if known:
                self.folder.replace(MANIFEST, (manifest.add(account, known).write(),))
        except OSError as error:
            path = self.folder.path / MANIFEST
            failures.append(f"nothing was recorded: {path} cannot be written: {error.strerror}")
            return Recorded((), tuple(failures))
        if stems:
            on_progress(0, len(stems))
        count = rest = 0
        for done, (subject, fetching) in enumerate(self._fetch_all(stems, names), 1):
            try:
                fetched = fetching.result()
                count += fetched.series is not None
                lines[subject] = f"{subject}: {self._write(subject, fetched)}"
            except (AwsError, RecordingError) as error:
                errors[subject] = f"{subject}: not recorded: {error}"
            except OSError as error:
                path = self.folder.path / f"{stems[subject]}.csv"
                errors[subject] = f"{subject}: not recorded: {path}: {error.strerror}"
                if error.errno in _FULL:
                    rest = len(stems) - done
                    break
            on_progress(done, len(stems))
        failures += (errors[one] for one in stems if one in errors)
        failures += _describe_rest(rest)
        written = tuple(lines[one] for one in stems if one in lines)
        return Recorded(written, tuple(failures), fetched=count)

    def _fetch_all(
        self, stems: Mapping[RecordedTarget, str], names: Collection[str]
    ) -> Iterator[tuple[RecordedTarget, Future[_Fetched]]]:
        """Return each target as soon as it is fetched; the next ones wait until it is written."""

        def fetch(subject: RecordedTarget) -> _Fetched:
            return self._fetch(subject, stems[subject], names)

        return call_for_each(self.workers, self.most_at_once, fetch, stems)

    def _fetch(self, subject: RecordedTarget, stem: str, names: Collection[str]) -> _Fetched:
        """Fetch what a file lacks."""
        path = self.folder.path / f"{stem}.csv"
        other = next((stem + end for end in SUFFIXES if end != ".csv" and stem + end in names), None)
        if other is not None:
            message = f"{path.with_name(other)} exists, but only a plain .csv can be continued"
            raise RecordingError(f"{message}: unpack it or move it away")
        earliest = self.span.end - timedelta(days=METRICS_KEPT_DAYS)
        with _explaining(path):
            kept = self._read_kept(path.name)
        start = find_first_missing(kept, self.span.start, self.span.end, earliest)
        if kept and start >= self.span.end - CURRENT:
            return _Fetched(path, kept, start, None)
        return _Fetched(path, kept, start, self.history.fetch(subject.target, start, self.span.end))

    def _write(self, subject: RecordedTarget, fetched: _Fetched) -> str:
        """Replace a file with the longer one, and return what was recorded."""
        path, kept, series = fetched.path, fetched.kept, fetched.series
        if series is None:
            return f"{len(kept):,} minutes, recorded less than {OVERLAP // MINUTE} minutes ago, in {path}"
        if not kept and not any(series.values()):
            return "no datapoints in CloudWatch, nothing written"
        rows = merge(kept, series, fetched.start, self.span.end)
        with _explaining(path):
            if kept:
                find_period(sorted(rows), [])
        self.folder.replace(path.name, write_history(rows))
        billed = ", billed on demand" if Billing.ON_DEMAND in subject.entry.billing else ""
        return f"{len(rows):,} minutes, {len(rows) - len(kept):,} of them new, in {path}{billed}"

    def _read_kept(self, name: str) -> Minutes:
        try:
            with self.folder.open(name) as file, open_text(file, name) as text:
                return read_history(text)
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError:
            raise RecordingError("is not UTF-8 text: move it away") from None


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except RecordingError as error:
        message = f"{path} cannot be continued: it {error}"
        raise RecordingError(message) from error


def _describe_rest(targets: int) -> Iterator[str]:
    """Return a sentence on the targets that are left out because nothing can be written any more."""
    if targets:
        noun = "table or index is" if targets == 1 else "tables and indexes are"
        yield f"{targets:,} more {noun} not recorded: free disk space, then run --record again"


def _name_stems(subjects: Sequence[RecordedTarget], names: Collection[str]) -> dict[RecordedTarget, str]:
    """Return the name of each target's file without .csv; none differs from another in case only."""
    taken: dict[str, set[str]] = {}
    for name in names:
        stem = strip_suffix(name)
        taken.setdefault(stem.casefold(), set()).add(stem)
    stems = {}
    for subject in subjects:
        stem = name_stem(subject.target, taken)
        taken.setdefault(stem.casefold(), set()).add(stem)
        stems[subject] = stem
    return stems


def _find_refusal(subject: RecordedTarget, account: str) -> str | None:
    if not subject.target.has_valid_names:
        return f"DynamoDB does not allow this name: it must have {NAME_RULE}"
    if subject.account and subject.account != account:
        return f"it is of account {subject.account}, but the directory holds recordings of {clip(account)}"
    return None
