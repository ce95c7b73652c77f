"""Merge command line, file and defaults into one configuration, or collect everything wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config import flag_rules, topics, validation
from dynamic_dynamodb.config.accounts import PlaceReader
from dynamic_dynamodb.config.combinations import Combinations
from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from dynamic_dynamodb.config.file import (
    MOST_OVERLAYS,
    FileContent,
    TargetSection,
    read_file,
)
from dynamic_dynamodb.config.lines import LineFinder
from dynamic_dynamodb.config.places import Place, label_places, select_sections
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, SECTION_ORIGIN, Layer, Reader, Values, join
from dynamic_dynamodb.config.sections import Blueprint, Overlay, Section
from dynamic_dynamodb.config.suggestions import suggest, suggest_expression
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.config.titles import DEFAULT_SECTION
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import Scope, find_flag_for_all, options_in
from dynamic_dynamodb.scaling.schedules import UTC, Schedule
from dynamic_dynamodb.scaling.times import GOOD_TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PLAIN_SECTIONS: Final = {
    "global": (Scope.GLOBAL,),
    "logging": (Scope.LOGGING,),
    "default_options": (Scope.TARGET,),
    DEFAULT_SECTION: (Scope.GLOBAL, Scope.LOGGING, Scope.TARGET),
}
_BREAKER_KEYS: Final = ("circuit_breaker_url", "circuit_breaker_timeout")
_ANY_NAME: Final = compile_expression(".*")
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""As of this moment, no date of a schedule is past."""
_FLAG_SCOPES: Final = (Scope.GLOBAL, Scope.LOGGING, Scope.COMMAND_LINE)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every effective option, in plain dicts with underscore keys, as in `--show-config`.

    `sections` are those of all `places`, of which there is at least one.
    """

    global_options: Mapping[str, Any]
    logging_options: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...]
    schedules: tuple[Schedule, ...] = ()
    places: tuple[Place, ...] = ()

    def sections_in(self, place: Place) -> tuple[Section, ...]:
        """Return the sections that hold in a place."""
        return select_sections(self.sections, place)

    def at_place(self, place: Place) -> Configuration:
        """Return the configuration of one place alone, whose targets need no label."""
        return replace(
            self,
            global_options={**self.global_options, "region": place.region},
            sections=self.sections_in(place),
            places=label_places([place]),
        )


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A configuration, and one sentence for each of its faults.

    If there are faults, the configuration contains what could be read despite them.
    """

    configuration: Configuration
    faults: tuple[str, ...]
    lines: LineFinder = field(default_factory=LineFinder)


def load(
    flags: Mapping[str, str | bool], environment: Mapping[str, str], now: datetime = BEGINNING
) -> Configuration:
    """Return the configuration; raise ConfigurationError with one sentence for each fault."""
    result = examine(flags, environment, now)
    if result.faults:
        raise ConfigurationError(result.faults)
    return result.configuration


def examine(
    flags: Mapping[str, str | bool], environment: Mapping[str, str], now: datetime = BEGINNING
) -> LoadResult:
    """Return the configuration as far as it can be read, and everything wrong with it.

    Schedules are judged as of `now`: what is past cannot be wrong any more.
    """
    return _Loader(Reader(flags), environment, now).examine()


@dataclass(slots=True)
class _Loader:
    reader: Reader
    environment: Mapping[str, str]
    now: datetime
    budget: MatchBudget = field(default_factory=MatchBudget)
    has_default_region: bool = True
    schedules: dict[str, Schedule] = field(default_factory=dict)
    combinations: Combinations = field(default_factory=lambda: Combinations((), BEGINNING))
    global_options: Values = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    def examine(self) -> LoadResult:
        content = self._read_content()
        plain = {
            title: Layer(f"[{title}]", self.reader.parse_texts(title, content.plain.get(title, {}), scopes))
            for title, scopes in _PLAIN_SECTIONS.items()
        }
        everywhere = plain[DEFAULT_SECTION]
        flags = {scope: Layer("flag", self.reader.parse_flags(scope)) for scope in _FLAG_SCOPES}
        joined = join(Scope.GLOBAL, everywhere, plain["global"], flags[Scope.GLOBAL])
        self.has_default_region = joined.origins["region"] == DEFAULT_ORIGIN
        global_options = {
            **joined.values,
            **join(Scope.COMMAND_LINE, flags[Scope.COMMAND_LINE]).values,
        }
        self.global_options = global_options
        self._read_places(content)
        logging_options = join(Scope.LOGGING, everywhere, plain["logging"], flags[Scope.LOGGING]).values
        below = (plain["default_options"], everywhere)
        self._read_schedules(content)
        sections = self._load_sections(content, below)
        for siblings in (sections, *(section.gsis for section in sections)):
            self.reader.warnings += validation.warn_of_unreachable_sections(siblings, self.budget)
        self._check_whole(content, global_options)
        configuration = Configuration(
            global_options,
            logging_options,
            sections,
            _add_lines(self.reader.warnings, content.lines),
            tuple(self.schedules.values()),
            self.places,
        )
        return LoadResult(configuration, _add_lines(self.reader.faults, content.lines), content.lines)

    @property
    def breaker(self) -> Values:
        """Return the options of the global circuit breaker."""
        return {key: self.global_options[key] for key in _BREAKER_KEYS}

    def _read_content(self) -> FileContent:
        if not self.reader.flags.get("config"):
            return FileContent()  # an empty flag is reported elsewhere
        path = Path(str(self.reader.flags["config"]))
        content = read_file(path)
        self.reader.faults += content.faults
        self.reader.warnings += content.warnings
        content.lines.drop_replaced(self.reader.flags)
        has_table = any(not (section.gsi or section.during) for section in content.targets)
        if not (has_table or content.faults or self._needs_no_section()):
            self.reader.faults.append("has no table section: add one, such as [table: ^my_table$]")
        return content

    def _needs_no_section(self) -> bool:
        return "table-name" in self.reader.flags or bool(find_flag_for_all(self.reader.flags))

    def _read_places(self, content: FileContent) -> None:
        reader = PlaceReader(self.reader, self.global_options, has_own_region=not self.has_default_region)
        every = reader.read(content.accounts)
        chosen = reader.choose(every)
        self.places = chosen or label_places([Place(self.global_options["region"])])
        if len(self.places) == 1:
            self.global_options["region"] = self.places[0].region

    def _read_schedules(self, content: FileContent) -> None:
        for name, texts in content.schedules.items():
            title = f"schedule: {name}"
            found = self.reader.parse_texts(title, texts, (Scope.SCHEDULE,))
            values = join(Scope.SCHEDULE, Layer(SECTION_ORIGIN, found)).values
            if values["times"] is not None:
                zone = found.get("time_zone", UTC)
                self.schedules[name] = Schedule(name, values["times"], zone, values["return_at_once"])
            elif "times" in found or "times" not in texts:
                self.reader.faults.append(f"[{title}] has no times: add some, such as times: {GOOD_TIMES}")
        self.combinations = Combinations(tuple(self.schedules.values()), self.now)
        if "table-name" in self.reader.flags or find_flag_for_all(self.reader.flags):
            return
        used = {section.during for section in content.targets}
        self.reader.warnings += [
            f"[schedule: {name}] is not used: name it in a section such as [table: ^my_table$ during: {name}]"
            for name in content.schedules
            if name not in used
        ]
        for schedule in self.schedules.values():
            self.reader.warnings += validation.warn_of_schedule(schedule, self.now)

    def _load_sections(self, content: FileContent, below: tuple[Layer, ...]) -> tuple[Section, ...]:
        if find_flag_for_all(self.reader.flags):
            indexes = self._build_section_of_all("gsi: .* table: .*", ())
            return (self._build_section_of_all("table: .*", (indexes,)),)
        if "table-name" in self.reader.flags:
            options = (Layer("flag", self.reader.parse_flags(Scope.TARGET)),)
            pattern = str(self.reader.flags["table-name"])
            only = self._build_section(
                Blueprint(f"table: {pattern}", _ANY_NAME, options, self.breaker), pattern
            )
            return (only,) if only else ()
        overlays = self._read_overlays(content)
        tables = [section for section in content.targets if not (section.gsi or section.during)]
        names = {section.table for section in tables}
        for section in content.targets:
            if section.table not in names and not section.during:
                title = clip(section.title)
                self.reader.faults.append(
                    f"[{title}] has no table section: add [table: {clip(section.table)}]"
                )
                self._read_layer(section, SECTION_ORIGIN)  # for the faults of its options
        gsis: dict[str, list[TargetSection]] = {}
        for section in content.targets:
            if section.gsi and not section.during:
                gsis.setdefault(section.table, []).append(section)
        built = (self._load_table(table, gsis.get(table.table, ()), below, overlays) for table in tables)
        return tuple(section for section in built if section)

    def _load_table(
        self,
        table: TargetSection,
        gsis_of_table: Iterable[TargetSection],
        below: tuple[Layer, ...],
        overlays: Mapping[tuple[str, str], Sequence[Overlay]],
    ) -> Section | None:
        def build(section: TargetSection, expression: str, gsis: tuple[Section, ...] = ()) -> Section | None:
            layers = (*below, self._read_layer(section, SECTION_ORIGIN))
            own = tuple(overlays.get((section.table, section.gsi), ()))
            blueprint = Blueprint(section.title, _ANY_NAME, layers, self.breaker, own, gsis)
            return self._build_section(blueprint, expression)

        found = (build(gsi, gsi.gsi) for gsi in gsis_of_table)
        return build(table, table.table, tuple(gsi for gsi in found if gsi))

    def _read_layer(self, section: TargetSection, origin: str) -> Layer:
        return Layer(origin, self.reader.parse_texts(clip(section.title), section.texts, (Scope.TARGET,)))

    def _read_overlays(self, content: FileContent) -> dict[tuple[str, str], list[Overlay]]:
        """Return the overlays of each section, in the order of the file."""
        bases = {(section.table, section.gsi) for section in content.targets if not section.during}
        overlays: dict[tuple[str, str], list[Overlay]] = {}
        for section in content.targets:
            if not section.during:
                continue
            base, shown = (section.table, section.gsi), f"[{clip(section.title)}]"
            layer = self._read_layer(section, shown)
            found = overlays.setdefault(base, [])
            if base not in bases:
                title = clip(section.title.removesuffix(f" during: {section.during}"))
                self.reader.faults.append(f"{shown} has no section to overlay: add [{title}]")
            elif section.during not in content.schedules:
                near = suggest(section.during, content.schedules)
                advice = near or f"add [schedule: {section.during}] with its times"
                self.reader.faults.append(f"{shown} names a schedule that does not exist: {advice}")
            elif not section.texts:
                self.reader.faults.append(f"{shown} sets no option: add one, or remove the section")
            elif len(found) == MOST_OVERLAYS:
                self.reader.faults.append(
                    f"{shown} is one too many: use at most {MOST_OVERLAYS} sections with during for a section"
                )
            elif section.during in self.schedules:
                found.append(Overlay(section.title, self.schedules[section.during], layer))
        return overlays

    def _build_section(self, blueprint: Blueprint, expression: str) -> Section | None:
        shown = clip(blueprint.title)
        self._check_options(shown, blueprint)
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

    def _check_options(self, shown: str, blueprint: Blueprint) -> None:
        """Check the options of a section, and those of each set of schedules that is open at some moment."""
        section = blueprint.build(frozenset())
        faults = list(validation.find_target_faults(shown, section.options, self.reader.unread))
        warnings = list(self._warn_of_options(shown, section))
        self.reader.faults += faults
        self.reader.warnings += warnings
        if not blueprint.overlays:
            return
        self.reader.faults += self.combinations.find_unreachable(blueprint.overlays)
        known_faults, known_warnings = set(faults), set(warnings)
        for names, first in self.combinations.list_sets(blueprint.overlays):
            section = blueprint.build(names)
            when = self.combinations.describe(blueprint.list_open(names), first)
            for sentence in validation.find_target_faults(shown, section.options, self.reader.unread):
                if sentence not in known_faults:
                    known_faults.add(sentence)
                    self.reader.faults.append(sentence.replace(f"[{shown}] ", f"[{shown}] {when}: ", 1))
            for sentence in self._warn_of_options(shown, section):
                if sentence not in known_warnings:
                    known_warnings.add(sentence)
                    self.reader.warnings.append(sentence.replace(f"[{shown}] ", f"[{shown}] {when}: ", 1))

    def _warn_of_options(self, shown: str, section: Section) -> Iterator[str]:
        options = section.options
        yield from validation.warn_of_target(shown, options, self.reader.unread)
        yield from validation.warn_of_late_decreases(shown, options, self.global_options["check_interval"])
        yield from validation.warn_of_maintenance(shown, section.typed, self.now)
        yield from topics.warn_of_messages(shown, options, self.global_options["region"])
        yield from validation.warn_of_idle_options(
            shown, options, section.origins, has_breaker=section.circuit_breaker is not None
        )

    def _build_section_of_all(self, title: str, gsis: tuple[Section, ...]) -> Section:
        """Return a section that matches every name, for --all: nothing is scaled by its default options."""
        breaker = dict.fromkeys(_BREAKER_KEYS)
        return Blueprint(title, compile_expression(".*"), (), breaker, gsis=gsis).build(frozenset())

    def _check_whole(self, content: FileContent, global_options: Values) -> None:
        self.reader.faults += validation.find_interval_faults(global_options, self.reader.unread)
        self.reader.warnings += validation.warn_of_late_spikes(global_options)
        if not global_options["regions"]:
            self.reader.warnings += validation.warn_of_region(
                global_options, self.environment, is_default=self.has_default_region
            )
        self.reader.warnings += validation.warn_of_listening(global_options)
        if not {"sns-topic-arn", "sns-message-types"} & content.plain.get(DEFAULT_SECTION, {}).keys():
            self.reader.warnings += topics.warn_of_global_messages(global_options)
        self.reader.warnings += flag_rules.warn_of_flags_without_table(self.reader.flags)
        self.reader.warnings += flag_rules.warn_of_secret_flags(self.reader.flags)
        self.reader.faults += flag_rules.find_flag_faults(self.reader.flags)
        if DEFAULT_SECTION in content.plain:
            self.reader.warnings.append(
                "[DEFAULT] applies to every section: use [default_options] for tables and indexes"
            )
        if self.reader.deprecated:
            self.reader.warnings.append(validation.describe_deprecated(self.reader.deprecated))
        secrets = {
            name for option in options_in(Scope.GLOBAL) if option.is_secret for name in option.spellings
        }
        if any(secrets & content.plain.get(title, {}).keys() for title in ("global", DEFAULT_SECTION)):
            path = Path(str(self.reader.flags["config"]))
            self.reader.warnings += validation.warn_of_readable_secret(path)


def _add_lines(sentences: Iterable[str], lines: LineFinder) -> tuple[str, ...]:
    """Return each sentence once, with the line that it is about."""
    return tuple(lines.add_line(sentence) for sentence in dict.fromkeys(sentences))
