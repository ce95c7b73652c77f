"""Read and write the manifest of a directory: region, account, and the target of each file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, Final

from dynamic_dynamodb.replay.recordings.files import RecordingError, open_text, read_all
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.scaling.model import Target

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MANIFEST: Final = "recording.manifest"
"""The name of the manifest; no recording has that suffix."""
_SEPARATOR: Final = "@"
"""Stands for the `/` of `table/index`, which no file's name may contain."""
_FORMAT: Final = "dynamic-dynamodb recording, version 1"
SUFFIXES: Final = (".csv.gz", ".json.gz", ".csv", ".json")
LONGEST_STEM: Final = 255 - len(".json.gz")
"""File systems allow names of 255 bytes."""
_KEPT_OF_LONG_NAMES: Final = 200
_DIGITS_OF_HASH: Final = 16


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
    """The target of a file, and every way in which it was billed when it was recorded."""

    target: Target
    billing: frozenset[Billing] = frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The region and account of a directory, and an entry for each file's name without .csv.

    An empty region or account is unknown.
    """

    region: str = ""
    account: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def add(self, account: str, entries: Mapping[str, Entry]) -> Manifest:
        """Return the manifest with these entries added, and their billing added to earlier billing."""
        added = {
            stem: replace(entry, billing=entry.billing | self.entries[stem].billing)
            if stem in self.entries
            else entry
            for stem, entry in entries.items()
        }
        return Manifest(self.region, account, {**self.entries, **added})

    def write(self) -> str:
        """Return the manifest as JSON."""
        targets = {
            stem: {**entry.target._asdict(), "billing": sorted(entry.billing)}
            for stem, entry in sorted(self.entries.items())
        }
        shown = {"format": _FORMAT, "region": self.region, "account": self.account, "targets": targets}
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
    if content["format"] != _FORMAT:
        raise ValueError
    region, account = content["region"], content["account"]
    entries = {stem: _parse_entry(**described) for stem, described in content["targets"].items()}
    if not isinstance(region, str) or not isinstance(account, str):
        raise TypeError
    return Manifest(region, account, entries)


def _parse_entry(table: str, index: str = "", billing: tuple[str, ...] = ()) -> Entry:
    target = Target(table, index)
    if not target.has_valid_names:
        raise ValueError
    return Entry(target, frozenset(map(Billing, billing)))
