"""Parse the texts of sections and flags into values, and merge the values of several places."""

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
SECTION_ORIGIN: Final = "section"
MOST_SUGGESTIONS: Final = 100
"""Finding the nearest name is slow; beyond this number of faults, suggestions are left out."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The values of one place by key; `origin` is the name of the place in `--explain`."""

    origin: str
    values: Values


@dataclass(frozen=True, slots=True)
class Joined:
    """The effective values, and the origin of each."""

    values: Values
    origins: Mapping[str, str]


def join(scope: Scope, *layers: Layer) -> Joined:
    """Merge layers over the defaults of a scope; later layers win."""
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
    """Return the options of these scopes by all their spellings."""
    return {name: option for scope in scopes for option in options_in(scope) for name in option.spellings}


@dataclass(slots=True)
class Reader:
    """Parse values, and collect faults, warnings and deprecated names on the way.

    `unread` are the keys of options whose values have faults, in any place: what follows from their defaults
    is not reported.
    """

    flags: Mapping[str, str | bool]
    faults: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    deprecated: set[str] = field(default_factory=set)

    def parse_texts(self, title: str, texts: Mapping[str, str], scopes: tuple[Scope, ...]) -> Values:
        """Return the values of one section; options that it does not set are left out."""
        known = _list_known(scopes)
        parsed: Values = {}
        for name, text in texts.items():
            option = known.get(name)
            if option is None:
                self._report_unknown(title, name, known)
            elif option.key in parsed:
                self.faults.append(f"[{title}] {name} and {option.name} are the same option: keep one")
            else:
                parsed |= self._parse(f"[{title}] {name}", option, text)
        return parsed

    def _parse(self, place: str, option: Option, text: str) -> Values:
        try:
            parsed = parse_value(option, text)
        except ValueError as error:
            self.faults.append(f"{place} {error}")
            self.unread.add(option.key)
            return {}
        if option.successors:
            self.deprecated.add(option.name)
        if option.kind is Kind.MESSAGE_TYPES:
            self.warnings += [
                f"{place}: {obsolete} has never had an effect: use {successor}"
                for obsolete, successor in OBSOLETE_MESSAGE_TYPES.items()
                if obsolete in map(str.strip, text.split(","))
            ]
        return {option.key: option.default if parsed is None else parsed}

    def _report_unknown(self, title: str, name: str, known: Mapping[str, Option]) -> None:
        elsewhere = [option for option in OPTIONS if name in option.spellings]
        if elsewhere:
            home = elsewhere[0].scope
            where = f"is a flag: use --{name}" if home is Scope.COMMAND_LINE else f"belongs in {home.value}"
            plural = f"{name}s"  # such as region and regions
            advice = f"; did you mean {plural}?" if plural in known else ""
            self.faults.append(f"[{title}] {name} {where}{advice}")
            return
        if name in OBSOLETE_OPTIONS:
            successor = OBSOLETE_OPTIONS[name]
            remedy = f"use {successor}" if successor else "remove it"
            self.warnings.append(f"[{title}] {name} has never had an effect: {remedy}")
            return
        suggestion = suggest(name, known) if len(self.faults) < MOST_SUGGESTIONS else ""
        self.faults.append(
            f"[{title}] has no option {shorten(name)}{f': {suggestion}' if suggestion else ''}"
        )

    def parse_flags(self, scope: Scope) -> Values:
        """Return the values that flags set in one scope."""
        parsed: Values = {}
        for option in options_in(scope):
            given = self.flags.get(option.name) if option.flags else None  # names occur in several scopes
            if given == "":
                self.faults.append(f"{option.flags[-1]} is empty: give it a value, or leave it out")
            elif isinstance(given, bool):
                parsed[option.key] = given
            elif given is not None:
                parsed |= self._parse(option.flags[-1], option, given)
        return parsed
