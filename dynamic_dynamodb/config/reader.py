"""Turn the texts of a section, or the flags, into values, and collect what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.suggestions import suggest
from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.config.values import parse_value
from dynamic_dynamodb.options import (
    OBSOLETE_MESSAGE_TYPES,
    OBSOLETE_OPTIONS,
    OPTIONS,
    Kind,
    Option,
    Scope,
    options_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = dict[str, Any]
DEFAULT_ORIGIN: Final = "default"
MOST_SUGGESTIONS: Final = 100
"""Looking for the nearest name takes long; with more faults than this something else is wrong."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says, by key; `origin` names the place in the words of `--explain`."""

    origin: str
    values: Values


@dataclass(frozen=True, slots=True)
class Joined:
    """The values in force, and where each comes from."""

    values: Values
    origins: Mapping[str, str]


def join(scope: Scope, *layers: Layer) -> Joined:
    """Lay what was said over the defaults of a scope; later layers win."""
    values: Values = {
        option.key: [] if option.kind is Kind.MESSAGE_TYPES else option.default
        for option in options_in(scope)
    }
    origins = dict.fromkeys(values, DEFAULT_ORIGIN)
    for layer in layers:
        for key in values.keys() & layer.values.keys():
            values[key], origins[key] = layer.values[key], layer.origin
    return Joined(values, origins)


@cache
def _list_known(scopes: tuple[Scope, ...]) -> Mapping[str, Option]:
    """Give the options that may stand in a place, by all their spellings."""
    return {name: option for scope in scopes for option in options_in(scope) for name in option.spellings}


@dataclass(slots=True)
class Reader:
    """Parse values; faults, warnings and deprecated names pile up here."""

    flags: Mapping[str, str | bool]
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    deprecated: set[str] = field(default_factory=set)

    def parse_texts(self, title: str, texts: Mapping[str, str], scopes: tuple[Scope, ...]) -> Values:
        """Parse what one section says; what it does not say is not in the answer."""
        known = _list_known(scopes)
        parsed: Values = {}
        for name, text in texts.items():
            option = known.get(name)
            if option is None:
                self._report_unknown(title, name, known)
            elif option.key in parsed:
                self.faults.append(f"[{title}] {name} and {option.name} say the same thing: keep one")
            else:
                parsed |= self._parse(f"[{title}] {name}", option, text)
        return parsed

    def _parse(self, place: str, option: Option, text: str) -> Values:
        try:
            parsed = parse_value(option, text)
        except ValueError as error:
            self.faults.append(f"{place} {error}")
            return {}
        if option.successors:
            self.deprecated.add(option.name)
        if option.kind is Kind.MESSAGE_TYPES:
            self.warnings += [
                f"{place}: {obsolete} never had an effect; {successor} would"
                for obsolete, successor in OBSOLETE_MESSAGE_TYPES.items()
                if obsolete in map(str.strip, text.split(","))
            ]
        return {option.key: option.default if parsed is None else parsed}

    def _report_unknown(self, title: str, name: str, known: Mapping[str, Option]) -> None:
        elsewhere = [option for option in OPTIONS if name in option.spellings]
        if elsewhere:
            home = elsewhere[0].scope
            where = f"as the flag --{name}" if home is Scope.COMMAND_LINE else f"in {home.value}"
            self.faults.append(f"[{title}] {name} does not belong here, but {where}")
            return
        if name in OBSOLETE_OPTIONS:
            successor = OBSOLETE_OPTIONS[name]
            remedy = f"; {successor} would" if successor else " in any version: leave it out"
            self.warnings.append(f"[{title}] {name} never had an effect{remedy}")
            return
        is_looked_up = len(self.faults) < MOST_SUGGESTIONS
        suggestion = suggest(name, known) if is_looked_up else ""
        self.faults.append(
            f"[{title}] has no option {shorten(name)}{f': {suggestion}' if suggestion else ''}"
        )

    def parse_flags(self, scope: Scope) -> Values:
        """Parse what the command line says of one scope."""
        parsed: Values = {}
        for option in options_in(scope):
            given = self.flags.get(option.name)
            if given == "":
                self.faults.append(f"{option.flags[-1]} is empty: give it something, or leave it out")
            elif isinstance(given, bool):
                parsed[option.key] = given
            elif given is not None:
                parsed |= self._parse(option.flags[-1], option, given)
        return parsed
