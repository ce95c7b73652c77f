"""Keep entries in a file that is replaced as a whole, under a lock, so that a crash cannot damage it."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.config.paths import IN_SHARED_DIRECTORY, is_shared
from dynamic_dynamodb.config.private_files import create_file, make_private_directory, open_safely, try_lock
from dynamic_dynamodb.service.state_format import HEAD_BYTES, is_ours, parse, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamic_dynamodb.check.state import Entries
    from dynamic_dynamodb.scaling.model import Target

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long the entry of a target that is no longer checked is kept."""
LOCK_WAIT_SECONDS: Final = 5.0
_LOCK_POLL_SECONDS: Final = 0.02
_LEFT_ALONE: Final = "counts are not saved: {}, and is left alone: set state-file to another path"
_NOT_WRITTEN: Final = "counts are not saved: {} cannot be written: {}"


class ForeignFileError(Exception):
    """Something is in the file's place that this program did not create and must not replace."""


@dataclass(slots=True)
class StateFile:
    """The entries of one region in a state file. A problem with the file is a condition, not an error.

    A file that this program did not create is left alone, and nothing is created beside it.
    """

    path: Path
    region: str
    conditions: Conditions = field(default_factory=Conditions, compare=False)

    def read(self) -> Entries:
        """Return the region's entries; none if there is no usable file."""
        problem = None
        regions: dict[str, Entries] = {}
        try:
            regions = _read(self.path)
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except ValueError as error:
            problem = f"counts start at zero: {self.path} is damaged: {error}"
        except OSError:
            return {}  # `write` reports it
        self.conditions.set("state file read", problem)
        return regions.get(self.region, {})

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Store the `seen` entries and remove those of the targets that are `gone`; keep all others."""
        problem = None
        try:
            if self._is_foreign():  # `read` has reported it
                return
            make_private_directory(self.path.parent)
            with _locked(self.path):
                regions = _read_undamaged(self.path)
                own = regions.get(self.region, {})
                regions[self.region] = {one: own[one] for one in own if one not in gone} | seen
                _replace(self.path, render({name: _keep_young(each, now) for name, each in regions.items()}))
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except OSError as error:
            problem = _NOT_WRITTEN.format(self.path, error)
        self.conditions.set("state file written", problem)

    def find_obstacle(self) -> str:
        """Return why a check could not save counts, as it would report it; nothing is created or changed."""
        try:
            _spare_foreign(self.path)
            place = next(one for one in (self.path, *self.path.parents) if one.exists())
            needed = os.W_OK if place == self.path else os.W_OK | os.X_OK
            if place != self.path and not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
            if not os.access(place, needed):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
        except ForeignFileError as error:
            return _LEFT_ALONE.format(error)
        except OSError as error:
            return _NOT_WRITTEN.format(self.path, error)
        return ""

    def _is_foreign(self) -> bool:
        """Return whether something else is in the file's place; nothing is created beside it then."""
        try:
            _spare_foreign(self.path)
        except ForeignFileError:
            return True
        return False


def _read(path: Path) -> dict[str, Entries]:
    """Return the entries of all regions; raise OSError, ForeignFileError, or ValueError if it is damaged."""
    file = _open_own(path)
    if file is None:
        return {}
    with file:
        return parse(file.read())


def _read_undamaged(path: Path) -> dict[str, Entries]:
    try:
        return _read(path)
    except ValueError:
        return {}  # `read` has reported it; the file is replaced now


def _keep_young(entries: Entries, now: datetime) -> Entries:
    return {target: one for target, one in entries.items() if abs(now - one.checked) <= FORGOTTEN_AFTER}


def _open_own(path: Path) -> BinaryIO | None:
    """Open a file that this program created, or an empty one; return None if there is none.

    Raises ForeignFileError for anything else, and OSError.
    """
    try:
        descriptor = open_safely(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ForeignFileError(f"{path} is a symbolic link") from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise ForeignFileError(f"{path} is not a regular file")
    if found.st_uid != os.geteuid() and is_shared(path.parent):
        os.close(descriptor)
        raise ForeignFileError(f"{path} belongs to another user, {IN_SHARED_DIRECTORY}")
    file = os.fdopen(descriptor, "rb")
    head = file.peek(HEAD_BYTES)
    if head and not is_ours(head):
        file.close()
        raise ForeignFileError(f"{path} is not a state file of this program")
    return file


def _spare_foreign(path: Path) -> None:
    """Raise ForeignFileError if something else is in the file's place, OSError if that is unknown."""
    file = _open_own(path)
    if file is not None:
        file.close()


def _replace(path: Path, text: str) -> None:
    """Write a new file and rename it, so that there is always a whole file."""
    beside = path.with_name(f"{path.name}.new")
    _spare_foreign(beside)
    beside.unlink(missing_ok=True)  # left by a process that was killed
    with os.fdopen(create_file(beside), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = open_safely(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT)
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process has locked it for {LOCK_WAIT_SECONDS:.0f} s")
            time.sleep(_LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
