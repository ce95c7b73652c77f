"""The types that options are declared with."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Capacity(Enum):
    """One of the two capacities of a table or an index."""

    READS = "reads"
    WRITES = "writes"

    @property
    def singular(self) -> str:
        """Return the singular, as in `num-read-checks-before-scale-down`."""
        return self.value.removesuffix("s")


class Kind(Enum):
    """The type of an option's value; `config.values` has a parser for each."""

    INTEGER = "int"
    NUMBER = "float"
    BOOLEAN = "bool"
    TEXT = "str"
    PATH = "path"
    SCALE = "dict"
    TIMES = "times"
    MESSAGE_TYPES = "message types"
    URL = "URL"
    TARGET = "table or index"
    NAMES = "names"
    ROLE = "role ARN"
    ADDRESS = "address and port"
    ZONE = "time zone"
    MOMENT = "date and time"
    SWITCH = "switch"


class Scope(Enum):
    """Where an option can be set."""

    COMMAND_LINE = "command line only"
    GLOBAL = "[global]"
    LOGGING = "[logging]"
    ACCOUNT = "[account: …]"
    SCHEDULE = "[schedule: …]"
    TARGET = "[table: …], [gsi: … table: …] and [default_options]"


class Group(Enum):
    """The headings of `--help`."""

    PROGRAM = "Program"
    COMMANDS = "Commands that do not call AWS"
    DAEMON = "Daemon"
    LOGGING = "Logging"
    DYNAMODB = "DynamoDB"
    REPLAY = "Record and replay"
    READS = "Read capacity of the tables that --table-name matches"
    WRITES = "Write capacity of the tables that --table-name matches"


METRICS_KEPT_DAYS: Final = 15
"""How long CloudWatch keeps 1-minute datapoints (CloudWatch concepts, metrics retention)."""
Default = int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name, its valid values, and every place where it can be set.

    `minimum` and `maximum` are inclusive; None means no limit.
    `pattern` must match a text in full.
    `falls_back_to` names the option whose value applies while this one is unset.
    `needs` names the flags of which this one requires one, such as `replay` or `daemon status`.
    `aliases` are other names in a file; `flags` are the names on the command line.
    `example` is a valid value, shown in messages.
    `metavar` is what --help shows after the flag; the default depends on the kind.
    `since` is the version that introduced the option; empty if 2.5.1 had it.
    `capacity` and `field` name the field of `CapacityOptions` that an option sets.
    """

    name: str
    kind: Kind
    scope: Scope
    help: str
    default: Default = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    unit: str = ""
    example: str = ""
    falls_back_to: str = ""
    zero_is_unset: bool = False
    aliases: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    metavar: str = ""
    since: str = ""
    group: Group | None = None
    successors: tuple[str, ...] = ()
    is_secret: bool = False
    needs: tuple[str, ...] = ()
    capacity: Capacity | None = None
    field: str = ""
    key: str = dataclasses.field(init=False)
    """The key in option dicts and in `--show-config`."""

    def __post_init__(self) -> None:
        """Compute the key once: a configuration is read by it a thousand times."""
        object.__setattr__(self, "key", self.name.replace("-", "_"))

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return all names of the option in a file."""
        return (self.name, *self.aliases)
