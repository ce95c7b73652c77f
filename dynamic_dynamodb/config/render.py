"""Render a configuration for `--show-config`: JSON, secrets masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.masking import MASK, mask_url
from dynamic_dynamodb.options import OPTIONS, Group, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.config.loader import Configuration

_SECRETS: Final = frozenset(option.key for option in OPTIONS if option.is_secret)
_URLS: Final = frozenset(option.key for option in OPTIONS if option.kind is Kind.URL)
_ASIDE: Final = frozenset(option.key for option in OPTIONS if option.group in (Group.INQUIRIES, Group.REPLAY))
_NOT_SHOWN: Final = _ASIDE - {"show_config"} | {"table_name"}
"""What says nothing of how the program will run; 2.5.1 showed `show_config`."""


def render_configuration(configuration: Configuration) -> str:
    """Give the JSON text, tables in the order in which they are matched."""
    tables = {
        section.expression.text: {
            **_mask_all(section.options),
            "gsis": {gsi.expression.text: _mask_all(gsi.options) for gsi in section.gsis},
        }
        for section in configuration.sections
    }
    shown = {
        "global": _mask_all(configuration.global_options),
        "logging": _mask_all(configuration.logging_options),
        "tables": tables,
    }
    return json.dumps(shown, indent=2)


def _mask_all(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: mask(key, shown) for key, shown in options.items() if key not in _NOT_SHOWN}


def mask(key: str, shown: Any) -> Any:  # noqa: ANN401 - option dicts hold what JSON holds
    """Hide what nobody should read over a shoulder."""
    if shown and key in _SECRETS:
        return MASK
    return mask_url(shown) if shown and key in _URLS else shown
