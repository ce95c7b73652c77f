"""Find expressions that may take too long to match: by trying names that are made to be hard for them."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.config.expressions import Expression, MatchBudget

LONGEST_NAME_CHARACTERS: Final = 255
"""How long names of tables and indexes may be (API reference, CreateTable)."""
_LEAST_TO_JUDGE_BY_SECONDS: Final = 0.2
"""With less time for all, each name has too little: an ordinary expression would look slow."""
_REPEATED: Final = ("a", "A", "1", "-", "_", ".", "ab", "a-", "a_", "a.")
_SPOILERS: Final = ("", ".", "-", "_", "a", "A", "1")
"""A single character that the beginning of a name may, and the rest of it cannot, be followed by."""
_REPEAT: Final = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\d*\})")
_LITERALS: Final = re.compile(r"(?:[A-Za-z0-9_-]|\\[._-])+(?![*+?{])")


def find_hard_name(expression: Expression, budget: MatchBudget) -> str | None:
    """Return a name that the expression takes too long for, if one of the likely ones is."""
    repeats = len(_REPEAT.findall(expression.text))
    if repeats == 0 or (repeats == 1 and "|" not in expression.text):
        return None
    for name in _list_hard_names(expression.text):
        if budget.left_seconds < _LEAST_TO_JUDGE_BY_SECONDS:
            return None
        if budget.matches(expression, name) is None:
            return name
    return None


def _list_hard_names(text: str) -> Iterator[str]:
    """Give names that begin as the expression wants it, repeat something, and then go wrong."""
    literals = [found.replace("\\", "") for found in _LITERALS.findall(text)]
    start = literals[0] if literals else ""
    end = literals[-1] if literals else ""
    for repeated, spoiler, (before, after) in product(
        dict.fromkeys(chain(_REPEATED, literals)), _SPOILERS, (("", ""), ("", end), (end, ""))
    ):
        rest = f"{before}{spoiler}{after}"
        room = LONGEST_NAME_CHARACTERS - len(start) - len(rest)
        for beginning in ("", start):
            yield f"{beginning}{repeated * (room // len(repeated))}{rest}"
