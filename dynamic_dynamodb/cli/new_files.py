"""Write a result to a new file; no file is ever overwritten."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dynamic_dynamodb.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.sources import ConfigSources


def find_new_file(sources: ConfigSources, flag: str) -> Path | None:
    """Return the file that a flag names, None if it is not set.

    Raises ConfigurationError if the file exists or could not be written later.
    """
    given = sources.flags.get(flag)
    if given is None:
        return None
    path = sources.find_path(str(given))
    if os.path.lexists(path):
        raise ConfigurationError(
            (f"--{flag} {path} exists; refusing to overwrite it: name another file, or move it away",)
        )
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(
            (f"--{flag} {path} cannot be written: {path.parent} is not a writable directory",)
        )
    return path


def write_new_file(path: Path, text: str) -> str | None:
    """Write a file that must not exist, and return why it could not be written; leave no part of it."""
    try:
        file = path.open("x", encoding="utf-8")
    except OSError as error:
        return error.strerror
    try:
        with file:
            file.write(text)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        return error.strerror
    return None
