"""Keep entries in a file that is replaced as a whole, under a lock, so that a crash cannot damage it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.service.state_format import find_flaw, parse, render
from dynamic_dynamodb.service.whole_file import ForeignFileError, WholeFile

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.check.state import Entries
    from dynamic_dynamodb.scaling.model import Target

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long the entry of a target that is no longer checked is kept."""
_LEFT_ALONE: Final = "counts are not saved: {}, and is left alone: set state-file to another path"
_NOT_WRITTEN: Final = "counts are not saved: {} cannot be written: {}"


@dataclass(slots=True)
class StateFile:
    """The entries of one region in a state file. A problem with the file is a condition, not an error.

    A file that this program did not create is left alone, and nothing is created beside it.
    """

    path: Path
    region: str
    conditions: Conditions = field(default_factory=Conditions, compare=False)

    @property
    def _file(self) -> WholeFile:
        return WholeFile(self.path, find_flaw)

    def read(self) -> Entries:
        """Return the region's entries; none if there is no usable file."""
        problem = None
        regions: dict[str, Entries] = {}
        try:
            regions = _read(self._file)
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
        problem, file = None, self._file
        try:
            if _is_foreign(file):  # `read` has reported it
                return
            with file.locked():
                regions = _read_undamaged(file)
                own = regions.get(self.region, {})
                regions[self.region] = {one: own[one] for one in own if one not in gone} | seen
                file.replace((render({name: _keep_young(each, now) for name, each in regions.items()}),))
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except OSError as error:
            problem = _NOT_WRITTEN.format(self.path, error)
        self.conditions.set("state file written", problem)

    def find_obstacle(self) -> str:
        """Return why a check could not save counts, as it would report it; nothing is created or changed."""
        try:
            self._file.check_writable()
        except ForeignFileError as error:
            return _LEFT_ALONE.format(error)
        except OSError as error:
            return _NOT_WRITTEN.format(self.path, error)
        return ""


def _is_foreign(file: WholeFile) -> bool:
    try:
        file.spare_foreign()
    except ForeignFileError:
        return True
    return False


def _read(file: WholeFile) -> dict[str, Entries]:
    """Return the entries of all regions; raise OSError, ForeignFileError, or ValueError if it is damaged."""
    opened = file.open()
    if opened is None:
        return {}
    with opened:
        return parse(opened.read())


def _read_undamaged(file: WholeFile) -> dict[str, Entries]:
    try:
        return _read(file)
    except ValueError:
        return {}  # `read` has reported it; the file is replaced now


def _keep_young(entries: Entries, now: datetime) -> Entries:
    return {target: one for target, one in entries.items() if abs(now - one.checked) <= FORGOTTEN_AFTER}
