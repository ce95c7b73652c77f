"""Group alike tables, and write an expression for each group that matches exactly its tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.config.expressions import escape_name, match_only

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence

_NUMBERS: Final = re.compile(r"([0-9]+)")


class Group(NamedTuple):
    """Tables of one section, and the expression that matches them and no other table of the account."""

    expression: str
    tables: tuple[str, ...]


def group_tables(kinds: Mapping[str, Hashable], names: Collection[str]) -> tuple[Group, ...]:
    """Return the groups of tables, sorted by name; `names` are all tables of the account.

    Tables are alike if they are of one kind and their names differ in numbers only, such as a table for each
    month. Where their common expression would match another table too, each is a group of its own.
    """
    by_shape: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        by_shape.setdefault(_find_shape(name), []).append(name)
    alike: dict[tuple[object, ...], list[str]] = {}
    for name in sorted(kinds):
        alike.setdefault((_find_shape(name), kinds[name]), []).append(name)
    groups = [
        group for tables in alike.values() for group in _group_alike(tables, by_shape[_find_shape(tables[0])])
    ]
    return tuple(sorted(groups, key=lambda group: group.tables))


def _find_shape(name: str) -> tuple[str, ...]:
    """Return the parts of a name between its numbers."""
    return tuple(_NUMBERS.split(name)[::2])


def _group_alike(tables: Sequence[str], of_same_shape: Sequence[str]) -> Iterator[Group]:
    """Yield one group if an expression matches exactly these tables; only names of the shape can match it."""
    expression = _write_expression(tables)
    found = {name for name in of_same_shape if re.match(expression, name)}
    if found == set(tables):
        yield Group(expression, tuple(tables))
    else:
        yield from (Group(match_only(name), (name,)) for name in tables)


def _write_expression(tables: Sequence[str]) -> str:
    """Return an expression in which numbers that differ between the tables are any of as many digits."""
    columns = zip(*map(_NUMBERS.split, tables), strict=True)
    return f"^{''.join(map(_write_part, columns))}$"


def _write_part(found: Sequence[str]) -> str:
    if len(set(found)) == 1:
        return escape_name(found[0])
    lengths = set(map(len, found))
    return f"[0-9]{{{lengths.pop()}}}" if len(lengths) == 1 else "[0-9]+"
