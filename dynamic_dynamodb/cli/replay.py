"""Carry out `--replay`: from flags to a text, a report and an exit code's reason."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.comparison.comparison import compare, name_compared
from dynamic_dynamodb.replay.comparison.settings import read_settings
from dynamic_dynamodb.replay.progress import Progress
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_folder, open_regular
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.reports.text import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources

_WEIGHTS: Final = (1, 10)
"""How long it takes to read a recording, and to replay it."""
DOCTYPE: Final = "<!doctype html>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print: the text, remarks beside it, and the condition of --fail-if that holds, if any."""

    text: str
    remarks: tuple[str, ...]
    failure: str | None


def replay(sources: ConfigSources, on_progress: Callable[[float], None]) -> Outcome:
    """Replay as the flags say; raise ConfigurationError for all that cannot be used."""
    configuration = sources.load_leniently()
    options = configuration.global_options
    settings = read_settings(options, sources.flags)
    report = _find_report(sources, options)
    other = _load_other(sources, options)
    reading, replaying = Progress(on_progress).split(_WEIGHTS)
    recordings = read_recordings(sources.find_path(options["replay"]), options["as"], reading)
    found = compare(configuration, recordings, settings, other=other, progress=replaying)
    remarks = configuration.warnings
    if report is not None:
        from dynamic_dynamodb.replay.reports.page import write_report  # noqa: PLC0415 - few replays need it

        _write(report, write_report(found))
    if options["format"] == "csv":
        remarks += found.warnings + tuple(
            f"{target.recording.target}: {warning}" for target in found.targets for warning in target.warnings
        )
    return Outcome(FORMATS[options["format"]](found), remarks, found.find_failure())


def _load_other(sources: ConfigSources, options: Mapping[str, Any]) -> tuple[str, Configuration] | None:
    if options["compare"] is None:
        return None
    if "config" not in sources.flags:
        raise ConfigurationError(("--compare needs --config FILE to compare with",))
    path = sources.find_path(options["compare"])
    others = replace(sources, flags={**sources.flags, "config": str(path)})
    try:
        return name_compared(path), others.load_leniently()
    except ConfigurationError as error:
        raise ConfigurationError(error.faults, str(path)) from error


def _find_report(sources: ConfigSources, options: Mapping[str, Any]) -> Path | None:
    """Find out before the work whether the report can be written after it."""
    if options["report"] is None:
        return None
    path = sources.find_path(options["report"])
    try:
        with open_regular(path, os.O_NOFOLLOW) as file:
            start = file.read(len(DOCTYPE))
    except FileNotFoundError:
        start = b""
    except RecordingError as error:
        raise ConfigurationError((f"--report {path} {error}",)) from error
    except OSError as error:
        why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise ConfigurationError((f"--report {path} cannot be written: {why}",)) from error
    if start and start.decode(errors="replace").lower() != DOCTYPE:
        raise ConfigurationError((f"--report {path} is there and is no report: it would be lost",))
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError((f"--report {path} cannot be written: is there such a directory?",))
    return path


def _write(path: Path, text: str) -> None:
    try:
        with open_folder(path.parent) as folder:
            folder.replace(path.name, (text,))
    except OSError as error:
        raise ConfigurationError((f"--report {path} cannot be written: {error.strerror}",)) from error
