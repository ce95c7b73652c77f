"""The vocabulary that options are declared in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Capacity(Enum):
    """One of the two capacities that a table or an index has."""

    READS = "reads"
    WRITES = "writes"

    @property
    def singular(self) -> str:
        """Name one of them, as in `num-read-checks-before-scale-down`."""
        return self.value.removesuffix("s")


class Kind(Enum):
    """What an option's text means; `config.values` holds the parser of each."""

    INTEGER = "int"
    NUMBER = "float"
    BOOLEAN = "bool"
    TEXT = "str"
    PATH = "path"
    SCALE = "dict"
    WINDOWS = "windows"
    MESSAGE_TYPES = "message types"
    URL = "URL"
    TARGET = "table or index"
    SWITCH = "switch"


class Scope(Enum):
    """Where an option may be written down."""

    COMMAND_LINE = "command line only"
    GLOBAL = "[global]"
    LOGGING = "[logging]"
    TARGET = "[table: …], [gsi: … table: …] and [default_options]"


class Group(Enum):
    """The headings of `--help`."""

    PROGRAM = "Program"
    INQUIRIES = "Questions that are answered without AWS"
    DAEMON = "Daemon"
    LOGGING = "Logging"
    DYNAMODB = "DynamoDB"
    REPLAY = "What if: record and replay"
    READS = "Read capacity of the tables chosen with --table-name"
    WRITES = "Write capacity of the tables chosen with --table-name"


METRICS_KEPT_DAYS: Final = 15
"""How long CloudWatch keeps 1-minute datapoints (CloudWatch concepts, metrics retention)."""
Default = int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its name, what it may hold, and every place where it can be set.

    `minimum` and `maximum` are inclusive; None means no limit.
    `pattern` is what a text must match in whole.
    `falls_back_to` names the option whose value counts while this one is unset.
    `needs` names the flag without which this one has no sense.
    `aliases` are further spellings in a file; `flags` the spellings on the command line;
    `example` is a good value where texts need one;
    `metavar` is what help puts after a flag, if the kind of the option does not say it;
    `since` is the version that brought the option, if 2.5.1 had none such.
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
    needs: str = ""
    capacity: Capacity | None = None
    field: str = ""

    @property
    def key(self) -> str:
        """Spell the name as in the option dicts and in `--show-config`."""
        return self.name.replace("-", "_")

    @property
    def spellings(self) -> tuple[str, ...]:
        """List the names that a file may call it by."""
        return (self.name, *self.aliases)
