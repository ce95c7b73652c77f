"""Render a configuration for `--show-config`: JSON, secrets masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.core.sections import mask_url
from dynamic_dynamodb.options import OPTIONS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.config.loader import Configuration

MASK: Final = "********"
_SECRETS: Final = frozenset(option.key for option in OPTIONS if option.is_secret)
_URLS: Final = frozenset(option.key for option in OPTIONS if option.kind is Kind.URL)
_NOT_SHOWN: Final = frozenset({"table_name"})


def render_configuration(configuration: Configuration) -> str:
    """Give the JSON text, tables in the order in which they are matched."""
    tables = {
        section.pattern.pattern: {
            **_mask(section.options),
            "gsis": {gsi.pattern.pattern: _mask(gsi.options) for gsi in section.gsis},
        }
        for section in configuration.sections
    }
    shown = {
        "global": _mask(configuration.global_options),
        "logging": _mask(configuration.logging_options),
        "tables": tables,
    }
    return json.dumps(shown, indent=2)


def _mask(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _mask_one(key, shown) for key, shown in options.items() if key not in _NOT_SHOWN}


def _mask_one(key: str, shown: Any) -> Any:  # noqa: ANN401 - option dicts hold what JSON holds
    if shown and key in _SECRETS:
        return MASK
    return mask_url(shown) if shown and key in _URLS else shown
