"""Keep what checks remember in a file that is replaced as a whole, so that a crash cannot damage it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.failures import NOTHING_FAILS, FailureMemory
from dynamic_dynamodb.service.state_format import Content, find_flaw, parse, render
from dynamic_dynamodb.service.whole_file import ForeignFileError, WholeFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dynamic_dynamodb.check.state import Entries
    from dynamic_dynamodb.scaling.model import Target

K = TypeVar("K")
V = TypeVar("V")

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long the entry of a target that is no longer checked is kept."""
_LEFT_ALONE: Final = "counts are not saved: {}, and is left alone: set state-file to another path"
_NOT_WRITTEN: Final = "counts are not saved: {} cannot be written: {}"


@dataclass(slots=True)
class StateFile:
    """The entries and failures of one region in a state file.

    A problem with the file is a condition, not an error.
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
        content = Content()
        try:
            content = _read(self._file)
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except ValueError as error:
            problem = f"counts start at zero: {self.path} is damaged: {error}"
        except OSError:
            return {}  # `write` reports it
        self.conditions.set("state file read", problem)
        return content.regions.get(self.region, {})

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Store the `seen` entries and remove those of the targets that are `gone`; keep all others."""

        def change(content: Content) -> None:
            own = content.regions.get(self.region, {})
            content.regions[self.region] = {one: own[one] for one in own if one not in gone} | seen
            for name, entries in content.regions.items():
                content.regions[name] = _keep_young(entries, now)

        self._change(change)

    def read_failures(self) -> FailureMemory | None:
        """Return what is failing in the region; None if there is no usable file."""
        try:
            content = _read(self._file)
        except (ForeignFileError, OSError, ValueError):
            return None  # `read` and `write` report it
        return content.failures.get(self.region, NOTHING_FAILS)

    def write_failures(self, before: FailureMemory, after: FailureMemory) -> bool:
        """Store what a run has changed in what is failing, and return whether that was possible."""

        def change(content: Content) -> None:
            own = content.failures.get(self.region, NOTHING_FAILS)
            content.failures[self.region] = FailureMemory(
                _apply(own.failing, before.failing, after.failing), _apply(own.sent, before.sent, after.sent)
            )

        return self._change(change)

    def _change(self, change: Callable[[Content], None]) -> bool:
        """Change the content of the file, and return whether it could be written."""
        problem, file = None, self._file
        try:
            if _is_foreign(file):  # `read` has reported it
                return False
            with file.locked():
                content = _read_undamaged(file)
                change(content)
                file.replace((render(content),))
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except OSError as error:
            problem = _NOT_WRITTEN.format(self.path, error)
        self.conditions.set("state file written", problem)
        return problem is None

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


def _read(file: WholeFile) -> Content:
    """Return the content; raise OSError, ForeignFileError, or ValueError if it is damaged."""
    opened = file.open()
    if opened is None:
        return Content()
    with opened:
        return parse(opened.read())


def _read_undamaged(file: WholeFile) -> Content:
    try:
        return _read(file)
    except ValueError:
        return Content()  # `read` has reported it; the file is replaced now


def _apply(stored: Mapping[K, V], before: Mapping[K, V], after: Mapping[K, V]) -> dict[K, V]:
    """Return what is stored with the changes of one run; another run may have stored its own since."""
    kept = {key: one for key, one in stored.items() if key in after or key not in before}
    return kept | {key: one for key, one in after.items() if before.get(key) != one}


def _keep_young(entries: Entries, now: datetime) -> Entries:
    return {target: one for target, one in entries.items() if abs(now - one.checked) <= FORGOTTEN_AFTER}
