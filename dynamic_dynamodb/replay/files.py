"""Find the recordings in a file or a directory, and the targets that their names name."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.values import shorten
from dynamic_dynamodb.core.model import Target
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.progress import NO_PROGRESS
from dynamic_dynamodb.replay.reading import read_recording
from dynamic_dynamodb.replay.rows import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.progress import Progress
    from dynamic_dynamodb.replay.recording import Recording

SUFFIXES: Final = (".csv.gz", ".json.gz", ".csv", ".json")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")
"""The names that DynamoDB gives tables and indexes (API reference, CreateTable)."""
_SOURCE: Final = "the recording"


def name_file(target: Target) -> str:
    """Give the name of the file that holds a target's recording."""
    return f"{target.table}@{target.index}.csv" if target.index else f"{target.table}.csv"


def read_recordings(path: Path, target: str | None, progress: Progress = NO_PROGRESS) -> list[Recording]:
    """Read a file, or every recording in a directory; raise ConfigurationError with all faults.

    `target` (`TABLE` or `TABLE/INDEX`) names the target of a single file whose name does not.
    """
    recordings: dict[Target, Recording] = {}
    faults: list[str] = []
    files = _find_files(path, target)
    for number, file in enumerate(files, 1):
        recording = _read(file, target)
        progress(number / len(files))
        if isinstance(recording, str):
            faults.append(f"{file} {recording}")
        elif recording.target in recordings:
            faults.append(f"{file} is a second recording of {recording.target}: keep one")
        else:
            recordings[recording.target] = recording
    if faults:
        raise ConfigurationError(tuple(faults), _SOURCE)
    return [recordings[name] for name in sorted(recordings)]


def _find_files(path: Path, target: str | None) -> list[Path]:
    try:
        is_there = path.exists()
    except OSError as error:
        raise ConfigurationError(
            (f"{shorten(str(path))} cannot be read: {error.strerror}",), _SOURCE
        ) from error
    if not is_there:
        raise ConfigurationError((f"{path} does not exist: record one with --record DIR",), _SOURCE)
    if not path.is_dir():
        return [path]
    if target:
        raise ConfigurationError((f"--as names the target of one file, but {path} is a directory",), _SOURCE)
    files = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and file.name[0] != ".")
    if not files:
        fault = f"{path} holds no recording: expected are TABLE.csv or TABLE@INDEX.csv"
        raise ConfigurationError((fault,), _SOURCE)
    return files


def _read(file: Path, target: str | None) -> Recording | str:
    """Read a file, or say what is wrong with it."""
    try:
        named = _name_target(_strip(file.name)) if target is None else _read_target(target)
        return read_recording(file, named)
    except RecordingError as error:
        return str(error)
    except (OSError, EOFError, zlib.error) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _read_target(text: str) -> Target:
    table, slash, index = text.partition("/")
    if not _NAME.fullmatch(table) or (slash and not _NAME.fullmatch(index)):
        raise ConfigurationError((f"--as must be TABLE or TABLE/INDEX, got {shorten(text)}",))
    return Target(table, index)


def _strip(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def _name_target(name: str) -> Target:
    table, at, index = name.partition("@")
    if not _NAME.fullmatch(table) or (at and not _NAME.fullmatch(index)):
        message = "does not name a table, as TABLE.csv or TABLE@INDEX.csv would: give --as TABLE[/INDEX]"
        raise RecordingError(message)
    return Target(table, index)
