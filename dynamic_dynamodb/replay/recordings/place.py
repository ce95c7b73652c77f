"""Open one place of a recording: lock its directory, find its targets, and ask for its prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.account import AwsAccount, Workers, open_account
from dynamic_dynamodb.aws.permissions import find_partition
from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.discovery import Discovery
from dynamic_dynamodb.check.resilience import FOR_LONG_ANSWERS, never
from dynamic_dynamodb.config.text import clip, escape
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.options import PRICED_REGION
from dynamic_dynamodb.replay.recordings.files import Folder, RecordingError, open_folder
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest, read_manifest
from dynamic_dynamodb.replay.recordings.recorder import RecordedTarget
from dynamic_dynamodb.replay.recordings.recording import Billing, RecordedPrices
from dynamic_dynamodb.scaling.costs import PRICE_KEYS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from dynamic_dynamodb.aws.autoscaling import ApplicationAutoScaling
    from dynamic_dynamodb.aws.credential_pool import CredentialPool
    from dynamic_dynamodb.check.conditions import Conditions
    from dynamic_dynamodb.check.discovered import Discovered
    from dynamic_dynamodb.check.ports import Registration
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.options import Capacity

    Registrations = Mapping[tuple[Target, Capacity], Registration]

_DOLLAR_PARTITION: Final = "aws"


class PlaceError(Exception):
    """An account and region cannot be recorded; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """An account and region whose targets are known, and whose directory this run has locked.

    `failed` has a sentence for each target that cannot be described. `is_complete` is False if not all tables
    could be listed.
    """

    folder: Folder
    manifest: Manifest
    account: AwsAccount
    subjects: tuple[RecordedTarget, ...]
    failed: tuple[str, ...]
    remarks: tuple[str, ...]
    is_complete: bool

    def list_warnings(self) -> tuple[str, ...]:
        """Return the conditions of its account to warn about, such as a section that matches nothing."""
        return list_warnings(self.account.conditions)


def list_warnings(conditions: Conditions) -> tuple[str, ...]:
    """Return the conditions to warn about, as text."""
    return tuple(escape(one.sentence) for one in conditions.in_force if one.level >= Level.WARNING)


def open_place(
    directory: Path, configuration: Configuration, workers: Workers, pool: CredentialPool, stack: ExitStack
) -> OpenPlace:
    """Lock the directory of a configuration's only place, and find what to record there.

    Raises ConfigurationError if the directory cannot be used, and PlaceError if AWS fails, or if another run
    is writing to the directory.
    """
    options = configuration.global_options
    (place,) = configuration.places
    folder, manifest, remarks = _open_directory(directory, place, stack)
    account = open_account(configuration, workers, FOR_LONG_ANSWERS, never, pool=pool)
    discovery = Discovery(
        account.tables, configuration.sections, workers.lookups, conditions=account.conditions
    )
    try:
        account.prepare()
        account.clock.begin()
        found = discovery.find()
    except AwsError as error:
        found = error
    if isinstance(found, AwsError):
        reasons = (str(found), *list_warnings(account.conditions))
        raise PlaceError(f"nothing was recorded: {'; '.join(reasons)}")
    registrations = _find_registrations(account.autoscaling, account.conditions)
    subjects = tuple(_find_targets(discovery, found, registrations))
    if not (subjects or found.failed or found.is_list_missing):
        region = "the region" if options["regions"] or place.account else place.region
        why = f"{region} has no tables" if options["all"] else "no table matches any section"
        raise PlaceError(f"{why}: nothing was recorded")
    if options["all"]:
        _leave_out_scaling(account.conditions, discovery)
    if subjects:
        prices = _find_prices(account, manifest.prices, place.region)
        manifest = replace(manifest, prices=prices)
    failed = tuple(map(str, found.failed))
    return OpenPlace(
        folder, manifest, account, subjects, failed, remarks, is_complete=not found.is_list_missing
    )


def _open_directory(
    directory: Path, place: Place, stack: ExitStack
) -> tuple[Folder, Manifest, tuple[str, ...]]:
    """Lock a directory, and return it with its manifest, and what to say about it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        folder = stack.enter_context(open_folder(directory))
        stack.enter_context(folder.lock())
        is_adopted = any(directory.glob("*.csv")) and not (directory / MANIFEST).exists()
        manifest = _read_own_manifest(folder, place)
    except BlockingIOError as error:
        busy = f"another run of --record is writing to {directory}: try again when it has ended"
        raise PlaceError(busy) from error
    except OSError as error:
        fault = f"--record {directory} cannot be written: {error.strerror}"
        raise ConfigurationError((fault,)) from error
    adopted = f"{directory} had no {MANIFEST}: its recordings are taken to be of {place.name} from now on"
    return folder, manifest, (adopted,) if is_adopted else ()


def _read_own_manifest(folder: Folder, place: Place) -> Manifest:
    """Return the manifest of a directory; raise ConfigurationError if it is of another place."""
    path = folder.path / MANIFEST
    try:
        with folder.open(MANIFEST) as file:
            manifest = read_manifest(file)
    except FileNotFoundError:
        manifest = Manifest(place.region)  # older recordings have none
    except RecordingError as error:
        raise ConfigurationError((f"{path} {error}",)) from error
    if manifest.region != place.region:
        fault = (
            f"--record {folder.path} holds recordings of {clip(manifest.region)}, but the region is"
            f" {place.region}: use one directory for each region, as --regions does"
        )
        raise ConfigurationError((fault,))
    if place.owner and manifest.account not in ("", place.owner):
        fault = (
            f"--record {folder.path} holds recordings of account {clip(manifest.account)}, but the role of"
            f" {place.account} is in account {place.owner}: use another directory"
        )
        raise ConfigurationError((fault,))
    return replace(manifest, account_name=place.account or manifest.account_name)


def _leave_out_scaling(conditions: Conditions, discovery: Discovery) -> None:
    """Leave out what does not matter without sections: which match nothing, and what scaling would affect."""
    conditions.set("unused", None)
    for table in discovery.replicated:
        conditions.set(f"replicas of {table}", None)


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


def _find_prices(account: AwsAccount, earlier: RecordedPrices | None, region: str) -> RecordedPrices | None:
    """Return the prices of a region; those of an earlier run, or None, with a warning, if AWS has none."""
    kept = (
        f"the recording keeps the prices of {earlier.day}"
        if earlier is not None
        else f"the recording has no prices, and costs are those of {PRICED_REGION}"
    )
    if find_partition(region) != _DOLLAR_PARTITION:
        sentence = f"the Price List API has no prices in dollars for {region}; {kept}: set the --price flags"
        account.conditions.set("prices", sentence)
        return earlier
    account.budget.reset()  # calls that failed before do not matter here
    try:
        dollars = account.prices.find_prices(region)
    except AwsError as error:
        account.conditions.set("prices", f"{error}; {kept}")
        return earlier
    missing = [key for key in PRICE_KEYS if key not in dollars]
    if missing:
        names = ", ".join(key.replace("_", " ") for key in missing)
        account.conditions.set("prices", f"the Price List API has no price of {names} in {region}; {kept}")
        return earlier
    return RecordedPrices(f"{datetime.now(timezone.utc):%Y-%m-%d}", dollars)


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
