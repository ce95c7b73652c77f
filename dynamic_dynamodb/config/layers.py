"""Lay what several places say of the same options one over the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.options import Kind, Scope, options_in

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = dict[str, Any]
DEFAULT_ORIGIN: Final = "default"


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
