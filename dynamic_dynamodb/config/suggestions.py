"""Find the known name that an unknown one was probably meant to be."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_EDITS: Final = 2
MOST_MEANT: Final = 3
_MOST_CHARACTERS: Final = 60
_CHARACTERS_AN_EDIT: Final = 4
_LEAST_CHARACTERS: Final = 3
"""Names have at least three; less would be contained in too many of them."""
_GLOB: Final = re.compile(r"\^?(?:[\w-]|\.(?!\*)|\*)*\*(?:[\w-]|\.(?!\*)|\*)*\$?", re.ASCII)
"""Nothing but the characters of names, and asterisks that do not follow a full stop."""
_LITERAL: Final = re.compile(
    r"\^?(?P<text>(?:[\w-]|\\[._-]|\.(?![*+?{]))*)(?P<rest>.*)", re.ASCII | re.DOTALL
)
_SEPARATORS: Final = re.compile(r"[-_\s]+")


def suggest(name: str, known: Iterable[str], written: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return `did you mean …?`, each name as it is `written`; empty if no known name is near enough."""
    names = [written.get(one, one) for one in find_meant(name, known)]
    return f"did you mean {' or '.join(names)}?" if names else ""


def suggest_expression(text: str) -> str:
    """Return `did you mean ord.*?` for what looks like a file pattern, such as `ord*`; else an empty text."""
    return f"did you mean {re.sub(r'[*]+', '.*', text)}?" if _GLOB.fullmatch(text) else ""


def find_near_names(expression: str, names: Iterable[str]) -> Sequence[str]:
    """Return names, at most three, that an expression that matches none was probably meant to match.

    They are near its literal text, or begin like it if more follows; failing that, they contain it.
    """
    text, rest = _LITERAL.fullmatch(expression).group("text", "rest")  # type: ignore[union-attr]  # it matches any text
    text = text.replace("\\", "")
    if not _LEAST_CHARACTERS <= len(text) <= _MOST_CHARACTERS:
        return ()
    is_whole, letters = rest in ("", "$"), set(text.lower())
    candidates: dict[str, list[str]] = {}
    for name in names:
        shown = name if is_whole else name[: len(text)]
        # Each edit changes at most two of the letters: most names need no closer look.
        if len(letters ^ set(shown.lower())) <= 2 * MOST_EDITS:
            candidates.setdefault(shown, []).append(name)
    near = [name for one in find_meant(text, candidates) for name in candidates[one]]
    return (near or [name for name in names if text.lower() in name.lower()])[:MOST_MEANT]


def find_meant(name: str, known: Iterable[str]) -> Sequence[str]:
    """Return the nearest known names: usually one, several if they are equally near.

    A name is near if it is at most two edits away and differs in no word that is known itself, so that
    `lower` never suggests `upper`. Failing that, it is near if it contains all words of `name`, and at most
    as many others.
    """
    if len(name) > _MOST_CHARACTERS:
        return ()
    candidates = {one: _split(one) for one in known}
    words = _split(name)
    vocabulary = {word for split in candidates.values() for word in split}
    edits = {
        one: _count_edits("-".join(words), "-".join(split))
        for one, split in candidates.items()
        if not _is_other_word(words, split, vocabulary)
    }
    near = {one: number for one, number in edits.items() if number <= _allow_edits(one)}
    extra = {
        one: len(split) - len(words)
        for one, split in candidates.items()
        if words and set(words) <= set(split) and len(split) <= 2 * len(words)
    }
    distances = near or extra
    nearest = [one for one, number in distances.items() if number == min(distances.values())]
    return nearest if len(nearest) <= MOST_MEANT else ()


def _split(name: str) -> tuple[str, ...]:
    return tuple(word for word in _SEPARATORS.split(name.strip().lower()) if word)


def _allow_edits(name: str) -> int:
    """Return how many edits are allowed for a name of this length; short names are always close."""
    return min(MOST_EDITS, (len(name) + 1) // _CHARACTERS_AN_EDIT)


def _is_other_word(words: Sequence[str], others: Sequence[str], vocabulary: set[str]) -> bool:
    """Return whether the names differ in a known word that is not a form of the other."""
    if len(words) != len(others):
        return False
    return any(
        word in vocabulary and not (word.startswith(other) or other.startswith(word))
        for word, other in zip(words, others, strict=True)
    )


def _count_edits(one: str, other: str) -> int:
    """Count insertions, deletions, substitutions and swaps of neighbours (optimal string alignment)."""
    if abs(len(one) - len(other)) > MOST_EDITS:
        return MOST_EDITS + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, character in enumerate(one, start=1):
        before, above, row = row, before, [place]
        for column, letter in enumerate(other, start=1):
            cost = min(before[column] + 1, row[-1] + 1, before[column - 1] + (character != letter))
            is_swap = place > 1 and column > 1 and one[place - 2 : place] == letter + other[column - 2]
            row.append(min(cost, above[column - 2] + 1) if is_swap else cost)
    return row[-1]
