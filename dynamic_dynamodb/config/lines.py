"""Find the line of a file that a sentence about its configuration is about."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD: Final = re.compile(r"[\w.-]+")
_PLAIN_TITLES: Final = ("global", "logging", "DEFAULT")
_OF_TARGETS: Final = ("table: ", "gsi: ")
_START: Final = re.compile(r"line (\d+): ")


@dataclass(slots=True)
class SectionLines:
    """The line of a section's title, and the first line of each of its options."""

    title: int
    options: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class LineFinder:
    """The lines of a file, by the titles of its sections as sentences show them."""

    sections: dict[str, SectionLines] = field(default_factory=dict)

    def add_sections(self, sections: Mapping[str, SectionLines]) -> None:
        """Add sections by their titles as they are written."""
        for title, lines in sections.items():
            self.sections.setdefault(clip(title), lines)

    def add_title(self, written: str, text: str) -> None:
        """Also find a section by its title with its spaces in place, unless another is written like that."""
        self.sections.setdefault(clip(text), self.sections[clip(written)])

    def drop_replaced(self, flags: Iterable[str]) -> None:
        """Forget the options that flags replace, and all sections of tables if --table-name replaces them."""
        names = set(flags)
        if "table-name" in names:
            self.sections = {
                title: lines for title, lines in self.sections.items() if not title.startswith(_OF_TARGETS)
            }
        spellings = {name for option in OPTIONS if option.name in names for name in option.spellings}
        for title in _PLAIN_TITLES:
            if title in self.sections:
                known = self.sections[title].options
                self.sections[title].options = {one: known[one] for one in known.keys() - spellings}

    def add_line(self, sentence: str) -> str:
        """Return `line 12: [table: ^a$] …` for a sentence about an option or a section of the file.

        Other sentences are returned as they are.
        """
        line = self._find(sentence)
        return f"line {line}: {sentence}" if line else sentence

    def _find(self, sentence: str) -> int | None:
        start = sentence.removeprefix("section ")
        if not start.startswith("["):
            name = sentence.partition(" ")[0]
            found = (
                self.sections[title].options.get(name) for title in _PLAIN_TITLES if title in self.sections
            )
            return next((line for line in found if line), None)
        ends = [match.start() for match in re.finditer(r"\]", start)]
        known = ((end, self.sections[start[1:end]]) for end in ends if start[1:end] in self.sections)
        end, lines = next(known, (0, None))
        if lines is None:
            return None
        rest = start[end:]
        named = (lines.options.get(word) for word in _WORD.findall(rest))
        quoted = (line for name, line in lines.options.items() if shorten(name) in rest)
        option = next((line for line in named if line), None) or next(quoted, None)
        is_plain = start[1:end] in _PLAIN_TITLES
        return option or (None if is_plain else lines.title)


def sort_by_line(sentences: Iterable[str]) -> tuple[str, ...]:
    """Return sentences in the order of their lines, and after them those without a line."""
    return tuple(sorted(sentences, key=_find_line))


def _find_line(sentence: str) -> float:
    match = _START.match(sentence)
    return int(match[1]) if match else math.inf
