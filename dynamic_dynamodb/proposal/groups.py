"""Group alike tables, and write an expression for each group that matches exactly its tables."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.config.expressions import escape_name, match_only

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

    Names = Sequence[Sequence[str]]

_NUMBERS: Final = re.compile(r"([0-9]+)")


class Group(NamedTuple):
    """Tables of one section, and the expression that matches them and no other table of the account."""

    expression: str
    tables: tuple[str, ...]


class _Part(Enum):
    """How a part of an expression matches: a text, a number of as many digits, or any number."""

    TEXT = "text"
    DIGITS = "digits"
    NUMBER = "number"


def group_tables(kinds: Mapping[str, Hashable], names: Collection[str]) -> tuple[Group, ...]:
    """Return the groups of tables, sorted by name; `names` are all tables of the account.

    Tables are alike if they are of one kind and their names differ in numbers only, such as a table for each
    month. Where their common expression would match another table too, each is a group of its own.
    """
    of_shape: dict[tuple[str, ...], list[list[str]]] = {}
    for name in names:
        of_shape.setdefault(_find_shape(name), []).append(_NUMBERS.split(name))
    alike: dict[tuple[tuple[str, ...], Hashable], list[str]] = {}
    for name in sorted(kinds):
        alike.setdefault((_find_shape(name), kinds[name]), []).append(name)
    matches = _Matches(of_shape)
    groups = [group for (shape, _), tables in alike.items() for group in _split(tables, shape, matches)]
    return tuple(sorted(groups, key=lambda group: group.tables))


def _find_shape(name: str) -> tuple[str, ...]:
    """Return the parts of a name between its numbers."""
    return tuple(_NUMBERS.split(name)[::2])


class _Matches:
    """How many tables of the account an expression matches: only those of its shape can match."""

    def __init__(self, of_shape: Mapping[tuple[str, ...], Names]) -> None:
        self._of_shape = of_shape
        self._counts: dict[tuple[object, ...], Counter[tuple[object, ...]]] = {}

    def count(self, shape: tuple[str, ...], parts: tuple[_Part, ...], example: Sequence[str]) -> int:
        """Return the number of tables that have in common with an example what these parts match."""
        if (shape, parts) not in self._counts:
            self._counts[shape, parts] = Counter(_find_key(name, parts) for name in self._of_shape[shape])
        return self._counts[shape, parts][_find_key(example, parts)]


def _find_key(name: Sequence[str], parts: tuple[_Part, ...]) -> tuple[object, ...]:
    """Return what parts of an expression see of a name: two names with one key match alike."""
    return tuple(
        text if part is _Part.TEXT else len(text) if part is _Part.DIGITS else None
        for text, part in zip(name, parts, strict=True)
    )


def _split(tables: Sequence[str], shape: tuple[str, ...], matches: _Matches) -> Iterator[Group]:
    """Yield one group of alike tables if an expression matches exactly them, else a group for each."""
    names = [_NUMBERS.split(name) for name in tables]
    parts = tuple(map(_choose_part, zip(*names, strict=True)))
    if len(tables) > 1 and matches.count(shape, parts, names[0]) == len(tables):
        yield Group(f"^{''.join(map(_write_part, names[0], parts))}$", tuple(tables))
    else:
        yield from (Group(match_only(name), (name,)) for name in tables)


def _choose_part(found: Sequence[str]) -> _Part:
    """Return the narrowest part that matches all of these texts, which are numbers if they differ."""
    if len(set(found)) == 1:
        return _Part.TEXT
    return _Part.DIGITS if len(set(map(len, found))) == 1 else _Part.NUMBER


def _write_part(text: str, part: _Part) -> str:
    if part is _Part.TEXT:
        return escape_name(text)
    return f"[0-9]{{{len(text)}}}" if part is _Part.DIGITS else "[0-9]+"
