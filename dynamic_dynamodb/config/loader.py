"""Merge command line, file and defaults into one configuration, or collect everything wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config import topics, validation
from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from dynamic_dynamodb.config.file import DEFAULT_SECTION, FileContent, TargetSection, read_file
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, Joined, Layer, Reader, Values, join
from dynamic_dynamodb.config.sections import Section
from dynamic_dynamodb.config.suggestions import suggest_expression
from dynamic_dynamodb.config.text import clip, shorten
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import Scope, options_in, records_all
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions, read_target_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLAIN_SECTIONS: Final = {
    "global": (Scope.GLOBAL,),
    "logging": (Scope.LOGGING,),
    "default_options": (Scope.TARGET,),
    DEFAULT_SECTION: (Scope.GLOBAL, Scope.LOGGING, Scope.TARGET),
}
_FLAG_SCOPES: Final = (Scope.GLOBAL, Scope.LOGGING, Scope.COMMAND_LINE)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every effective option, in plain dicts with underscore keys, as in `--show-config`.

    `origins` maps each section's title and key to the place that set the value.
    """

    global_options: Mapping[str, Any]
    logging_options: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...]
    origins: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A configuration, and one sentence for each of its faults.

    If there are faults, the configuration contains what could be read despite them.
    """

    configuration: Configuration
    faults: tuple[str, ...]


def load(flags: Mapping[str, str | bool], environment: Mapping[str, str]) -> Configuration:
    """Return the configuration; raise ConfigurationError with one sentence for each fault."""
    result = examine(flags, environment)
    if result.faults:
        raise ConfigurationError(result.faults)
    return result.configuration


def examine(flags: Mapping[str, str | bool], environment: Mapping[str, str]) -> LoadResult:
    """Return the configuration as far as it can be read, and everything wrong with it."""
    return _Loader(Reader(flags), environment).examine()


@dataclass(slots=True)
class _Loader:
    reader: Reader
    environment: Mapping[str, str]
    origins: dict[str, Mapping[str, str]] = field(default_factory=dict)
    budget: MatchBudget = field(default_factory=MatchBudget)
    has_default_region: bool = True

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
        logging_options = join(Scope.LOGGING, everywhere, plain["logging"], flags[Scope.LOGGING]).values
        below = (plain["default_options"], everywhere)
        sections = self._load_sections(content, below, global_options)
        for siblings in (sections, *(section.gsis for section in sections)):
            self.reader.warnings += validation.warn_of_unreachable_sections(siblings, self.budget)
        self._check_whole(content, global_options)
        configuration = Configuration(
            global_options,
            logging_options,
            sections,
            tuple(dict.fromkeys(self.reader.warnings)),
            self.origins,
        )
        return LoadResult(configuration, tuple(dict.fromkeys(self.reader.faults)))

    def _read_content(self) -> FileContent:
        if not self.reader.flags.get("config"):
            return FileContent()  # an empty flag is reported elsewhere
        path = Path(str(self.reader.flags["config"]))
        content = read_file(path)
        self.reader.faults += content.faults
        self.reader.warnings += content.warnings
        has_table = any(not section.gsi for section in content.targets)
        if not (has_table or content.faults or self._needs_no_section()):
            self.reader.faults.append("has no table section: add one, such as [table: ^my_table$]")
        return content

    def _needs_no_section(self) -> bool:
        return "table-name" in self.reader.flags or records_all(self.reader.flags)

    def _load_sections(
        self, content: FileContent, below: tuple[Layer, ...], global_options: Values
    ) -> tuple[Section, ...]:
        if records_all(self.reader.flags):
            indexes = self._build_section_of_all("gsi: .* table: .*", ())
            return (self._build_section_of_all("table: .*", (indexes,)),)
        if "table-name" in self.reader.flags:
            options = join(Scope.TARGET, Layer("flag", self.reader.parse_flags(Scope.TARGET)))
            pattern = str(self.reader.flags["table-name"])
            only = self._build_section(f"table: {pattern}", pattern, options, global_options, ())
            return (only,) if only else ()
        tables = [section for section in content.targets if not section.gsi]
        names = {section.table for section in tables}
        self.reader.faults += [
            f"[{clip(section.title)}] has no table section: add [table: {clip(section.table)}]"
            for section in content.targets
            if section.table not in names
        ]
        gsis: dict[str, list[TargetSection]] = {}
        for section in content.targets:
            if section.gsi:
                gsis.setdefault(section.table, []).append(section)
        built = (
            self._load_table(table, gsis.get(table.table, ()), below, global_options) for table in tables
        )
        return tuple(section for section in built if section)

    def _load_table(
        self,
        table: TargetSection,
        gsis_of_table: Iterable[TargetSection],
        below: tuple[Layer, ...],
        global_options: Values,
    ) -> Section | None:
        gsis = (
            self._build_section(gsi.title, gsi.gsi, self._read_options(gsi, below), global_options, ())
            for gsi in gsis_of_table
        )
        found = tuple(gsi for gsi in gsis if gsi)
        options = self._read_options(table, below)
        return self._build_section(table.title, table.table, options, global_options, found)

    def _read_options(self, section: TargetSection, below: tuple[Layer, ...]) -> Joined:
        own = self.reader.parse_texts(clip(section.title), section.texts, (Scope.TARGET,))
        return join(Scope.TARGET, *below, Layer("section", own))

    def _build_section(
        self,
        title: str,
        expression: str,
        joined: Joined,
        global_options: Values,
        gsis: tuple[Section, ...],
    ) -> Section | None:
        options, shown = joined.values, clip(title)
        self.origins[title] = joined.origins
        self.reader.faults += validation.find_target_faults(shown, options, self.reader.unread)
        self.reader.warnings += validation.warn_of_target(shown, options, self.reader.unread)
        self.reader.warnings += validation.warn_of_late_decreases(
            shown, options, global_options["check_interval"]
        )
        self.reader.warnings += topics.warn_of_messages(shown, options, global_options["region"])
        breaker = _find_circuit_breaker(joined, global_options)
        self.reader.warnings += validation.warn_of_idle_options(
            shown, options, joined.origins, has_breaker=breaker is not None
        )
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
        return Section(title, compiled, options, read_target_options(options), breaker, gsis)

    def _build_section_of_all(self, title: str, gsis: tuple[Section, ...]) -> Section:
        """Return a section that matches every name, for --all: nothing is scaled by its default options."""
        joined = join(Scope.TARGET)
        self.origins[title] = joined.origins
        typed = read_target_options(joined.values)
        return Section(title, compile_expression(".*"), joined.values, typed, None, gsis)

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
        self.reader.warnings += validation.warn_of_flags_without_table(self.reader.flags)
        self.reader.warnings += validation.warn_of_secret_flags(self.reader.flags)
        self.reader.faults += validation.find_flag_faults(self.reader.flags)
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


def _find_circuit_breaker(joined: Joined, global_options: Values) -> CircuitBreakerOptions | None:
    """Return the section's circuit breaker, else the global one; a timeout of the section applies to both."""
    own = joined.values
    is_timeout_own = own["circuit_breaker_url"] or joined.origins["circuit_breaker_timeout"] != DEFAULT_ORIGIN
    url = own["circuit_breaker_url"] or global_options["circuit_breaker_url"]
    timeout = (own if is_timeout_own else global_options)["circuit_breaker_timeout"]
    return CircuitBreakerOptions(url, timeout) if url else None
