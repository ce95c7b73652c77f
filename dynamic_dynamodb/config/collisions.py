"""Find files that are to serve two purposes, of which one would spoil the other."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_RECORDING: Final = b"timestamp,consumed_reads,"
"""How each file of --record begins."""


def find_collisions(files: Mapping[str, Path]) -> Iterator[str]:
    """Name the purposes that have the same file, by whatever names, links or not; devices may be shared."""
    purposes: dict[object, str] = {}
    for purpose, path in files.items():
        identity = _identify(path)
        if identity is None:
            continue
        other = purposes.setdefault(identity, purpose)
        if other != purpose:
            yield f"{purpose} {path} is {other} too: each needs a file of its own"


def find_spoiled_recording(log_file: Path) -> Iterator[str]:
    """Say when the lines of the log would be added to a recording."""
    try:
        if not log_file.is_file():
            return
        with log_file.open("rb") as file:
            is_recording = file.read(len(_RECORDING)) == _RECORDING
    except OSError:
        return  # whoever opens it for the log will say so
    if is_recording:
        yield f"log-file {log_file} is a recording: the log needs a file of its own"


def _identify(path: Path) -> object:
    """Return what two names of one file share; None for what is not a regular file, or cannot be told."""
    try:
        found = path.stat()
    except OSError:
        with suppress(OSError):  # a link that may not be read, as in /proc: whoever opens it says so
            return os.path.realpath(path)
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
