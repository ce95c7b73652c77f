"""Render a status as JSON, and parse it; the types of the snapshot's fields are the schema of both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from datetime import datetime, timezone
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from dynamic_dynamodb.check.discovery import UNNAMED
from dynamic_dynamodb.scaling.model import is_safe_name
from dynamic_dynamodb.service.status.snapshot import Status

T = TypeVar("T")
Decoder = Callable[[Any], Any]

NAME: Final = "dynamic-dynamodb status"
VERSION: Final = 1
"""Counted up if a field changes its meaning or goes; a new field does not change it."""
_HEAD: Final = re.compile(rb'\s*\{\s*"format"\s*:\s*"' + NAME.encode() + rb'"\s*,\s*"version"\s*:\s*(\d+)')
_PLACE: Final = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_OF_PLACES: Final = ("place", "places")
"""The keys that are left out where there is only one place."""
_TARGETS_A_PIECE: Final = 200
_MOST_DIGITS: Final = 18
_MOST_NUMBER: Final = 1e12
"""More than any number that the program writes, and less than a duration can have."""
_WRONG_TYPES: Final = (KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Raised by JSON of another structure."""


def find_flaw(head: bytes) -> str:
    """Return why a file is not a status file of this version, by its beginning; empty if it is one."""
    match = _HEAD.match(head)
    if match is None:
        return "is not a status file of this program"
    return "" if int(match[1]) == VERSION else f"has version {int(match[1])} of the format, not {VERSION}"


def render(status: Status) -> Iterator[str]:
    """Yield a status as one line of JSON, in pieces: whole, that of many targets takes much memory."""
    content = {"format": NAME, "version": VERSION, **_to_plain(status)}
    targets = content.pop("targets")  # the last key, because it is long
    yield f'{to_json(content)[:-1]},"targets":['
    for start in range(0, len(targets), _TARGETS_A_PIECE):
        piece = to_json(targets[start : start + _TARGETS_A_PIECE])
        yield f"{',' if start else ''}{piece[1:-1]}"
    yield "]}"


def to_json(content: object, indent: int | None = None) -> str:
    """Return snapshots and plain values as JSON in ASCII; times are in ISO 8601 with their offset."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(content, default=_to_plain, check_circular=False, indent=indent, separators=separators)
    return text.replace("\x7f", "\\u007f")


def parse(text: bytes) -> Status:
    """Return the status; unknown fields are ignored. Raises ValueError if the text is damaged."""
    try:
        content = json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)
        status: Status = _make_decoder(Status)(content)
    except _WRONG_TYPES as error:
        message = f"unexpected content ({type(error).__name__})"
        raise ValueError(message) from error
    _check_places(status)
    for one in status.targets:
        if not is_safe_name(one.table) or not (one.index in (None, UNNAMED) or is_safe_name(one.index)):
            message = f"{one.target!s} is not the name of a table or an index"
            raise ValueError(message)
    return status


def _check_places(status: Status) -> None:
    """Raise ValueError unless each target is in one of the places, and their names are safe to print."""
    names = {one.name for one in status.places}
    odd = next((name for name in names if _PLACE.fullmatch(name) is None), None)
    if odd is not None:
        message = f"{odd!r} is not the name of a place"
        raise ValueError(message)
    strange = next((one for one in status.targets if (one.place or "") not in (names or {""})), None)
    if strange is not None:
        message = f"{strange.place!r} is not one of the places"
        raise ValueError(message)


def _to_plain(content: Any) -> Any:  # noqa: ANN401 - whatever JSON does not know
    """Return a snapshot as a dict, without its own parts, and a time as text."""
    if type(content) is datetime:
        return _write_time(content)
    names, read = _find_fields(content.__class__)
    plain = dict(zip(names, read(content)))  # noqa: B905 - as many; twice as fast
    for name in _OF_PLACES:
        if not plain.get(name, True):
            del plain[name]
    return plain


@lru_cache(maxsize=1024)
def _write_time(moment: datetime) -> str:
    """Return a time; most targets have the same few."""
    return moment.isoformat()


@cache
def _find_fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:  # noqa: ANN401 - a class
    names = tuple(one.name for one in fields(kind))
    return names, attrgetter(*names)


@cache
def _find_decoder(kind: Any) -> Decoder:  # noqa: ANN401 - a type, or several
    """Return a function from JSON to a value of this type; it raises ValueError, or as a wrong type does."""
    if isinstance(kind, UnionType):
        (some,) = (_find_decoder(one) for one in get_args(kind) if one is not NoneType)
        return lambda given: None if given is None else some(given)
    if get_origin(kind) is tuple:
        each = _find_decoder(get_args(kind)[0])
        return lambda given: tuple(map(each, _check(given, list)))
    if hasattr(kind, "__dataclass_fields__"):
        return _make_decoder(kind)
    if kind in _DECODERS:
        return _DECODERS[kind]
    return kind if issubclass(kind, Enum) else lambda given: _check(given, kind)


@cache
def _make_decoder(kind: Any) -> Decoder:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    decoders = [(one.name, _find_decoder(hints[one.name]), one.default is MISSING) for one in fields(kind)]

    def decode(given: Any) -> Any:  # noqa: ANN401 - JSON
        _check(given, dict)
        return kind(
            **{
                name: decode(given[name])
                for name, decode, is_needed in decoders
                if is_needed or name in given
            }
        )

    return decode


def _check(given: Any, kind: type[T]) -> T:  # noqa: ANN401 - JSON
    if type(given) is not kind:  # a bool is no int here
        message = f"{type(given).__name__} in place of {kind.__name__}"
        raise TypeError(message)
    return given


def _parse_float(given: Any) -> float:  # noqa: ANN401 - JSON
    if type(given) not in (int, float) or not abs(given) <= _MOST_NUMBER:  # nor NaN
        message = f"{given!r} in place of a number"
        raise TypeError(message)
    return float(given)


def _parse_time(text: str) -> datetime:
    """Return a time in UTC."""
    moment = datetime.fromisoformat(_check(text, str))
    if moment.tzinfo is None:
        message = f"{text} has no time zone"
        raise ValueError(message)
    return moment.astimezone(timezone.utc)


def _parse_int(digits: str) -> int:
    """Return a number that is not so long that parsing it takes long."""
    if len(digits) > _MOST_DIGITS:
        message = "a number is too long"
        raise ValueError(message)
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a number"
    raise ValueError(message)


_DECODERS: Final[dict[type[Any], Decoder]] = {datetime: _parse_time, float: _parse_float}
