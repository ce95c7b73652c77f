"""Build the sections for tables and indexes from a file, and collect what is wrong with them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config import topics, validation
from dynamic_dynamodb.config.combinations import Combinations
from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from dynamic_dynamodb.config.file import MOST_OVERLAYS, FileContent, TargetSection
from dynamic_dynamodb.config.lines import LineFinder
from dynamic_dynamodb.config.place_limits import LIMIT_KEYS, PlaceLimits
from dynamic_dynamodb.config.places import Place, find_region_of_topics, holds_in
from dynamic_dynamodb.config.reader import SECTION_ORIGIN, Layer, Reader, Values, join
from dynamic_dynamodb.config.sections import Blueprint, Overlay, Section
from dynamic_dynamodb.config.suggestions import suggest, suggest_expression
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.options import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dynamic_dynamodb.scaling.schedules import Schedule

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
        self._check_places(tables, indexes, overlays)
        built: list[Section] = []
        for table in tables:
            own = _select_parts(table, indexes, tables)
            gsis = tuple(gsi for index in own if (gsi := self._build(index, indexes, overlays)))
            built += filter(None, [self._build(table, tables, overlays, gsis)])
        for siblings in (built, *(section.gsis for section in built)):
            self._warn_of_unreachable_sections(siblings)
        return tuple(built)

    @contextmanager
    def _about(self, *sections: TargetSection) -> Iterator[None]:
        """Add the lines of these sections to what is reported: others may have the same titles."""
        reported = (self.reader.faults, self.reader.warnings)
        before = [len(sentences) for sentences in reported]
        yield
        finder = LineFinder({clip(section.title): section.lines for section in sections})
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
        for section in self.content.targets:
            if section.during:
                with self._about(section):
                    overlays += filter(None, [self._read_overlay(section, bases, overlays)])
        return overlays

    def _read_overlay(
        self,
        section: TargetSection,
        bases: AbstractSet[tuple[str, str]],
        before: Sequence[_ReadSection],
    ) -> _ReadSection | None:
        base, title = (section.table, section.gsi), clip(section.title)
        shown, faults, schedules = f"[{title}]", self.reader.faults, self.content.schedules
        values = self.reader.parse_texts(title, section.texts, (Scope.TARGET,))
        limits: Values = {key: values.pop(key) for key in LIMIT_KEYS if key in values}
        faults += self.limits.find_faults(title, limits, limits)
        if base not in bases:
            faults.append(f"{shown} has no section to overlay: add [{clip(_name_base(section))}]")
        elif section.during not in schedules:
            near = suggest(section.during, schedules)
            advice = near or f"add [schedule: {section.during}] with its times"
            faults.append(f"{shown} names a schedule that does not exist: {advice}")
        elif not section.texts.keys() - set(LIMIT_KEYS):
            faults.append(f"{shown} sets no option: add one, or remove the section")
        elif sum(one.base == base for one in before) == MOST_OVERLAYS:
            faults.append(
                f"{shown} is one too many: use at most {MOST_OVERLAYS} sections with during for a section"
            )
        elif section.during in self.schedules:
            layer = Layer(shown, values)
            overlay = Overlay(section.title, self.schedules[section.during], layer, limits)
            self._written[id(overlay)] = section
            return _ReadSection(section, layer, self.limits.list_places(limits), overlay)
        return None

    def _check_places(
        self,
        tables: Sequence[_ReadSection],
        indexes: Sequence[_ReadSection],
        overlays: Sequence[_ReadSection],
    ) -> None:
        """Check in which places sections hold that have the same title, or are part of another section."""
        are_read = self.reader.unread.isdisjoint(LIMIT_KEYS)
        for sections in (tables, indexes, overlays) if are_read else ():
            self._check_same_titles(sections)
        for index in indexes if are_read else ():
            bases = [table for table in tables if table.written.table == index.written.table]
            with self._about(index.written):
                self._check_part(index, f"table: {clip(index.written.table)}", bases)
        for overlay in overlays if are_read else ():
            bases = [one for one in (*tables, *indexes) if one.base == overlay.base]
            with self._about(overlay.written):
                self._check_part(overlay, clip(_name_base(overlay.written)), bases)

    def _check_same_titles(self, sections: Sequence[_ReadSection]) -> None:
        """Check that no place has two sections with the same title."""
        known: dict[str, list[_ReadSection]] = {}
        for section in sections:
            before = known.setdefault(section.written.title, [])
            for first in before:
                shared = section.places & first.places
                with self._about(section.written):
                    line = first.written.lines.title
                    self.reader.faults += self.limits.find_shared_faults(section.title, line, shared)
            before.append(section)

    def _check_part(self, part: _ReadSection, base_title: str, bases: Sequence[_ReadSection]) -> None:
        """Check that an index section or overlay holds where the sections hold that it is part of."""
        base_places = frozenset[Place]().union(*(base.places for base in bases))
        limits = part.overlay.limits if part.overlay else part.layer.values
        faults = [*self.limits.find_fault_below(part.title, part.places, base_title, base_places)]
        self.reader.faults += faults
        self.reader.warnings += self.limits.warn_of_rest(
            part.title, limits, base_title, part.places & base_places
        )

    def _build(
        self,
        read: _ReadSection,
        siblings: Sequence[_ReadSection],
        overlays: Sequence[_ReadSection],
        gsis: tuple[Section, ...] = (),
    ) -> Section | None:
        """Return a section with its overlays; None if its expression has a fault.

        `siblings` are the sections among which others may have the same title.
        """
        section, same = read.written, [one for one in siblings if one.base == read.base]
        own = tuple(
            one.overlay
            for one in overlays
            if one.overlay and one.base == read.base and (len(same) == 1 or one.places & read.places)
        )
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
            sections, self.limits.places, self.budget
        ):
            with self._about(self._written[id(section)]):
                self.reader.warnings.append(sentence)


def _select_parts(
    table: _ReadSection, indexes: Iterable[_ReadSection], tables: Iterable[_ReadSection]
) -> list[_ReadSection]:
    """Return the index sections of a table section, which may be one of several with its title."""
    same = [one for one in tables if one.base == table.base]
    return [
        index
        for index in indexes
        if index.written.table == table.written.table and (len(same) == 1 or index.places & table.places)
    ]


def _name_base(overlay: TargetSection) -> str:
    """Return the title of the section that an overlay is for."""
    return overlay.title.removesuffix(f" during: {overlay.during}")
