"""Carry out --record: find the targets of an account, and record them in a directory."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.aws.metrics import METRICS
from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.resilience import Timeouts, never
from dynamic_dynamodb.config.text import clip, escape
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.replay.recordings.files import Folder, RecordingError, open_folder
from dynamic_dynamodb.replay.recordings.manifest import (
    MANIFEST,
    Entry,
    Manifest,
    read_manifest,
)
from dynamic_dynamodb.replay.recordings.recorder import MOST_AT_ONCE, Recorded, RecordedTarget, Recorder, Span
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.scaling.costs import THOUSAND_METRICS_DOLLARS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import PUBLISHING_DELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.check.discovery import Discovered
    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.options import Capacity

    Registrations = Mapping[tuple[Target, Capacity], Registration]

FOR_LONG_ANSWERS: Final = Timeouts(attempt=60.0, pages=600.0, budget=90.0)
"""Longer than in a check: two weeks of a target are megabytes, and the user waits for them."""

_CENT: Final = 0.01
_THOUSAND: Final = 1000


def record(
    sources: ConfigSources, configuration: Configuration, on_progress: Callable[[int, int], None]
) -> Recorded:
    """Record every target that matches a section, or every target with --all; raise ConfigurationError."""
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
    on_progress: Callable[[int, int], None],
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
        recorded = Recorder(
            folder,
            account.history,
            span,
            workers.lookups,
            min(options["max_workers"], MOST_AT_ONCE),
        ).record(subjects, manifest, on_progress)
        if options["all"]:
            _leave_out_scaling(account.conditions, discovery)
        warnings = _list_warnings(workers.conditions, account.conditions)
    failures = [str(report) for report in found.failed]
    if found.is_list_missing:
        failures.append("not all tables could be listed")
    if not subjects and not failures:
        why = f"{options['region']} has no tables" if options["all"] else "no table matches any section"
        failures.append(f"{why}: nothing was recorded")
    lines = (*recorded.lines, _describe_cost(recorded.fetched)) if recorded.fetched else recorded.lines
    return Recorded(lines, (*failures, *recorded.failures), warnings)


def _describe_cost(targets: int) -> str:
    metrics = targets * len(METRICS)
    dollars = metrics / _THOUSAND * THOUSAND_METRICS_DOLLARS
    total = f"about ${dollars:,.2f}" if dollars >= _CENT else f"less than ${_CENT}"
    price = f"${THOUSAND_METRICS_DOLLARS} per {_THOUSAND:,}"
    return f"{metrics:,} metrics were requested from CloudWatch: {total} at {price}"


def _leave_out_scaling(conditions: Conditions, discovery: Discovery) -> None:
    """Leave out what does not matter without sections: which match nothing, and what scaling would affect."""
    conditions.set("unused", None)
    for table in discovery.replicated:
        conditions.set(f"replicas of {table}", None)


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
