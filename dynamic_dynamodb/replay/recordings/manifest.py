"""Read and write the manifest of a directory: region, account, and the target of each file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from math import inf
from typing import IO, TYPE_CHECKING, Any, Final

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_text, read_all
from dynamic_dynamodb.replay.recordings.recording import Billing, RecordedPrices
from dynamic_dynamodb.scaling.costs import PRICE_KEYS
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MANIFEST: Final = "recording.manifest"
"""The name of the manifest; no recording has that suffix."""
_SEPARATOR: Final = "@"
"""Stands for the `/` of `table/index`, which no file's name may contain."""
_FORMAT: Final = "dynamic-dynamodb recording, version 2"
_FORMATS: Final = {"dynamic-dynamodb recording, version 1", _FORMAT}
"""The formats that can be read: version 1 has neither sizes, nor classes, nor registrations."""
_REGION: Final = re.compile(r"[a-z0-9-]*", re.ASCII)
"""A region becomes a line of the file that --tune writes."""
_ACCOUNT_NAME: Final = re.compile(r"[\w.-]*", re.ASCII)
SUFFIXES: Final = (".csv.gz", ".json.gz", ".csv", ".json")
LONGEST_STEM: Final = 255 - len(".json.gz")
"""File systems allow names of 255 bytes."""
_KEPT_OF_LONG_NAMES: Final = 200
_DIGITS_OF_HASH: Final = 16
_REGISTERED: Final = ("minimum", "maximum", "target_percent")
_LARGEST_PERCENT: Final = 100


def name_stem(target: Target, taken: Mapping[str, Collection[str]]) -> str:
    """Return the name, without .csv, of the file for a target.

    `taken` are the names in the directory, by their casefolded form: some file systems ignore case.
    A name that is too long, or that differs from another in case only, gets a hash.
    """
    stem = str(target).replace("/", _SEPARATOR)
    if len(stem) <= LONGEST_STEM and stem in taken.get(stem.casefold(), (stem,)):
        return stem
    digits = sha256(stem.encode()).hexdigest()[:_DIGITS_OF_HASH]
    return f"{stem[:_KEPT_OF_LONG_NAMES]}~{digits}"


def strip_suffix(name: str) -> str:
    """Return the name of a file without its suffix."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


@dataclass(frozen=True, slots=True)
class Entry:
    """The target of a file, and what AWS said about it whenever it was recorded.

    `billing` has every way in which it was billed; the rest is as it was last known. `registered` is None
    if it is unknown.
    """

    target: Target
    billing: frozenset[Billing] = frozenset()
    table_class: str = ""
    size_bytes: int | None = None
    registered: PerCapacity[Registration | None] | None = None

    def follow(self, earlier: Entry) -> Entry:
        """Return the entry with its earlier billing, and with earlier values of what is unknown now."""
        return replace(
            self,
            billing=self.billing | earlier.billing,
            table_class=self.table_class or earlier.table_class,
            size_bytes=earlier.size_bytes if self.size_bytes is None else self.size_bytes,
            registered=earlier.registered if self.registered is None else self.registered,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what a manifest says of it; what is unknown is left out."""
        known: dict[str, Any] = {
            "table": self.target.table,
            "index": self.target.index,
            "billing": sorted(self.billing),
        }
        if self.table_class:
            known["table_class"] = self.table_class
        if self.size_bytes is not None:
            known["size_bytes"] = self.size_bytes
        if self.registered is not None:
            sides = zip(Capacity, self.registered, strict=True)
            known["registered"] = {
                capacity.value: {name: getattr(side, name) for name in _REGISTERED}
                for capacity, side in sides
                if side is not None
            }
        return known


@dataclass(frozen=True, slots=True)
class Manifest:
    """The region and account of a directory, and an entry for each file's name without .csv.

    An empty region or account is unknown, as are the prices of the region if they are None. `account` is the
    account's id; `account_name` is that of its `[account: …]` section, empty if there was none.
    """

    region: str = ""
    account: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    prices: RecordedPrices | None = None
    account_name: str = ""

    def add(self, account: str, entries: Mapping[str, Entry]) -> Manifest:
        """Return the manifest with these entries added; each follows an earlier one for the same file."""
        added = {
            stem: entry.follow(self.entries[stem]) if stem in self.entries else entry
            for stem, entry in entries.items()
        }
        return replace(self, account=account, entries={**self.entries, **added})

    def write(self) -> str:
        """Return the manifest as JSON."""
        targets = {stem: entry.as_dict() for stem, entry in sorted(self.entries.items())}
        shown: dict[str, Any] = {"format": _FORMAT, "region": self.region, "account": self.account}
        if self.account_name:
            shown["account_name"] = self.account_name
        if self.prices is not None:
            shown["prices"] = {"day": self.prices.day, "dollars": self.prices.dollars}
        shown["targets"] = targets
        return json.dumps(shown, indent=1) + "\n"


NO_MANIFEST: Final = Manifest()


def read_manifest(file: IO[bytes]) -> Manifest:
    """Return the manifest in a file; raise RecordingError if there is none in it."""
    with open_text(file, MANIFEST) as text:
        try:
            return _parse(json.loads(read_all(text)))
        except RecordingError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RecordingError("is not a manifest of --record: move it away") from None


def _parse(content: Any) -> Manifest:  # noqa: ANN401 - whatever JSON holds
    if content["format"] not in _FORMATS:
        raise ValueError
    region, account, name = content["region"], content["account"], content.get("account_name", "")
    entries = {stem: _parse_entry(**described) for stem, described in content["targets"].items()}
    if not (_REGION.fullmatch(region) and _ACCOUNT_NAME.fullmatch(name) and isinstance(account, str)):
        raise ValueError
    prices = _parse_prices(**content["prices"]) if "prices" in content else None
    return Manifest(region, account, entries, prices, name)


def _parse_prices(day: str, dollars: Mapping[str, float]) -> RecordedPrices:
    are_numbers = all(type(one) in (int, float) and 0 < one < inf for one in dollars.values())
    if set(dollars) != set(PRICE_KEYS) or not are_numbers:
        raise ValueError
    return RecordedPrices(date.fromisoformat(day).isoformat(), dollars)


def _parse_entry(  # noqa: PLR0913 - the keys of an entry
    table: str,
    index: str = "",
    *,
    billing: tuple[str, ...] = (),
    table_class: str = "",
    size_bytes: int | None = None,
    registered: Mapping[str, Mapping[str, Any]] | None = None,
) -> Entry:
    target = Target(table, index)
    is_size = size_bytes is None or (type(size_bytes) is int and size_bytes >= 0)
    if not target.has_valid_names or not isinstance(table_class, str) or not is_size:
        raise ValueError
    sides = None if registered is None else _parse_registered(**registered)
    return Entry(target, frozenset(map(Billing, billing)), table_class, size_bytes, sides)


def _parse_registered(
    reads: Mapping[str, Any] | None = None, writes: Mapping[str, Any] | None = None
) -> PerCapacity[Registration | None]:
    return PerCapacity(_parse_registration(reads), _parse_registration(writes))


def _parse_registration(described: Mapping[str, Any] | None) -> Registration | None:
    if described is None:
        return None
    registration = Registration(**described)
    percent = registration.target_percent
    limits = (registration.minimum, registration.maximum)
    if not all(type(limit) is int for limit in limits) or not 0 <= limits[0] <= limits[1]:
        raise ValueError
    if percent is not None and (type(percent) not in (int, float) or not 0 < percent <= _LARGEST_PERCENT):
        raise ValueError
    return registration
