"""Merge command line, file and defaults into one configuration, or collect everything wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config import flag_rules, place_limits, regions, topics, validation
from dynamic_dynamodb.config.accounts import PlaceReader
from dynamic_dynamodb.config.file import FileContent, read_file
from dynamic_dynamodb.config.lines import LineFinder, sort_by_line
from dynamic_dynamodb.config.places import Place, find_region_of_topics, label_places, select_sections
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, SECTION_ORIGIN, Layer, Reader, Values, join
from dynamic_dynamodb.config.section_loader import ANY_NAME, BREAKER_KEYS, SectionLoader
from dynamic_dynamodb.config.sections import Blueprint, Section
from dynamic_dynamodb.config.titles import DEFAULT_SECTION
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import Scope, find_flag_for_all, options_in
from dynamic_dynamodb.scaling.schedules import UTC, Schedule
from dynamic_dynamodb.scaling.times import GOOD_TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PLAIN_SECTIONS: Final = {
    "global": (Scope.GLOBAL,),
    "logging": (Scope.LOGGING,),
    "default_options": (Scope.TARGET,),
    DEFAULT_SECTION: (Scope.GLOBAL, Scope.LOGGING, Scope.TARGET),
}
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
    global_options: Values = field(default_factory=dict)

    def examine(self) -> LoadResult:
        content = self._read_content()
        plain = {
            title: Layer(f"[{title}]", self.reader.parse_texts(title, content.plain.get(title, {}), scopes))
            for title, scopes in _PLAIN_SECTIONS.items()
        }
        everywhere = plain[DEFAULT_SECTION]
        flags = {scope: Layer("flag", self.reader.parse_flags(scope)) for scope in _FLAG_SCOPES}
        layers = (everywhere, plain["global"])
        joined = join(Scope.GLOBAL, *layers, flags[Scope.GLOBAL])
        self.global_options = {
            **joined.values,
            **join(Scope.COMMAND_LINE, flags[Scope.COMMAND_LINE]).values,
        }
        reader = PlaceReader(self.reader, self.global_options, join(Scope.GLOBAL, *layers))
        places = reader.read(content)
        if len(places) == 1:
            self.global_options["region"] = places[0].region
        logging_options = join(Scope.LOGGING, everywhere, plain["logging"], flags[Scope.LOGGING]).values
        schedules = self._read_schedules(content)
        for title in (DEFAULT_SECTION, "default_options"):
            own = plain[title].values
            self.reader.faults += reader.limits.find_faults(title, own, own)
        sections = self._load_sections(
            SectionLoader(
                self.reader,
                content,
                self.global_options,
                (plain["default_options"], everywhere),
                schedules,
                self.now,
                places,
                reader.limits,
            )
        )
        if reader.uses_region:
            is_default = joined.origins["region"] == DEFAULT_ORIGIN
            self.reader.warnings += regions.warn_of_region(
                self.global_options, self.environment, is_default=is_default
            )
        if not self.reader.faults:
            self.reader.warnings += place_limits.warn_of_empty_places(places, sections)
        self._check_whole(content, places)
        configuration = Configuration(
            self.global_options,
            logging_options,
            sections,
            _add_lines(self.reader.warnings, content.lines),
            tuple(schedules.values()),
            places,
        )
        faults = sort_by_line(_add_lines(self.reader.faults, content.lines))
        return LoadResult(configuration, faults, content.lines)

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

    def _read_schedules(self, content: FileContent) -> dict[str, Schedule]:
        """Return the schedules by name, without those that have faults."""
        schedules: dict[str, Schedule] = {}
        for name, texts in content.schedules.items():
            title = f"schedule: {name}"
            found = self.reader.parse_texts(title, texts, (Scope.SCHEDULE,))
            values = join(Scope.SCHEDULE, Layer(SECTION_ORIGIN, found)).values
            if values["times"] is not None:
                zone = found.get("time_zone", UTC)
                schedules[name] = Schedule(name, values["times"], zone, values["return_at_once"])
            elif "times" in found or "times" not in texts:
                self.reader.faults.append(f"[{title}] has no times: add some, such as times: {GOOD_TIMES}")
        if self._needs_no_section():
            return schedules
        used = {section.during for section in content.targets}
        # A section whose title cannot be read, or that names no schedule here, may be meant to use one.
        if not content.has_unread_sections and used - {""} <= content.schedules.keys():
            self.reader.warnings += [
                f"[schedule: {name}] is not used: name it in a section such as"
                f" [table: ^my_table$ during: {name}]"
                for name in content.schedules
                if name not in used
            ]
        for schedule in schedules.values():
            self.reader.warnings += validation.warn_of_schedule(schedule, self.now)
        return schedules

    def _load_sections(self, loader: SectionLoader) -> tuple[Section, ...]:
        if find_flag_for_all(self.reader.flags):
            indexes = _build_section_of_all("gsi: .* table: .*", ())
            return (_build_section_of_all("table: .*", (indexes,)),)
        return loader.load_flags() if "table-name" in self.reader.flags else loader.load_file()

    def _check_whole(self, content: FileContent, places: Sequence[Place]) -> None:
        global_options = self.global_options
        self.reader.faults += validation.find_interval_faults(global_options, self.reader.unread)
        self.reader.warnings += validation.warn_of_late_spikes(global_options)
        self.reader.warnings += validation.warn_of_listening(global_options)
        if not {"sns-topic-arn", "sns-message-types"} & content.plain.get(DEFAULT_SECTION, {}).keys():
            self.reader.warnings += topics.warn_of_global_messages(
                global_options, find_region_of_topics(places)
            )
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


def _build_section_of_all(title: str, gsis: tuple[Section, ...]) -> Section:
    """Return a section that matches every name, for --all: nothing is scaled by its default options."""
    breaker = dict.fromkeys(BREAKER_KEYS)
    return Blueprint(title, ANY_NAME, (), breaker, gsis=gsis).build(frozenset())
