"""Carry out --record: fetch the history of each target, and add it to the CSV file of that target."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Protocol

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.config.text import clip, escape
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS
from dynamic_dynamodb.replay.recordings.files import Folder, RecordingError, open_folder, open_text
from dynamic_dynamodb.replay.recordings.history_file import (
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
    read_manifest,
    strip_suffix,
)
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.replay.recordings.resampling import find_period
from dynamic_dynamodb.scaling.model import NAME_RULE, PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.check.discovery import Discovered
    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.recordings.history_file import Minutes
    from dynamic_dynamodb.scaling.usage import Datapoints

    Registrations = Mapping[tuple[Target, Capacity], Registration]

FOR_LONG_ANSWERS: Final = Timeouts(attempt=60.0, pages=600.0, budget=90.0)
"""Longer than in a check: two weeks of a target are megabytes, and the user waits for them."""


class History(Protocol):
    """A source of histories: CloudWatch."""

    def fetch(self, target: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
        """Return the series of each column; raise AwsError."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of a run: a line for each recorded target, a sentence for each failure, and warnings."""

    lines: tuple[str, ...]
    failures: tuple[str, ...]
    warnings: tuple[str, ...] = ()


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


def record(
    sources: ConfigSources, configuration: Configuration, on_progress: Callable[[float], None]
) -> Recorded:
    """Record every target that matches a section; raise ConfigurationError."""
    directory = sources.find_path(configuration.global_options["record"])
    region = configuration.global_options["region"]
    with ExitStack() as stack:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(open_folder(directory))
            stack.enter_context(folder.lock())
            is_adopted = any(directory.glob("*.csv")) and not (directory / MANIFEST).exists()
            manifest = _read_own_manifest(folder, region)
        except BlockingIOError:
            fault = f"another run of --record is writing to {directory}: try again when it has ended"
            return Recorded((), (fault,))
        except OSError as error:
            fault = f"--record {directory} cannot be written: {error.strerror}"
            raise ConfigurationError((fault,)) from error
        recorded = _record_into(folder, manifest, configuration, on_progress)
    adopted = f"{directory} had no {MANIFEST}: its recordings are taken to be of {region} from now on"
    return replace(recorded, lines=(adopted, *recorded.lines)) if is_adopted else recorded


def _record_into(
    folder: Folder,
    manifest: Manifest,
    configuration: Configuration,
    on_progress: Callable[[float], None],
) -> Recorded:
    options = configuration.global_options
    with start_workers() as workers:
        workers.lookups.resize(options["max_workers"])
        account = open_account(configuration, workers, FOR_LONG_ANSWERS, never)
        discovery = Discovery(
            account.tables, configuration.sections, workers.lookups, conditions=account.conditions
        )
        try:
            account.prepare()
            account.clock.begin()
            now = datetime.now(timezone.utc)
            found = discovery.find()
        except AwsError as error:
            found = error
        if isinstance(found, AwsError):
            warnings = _list_warnings(workers.conditions, account.conditions)
            return Recorded((), (f"nothing was recorded: {found}",), warnings)
        end = account.clock.correct(now).replace(second=0, microsecond=0) - PUBLISHING_DELAY
        registrations = _find_registrations(account.autoscaling, workers.conditions)
        span = Span(end - timedelta(days=options["days"]), end)
        subjects = list(_find_targets(discovery, found, registrations))
        recorded = Recorder(folder, account.history, span).record(subjects, manifest, on_progress)
        warnings = _list_warnings(workers.conditions, account.conditions)
    failures = [str(report) for report in found.failed]
    if found.is_list_missing:
        failures.append("not all tables could be listed")
    if not subjects and not failures:
        failures.append("no table matches any section: nothing was recorded")
    return Recorded(recorded.lines, (*failures, *recorded.failures), warnings)


def _list_warnings(*conditions: Conditions) -> tuple[str, ...]:
    """Return the conditions to warn about, such as a section that matches nothing."""
    notices = (notice for each in conditions for notice in each.in_force)
    return tuple(escape(notice.sentence) for notice in notices if notice.level >= Level.WARNING)


def _read_own_manifest(folder: Folder, region: str) -> Manifest:
    """Return the manifest of a directory; raise ConfigurationError if it is of another region."""
    path = folder.path / MANIFEST
    try:
        with folder.open(MANIFEST) as file:
            manifest = read_manifest(file)
    except FileNotFoundError:
        return Manifest(region)  # older recordings have none
    except RecordingError as error:
        raise ConfigurationError((f"{path} {error}",)) from error
    if manifest.region != region:
        fault = (
            f"--record {folder.path} holds recordings of {clip(manifest.region)}, but the region is {region}:"
            " use one directory for each region"
        )
        raise ConfigurationError((fault,))
    return manifest


def _find_registrations(autoscaling: ApplicationAutoScaling, conditions: Conditions) -> Registrations | None:
    """Return what AWS scales itself; None, with a warning, if that is not known."""
    try:
        limits = autoscaling.find_registrations()
    except AwsError as error:
        conditions.set("registrations", f"{error}; the recording does not say what AWS scales itself")
        return None
    try:
        percents = autoscaling.find_target_percents() if limits else {}
    except AwsError as error:
        conditions.set("policies", f"{error}; the recording does not say which utilization AWS scales to")
        percents = {}
    return {key: replace(one, target_percent=percents.get(key)) for key, one in limits.items()}


def _find_targets(
    discovery: Discovery, found: Discovered, registrations: Registrations | None
) -> Iterator[RecordedTarget]:
    """Return the targets that can be recorded, on-demand ones included."""
    on_demand = {
        report.target for report in found.skipped if report.skipped and report.skipped.code is Code.ON_DEMAND
    }
    for target in sorted({*on_demand, *(subject.target for subject in found.matched)}):
        descriptions = discovery.known[target.table]
        entry = Entry(
            target,
            frozenset((Billing.ON_DEMAND if target in on_demand else Billing.PROVISIONED,)),
            descriptions[target].table_class,
            descriptions[target].size_bytes,
            None if registrations is None else _find_registered(registrations, target),
        )
        yield RecordedTarget(entry, descriptions[Target(target.table)].account)


def _find_registered(registrations: Registrations, target: Target) -> PerCapacity[Registration | None]:
    return PerCapacity.of(lambda capacity: registrations.get((target, capacity)))


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records targets into a directory that this run has locked."""

    folder: Folder
    history: History
    span: Span

    def record(
        self,
        subjects: Sequence[RecordedTarget],
        manifest: Manifest,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Recorded:
        """Record targets one after another."""
        account = manifest.account or next((one.account for one in subjects if one.account), "")
        refusals = {subject: _find_refusal(subject, account) for subject in subjects}
        lines: list[str] = []
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
        for number, (subject, stem) in enumerate(stems.items()):
            on_progress(number / len(stems))
            try:
                lines.append(f"{subject}: {self._record_one(subject, stem, names)}")
            except (AwsError, RecordingError, OSError) as error:
                failures.append(f"{subject}: not recorded: {error}")
        return Recorded(tuple(lines), tuple(failures))

    def _record_one(self, subject: RecordedTarget, stem: str, names: Collection[str]) -> str:
        """Fetch what a file lacks, and replace it with the longer one."""
        path = self.folder.path / f"{stem}.csv"
        other = next((stem + end for end in SUFFIXES if end != ".csv" and stem + end in names), None)
        if other is not None:
            message = f"{path.with_name(other)} exists, but only a plain .csv can be continued"
            raise RecordingError(f"{message}: unpack it or move it away")
        earliest = self.span.end - timedelta(days=METRICS_KEPT_DAYS)
        with _explaining(path):
            kept = self._read_kept(path.name)
        start = find_first_missing(kept, self.span.start, self.span.end, earliest)
        series = self.history.fetch(subject.target, start, self.span.end)
        if not kept and not any(series.values()):
            return "no datapoints in CloudWatch, nothing written"
        rows = merge(kept, series, start, self.span.end)
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
