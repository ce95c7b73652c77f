"""Render the content of a state file as text, and parse it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.check.state import Entries, Entry
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.memory import MOST_RAISES, Memory, Raise
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NAME: Final = "dynamic-dynamodb counts"
_FORMAT: Final = f"{_NAME}, version 2"
_LISTS_FORMAT: Final = f"{_NAME}, version 1"
"""The previous format, in which an entry is a list: two counts, and the time of the check."""
_MOMENTS: Final = ("answered_until", "throttled_until", "datapoint_until")
_COUNTS: Final = ("doubtful_raises", "throttled_checks")
"""Fields of a memory that are written only if they are set."""
_HEAD: Final = re.compile(rb'\s*\{\s*"format"\s*:\s*"' + _NAME.encode())
_WRONG_TYPES: Final = (KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Raised by JSON of another structure."""


def find_flaw(head: bytes) -> str:
    """Return why a file is not a state file, by its beginning; empty if it is one."""
    return "" if _HEAD.match(head) else "is not a state file of this program"


def parse(text: bytes) -> dict[str, Entries]:
    """Return the entries of all regions; raise ValueError if the text is damaged."""
    try:
        content = json.loads(text)
        parse_entry = _PARSERS.get(content["format"])
        if parse_entry is None:
            message = f"unknown format: {content['format']}"
            raise ValueError(message)
        return {
            region: {Target.parse(name): parse_entry(entry) for name, entry in entries.items()}
            for region, entries in content["regions"].items()
        }
    except _WRONG_TYPES as error:
        message = f"unexpected content ({type(error).__name__})"
        raise ValueError(message) from error


def render(regions: Mapping[str, Entries]) -> str:
    """Return the entries of all regions as text; a region without entries is left out."""
    written = {
        region: {str(target): _render_entry(entry) for target, entry in sorted(entries.items())}
        for region, entries in regions.items()
        if entries
    }
    return json.dumps({"format": _FORMAT, "regions": written})


def _parse_entry(entry: Mapping[str, Any]) -> Entry:
    """Return an entry; unknown names of a later version are ignored."""
    memory = PerCapacity.of(lambda capacity: _parse_memory(entry[capacity.value]))
    return Entry(memory, _parse_moment(entry["checked"]))


def _parse_memory(fields: Mapping[str, Any]) -> Memory:
    known: dict[str, Any] = {"low_checks": _parse_count(fields["low_checks"])}
    known |= {name: _parse_moment(fields[name]) for name in _MOMENTS if fields.get(name) is not None}
    known |= {name: _parse_count(fields[name]) for name in _COUNTS if fields.get(name) is not None}
    raises = [
        Raise(_parse_moment(moment), _parse_count(units)) for moment, units in fields.get("raises") or ()
    ]
    return Memory(**known, raises=tuple(raises[-MOST_RAISES:]))


def _parse_list(entry: Sequence[Any]) -> Entry:
    reads, writes, checked = entry
    memory = PerCapacity(Memory(_parse_count(reads)), Memory(_parse_count(writes)))
    return Entry(memory, _parse_moment(checked))


_PARSERS: Final[Mapping[str, Callable[[Any], Entry]]] = {_FORMAT: _parse_entry, _LISTS_FORMAT: _parse_list}


def _parse_count(number: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    count = int(number)
    if count < 0:
        message = f"{count} is not a count"
        raise ValueError(message)
    return count


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text} has no time zone"
        raise ValueError(message)
    return moment


def _render_entry(entry: Entry) -> dict[str, Any]:
    sides = {capacity.value: _render_memory(entry.memory[capacity]) for capacity in Capacity}
    return {"checked": entry.checked.isoformat(), **sides}


def _render_memory(memory: Memory) -> dict[str, Any]:
    moments = {name: getattr(memory, name) for name in _MOMENTS}
    counts = {name: getattr(memory, name) for name in _COUNTS}
    raises = memory.raises
    return {
        "low_checks": memory.low_checks,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
        **{name: count for name, count in counts.items() if count},
        **({"raises": [(one.moment.isoformat(), one.units_before) for one in raises]} if raises else {}),
    }
