"""Keep the result of each target in a file, so that a second run goes on where the first one stopped.

The files are in the directory `tune-results` beside the recordings. A result counts as long as the recording,
the settings and the version of the program are those that it was found with.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb import __version__
from dynamic_dynamodb.replay.recordings.files import (
    MOST_CHARACTERS,
    RecordingError,
    open_folder,
    open_regular,
    open_text,
    read_all,
)
from dynamic_dynamodb.replay.recordings.manifest import strip_suffix
from dynamic_dynamodb.replay.tuning.results import read_result, write_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.tuning.tuner import Task, Tuned
    from dynamic_dynamodb.scaling.model import Target

DIRECTORY: Final = "tune-results"
_FORMAT: Final = "dynamic-dynamodb tune result, version 1"
_BLOCK_BYTES: Final = 1 << 20
_WHY_AGAIN: Final = {
    "program": "another version of the program found the kept result",
    "recording": "the recording has changed",
    "settings": "other flags or options apply",
}


class Key(NamedTuple):
    """What a result was found with: the program's version, and hashes of the recording and the settings."""

    program: str
    recording: str
    settings: str

    def find_difference(self, other: Key) -> str:
        """Return the name of the first field in which two keys differ."""
        return next(name for name in self._fields if getattr(self, name) != getattr(other, name))


class KeptResults:
    """The results that are kept for the tasks of a run; `number` is how many there are.

    `on_fault` gets a sentence when a result cannot be kept, once.
    """

    def __init__(self, on_fault: Callable[[str], None]) -> None:
        """Begin with no task."""
        self._on_fault = on_fault
        self.number = 0
        self._files: dict[Target, tuple[Key, Path]] = {}
        self._has_fault = False
        self._again: Counter[str] = Counter()
        self._unusable: list[Path] = []

    def find(self, task: Task) -> Tuned | None:
        """Return the kept result of a task; None if there is none that counts."""
        try:
            key = find_key(task)
        except (OSError, RecordingError):  # the result of the task says why it cannot be read
            return None
        file = name_file(task)
        self._files[task.target] = key, file
        try:
            found, tuned = _read(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._unusable.append(file)
            return None
        if tuned.target != task.target._replace(place=""):
            self._unusable.append(file)
            return None
        if found == key:
            self.number += 1
            return replace(tuned, target=task.target)
        self._again[found.find_difference(key)] += 1
        return None

    def describe(self) -> Iterator[str]:
        """Yield a sentence for each reason why targets with a result are tuned again."""
        for name, why in _WHY_AGAIN.items():
            if number := self._again[name]:
                yield f"{_count(number, 'target')} tuned again: {why}"
        if self._unusable:
            number, first = len(self._unusable), self._unusable[0]
            yield f"{_count(number, 'kept result')} unusable and ignored, such as {first}"

    def keep(self, tuned: Tuned) -> None:
        """Write a result, whole or not at all; a failure costs only the file."""
        if tuned.target not in self._files:
            return
        key, file = self._files[tuned.target]
        described = {"format": _FORMAT, **key._asdict(), "result": write_result(tuned)}
        try:
            file.parent.mkdir(exist_ok=True)
            with open_folder(file.parent) as folder:
                folder.replace(file.name, (json.dumps(described), "\n"))
            self.number += 1
        except OSError as error:
            if not self._has_fault:
                self._has_fault = True
                self._on_fault(
                    f"results cannot be kept in {file.parent} ({error.strerror}): a run that is interrupted"
                    " begins from the start"
                )


def name_file(task: Task) -> Path:
    """Return the file for the result of a task."""
    recording = task.source.files[0]
    return recording.parent / DIRECTORY / f"{strip_suffix(recording.name)}.json"


def find_key(task: Task) -> Key:
    """Return what a result for this task would be found with.

    Raises OSError or RecordingError if a file cannot be read.
    """
    source = task.source
    digest = sha256()
    for path in source.files:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_CHARACTERS:
                raise RecordingError("is too large")
            digest.update(f"{path.name} {size} ".encode(errors="surrogateescape"))
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    digest.update(json.dumps([source.region, source.entry.as_dict()], sort_keys=True).encode())
    # Where prices come from changes no figure.
    settings = [task.settings._replace(price_source=""), task.intervals if task.sections else None]
    described = f"{settings} {[_describe_section(section) for section in task.sections]}"
    return Key(
        __version__, digest.hexdigest(), sha256(described.encode(errors="surrogateescape")).hexdigest()
    )


def _describe_section(section: Section) -> Any:  # noqa: ANN401 - nested lists
    """Return the options outside all schedules, and those of each schedule, whichever is open now."""
    blueprint = section.blueprint
    overlays = () if blueprint is None else blueprint.overlays
    base = section if blueprint is None else blueprint.build(frozenset())
    during = [(overlay.title, overlay.schedule, _list_options(overlay.layer.values)) for overlay in overlays]
    return (
        section.title,
        _list_options(base.options),
        during,
        [_describe_section(gsi) for gsi in section.gsis],
    )


def _list_options(options: Mapping[str, Any]) -> list[tuple[str, object]]:
    return [(name, _sort(given)) for name, given in sorted(options.items())]


def _sort(given: object) -> object:
    """Return a set as a list: the order of a set changes from process to process."""
    return sorted(map(str, given)) if isinstance(given, (set, frozenset)) else given


def _read(path: Path) -> tuple[Key, Tuned]:
    """Return a kept result; raise OSError, or one of `read_result`'s errors if it is not one."""
    with open_regular(path, os.O_NOFOLLOW) as file, open_text(file, path.name) as text:
        described = json.loads(read_all(text), parse_float=_read_number, parse_constant=_read_number)
    if described["format"] != _FORMAT:
        raise ValueError(described["format"])
    return Key(*(described[name] for name in Key._fields)), read_result(described["result"])


def _read_number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _count(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number:,} {noun}s are"
