"""The options of the program and its daemon: flags, [global] and [logging]."""

from __future__ import annotations

from typing import Final

from dynamic_dynamodb.options.option import Group, Kind, Option, Scope
from dynamic_dynamodb.options.places import CHOSEN_ACCOUNT, REGION, REGIONS
from dynamic_dynamodb.options.targets import (
    CIRCUIT_BREAKER_TIMEOUT,
    CIRCUIT_BREAKER_URL,
    SNS_MESSAGE_TYPES,
    SNS_TOPIC_ARN,
)

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("text", "json")
LOG_UNCHANGED: Final = ("on-change", "always")
SHELLS: Final = ("bash", "zsh", "fish", "tcsh")
DAEMON_COMMANDS: Final = ("start", "stop", "restart", "reload", "status", "foreground", "fg")
_SECONDS_PER_HOUR: Final = 3600
_SECONDS_PER_WEEK: Final = 7 * 24 * 60 * 60

PROGRAM_OPTIONS: Final = (
    Option(
        "config",
        Kind.PATH,
        Scope.COMMAND_LINE,
        "Configuration file.",
        flags=("-c", "--config"),
        group=Group.PROGRAM,
    ),
    Option(
        "dry-run",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Log what would change and why; change and publish nothing, and save no counts.",
        default=False,
        flags=("--dry-run",),
        group=Group.PROGRAM,
    ),
    Option(
        "run-once",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Check all tables once and exit: 0 on success, 1 if a table or an index failed.",
        default=False,
        flags=("--run-once",),
        group=Group.PROGRAM,
    ),
    Option(
        "init",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print a first configuration for all tables and indexes of the region, and exit. Its limits, each"
        " with the reason, follow from AWS's own auto scaling, the load of 14 days, and what is provisioned.",
        since="3.0",
        flags=("--init",),
        group=Group.PROGRAM,
    ),
    Option(
        "init-output",
        Kind.PATH,
        Scope.COMMAND_LINE,
        "Write that configuration to this new file instead.",
        metavar="FILE",
        since="3.0",
        flags=("--init-output",),
        group=Group.PROGRAM,
        needs=("init",),
    ),
    Option(
        "show-config",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print all effective options as JSON, secrets masked, and exit.",
        default=False,
        flags=("--show-config",),
        group=Group.COMMANDS,
    ),
    Option(
        "check-config",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print all errors and warnings of the configuration, and what differs from 2.5.1, and exit:"
        " 0 if it is valid, 2 otherwise.",
        default=False,
        since="3.0",
        flags=("--check-config",),
        group=Group.COMMANDS,
    ),
    Option(
        "explain",
        Kind.TARGET,
        Scope.COMMAND_LINE,
        "Check the configuration, print the section that applies to a table or an index, and the origin of"
        " each option, and exit. Of several accounts and regions, it prints what applies in each.",
        metavar="TABLE[/INDEX]",
        since="3.0",
        flags=("--explain",),
        group=Group.COMMANDS,
    ),
    Option(
        "at",
        Kind.MOMENT,
        Scope.COMMAND_LINE,
        "Explain what applies at another time, such as '2026-12-24 18:00 Europe/Berlin'; without a zone, in"
        " UTC.",
        metavar="TIME",
        since="3.0",
        flags=("--at",),
        group=Group.COMMANDS,
        needs=("explain",),
    ),
    Option(
        "print-iam-policy",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print the minimal IAM policy for this configuration, and exit.",
        default=False,
        since="3.0",
        flags=("--print-iam-policy",),
        group=Group.COMMANDS,
    ),
    Option(
        "print-example",
        Kind.SWITCH,
        Scope.COMMAND_LINE,
        "Print an example configuration file with a comment on every option, and exit.",
        default=False,
        since="3.0",
        flags=("--print-example",),
        group=Group.COMMANDS,
    ),
    Option(
        "print-completion",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Print a completion script for a shell, and exit.",
        choices=SHELLS,
        since="3.0",
        flags=("--print-completion",),
        group=Group.COMMANDS,
    ),
    Option(
        "daemon",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Control the daemon. `foreground` (or `fg`) does not detach, for use in a supervisor or a container."
        " `status` also shows the last check; after it, names such as orders or orders/by-customer, or"
        " expressions, choose the tables and indexes to show.",
        default=False,
        choices=DAEMON_COMMANDS,
        flags=("--daemon",),
        group=Group.DAEMON,
    ),
    Option(
        "instance",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Name of the daemon. Daemons with different names can run at the same time.",
        default="default",
        pattern=r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
        flags=("--instance",),
        group=Group.DAEMON,
    ),
    Option(
        "pid-file-dir",
        Kind.PATH,
        Scope.COMMAND_LINE,
        "Directory of the pid file.",
        default="/tmp",  # noqa: S108 - the place that 2.5.1 used and that init scripts look in
        flags=("--pid-file-dir",),
        group=Group.DAEMON,
    ),
    CHOSEN_ACCOUNT,
    Option(
        "table-name",
        Kind.TEXT,
        Scope.COMMAND_LINE,
        "Scale the tables whose names this regular expression matches from the start."
        " The flags for read and write capacity apply to them, and the sections of the file do not.",
        flags=("-t", "--table-name"),
        group=Group.DYNAMODB,
    ),
)

GLOBAL_OPTIONS: Final = (
    REGION,
    REGIONS,
    Option(
        "check-interval",
        Kind.INTEGER,
        Scope.GLOBAL,
        "Interval between the starts of two checks.",
        default=300,
        minimum=1,
        maximum=_SECONDS_PER_WEEK,
        unit="seconds",
        flags=("--check-interval",),
        group=Group.PROGRAM,
    ),
    Option(
        "quiet-check-interval",
        Kind.INTEGER,
        Scope.GLOBAL,
        "Interval between two looks at a quiet table or index: one that stays as it is, and would not be"
        " raised at twice its load. Each check looks at all others, and at everything if this is not set."
        " `--run-once` looks at everything.",
        minimum=1,
        maximum=_SECONDS_PER_HOUR,
        unit="seconds",
        example="1200",
        since="3.0",
        flags=("--quiet-check-interval",),
        group=Group.PROGRAM,
    ),
    Option(
        "aws-profile",
        Kind.TEXT,
        Scope.GLOBAL,
        "Profile of AWS's configuration files whose credentials are used. Wins over AWS_PROFILE and over keys"
        " in the environment, and excludes aws-access-key-id. The profile's region is not used.",
        metavar="NAME",
        since="3.0",
        flags=("--profile",),
        group=Group.DYNAMODB,
    ),
    Option(
        "aws-access-key-id",
        Kind.TEXT,
        Scope.GLOBAL,
        "AWS access key ID. Without keys, boto3 finds credentials as usual: environment, profile, role.",
        flags=("--aws-access-key-id",),
        group=Group.DYNAMODB,
    ),
    Option(
        "aws-secret-access-key",
        Kind.TEXT,
        Scope.GLOBAL,
        "AWS secret access key.",
        aliases=("aws-secret-access-key-id",),
        flags=("--aws-secret-access-key",),
        group=Group.DYNAMODB,
        is_secret=True,
    ),
    CIRCUIT_BREAKER_URL,
    CIRCUIT_BREAKER_TIMEOUT,
    SNS_TOPIC_ARN,
    SNS_MESSAGE_TYPES,
    Option(
        "max-workers",
        Kind.INTEGER,
        Scope.GLOBAL,
        "Maximum number of concurrent calls that describe tables, fetch metrics and request circuit breakers."
        " Updates are always sent four at a time, because AWS refuses more."
        " Each account and region has its own calls.",
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
        "Skip tables and indexes that AWS Application Auto Scaling manages."
        " Requires the permission application-autoscaling:DescribeScalableTargets.",
        default=False,
        since="3.0",
    ),
    Option(
        "state-file",
        Kind.PATH,
        Scope.GLOBAL,
        "File that keeps the counts of low checks across --run-once runs and restarts."
        " Defaults to a file in $STATE_DIRECTORY, or in ~/.local/state/dynamic-dynamodb.",
        since="3.0",
        flags=("--state-file",),
        group=Group.PROGRAM,
    ),
    Option(
        "status-file",
        Kind.PATH,
        Scope.GLOBAL,
        "File that `--daemon status` shows; each check replaces it. A dry run adds .dry-run to its name."
        " Defaults to INSTANCE.status in the directory where the state file is by default.",
        since="3.0",
        flags=("--status-file",),
        group=Group.DAEMON,
    ),
    Option(
        "listen",
        Kind.ADDRESS,
        Scope.GLOBAL,
        "Address and port of a page with the status, of /status.json, /metrics, /healthz and /readyz."
        " There is no password: everybody who can connect can read the names and figures of all tables."
        " `--run-once` does not listen.",
        example="127.0.0.1:9109",
        metavar="ADDRESS:PORT",
        since="3.0",
        flags=("--listen",),
        group=Group.DAEMON,
    ),
)

LOGGING_OPTIONS: Final = (
    Option(
        "log-format",
        Kind.TEXT,
        Scope.LOGGING,
        "Log as text, or as JSON lines for log collectors.",
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
        "Minimum level to log.",
        default="info",
        choices=LOG_LEVELS,
        flags=("--log-level",),
        group=Group.LOGGING,
    ),
    Option(
        "log-unchanged",
        Kind.TEXT,
        Scope.LOGGING,
        "When to log a table or an index that stays as it is: when its reasons change, or at each check."
        " Single runs and dry runs always log all.",
        default="on-change",
        choices=LOG_UNCHANGED,
        since="3.0",
        flags=("--log-unchanged",),
        group=Group.LOGGING,
    ),
    Option(
        "log-file",
        Kind.PATH,
        Scope.LOGGING,
        "Also log to this file. It is rotated at midnight; five old files are kept."
        " A daemon without this option logs to a file in its state directory.",
        flags=("--log-file",),
        group=Group.LOGGING,
    ),
    Option(
        "log-config-file",
        Kind.PATH,
        Scope.LOGGING,
        "Configure logging from a file in the format of Python's logging.config.fileConfig."
        " Replaces log-level and log-file.",
        flags=("--log-config-file",),
        group=Group.LOGGING,
    ),
)
