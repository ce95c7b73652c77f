"""Read the recordings in a file or a directory; file names or the manifest determine their targets."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.progress import NO_PROGRESS
from dynamic_dynamodb.replay.recordings.conversion import make_recording
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_regular, open_text
from dynamic_dynamodb.replay.recordings.manifest import (
    MANIFEST,
    NO_MANIFEST,
    SUFFIXES,
    Entry,
    Manifest,
    read_manifest,
    strip_suffix,
)
from dynamic_dynamodb.replay.recordings.metric_data import (
    COLUMNS_OF_METRICS,
    Series,
    join,
    make_rows,
    read_series,
)
from dynamic_dynamodb.replay.recordings.recording import NOT_REGISTERED, UNKNOWN_ORIGIN, Origin
from dynamic_dynamodb.replay.recordings.rows import COLUMNS, read_rows
from dynamic_dynamodb.scaling.model import NAME_RULE, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dynamic_dynamodb.replay.progress import Progress
    from dynamic_dynamodb.replay.recordings.recording import RecordedPrices, Recording
    from dynamic_dynamodb.replay.recordings.rows import Rows

_PART: Final = re.compile(rf"(.+?)\.({'|'.join((*COLUMNS_OF_METRICS, *COLUMNS))})(\..*)?")
"""The name of a file with one metric of a target, such as `orders.ConsumedReadCapacityUnits`."""
_SOURCE: Final = "the recording"


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """The files of one target: one file, or several with one metric each."""

    entry: Entry
    files: tuple[Path, ...]
    origin: Origin = UNKNOWN_ORIGIN
    is_in_parts: bool = False
    prices: RecordedPrices | None = None

    @property
    def region(self) -> str:
        """Return its region; empty if that is unknown."""
        return self.origin.region

    @property
    def target(self) -> Target:
        """Return its target."""
        return self.entry.target


def read_recordings(path: Path, target: Target | None, progress: Progress = NO_PROGRESS) -> list[Recording]:
    """Read a file, or every recording in a directory; raise ConfigurationError with all faults.

    `target` is the target of a single file that is not named after it.
    """
    return read_sources(*find_sources(path, target), progress)


def read_sources(
    sources: Sequence[RecordingSource], faults: Sequence[str], progress: Progress = NO_PROGRESS
) -> list[Recording]:
    """Read the recordings of sources; raise ConfigurationError with the faults so far and all others."""
    recordings, faults = [], list(faults)
    for number, source in enumerate(sources, 1):
        recording = read_source(source)
        progress(number / len(sources))
        if isinstance(recording, str):
            faults.append(recording)
        else:
            recordings.append(recording)
    if faults:
        raise ConfigurationError(tuple(faults), _SOURCE)
    return sorted(recordings, key=lambda one: (one.target.place, one.target))


def find_sources(path: Path, target: Target | None) -> tuple[list[RecordingSource], list[str]]:
    """Return the files of each target, and a fault for each file that belongs to none.

    A directory without recordings may have directories of places, each with a manifest.
    Raises ConfigurationError if there is nothing to read.
    """
    found = _find_files(path, target)
    faults: list[str] = []
    sources: dict[tuple[Origin, Target], RecordingSource] = {}
    for directory, files in found.items():
        manifest = _find_manifest(directory)
        for file in files:
            source = _name_source(file, target, manifest)
            if isinstance(source, str):
                faults.append(f"{file} {source}")
                continue
            key = source.origin, source.target
            if key not in sources:
                sources[key] = source
            elif source.is_in_parts and sources[key].is_in_parts:
                sources[key] = replace(source, files=sources[key].files + source.files)
            else:
                faults.append(f"{file} is a second recording of {source.entry.target}: keep one")
    return list(sources.values()), faults


def _find_files(path: Path, target: Target | None) -> dict[Path, list[Path]]:
    """Return the recordings by directory: those at a path, else those in directories of places."""
    try:
        if not path.exists():
            raise ConfigurationError(
                (f"{path} does not exist: create a recording with --record DIR",), _SOURCE
            )
        if not path.is_dir():
            return {path.parent: [path]}
        if target:
            fault = f"--as names the target of one file, but {path} is a directory"
            raise ConfigurationError((fault,), _SOURCE)
        found = {directory: _list_recordings(directory) for directory in (path, *_list_places(path))}
    except OSError as error:
        raise ConfigurationError(
            (f"{shorten(str(path))} cannot be read: {error.strerror}",), _SOURCE
        ) from error
    own = found.pop(path)
    others = {directory: files for directory, files in found.items() if files}
    if not own and not others:
        fault = f"{path} contains no recording, such as TABLE.csv or TABLE@INDEX.csv"
        raise ConfigurationError((fault,), _SOURCE)
    return {path: own} if own else others


def _list_recordings(directory: Path) -> list[Path]:
    return sorted(
        file for file in directory.iterdir() if file.name.endswith(SUFFIXES) and file.name[0] != "."
    )


def _list_places(directory: Path) -> list[Path]:
    """Return the directories of regions, and those of the regions of each account."""
    return sorted(one.parent for depth in ("*", "*/*") for one in directory.glob(f"{depth}/{MANIFEST}"))


def _find_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    try:
        with open_regular(path) as file:
            return read_manifest(file)
    except FileNotFoundError:
        return NO_MANIFEST
    except RecordingError as error:
        raise ConfigurationError((f"{path} {error}",), _SOURCE) from error
    except OSError as error:
        raise ConfigurationError((f"{path} cannot be read: {error.strerror}",), _SOURCE) from error


def _name_source(file: Path, target: Target | None, manifest: Manifest) -> RecordingSource | str:
    """Return the source of a file by --as, the manifest or its name; if there is none, the reason."""
    stem = strip_suffix(file.name)
    entry = manifest.entries.get(stem)
    if target is not None and not target.has_valid_names:
        fault = f"--as must be TABLE or TABLE/INDEX, names of {NAME_RULE}; got {shorten(str(target))}"
        raise ConfigurationError((fault,))
    if entry is not None:
        known = entry if target is None else replace(entry, target=target)
        origin = Origin(manifest.region, manifest.account, manifest.account_name)
        return RecordingSource(known, (file,), origin, prices=manifest.prices)
    if target is not None:
        return RecordingSource(Entry(target), (file,))
    part = _PART.fullmatch(stem) if _is_json(file) else None
    named = _parse_stem(part[1] if part else stem)
    if named is None:
        return "is not named after a table, as TABLE.csv or TABLE@INDEX.csv are: use --as TABLE[/INDEX]"
    return RecordingSource(Entry(named), (file,), is_in_parts=part is not None)


def _is_json(file: Path) -> bool:
    return file.name.endswith((".json", ".json.gz"))


def read_source(source: RecordingSource) -> Recording | str:
    """Return the recording in the files of a target, or what is wrong with one of them."""
    file = source.files[0]
    series: Series = {}
    try:
        for file in source.files:
            with open_regular(file) as raw, open_text(raw, file.name) as text:
                if not _is_json(file):
                    return _make(source, read_rows(text))
                join(series, read_series(text))
        return _make(source, make_rows(series))
    except UnicodeDecodeError:
        return f"{file} is not UTF-8 text; a gzip file must be named .gz"
    except RecordingError as error:
        return f"{file} {error}"
    except (OSError, EOFError, zlib.error) as error:
        return f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"


def _make(source: RecordingSource, rows: Rows) -> Recording:
    entry = source.entry
    return replace(
        make_recording(rows, entry),
        origin=source.origin,
        registered=entry.registered or NOT_REGISTERED,
        table_class=entry.table_class,
        size_bytes=entry.size_bytes,
        prices=source.prices,
    )


def _parse_stem(stem: str) -> Target | None:
    try:
        target = Target.parse(stem)
    except ValueError:
        return None
    return target if target.has_valid_names else None
