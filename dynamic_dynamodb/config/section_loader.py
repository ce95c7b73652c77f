"""Build the sections for tables and indexes from a file, and collect what is wrong with them."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from dynamic_dynamodb.config import topics, validation
from dynamic_dynamodb.config.combinations import Combinations
from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from dynamic_dynamodb.config.file import MOST_OVERLAYS, FileContent, TargetSection
from dynamic_dynamodb.config.lines import LineFinder
from dynamic_dynamodb.config.place_limits import LIMIT_KEYS, PlaceLimits
from dynamic_dynamodb.config.places import Place, find_region_of_topics, holds_in
from dynamic_dynamodb.config.reader import MOST_SUGGESTIONS, SECTION_ORIGIN, Layer, Reader, Values, join
from dynamic_dynamodb.config.sections import Blueprint, Overlay, Section
from dynamic_dynamodb.config.suggestions import suggest, suggest_expression
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.options import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dynamic_dynamodb.scaling.schedules import Schedule

K = TypeVar("K")
BREAKER_KEYS: Final = ("circuit_breaker_url", "circuit_breaker_timeout")
ANY_NAME: Final = compile_expression(".*")


@dataclass(frozen=True, slots=True)
class _ReadSection:
    """A section of the file, the options that it sets, and the places in which it holds.

    `overlay` is what a section with `during` became, unless it has a fault.
    """

    written: TargetSection
    layer: Layer
    places: frozenset[Place]
    overlay: Overlay | None = None

    @property
    def title(self) -> str:
        """Return the title for a message."""
        return clip(self.written.title)

    @property
    def base(self) -> tuple[str, str]:
        """Return the expressions of the table and of the index, which an overlay shares with its base."""
        return self.written.table, self.written.gsi


@dataclass(frozen=True, slots=True)
class _Parts:
    """The sections of a file by what they belong to.

    `bases` and `overlays` are by their expressions, and `indexes` by those of their tables; several
    `bases` have the same expressions if they hold in different places. `by_title` has all sections.
    """

    by_title: Mapping[str, Sequence[_ReadSection]]
    bases: Mapping[tuple[str, str], Sequence[_ReadSection]]
    indexes: Mapping[str, Sequence[_ReadSection]]
    overlays: Mapping[tuple[str, str], Sequence[_ReadSection]]

    @classmethod
    def of(
        cls,
        tables: Sequence[_ReadSection],
        indexes: Sequence[_ReadSection],
        overlays: Sequence[_ReadSection],
    ) -> _Parts:
        """Return these sections by what they belong to, in their order."""
        bases = (*tables, *indexes)
        return cls(
            _group((*bases, *overlays), lambda one: one.written.title),
            _group(bases, lambda one: one.base),
            _group(indexes, lambda one: one.written.table),
            _group(overlays, lambda one: one.base),
        )

    def list_indexes(self, table: _ReadSection) -> list[_ReadSection]:
        """Return the index sections that belong to a section for tables."""
        return self._select(self.indexes.get(table.written.table, ()), table)

    def list_overlays(self, base: _ReadSection) -> list[_ReadSection]:
        """Return the overlays of a section."""
        return self._select(self.overlays.get(base.base, ()), base)

    def _select(self, parts: Sequence[_ReadSection], base: _ReadSection) -> list[_ReadSection]:
        """Return the parts that hold in a place of their base; all if there is no other such base."""
        is_only = len(self.bases[base.base]) == 1
        return [part for part in parts if is_only or part.places & base.places]


def _group(
    sections: Iterable[_ReadSection], find_key: Callable[[_ReadSection], K]
) -> dict[K, list[_ReadSection]]:
    grouped: dict[K, list[_ReadSection]] = {}
    for section in sections:
        grouped.setdefault(find_key(section), []).append(section)
    return grouped


@dataclass(slots=True)
class SectionLoader:
    """Builds the sections of a file, or that of --table-name; its faults are those of the reader.

    `below` are the layers of options below those of a section. `places` are those that this run scales,
    and `limits` has all that sections can name.
    """

    reader: Reader
    content: FileContent
    global_options: Values
    below: tuple[Layer, ...]
    schedules: Mapping[str, Schedule]
    now: datetime
    places: tuple[Place, ...]
    limits: PlaceLimits
    budget: MatchBudget = field(default_factory=MatchBudget)
    combinations: Combinations = field(init=False)
    _written: dict[int, TargetSection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare the search for schedules that are open together."""
        self.combinations = Combinations(tuple(self.schedules.values()), self.now)

    @property
    def breaker(self) -> Values:
        """Return the options of the global circuit breaker."""
        return {key: self.global_options[key] for key in BREAKER_KEYS}

    def load_flags(self) -> tuple[Section, ...]:
        """Return the section of --table-name."""
        options = (Layer("flag", self.reader.parse_flags(Scope.TARGET)),)
        pattern = str(self.reader.flags["table-name"])
        only = self._build_section(Blueprint(f"table: {pattern}", ANY_NAME, options, self.breaker), pattern)
        return (only,) if only else ()

    def load_file(self) -> tuple[Section, ...]:
        """Return the sections of the file for tables, with those for their indexes."""
        overlays = self._read_overlays()
        tables = [self._read(one) for one in self.content.targets if not (one.gsi or one.during)]
        names = {table.written.table for table in tables}
        indexes = [self._read(one, names) for one in self.content.targets if one.gsi and not one.during]
        parts = _Parts.of(tables, indexes, overlays)
        self._check_places(parts)
        gsis = {id(index): self._build(index, parts) for index in indexes if index.written.table in names}
        built: list[Section] = []
        for table in tables:
            own = (gsis[id(index)] for index in parts.list_indexes(table))
            section = self._build(table, parts, tuple(gsi for gsi in own if gsi))
            built += [section] if section else []
        self._warn_of_unreachable_sections(built)
        for indexes_of_table in {tuple(map(id, one.gsis)): one.gsis for one in built}.values():
            self._warn_of_unreachable_sections(indexes_of_table)
        return tuple(built)

    @contextmanager
    def _about(self, section: TargetSection) -> Iterator[None]:
        """Add the lines of this section to what is reported: others may have the same title."""
        reported = (self.reader.faults, self.reader.warnings)
        before = [len(sentences) for sentences in reported]
        yield
        finder = LineFinder({clip(section.title): section.lines})
        for sentences, start in zip(reported, before, strict=True):
            sentences[start:] = map(finder.add_line, sentences[start:])

    def _read(self, section: TargetSection, tables: AbstractSet[str] | None = None) -> _ReadSection:
        """Return a section for tables or indexes, with its options read.

        An index must belong to one of the `tables` that sections match.
        """
        title = clip(section.title)
        with self._about(section):
            if tables is not None and section.table not in tables:
                self.reader.faults.append(
                    f"[{title}] has no table section: add [table: {clip(section.table)}]"
                )
            own = self.reader.parse_texts(title, section.texts, (Scope.TARGET,))
            options = join(Scope.TARGET, *self.below, Layer(SECTION_ORIGIN, own)).values
            self.reader.faults += self.limits.find_faults(title, own, options)
        return _ReadSection(section, Layer(SECTION_ORIGIN, own), self.limits.list_places(options))

    def _read_overlays(self) -> list[_ReadSection]:
        """Return the sections with `during` that overlay another, in the order of the file."""
        bases = {(section.table, section.gsi) for section in self.content.targets if not section.during}
        overlays: list[_ReadSection] = []
        counts: Counter[tuple[str, str]] = Counter()
        for section in self.content.targets:
            if section.during:
                with self._about(section):
                    overlay = self._read_overlay(section, bases, counts[section.table, section.gsi])
                if overlay is not None:
                    overlays.append(overlay)
                    counts[overlay.base] += 1
        return overlays

    def _suggest_base(self, overlay: TargetSection) -> str:
        advice = f"add [{clip(_name_base(overlay))}]"
        if len(self.reader.faults) >= MOST_SUGGESTIONS:
            return advice
        titles = {clip(one.title): f"[{clip(one.title)}]" for one in self.content.targets if not one.during}
        near = suggest(_name_base(overlay), titles, titles)
        return f"{advice}, or {near}" if near else advice

    def _read_overlay(
        self, section: TargetSection, bases: AbstractSet[tuple[str, str]], before: int
    ) -> _ReadSection | None:
        """Return a section with `during`; None if it has a fault. Its base has so many `before` it."""
        base, title = (section.table, section.gsi), clip(section.title)
        shown, faults, schedules = f"[{title}]", self.reader.faults, self.content.schedules
        values = self.reader.parse_texts(title, section.texts, (Scope.TARGET,))
        limits: Values = {key: values.pop(key) for key in LIMIT_KEYS if key in values}
        faults += self.limits.find_faults(title, limits, limits)
        if base not in bases:
            faults.append(f"{shown} has no section to overlay: {self._suggest_base(section)}")
        elif section.during not in schedules:
            near = suggest(section.during, schedules)
            advice = near or f"add [schedule: {section.during}] with its times"
            faults.append(f"{shown} names a schedule that does not exist: {advice}")
        elif not section.texts.keys() - set(LIMIT_KEYS):
            faults.append(f"{shown} sets no option: add one, or remove the section")
        elif before == MOST_OVERLAYS:
            faults.append(
                f"{shown} is one too many: use at most {MOST_OVERLAYS} sections with during for a section"
            )
        elif section.during in self.schedules:
            layer = Layer(shown, values)
            overlay = Overlay(section.title, self.schedules[section.during], layer, limits)
            self._written[id(overlay)] = section
            return _ReadSection(section, layer, self.limits.list_places(limits), overlay)
        return None

    def _check_places(self, parts: _Parts) -> None:
        """Check in which places sections hold that have the same title, or are part of another section."""
        if not self.reader.unread.isdisjoint(LIMIT_KEYS):
            return
        for same in parts.by_title.values():
            self._check_same_title(same)
        for index in chain.from_iterable(parts.indexes.values()):
            table = index.written.table
            self._check_part(index, f"table: {table}", parts.bases.get((table, ""), ()))
        for overlay in chain.from_iterable(parts.overlays.values()):
            self._check_part(overlay, _name_base(overlay.written), parts.bases.get(overlay.base, ()))

    def _check_same_title(self, sections: Sequence[_ReadSection]) -> None:
        """Check that no place has two of these sections."""
        lines: dict[Place, int] = {}
        for section in sections:
            shared = section.places & lines.keys()
            if shared:
                first = min(lines[place] for place in shared)
                with self._about(section.written):
                    self.reader.faults += self.limits.find_shared_faults(section.title, first, shared)
            for place in section.places:
                lines.setdefault(place, section.written.lines.title)

    def _check_part(self, part: _ReadSection, base: str, sections: Sequence[_ReadSection]) -> None:
        """Check that an index section or overlay holds where the sections hold that it is part of."""
        base_places = frozenset(place for section in sections for place in section.places)
        limits = part.overlay.limits if part.overlay else part.layer.values
        shared = part.places & base_places
        with self._about(part.written):
            self.reader.faults += self.limits.find_fault_below(
                part.title, part.places, clip(base), base_places
            )
            self.reader.warnings += self.limits.warn_of_rest(part.title, limits, clip(base), shared)

    def _build(self, read: _ReadSection, parts: _Parts, gsis: tuple[Section, ...] = ()) -> Section | None:
        """Return a section with its overlays; None if its expression has a fault."""
        section = read.written
        own = tuple(one.overlay for one in parts.list_overlays(read) if one.overlay)
        layers = (*self.below, read.layer)
        blueprint = Blueprint(section.title, ANY_NAME, layers, self.breaker, own, gsis)
        with self._about(section):
            built = self._build_section(blueprint, section.gsi or section.table, read.places)
        if built is not None:
            self._written[id(built)] = section
        return built

    def _build_section(
        self, blueprint: Blueprint, expression: str, places: frozenset[Place] | None = None
    ) -> Section | None:
        """Return the section of a blueprint; None if its expression has a fault.

        `places` are those in which it holds, if not in all.
        """
        shown = clip(blueprint.title)
        self._check_options(shown, blueprint, self.limits.places if places is None else places)
        try:
            compiled = compile_expression(expression)
        except ValueError as error:
            meant = suggest_expression(expression)
            hint = f": {clip(meant)}" if meant else ""
            self.reader.faults.append(
                f"[{shown}] {shorten(expression)} is not a valid regular expression: {clip(str(error))}{hint}"
            )
            return None
        self.reader.warnings += validation.warn_of_file_pattern(shown, expression)
        self.reader.warnings += validation.warn_of_slow_expression(shown, compiled, self.budget)
        return replace(blueprint, expression=compiled, built={}).build(frozenset())

    def _check_options(self, shown: str, blueprint: Blueprint, places: Iterable[Place]) -> None:
        """Check the options of a section, with each selection of its overlays that holds in some place."""
        overlays = blueprint.overlays
        held = (
            tuple(number for number, one in enumerate(overlays) if holds_in(one.limits, place))
            for place in places
        )
        selections = tuple(dict.fromkeys(held)) or (tuple(range(len(overlays))),)
        known: set[str] = set()
        for numbers in selections:
            selected = tuple(overlays[number] for number in numbers)
            self._check_selection(shown, replace(blueprint, overlays=selected, built={}), known)
        self._check_order(overlays, selections)

    def _check_selection(self, shown: str, blueprint: Blueprint, known: set[str]) -> None:
        """Check the options of a section, and those of each set of schedules that is open at some moment.

        `known` are the sentences that are not reported again.
        """
        moments = [(frozenset[str](), "")]
        for names, first in self.combinations.list_sets(blueprint.overlays):
            moments.append((names, f"{self.combinations.describe(blueprint.list_open(names), first)}: "))
        for names, when in moments:
            section = blueprint.build(names)
            faults = validation.find_target_faults(shown, section.options, self.reader.unread)
            warnings = self._warn_of_options(shown, section)
            for sentences, reported in ((faults, self.reader.faults), (warnings, self.reader.warnings)):
                for sentence in sentences:
                    if sentence not in known:
                        known.add(sentence)
                        reported.append(sentence.replace(f"[{shown}] ", f"[{shown}] {when}", 1))

    def _check_order(self, overlays: Sequence[Overlay], selections: Sequence[tuple[int, ...]]) -> None:
        """Add a fault for each overlay that earlier ones hide in all places in which it holds."""
        hidden: dict[int, list[str]] = {}
        for numbers in selections:
            for which, fault in self.combinations.find_unreachable([overlays[one] for one in numbers]):
                hidden.setdefault(numbers[which], []).append(fault)
        for number, faults in hidden.items():
            if len(faults) == sum(number in numbers for numbers in selections):
                with self._about(self._written[id(overlays[number])]):
                    self.reader.faults.append(faults[0])

    def _warn_of_options(self, shown: str, section: Section) -> Iterator[str]:
        options = section.options
        yield from validation.warn_of_target(shown, options, self.reader.unread)
        yield from validation.warn_of_late_decreases(shown, options, self.global_options["check_interval"])
        yield from validation.warn_of_maintenance(shown, section.typed, self.now)
        yield from topics.warn_of_messages(shown, options, find_region_of_topics(self.places))
        yield from validation.warn_of_idle_options(
            shown, options, section.origins, has_breaker=section.circuit_breaker is not None
        )

    def _warn_of_unreachable_sections(self, sections: Sequence[Section]) -> None:
        for section, sentence in validation.warn_of_unreachable_sections(
            sections, self.limits.list_places, self.budget
        ):
            with self._about(self._written[id(section)]):
                self.reader.warnings.append(sentence)


def _name_base(overlay: TargetSection) -> str:
    """Return the title of the section that an overlay is for."""
    return overlay.title.removesuffix(f" during: {overlay.during}")
