"""The options of the program and its daemon: flags, [global] and [logging]."""

from __future__ import annotations

from typing import Final

from dynamic_dynamodb.options.option import Group, Kind, Option, Scope
from dynamic_dynamodb.options.targets import CIRCUIT_BREAKER_TIMEOUT, CIRCUIT_BREAKER_URL

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("text", "json")
SHELLS: Final = ("bash", "zsh", "fish", "tcsh")
DAEMON_COMMANDS: Final = ("start", "stop", "restart", "reload", "status", "foreground", "fg")
_SECONDS_PER_WEEK: Final = 7 * 24 * 60 * 60

PROGRAM_OPTIONS: Final = (
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
        Kind.TARGET,
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

GLOBAL_OPTIONS: Final = (
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
    CIRCUIT_BREAKER_URL,
    CIRCUIT_BREAKER_TIMEOUT,
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

LOGGING_OPTIONS: Final = (
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
