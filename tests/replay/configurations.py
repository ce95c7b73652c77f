"""Make configurations and settings for replays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.options import OPTIONS, Group
from dynamic_dynamodb.replay.comparison.settings import Settings, read_settings
from tests.builders import load_flags, section

if TYPE_CHECKING:
    from dynamic_dynamodb.config.loader import Configuration


def settings(**texts: Any) -> Settings:
    """Return the settings of the declared defaults and these flags."""
    options = {option.key: option.default for option in OPTIONS if option.group is Group.REPLAY}
    return read_settings({**options, "region": "us-east-1", **texts})


def configure(**options: Any) -> Configuration:
    """Return a configuration of one table, checked every minute."""
    loaded: Configuration = load_flags(table_name="orders", check_interval="60")
    rules = {"max_provisioned_reads": "200", "lookback_window_start": "5", **options}
    gsis = rules.pop("gsis", None) or (section("by-date", **rules),)
    return replace(loaded, sections=(section("^orders$", gsis=gsis, **rules),))
