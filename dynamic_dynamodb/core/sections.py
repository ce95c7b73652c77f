"""Find the section that a table or an index belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamic_dynamodb.core.target_options import TargetOptions

_PLAIN_NAME: Final = re.compile(r"\^?([A-Za-z0-9_.-]{3,255})\$?")
"""The names that DynamoDB gives tables (API reference, CreateTable), and the anchors around them."""
_REPEATED_GROUP: Final = re.compile(r"\)[*+{]")

MASK: Final = "********"
_PASSWORD: Final = re.compile(r"(^(?!https?:)[^/@:]*|//[^/@:]*|^https?(?!://)):.*@")
_TOKEN: Final = re.compile(r"//[^/@:]+@")
_SECRET_PARAMETER: Final = re.compile(
    r"([?&;#][^=&;#]*(?:auth|code|cred|key|passw|pwd|secret|sig|token)[^=&;#]*=)[^&;#]*", re.IGNORECASE
)


def mask_url(url: str) -> str:
    """Hide the password, the token or the secret parameters that a URL may carry, well-formed or not."""
    with_parameters_hidden = _SECRET_PARAMETER.sub(rf"\1{MASK}", url)
    return _TOKEN.sub(f"//{MASK}@", _PASSWORD.sub(rf"\1:{MASK}@", with_parameters_hidden))


@dataclass(frozen=True, slots=True)
class CircuitBreakerOptions:
    """Whom to ask before a change, and how long to wait for the answer."""

    url: str
    timeout_ms: float


@dataclass(frozen=True, slots=True)
class Section:
    """A `[table: …]` or `[gsi: … table: …]` section: whom it is for, and its options.

    `options` is the option dict that was read, `typed` the same for core.
    """

    title: str
    pattern: re.Pattern[str]
    options: Mapping[str, Any]
    typed: TargetOptions
    circuit_breaker: CircuitBreakerOptions | None
    gsis: tuple[Section, ...] = ()

    def matches(self, name: str) -> bool:
        """Tell whether the pattern matches the name from its start."""
        return self.pattern.match(name) is not None

    @property
    def is_quick(self) -> bool:
        """Tell whether the expression can be tried on any name: repeated groups may take for ever."""
        return _REPEATED_GROUP.search(self.pattern.pattern) is None

    @property
    def plain_name(self) -> str | None:
        """Give the table name that the pattern is, if it is a name rather than an expression."""
        match = _PLAIN_NAME.fullmatch(self.pattern.pattern)
        return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Matches:
    """Names with the section of each; sections without a name; names with more than one section."""

    sections: dict[str, Section]
    unused: tuple[Section, ...]
    doubled: dict[str, tuple[Section, ...]]


def match_sections(sections: Iterable[Section], names: Iterable[str]) -> Matches:
    """Give each name the first section, in the order of the file, that matches it."""
    sections = tuple(sections)
    found: dict[str, Section] = {}
    doubled: dict[str, tuple[Section, ...]] = {}
    used: set[int] = set()
    for name in sorted(names):
        matching = tuple(section for section in sections if section.matches(name))
        used.update(map(id, matching))
        if matching:
            found[name] = matching[0]
        if len(matching) > 1:
            doubled[name] = matching
    return Matches(found, tuple(section for section in sections if id(section) not in used), doubled)
