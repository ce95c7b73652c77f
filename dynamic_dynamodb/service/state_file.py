"""Keep what checks remember in a file that is replaced as a whole, so that a crash cannot damage it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.failures import NOTHING_FAILS, FailureMemory
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service.state_format import Content, find_flaw, parse, render
from dynamic_dynamodb.service.whole_file import ForeignFileError, WholeFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dynamic_dynamodb.check.state import Entries

K = TypeVar("K")
V = TypeVar("V")

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long the entry of a target that is no longer checked is kept."""
_NO_ENTRIES: Final[Entries] = {}
_LEFT_ALONE: Final = "counts are not saved: {}, and is left alone: set state-file to another path"
_NOT_WRITTEN: Final = "counts are not saved: {} cannot be written: {}"


@dataclass(slots=True)
class StateFile:
    """The entries and failures of one account and region in a state file.

    `account` is the id of the account; empty if it is not known, as of the program's own account where there
    is only one. With `is_own`, what the file has of the region alone is of this account, too.
    `label` is the place of the targets, which the file does not contain: accounts can be renamed.
    A problem with the file is a condition, not an error.
    A file that this program did not create is left alone, and nothing is created beside it.
    """

    path: Path
    region: str
    conditions: Conditions = field(default_factory=Conditions, compare=False)
    account: str = ""
    label: str = ""
    is_own: bool = True

    @property
    def key(self) -> str:
        """Return the name of the account and region in the file."""
        return f"{self.account}/{self.region}" if self.account else self.region

    @property
    def _keys(self) -> tuple[str, ...]:
        """Return the names under which the file may have something of them."""
        return (self.region, self.key) if self.account and self.is_own else (self.key,)

    @property
    def _file(self) -> WholeFile:
        return WholeFile(self.path, find_flaw)

    def read(self) -> Entries:
        """Return the entries; none if there is no usable file."""
        problem = None
        found: Entries = {}
        try:
            content = _read(self._file)
            for key in self._keys:
                found = _join_young(found, content.read_entries(key))
            content.read_failures(self._find_failures(content))  # for its damage
        except ForeignFileError as error:
            problem = _LEFT_ALONE.format(error)
        except ValueError as error:
            found, problem = {}, f"counts start at zero: {self.path} is damaged: {error}"
        except OSError:
            return {}  # `write` reports it
        self.conditions.set("state file read", problem)
        return {self._add_place(target): entry for target, entry in found.items()}

    def _add_place(self, target: Target) -> Target:
        return target if target.place == self.label else target._replace(place=self.label)

    def name_targets(self, memory: FailureMemory) -> FailureMemory:
        """Return what is failing with the place of the file in the names of the targets."""
        return _rename(memory, self._add_place)

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Store the `seen` entries and remove those of the targets that are `gone`; keep all others."""
        left = {_drop_place(one) for one in gone}
        named = {_drop_place(one): entry for one, entry in seen.items()}

        def change(content: Content) -> None:
            for key in self._keys:
                own = _read_undamaged(content.read_entries, key, _NO_ENTRIES)
                kept = {one: entry for one, entry in own.items() if one not in left}
                content.write_entries(key, kept if key != self.key else kept | named)
            content.forget_old(now, FORGOTTEN_AFTER)

        self._change(change)

    def read_failures(self) -> FailureMemory | None:
        """Return what is failing in the account and region; None if there is no usable file."""
        try:
            content = _read(self._file)
            found = content.read_failures(self._find_failures(content))
        except (ForeignFileError, OSError, ValueError):
            return None  # `read` and `write` report it
        return self.name_targets(found) if self.label else found

    def _find_failures(self, content: Content) -> str:
        """Return the name under which the file has the failures."""
        return next((one for one in reversed(self._keys) if one in content.failures), self.key)

    def write_failures(self, before: FailureMemory, after: FailureMemory) -> bool:
        """Store what a run has changed in what is failing, and return whether that was possible."""
        if self.label:
            before, after = _rename(before, _drop_place), _rename(after, _drop_place)

        def change(content: Content) -> None:
            own = _read_undamaged(content.read_failures, self._find_failures(content), NOTHING_FAILS)
            for key in self._keys:
                content.failures.pop(key, None)
            failing = _apply(own.failing, before.failing, after.failing)
            content.write_failures(
                self.key, FailureMemory(failing, _apply(own.sent, before.sent, after.sent))
            )

        return self._change(change)

    def _change(self, change: Callable[[Content], None]) -> bool:
        """Change the content of the file, and return whether it could be written."""
        problem, file = None, self._file
        try:
            if _is_foreign(file):  # `read` has reported it
                return False
            with file.locked():
                content = _read_undamaged(_read, file, Content())
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


def _drop_place(target: Target) -> Target:
    return target._replace(place="") if target.place else target


def _rename(memory: FailureMemory, rename: Callable[[Target], Target]) -> FailureMemory:
    """Return what is failing with other names of its targets."""
    failing = {
        rename(failed) if isinstance(failed, Target) else failed: one
        for failed, one in memory.failing.items()
    }
    return replace(memory, failing=failing)


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


def _read_undamaged(read: Callable[[K], V], given: K, otherwise: V) -> V:
    """Return what is read, or something else in place of what is damaged: it is replaced now."""
    try:
        return read(given)
    except ValueError:
        return otherwise  # `read` has reported it


def _join_young(entries: Entries, others: Entries) -> Entries:
    """Return the entries of both, the younger one of each target."""
    younger = {
        target: one
        for target, one in others.items()
        if target not in entries or entries[target].checked <= one.checked
    }
    return entries | younger


def _apply(stored: Mapping[K, V], before: Mapping[K, V], after: Mapping[K, V]) -> dict[K, V]:
    """Return what is stored with the changes of one run; another run may have stored its own since."""
    kept = {key: one for key, one in stored.items() if key in after or key not in before}
    return kept | {key: one for key, one in after.items() if before.get(key) != one}
