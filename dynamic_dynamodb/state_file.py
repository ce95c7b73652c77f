"""Keep counts in a file: whole or not at all, whoever else writes it, whenever the process dies."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.announcements import Announcer
from dynamic_dynamodb.core.memory import Memory
from dynamic_dynamodb.core.model import PerCapacity, Target
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.state import Entries, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""How long a target that is not checked any more stays in the file."""
LOCK_WAIT_SECONDS: Final = 5.0
_LOCK_POLL_SECONDS: Final = 0.02
_FORMAT: Final = "dynamic-dynamodb counts, version 2"
_LISTS_FORMAT: Final = "dynamic-dynamodb counts, version 1"
"""The form before, in which an entry is a list: two counts, and the moment of the check."""
_OWNER_ONLY: Final = 0o600
_OWNER_ONLY_DIRECTORY: Final = 0o700
_NEVER_THROUGH_A_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_OURS: Final = (ValueError, OverflowError, RecursionError)
"""What reading a file of somebody else's may lead to."""


def find_state_file(instance: str, environment: Mapping[str, str]) -> Path:
    """Find the place of an instance's file: systemd's state directory, else the user's."""
    name = f"{instance}.json"
    if environment.get("STATE_DIRECTORY"):
        return Path(environment["STATE_DIRECTORY"].split(":")[0], name)
    home = Path(environment.get("XDG_STATE_HOME") or "~/.local/state")
    try:
        return home.expanduser() / "dynamic-dynamodb" / name
    except RuntimeError:  # a user without a home, as in some containers
        return Path("/var/lib/dynamic-dynamodb", name)


@dataclass(slots=True)
class StateFile:
    """The part of a state file that belongs to one region; trouble with it is said once, and no error."""

    path: Path
    region: str
    announcer: Announcer = field(default_factory=Announcer, compare=False)

    def read(self) -> Entries:
        """Give the region's entries; none if there is no usable file."""
        try:
            regions = _read(self.path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                self._say_unusable("it is a symbolic link")
            return {}  # all else is said when the file cannot be written either
        except _NOT_OURS as error:
            self._say_unusable(str(error))
            return {}
        self.announcer.say("read", "")
        return regions.get(self.region, {})

    def _say_unusable(self, why: str) -> None:
        self.announcer.say("read", f"counts start anew: {self.path} cannot be used: {why}")

    def write(self, seen: Entries, gone: set[Target], now: datetime) -> None:
        """Put entries in, take those of targets that are gone out, and leave all others as they are."""
        try:
            self.path.parent.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
            with _locked(self.path):
                regions = _read_or_start_anew(self.path)
                own = {
                    target: each
                    for target, each in regions.get(self.region, {}).items()
                    if target not in gone
                }
                regions[self.region] = own | seen
                _replace(self.path, _render(regions, now))
        except OSError as error:
            self.announcer.say("write", f"counts are not kept: {self.path} cannot be written: {error}")
        else:
            self.announcer.say("write", "")


def _read(path: Path) -> dict[str, Entries]:
    """Read all regions; raise OSError or ValueError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _NEVER_THROUGH_A_LINK)
    except FileNotFoundError:
        return {}
    with os.fdopen(descriptor, encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        return _parse(json.load(file))


def _read_or_start_anew(path: Path) -> dict[str, Entries]:
    try:
        return _read(path)
    except (OSError, *_NOT_OURS):
        return {}  # said by the reader; what is written now is good again


def _parse(content: Any) -> dict[str, Entries]:  # noqa: ANN401 - whatever JSON holds
    try:
        parse_entry = _PARSERS.get(content["format"])
        if parse_entry is None:
            raise ValueError("it is not ours")
        return {
            region: {_parse_target(name): parse_entry(entry) for name, entry in entries.items()}
            for region, entries in content["regions"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it is not ours") from error


def _parse_target(name: str) -> Target:
    table, _, index = name.partition(":")
    return Target(table, index)


def _parse_entry(entry: Mapping[str, Any]) -> Entry:
    """Read an entry; names that are not known are of a later version, and do no harm."""
    memory = PerCapacity.of(lambda capacity: _parse_memory(entry[capacity.value]))
    return Entry(memory, _parse_moment(entry["checked"]))


def _parse_memory(fields: Mapping[str, Any]) -> Memory:
    answered_until = fields.get("answered_until")
    return Memory(
        _parse_count(fields["low_checks"]),
        None if answered_until is None else _parse_moment(answered_until),
    )


def _parse_list(entry: Sequence[Any]) -> Entry:
    reads, writes, checked = entry
    memory = PerCapacity(Memory(_parse_count(reads)), Memory(_parse_count(writes)))
    return Entry(memory, _parse_moment(checked))


_PARSERS: Final[Mapping[str, Callable[[Any], Entry]]] = {_FORMAT: _parse_entry, _LISTS_FORMAT: _parse_list}


def _parse_count(number: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    count = int(number)
    if count < 0:
        raise ValueError("it is not ours")
    return count


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it is not ours")
    return moment


def _render(regions: Mapping[str, Entries], now: datetime) -> str:
    written = {
        region: {
            str(target): _render_entry(entry)
            for target, entry in sorted(entries.items())
            if abs(now - entry.checked) <= FORGOTTEN_AFTER
        }
        for region, entries in regions.items()
    }
    return json.dumps({"format": _FORMAT, "regions": {name: each for name, each in written.items() if each}})


def _render_entry(entry: Entry) -> dict[str, Any]:
    sides = {capacity.value: _render_memory(entry.memory[capacity]) for capacity in Capacity}
    return {"checked": entry.checked.isoformat(), **sides}


def _render_memory(memory: Memory) -> dict[str, Any]:
    fields: dict[str, Any] = {"low_checks": memory.low_checks}
    if memory.answered_until is not None:
        fields["answered_until"] = memory.answered_until.isoformat()
    return fields


def _replace(path: Path, text: str) -> None:
    """Write beside and rename, so that the file is the old one or the new one and nothing between."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NEVER_THROUGH_A_LINK
    with os.fdopen(os.open(beside, flags, _OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    flags = os.O_RDWR | os.O_CREAT | _NEVER_THROUGH_A_LINK
    descriptor = os.open(path.with_name(f"{path.name}.lock"), flags, _OWNER_ONLY)
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
