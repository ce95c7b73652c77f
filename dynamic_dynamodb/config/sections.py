"""Sections for tables and indexes: which names they match, and how two configurations differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.expressions import SLOW_EXPRESSION_ADVICE
from dynamic_dynamodb.config.text import clip
from dynamic_dynamodb.scaling.model import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.expressions import Expression, MatchBudget
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions, TargetOptions

MOST_NAMED: Final = 5
_PLAIN_NAME: Final = re.compile(rf"\^?({NAME_PATTERN})\$?")
"""A name, and the anchors around it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A `[table: …]` or `[gsi: … table: …]` section: the names that it matches, and its options.

    `options` is the option dict as read; `typed` contains the same values for decisions.
    """

    title: str
    expression: Expression
    options: Mapping[str, Any]
    typed: TargetOptions
    circuit_breaker: CircuitBreakerOptions | None
    gsis: tuple[Section, ...] = ()

    @property
    def plain_name(self) -> str | None:
        """Return the name, if the expression is nothing but a name; else None."""
        match = _PLAIN_NAME.fullmatch(self.expression.text)
        return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Matches:
    """Names with the section of each; sections that match none; names that match several sections.

    `undecided` contains names with the section that took too long to match: it is unknown whether the name
    belongs to this section or to a later one.
    """

    sections: dict[str, Section]
    unused: tuple[Section, ...]
    doubled: dict[str, tuple[Section, ...]]
    undecided: dict[str, Section]


def describe_slow(section: Section) -> str:
    """Return why a name is undecided because of this section."""
    fault = f"[{section.title}] takes too long to match this name, so its section is unknown"
    return f"{fault}: {SLOW_EXPRESSION_ADVICE}"


def match_sections(sections: Iterable[Section], names: Iterable[str], budget: MatchBudget) -> Matches:
    """Assign each name to the first section, in the order of the file, that matches it."""
    sections = tuple(sections)
    found: dict[str, Section] = {}
    doubled: dict[str, tuple[Section, ...]] = {}
    undecided: dict[str, Section] = {}
    used: set[int] = set()
    for name in sorted(names):
        matching, slow = _try_all(sections, name, budget)
        used.update(map(id, matching))
        if slow is not None:
            used.add(id(slow))
        if matching:
            found[name] = matching[0]
        elif slow is not None:
            undecided[name] = slow
        if len(matching) > 1:
            doubled[name] = tuple(matching)
    unused = tuple(section for section in sections if id(section) not in used)
    return Matches(found, unused, doubled, undecided)


def _try_all(
    sections: Iterable[Section], name: str, budget: MatchBudget
) -> tuple[list[Section], Section | None]:
    """Return the sections that match a name, up to the first that takes too long, and that one."""
    matching: list[Section] = []
    for section in sections:
        is_match = budget.matches(section.expression, name)
        if is_match is None:
            return matching, section
        if is_match:
            matching.append(section)
    return matching, None


def describe_lowered_limits(old: Sequence[Section], new: Sequence[Section]) -> str:
    """Compare two configurations; return the sections that are gone and the limits that are lower.

    Returns an empty text if there are none. A file that is still being written may lower limits, which is
    no fault.
    """
    found = list(_find_lowered(old, new))
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return "; ".join(found[:MOST_NAMED]) + more


def _find_lowered(old: Sequence[Section], new: Sequence[Section]) -> Iterator[str]:
    after = {section.title: section for section in _flatten(new)}
    for before in _flatten(old):
        title = f"[{clip(before.title)}]"
        if before.title not in after:
            yield f"{title} is gone"
            continue
        for option in (
            "min-provisioned-reads",
            "max-provisioned-reads",
            "min-provisioned-writes",
            "max-provisioned-writes",
        ):
            key = option.replace("-", "_")
            was, is_now = before.options[key], after[before.title].options[key]
            if was is not None and (is_now is None or is_now < was):
                yield f"{title} {option} {was} -> {'none' if is_now is None else is_now}"


def _flatten(sections: Sequence[Section]) -> list[Section]:
    return [one for section in sections for one in (section, *section.gsis)]
