"""Find and write the file of --report, which replaces a report and nothing else."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_folder, open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from dynamic_dynamodb.config.sources import ConfigSources

_DOCTYPE: Final = "<!doctype html>"


def find_report(sources: ConfigSources, options: Mapping[str, Any]) -> Path | None:
    """Return where to write the report; raise ConfigurationError if it could not be written later."""
    if options["report"] is None:
        return None
    path = sources.find_path(options["report"])
    try:
        with open_regular(path, os.O_NOFOLLOW) as file:
            start = file.read(len(_DOCTYPE))
    except FileNotFoundError:
        start = b""
    except RecordingError as error:
        raise ConfigurationError((f"--report {path} {error}",)) from error
    except OSError as error:
        why = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise ConfigurationError((f"--report {path} cannot be written: {why}",)) from error
    if start and start.decode(errors="replace").lower() != _DOCTYPE:
        raise ConfigurationError((f"--report {path} exists and is not a report; refusing to overwrite it",))
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(
            (f"--report {path} cannot be written: {path.parent} is not a writable directory",)
        )
    return path


def write_report_file(path: Path, text: str) -> str | None:
    """Write a report, and return why it could not be written."""
    try:
        with open_folder(path.parent) as folder:
            folder.replace(path.name, (text,))
    except OSError as error:
        return f"--report {path} cannot be written: {error.strerror}"
    return None
