"""Keep beside recordings whose they are: region, account, and what each file is of."""

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
"""Its file's name; no recording ends so."""
_SEPARATOR: Final = "@"
"""Stands for the `/` of `table/index`, which no file's name may contain."""
_FORMAT: Final = "dynamic-dynamodb recording, version 1"
SUFFIXES: Final = (".csv.gz", ".json.gz", ".csv", ".json")
LONGEST_STEM: Final = 255 - len(".json.gz")
"""What file systems leave of 255 bytes for a name before its suffix."""
_KEPT_OF_LONG_NAMES: Final = 200
_DIGITS_OF_HASH: Final = 16


def name_stem(target: Target, taken: Mapping[str, Collection[str]]) -> str:
    """Return the name, without .csv, of the file for a target's recording.

    `taken` are the names that there are, by what they are without upper and lower case, which some file
    systems take for the same: a name that is too long, or another's so, is told apart by a hash.
    """
    stem = str(target).replace("/", _SEPARATOR)
    if len(stem) <= LONGEST_STEM and stem in taken.get(stem.casefold(), (stem,)):
        return stem
    digits = sha256(stem.encode()).hexdigest()[:_DIGITS_OF_HASH]
    return f"{stem[:_KEPT_OF_LONG_NAMES]}~{digits}"


def strip_suffix(name: str) -> str:
    """Return a file's name without what says how it is written."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file is of, and each way in which that was billed when it was recorded."""

    target: Target
    billing: frozenset[Billing] = frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Whose the recordings in a directory are; `entries` by the files' names without .csv.

    An empty region or account is not known.
    """

    region: str = ""
    account: str = ""
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def add(self, account: str, entries: Mapping[str, Entry]) -> Manifest:
        """Return it with what was found of an account's targets now, beside what was before."""
        added = {
            stem: replace(entry, billing=entry.billing | self.entries[stem].billing)
            if stem in self.entries
            else entry
            for stem, entry in entries.items()
        }
        return Manifest(self.region, account, {**self.entries, **added})

    def write(self) -> str:
        """Write it as JSON."""
        targets = {
            stem: {**entry.target._asdict(), "billing": sorted(entry.billing)}
            for stem, entry in sorted(self.entries.items())
        }
        shown = {"format": _FORMAT, "region": self.region, "account": self.account, "targets": targets}
        return json.dumps(shown, indent=1) + "\n"


NO_MANIFEST: Final = Manifest()


def read_manifest(file: IO[bytes]) -> Manifest:
    """Read one; raise RecordingError if it is none."""
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
