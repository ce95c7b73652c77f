"""Sections for tables and indexes: what they are built from, and which names they match."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.expressions import SLOW_EXPRESSION_ADVICE
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, Layer, join
from dynamic_dynamodb.options import Scope
from dynamic_dynamodb.scaling.model import NAME_PATTERN
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions, read_target_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dynamic_dynamodb.config.expressions import Expression, MatchBudget
    from dynamic_dynamodb.config.reader import Joined, Values
    from dynamic_dynamodb.scaling.schedules import Schedule
    from dynamic_dynamodb.scaling.target_options import TargetOptions

MOST_NAMED: Final = 5
_PLAIN_NAME: Final = re.compile(rf"\^?({NAME_PATTERN})\$?")
"""A name, and the anchors around it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A `[table: …]` or `[gsi: … table: …]` section: the names that it matches, and its options.

    `options` is the option dict as read; `typed` contains the same values for decisions.
    `origins` has the place that set each option, by its key. If there are overlays, `blueprint` has what
    the section is built from; else it is None.
    """

    title: str
    expression: Expression
    options: Mapping[str, Any]
    typed: TargetOptions
    circuit_breaker: CircuitBreakerOptions | None
    gsis: tuple[Section, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    blueprint: Blueprint | None = field(default=None, compare=False, repr=False)

    def at(self, now: datetime) -> Section:
        """Return the section with the options that hold at this moment."""
        return self if self.blueprint is None else self.blueprint.build(self.blueprint.find_open(now))

    @property
    def variants(self) -> tuple[Section, ...]:
        """Return the section without its overlays, and with each of them alone."""
        if self.blueprint is None:
            return (self,)
        names = (overlay.schedule.name for overlay in self.blueprint.overlays)
        return (
            self.blueprint.build(frozenset()),
            *(self.blueprint.build(frozenset({name})) for name in names),
        )

    def override(self, values: Values) -> Section:
        """Return the section with other values for some options, whichever schedules are open."""
        if self.blueprint is not None:
            return self.blueprint.override(values).build(frozenset())
        options = {**self.options, **values}
        return replace(self, options=options, typed=read_target_options(options))

    @property
    def plain_name(self) -> str | None:
        """Return the name, if the expression is nothing but a name; else None."""
        match = _PLAIN_NAME.fullmatch(self.expression.text)
        return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Overlay:
    """A `during: …` section: its options overlay those of its base while its schedule is open.

    `limits` has the accounts and regions in which it holds; `layer` has its other options.
    """

    title: str
    schedule: Schedule
    layer: Layer
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """What a section is built from, for each set of schedules that are open.

    Of `layers`, later ones win; of the open `overlays`, the first one, option by option.
    `breaker` has the options of the global circuit breaker.
    """

    title: str
    expression: Expression
    layers: tuple[Layer, ...]
    breaker: Mapping[str, Any]
    overlays: tuple[Overlay, ...] = ()
    gsis: tuple[Section, ...] = ()
    overrides: Layer = Layer(DEFAULT_ORIGIN, {})  # noqa: RUF009 - it is not changed
    built: dict[frozenset[str], Section] = field(default_factory=dict)

    def find_open(self, now: datetime) -> frozenset[str]:
        """Return the names of the schedules that are open at this moment."""
        schedules = (overlay.schedule for overlay in self.overlays)
        return frozenset(schedule.name for schedule in schedules if schedule.is_open(now))

    def list_open(self, names: frozenset[str]) -> tuple[Overlay, ...]:
        """Return the overlays of these schedules, the one that wins first."""
        return tuple(overlay for overlay in self.overlays if overlay.schedule.name in names)

    def join(self, names: frozenset[str]) -> Joined:
        """Return the effective options while these schedules are open."""
        overlays = (overlay.layer for overlay in reversed(self.list_open(names)))
        return join(Scope.TARGET, *self.layers, *overlays, self.overrides)

    def build(self, names: frozenset[str]) -> Section:
        """Return the section while these schedules are open."""
        section = self.built.get(names)
        if section is None:
            section = self.built[names] = self._build(names)
        return section

    def _build(self, names: frozenset[str]) -> Section:
        joined = self.join(names)
        by_origin = {overlay.layer.origin: overlay.schedule for overlay in self.overlays}
        scheduled = {key: by_origin[one] for key, one in joined.origins.items() if one in by_origin}
        return Section(
            self.title,
            self.expression,
            joined.values,
            read_target_options(joined.values, scheduled),
            find_circuit_breaker(joined, self.breaker),
            self.gsis,
            joined.origins,
            self if self.overlays else None,
        )

    def override(self, values: Values) -> Blueprint:
        """Return a blueprint in which some options have these values, whichever schedules are open."""
        return replace(self, overrides=Layer(DEFAULT_ORIGIN, {**self.overrides.values, **values}), built={})


def find_circuit_breaker(joined: Joined, global_options: Mapping[str, Any]) -> CircuitBreakerOptions | None:
    """Return the section's circuit breaker, else the global one; a timeout of the section applies to both."""
    own = joined.values
    is_timeout_own = own["circuit_breaker_url"] or joined.origins["circuit_breaker_timeout"] != DEFAULT_ORIGIN
    url = own["circuit_breaker_url"] or global_options["circuit_breaker_url"]
    timeout = (own if is_timeout_own else global_options)["circuit_breaker_timeout"]
    return CircuitBreakerOptions(url, timeout) if url else None


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
