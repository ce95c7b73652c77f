"""Declare every option and flag, once: everything else reads these declarations."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


UNITS: Final = ("percent", "units")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("text", "json")
SHELLS: Final = ("bash", "zsh", "fish", "tcsh")
DAEMON_COMMANDS: Final = ("start", "stop", "restart", "reload", "status", "foreground", "fg")
MESSAGE_TYPES: Final = ("scale-up", "scale-down", "high-throughput-alarm", "low-throughput-alarm")

REPLAY_FORMATS: Final = ("table", "json", "csv")
BILLINGS: Final = ("hour-max", "prorated")
PRICED_REGION: Final = "us-east-1"
PRICES_AS_OF: Final = "November 2024"
"""Where and when the default prices were AWS's (Amazon DynamoDB pricing, standard table class)."""
_CAPACITY_HOUR_DOLLARS: Final = {Capacity.READS: 0.00013, Capacity.WRITES: 0.00065}
_MILLION_REQUESTS_DOLLARS: Final = {Capacity.READS: 0.125, Capacity.WRITES: 0.625}

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


def _both(template: Option, *, has_flag: bool = False) -> tuple[Option, Option]:
    """Turn one declaration with `{reads}` and `{read}` in it into one for each capacity."""
    reads, writes = (_for_capacity(template, capacity, has_flag=has_flag) for capacity in Capacity)
    return reads, writes


def _for_capacity(template: Option, capacity: Capacity, *, has_flag: bool) -> Option:
    words = {"reads": capacity.value, "read": capacity.singular}
    name = template.name.format(**words)
    blank = template.name.format(reads="", read="")
    return replace(
        template,
        name=name,
        help=template.help.format(**words),
        example=template.example.format(),
        falls_back_to=template.falls_back_to.format(**words),
        successors=tuple(successor.format(**words) for successor in template.successors),
        flags=(f"--{name}",) if has_flag else (),
        group=Group[capacity.name] if has_flag else None,
        capacity=capacity,
        field="_".join(word for word in blank.split("-") if word),
    )


_COMMAND_LINE: Final = (
    Option(
        "config",
        Kind.PATH,
        Scope.COMMAND_LINE,
        "Read the configuration from this file.",
        flags=("-c", "--config"),
        group=Group.PROGRAM,
    ),
    Option(
        "dry-run",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Say what would be changed and why, and change, publish and store nothing.",
        default=False,
        flags=("--dry-run",),
        group=Group.PROGRAM,
    ),
    Option(
        "run-once",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Check every table once, then exit: 0 if all went well, 1 if a target failed.",
        default=False,
        flags=("--run-once",),
        group=Group.PROGRAM,
    ),
    Option(
        "show-config",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print the options in force as JSON, secrets masked, and exit.",
        default=False,
        flags=("--show-config",),
        group=Group.INQUIRIES,
    ),
    Option(
        "check-config",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print every fault and warning, and what differs from 2.5.1 with this configuration, and exit:"
        " 0 if it can be used, else 2.",
        default=False,
        since="3.0",
        flags=("--check-config",),
        group=Group.INQUIRIES,
    ),
    Option(
        "explain",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Check the configuration, and print which section a table or an index belongs to, and where each"
        " of its options comes from.",
        metavar="TABLE[/INDEX]",
        since="3.0",
        flags=("--explain",),
        group=Group.INQUIRIES,
    ),
    Option(
        "print-iam-policy",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print the least IAM policy that this configuration needs, and exit.",
        default=False,
        since="3.0",
        flags=("--print-iam-policy",),
        group=Group.INQUIRIES,
    ),
    Option(
        "print-example",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print a configuration file with every option and a comment on each, and exit.",
        default=False,
        since="3.0",
        flags=("--print-example",),
        group=Group.INQUIRIES,
    ),
    Option(
        "print-completion",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Print a script that completes this command line in a shell, and exit.",
        choices=SHELLS,
        since="3.0",
        flags=("--print-completion",),
        group=Group.INQUIRIES,
    ),
    Option(
        "daemon",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Control the daemon. `foreground` (or `fg`) stays attached, for a supervisor or a container.",
        default=False,
        choices=DAEMON_COMMANDS,
        flags=("--daemon",),
        group=Group.DAEMON,
    ),
    Option(
        "instance",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Name this daemon, so that several with different names run side by side.",
        default="default",
        pattern=r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
        flags=("--instance",),
        group=Group.DAEMON,
    ),
    Option(
        "pid-file-dir",
        Kind.PATH,
        Scope.COMMAND_LINE,
        "Directory of the daemon's pid file.",
        default="/tmp",  # noqa: S108 - the place that 2.5.1 used and that init scripts look in
        flags=("--pid-file-dir",),
        group=Group.DAEMON,
    ),
    Option(
        "table-name",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Scale the tables that this regular expression matches from the start of their names,"
        " by the flags below instead of the file's sections.",
        flags=("-t", "--table-name"),
        group=Group.DYNAMODB,
    ),
)


def _replay(name: str, kind: Kind, text: str, **settings: object) -> Option:
    """Declare a flag of --replay."""
    option = Option(
        name,
        kind,
        Scope.COMMAND_LINE,
        text,
        flags=(f"--{name}",),
        group=Group.REPLAY,
        needs="replay",
        since="3.0",
    )
    return replace(option, **settings)  # type: ignore[arg-type]  # replace checks the names


_REPLAY: Final = (
    _replay(
        "record",
        Kind.PATH,
        "Fetch the metrics of every matching table and index from CloudWatch into this directory, one CSV"
        " file each, and exit. A second run fetches what is missing.",
        metavar="DIR",
        needs="",
    ),
    _replay(
        "days",
        Kind.INTEGER,
        "How many days to record; CloudWatch keeps 15.",
        default=14,
        minimum=1,
        maximum=15,
        unit="days",
        needs="record",
    ),
    _replay(
        "replay",
        Kind.PATH,
        "Tell what this configuration would have done with the recording in this file, or with all in this"
        " directory, and exit. Needs no AWS.",
        metavar="CSV|DIR",
        needs="",
    ),
    _replay("report", Kind.PATH, "Write a report with charts to this HTML file.", metavar="HTML"),
    _replay(
        "format",
        Kind.TEXT,
        "How to print the answer.",
        default="table",
        choices=REPLAY_FORMATS,
    ),
    _replay(
        "physics",
        Kind.TEXT,
        "How the model of a table behaves: ideal, slow or no-burst, or constants such as `slow,retry=0.5`:"
        " delay and update in minutes, burst in seconds, retry as the share of throttled units that comes"
        " back.",
        default="ideal",
        metavar="NAME|K=V,…",
    ),
    _replay(
        "billing",
        Kind.TEXT,
        "How an hour is billed in which the capacity changed; AWS does not say. It decides what the verdict"
        " calls cheap.",
        default="hour-max",
        choices=BILLINGS,
    ),
    _replay(
        "compare",
        Kind.PATH,
        "Replay with this configuration file too, and put it beside the first.",
        metavar="OTHER.CONF",
    ),
    _replay(
        "fail-if",
        Kind.TEXT,
        "Exit with 1 if this holds, such as `throttled>0.1%`, which is then the wanted throttling, or"
        " `cost>100`; several are separated by commas.",
        metavar="CONDITION",
    ),
    _replay(
        "as",
        Kind.TEXT,
        "The target that a recording is of, if its file's name does not say so.",
        metavar="TABLE[/INDEX]",
    ),
    _replay(
        "start",
        Kind.TEXT,
        "The capacity to begin with, where none was recorded; else it is the peak of the first hour.",
        metavar="READS,WRITES",
    ),
    *(
        _replay(
            f"price-{capacity.singular}-{what}",
            Kind.NUMBER,
            f"The price of {words} in US dollars, {PRICED_REGION} as of {PRICES_AS_OF}.",
            default=prices[capacity],
            minimum=0,
            metavar="DOLLARS",
        )
        for what, text, prices in (
            ("capacity", "one {singular} capacity unit for an hour", _CAPACITY_HOUR_DOLLARS),
            ("requests", "a million {singular} request units on demand", _MILLION_REQUESTS_DOLLARS),
        )
        for capacity in Capacity
        for words in (text.format(singular=capacity.singular),)
    ),
)

_SECONDS_PER_WEEK: Final = 7 * 24 * 60 * 60
_MILLISECONDS_PER_HOUR: Final = 60 * 60 * 1000
_MINUTES_OF_METRICS: Final = 15 * 24 * 60
"""CloudWatch keeps 1-minute datapoints for 15 days (CloudWatch concepts, metrics retention)."""

_CIRCUIT_BREAKER_TIMEOUT: Final = Option(
    "circuit-breaker-timeout",
    Kind.NUMBER,
    Scope.GLOBAL,
    "How long to wait for a connection to the circuit breaker, and for its answer, before it counts as open."
    " Twice that is the most in all, however slowly it answers.",
    default=10000.0,
    minimum=1,
    maximum=_MILLISECONDS_PER_HOUR,
    unit="milliseconds",
)
_CIRCUIT_BREAKER_URL: Final = Option(
    "circuit-breaker-url",
    Kind.URL,
    Scope.GLOBAL,
    "Ask this URL before each change: a 2xx answer lets Dynamic DynamoDB work, anything else, or no"
    " answer, stops all changes, raises included.",
)

_GLOBAL: Final = (
    Option(
        "region",
        Kind.TEXT,
        Scope.GLOBAL,
        "AWS region of the tables.",
        default="us-east-1",
        pattern="[a-z0-9-]+",
        flags=("-r", "--region"),
        group=Group.DYNAMODB,
    ),
    Option(
        "check-interval",
        Kind.INTEGER,
        Scope.GLOBAL,
        "Time from the start of one check to the start of the next.",
        default=300,
        minimum=1,
        maximum=_SECONDS_PER_WEEK,
        unit="seconds",
        flags=("--check-interval",),
        group=Group.PROGRAM,
    ),
    Option(
        "aws-access-key-id",
        Kind.TEXT,
        Scope.GLOBAL,
        "AWS access key. Without keys, boto3 looks where it always does: environment, profile, role.",
        flags=("--aws-access-key-id",),
        group=Group.DYNAMODB,
    ),
    Option(
        "aws-secret-access-key",
        Kind.TEXT,
        Scope.GLOBAL,
        "AWS secret key that belongs to the access key.",
        aliases=("aws-secret-access-key-id",),
        flags=("--aws-secret-access-key",),
        group=Group.DYNAMODB,
        is_secret=True,
    ),
    _CIRCUIT_BREAKER_URL,
    _CIRCUIT_BREAKER_TIMEOUT,
    Option(
        "max-workers",
        Kind.INTEGER,
        Scope.GLOBAL,
        "How many tables to describe, metrics to fetch and circuit breakers to ask at once."
        " Updates are sent four at a time whatever this says, as AWS refuses more.",
        default=16,
        minimum=1,
        maximum=128,
        unit="calls",
        since="3.0",
        flags=("--max-workers",),
        group=Group.PROGRAM,
    ),
    Option(
        "skip-aws-autoscaled",
        Kind.BOOLEAN,
        Scope.GLOBAL,
        "Leave alone what AWS Application Auto Scaling looks after."
        " Needs the permission application-autoscaling:DescribeScalableTargets.",
        default=False,
        since="3.0",
    ),
    Option(
        "state-file",
        Kind.PATH,
        Scope.GLOBAL,
        "Keep the counts of low checks in this file, so that they outlive --run-once and restarts."
        " Without it they are kept in $STATE_DIRECTORY, or in ~/.local/state/dynamic-dynamodb.",
        since="3.0",
        flags=("--state-file",),
        group=Group.PROGRAM,
    ),
)

_LOGGING: Final = (
    Option(
        "log-format",
        Kind.TEXT,
        Scope.LOGGING,
        "Write lines of text, or one JSON object a line for those who ship logs.",
        default="text",
        choices=LOG_FORMATS,
        since="3.0",
        flags=("--log-format",),
        group=Group.LOGGING,
    ),
    Option(
        "log-level",
        Kind.TEXT,
        Scope.LOGGING,
        "The least serious messages to log.",
        default="info",
        choices=LOG_LEVELS,
        flags=("--log-level",),
        group=Group.LOGGING,
    ),
    Option(
        "log-file",
        Kind.PATH,
        Scope.LOGGING,
        "Log to this file too. It is rotated at midnight; five old ones are kept."
        " A daemon without one logs in its state directory.",
        flags=("--log-file",),
        group=Group.LOGGING,
    ),
    Option(
        "log-config-file",
        Kind.PATH,
        Scope.LOGGING,
        "Set logging up from this file, in the format of Python's logging.config.fileConfig,"
        " instead of log-level and log-file.",
        flags=("--log-config-file",),
        group=Group.LOGGING,
    ),
)


def _target(name: str, kind: Kind, text: str, **settings: object) -> Option:
    """Declare an option of tables and indexes."""
    return replace(Option(name, kind, Scope.TARGET, text), **settings)  # type: ignore[arg-type]  # replace checks the names


_CAPACITY: Final = (
    *_both(
        _target(
            "{reads}-upper-threshold",
            Kind.NUMBER,
            "Raise {reads} when consumption is above this share of the provisioned {reads}.",
            default=90,
            minimum=1,
            unit="percent",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "{reads}-lower-threshold",
            Kind.NUMBER,
            "Lower {reads} when consumption is below this share of the provisioned {reads}.",
            default=30,
            minimum=1,
            unit="percent",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "throttled-{reads}-upper-threshold",
            Kind.INTEGER,
            "Raise {reads} when more {read} events than this were throttled in the look-back window,"
            " and do not lower them. 0 switches this off.",
            default=0,
            minimum=0,
            unit="events",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "increase-{reads}-with",
            Kind.INTEGER,
            "How much to raise {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "increase-{reads}-unit",
            Kind.TEXT,
            "What increase-{reads}-with counts: percent of the present capacity, or units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "decrease-{reads}-with",
            Kind.INTEGER,
            "How much to lower {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "decrease-{reads}-unit",
            Kind.TEXT,
            "What decrease-{reads}-with counts: percent of the present capacity, or units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "min-provisioned-{reads}",
            Kind.INTEGER,
            "Never provision fewer {reads} than this.",
            default=1,
            minimum=1,
            unit="units",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "max-provisioned-{reads}",
            Kind.INTEGER,
            "Never provision more {reads} than this. Without it there is no limit to what may be spent.",
            minimum=1,
            unit="units",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "num-{read}-checks-before-scale-down",
            Kind.INTEGER,
            "How many checks must find {reads} low before they are lowered.",
            default=1,
            minimum=1,
            unit="checks",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "num-{read}-checks-reset-percent",
            Kind.INTEGER,
            "Start counting the low checks anew when consumption reaches this share of the provisioned"
            " {reads}. 0 switches this off.",
            default=0,
            minimum=0,
            unit="percent",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "enable-{reads}-autoscaling",
            Kind.BOOLEAN,
            "Change {reads} at all.",
            default=True,
            successors=("enable-{reads}-up-scaling", "enable-{reads}-down-scaling"),
        )
    ),
    *_both(_target("enable-{reads}-up-scaling", Kind.BOOLEAN, "Raise {reads} by consumption.", default=True)),
    *_both(_target("enable-{reads}-down-scaling", Kind.BOOLEAN, "Lower {reads}.", default=True)),
    *_both(
        _target(
            "allow-scaling-down-{reads}-on-0-percent",
            Kind.BOOLEAN,
            "Lower {reads} even when nothing was consumed.",
            default=False,
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-unit",
            Kind.TEXT,
            "The unit of raises by consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-with",
            Kind.INTEGER,
            "How much to raise {reads} by consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="increase-{reads}-with",
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-scale",
            Kind.SCALE,
            "Raise {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of by one amount above one threshold.",
            example="{{80: 10, 90: 30, 100: 80}}",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-provisioned-{reads}-unit",
            Kind.TEXT,
            "The unit of raises by throttling as a share of the provisioned {reads}.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-provisioned-{reads}-scale",
            Kind.SCALE,
            "Raise {reads} by an amount that depends on throttled events a second, in percent of the"
            " provisioned {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-consumed-{reads}-unit",
            Kind.TEXT,
            "The unit of raises by throttling as a share of consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-consumed-{reads}-scale",
            Kind.SCALE,
            "Raise {reads} by an amount that depends on throttled events in percent of the consumed {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-unit",
            Kind.TEXT,
            "The unit of decreases by consumption.",
            choices=UNITS,
            falls_back_to="decrease-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-with",
            Kind.INTEGER,
            "How much to lower {reads} by consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="decrease-{reads}-with",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-scale",
            Kind.SCALE,
            "Lower {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of by one amount below one threshold.",
            example="{{10: 60, 25: 30, 40: 10}}",
        )
    ),
    *_both(
        _target(
            "{reads}-upper-alarm-threshold",
            Kind.NUMBER,
            "Publish a high-throughput alarm when consumption reaches this share of the provisioned {reads}."
            " 0 switches this off.",
            default=0,
            minimum=0,
            unit="percent",
        )
    ),
    *_both(
        _target(
            "{reads}-lower-alarm-threshold",
            Kind.NUMBER,
            "Publish a low-throughput alarm when consumption is below this share of the provisioned {reads}."
            " 0 switches this off.",
            default=0,
            minimum=0,
            unit="percent",
        )
    ),
)

_TARGET: Final = (
    *_CAPACITY,
    _target(
        "always-decrease-rw-together",
        Kind.BOOLEAN,
        "Lower reads and writes only when both are to be lowered.",
        default=False,
    ),
    _target(
        "lookback-window-start",
        Kind.INTEGER,
        "How long ago the look-back window begins.",
        default=15,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    _target(
        "lookback-period",
        Kind.INTEGER,
        "How long the look-back window is; at most lookback-window-start.",
        default=5,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    _target(
        "maintenance-windows",
        Kind.WINDOWS,
        "Lower capacity only at these times of the day (UTC), such as `22:00-06:00, 12:00-13:00`."
        " Raises are made at any time.",
    ),
    _target("sns-topic-arn", Kind.TEXT, "SNS topic that gets the messages."),
    _target(
        "sns-message-types",
        Kind.MESSAGE_TYPES,
        "Which messages to publish, separated by commas.",
        choices=MESSAGE_TYPES,
    ),
    replace(_CIRCUIT_BREAKER_URL, scope=Scope.TARGET),
    replace(
        _CIRCUIT_BREAKER_TIMEOUT,
        scope=Scope.TARGET,
        help=f"{_CIRCUIT_BREAKER_TIMEOUT.help} Overrides the one of [global], also for the URL of [global].",
    ),
)

OPTIONS: Final = (*_COMMAND_LINE, *_REPLAY, *_GLOBAL, *_LOGGING, *_TARGET)

OBSOLETE_OPTIONS: Final = {
    **{
        f"disable-{capacity.value}-{direction}-scaling": f"enable-{capacity.value}-{direction}-scaling"
        for capacity in Capacity
        for direction in ("up", "down")
    },
    **{f"throttled-{capacity.value}-lower-threshold": "" for capacity in Capacity},
}
"""Names that never had an effect, each with what would have it, if anything.

The first stood in old example files, the last in the manuals of 1.9.0 to 1.13.1.
"""

OBSOLETE_MESSAGE_TYPES: Final = {"throughput-alarm": "high-throughput-alarm, low-throughput-alarm"}
"""The same for message types."""


def options_in(scope: Scope) -> tuple[Option, ...]:
    """List the options of one scope in the order of their declarations."""
    return tuple(option for option in OPTIONS if option.scope is scope)


_NAMES: Final = {(option.capacity, option.field): option.name for option in _CAPACITY}


def name_of(capacity: Capacity, field: str) -> str:
    """Spell the option of one capacity that a field of `CapacityOptions` holds."""
    return _NAMES[capacity, field]
