"""Every option and flag, declared once; parser, checks and reference pages read these declarations."""

from __future__ import annotations

from functools import cache
from typing import Final

from dynamic_dynamodb.options.capacities import name_of
from dynamic_dynamodb.options.option import Capacity, Group, Kind, Option, Scope
from dynamic_dynamodb.options.places import ACCOUNT_OPTIONS, GOOD_REGIONS, GOOD_ROLE
from dynamic_dynamodb.options.program import GLOBAL_OPTIONS, LOGGING_OPTIONS, PROGRAM_OPTIONS, SHELLS
from dynamic_dynamodb.options.replay import (
    DEFAULT_DOLLARS,
    PRICED_REGION,
    PRICES_AS_OF,
    REPLAY_OPTIONS,
    find_flag_for_all,
)
from dynamic_dynamodb.options.schedules import SCHEDULE_OPTIONS
from dynamic_dynamodb.options.targets import (
    FAILURE_TYPES,
    MESSAGE_TYPES,
    OBSOLETE_MESSAGE_TYPES,
    OBSOLETE_OPTIONS,
    TARGET_OPTIONS,
)

__all__ = [
    "DEFAULT_DOLLARS",
    "FAILURE_TYPES",
    "GOOD_REGIONS",
    "GOOD_ROLE",
    "MESSAGE_TYPES",
    "OBSOLETE_MESSAGE_TYPES",
    "OBSOLETE_OPTIONS",
    "OPTIONS",
    "PRICED_REGION",
    "PRICES_AS_OF",
    "SHELLS",
    "Capacity",
    "Group",
    "Kind",
    "Option",
    "Scope",
    "find_flag_for_all",
    "name_of",
    "options_in",
]

OPTIONS: Final = (
    *PROGRAM_OPTIONS,
    *REPLAY_OPTIONS,
    *GLOBAL_OPTIONS,
    *LOGGING_OPTIONS,
    *ACCOUNT_OPTIONS,
    *SCHEDULE_OPTIONS,
    *TARGET_OPTIONS,
)


@cache
def options_in(scope: Scope) -> tuple[Option, ...]:
    """Return the options of one scope in the order of their declarations."""
    return tuple(option for option in OPTIONS if option.scope is scope)
