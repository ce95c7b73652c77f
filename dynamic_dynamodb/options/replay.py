"""The flags of --record, --replay and --tune."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS, Capacity, Group, Kind, Option, Scope

if TYPE_CHECKING:
    from collections.abc import Container

REPLAY_FORMATS: Final = ("table", "json", "csv")
LEVERS: Final = ("target", "existing")
MOST_WORKERS: Final = 256
BILLINGS: Final = ("hour-max", "prorated")
PRICED_REGION: Final = "us-east-1"
PRICES_AS_OF: Final = "November 2024"
"""Region and date of the default prices (Amazon DynamoDB pricing)."""
DEFAULT_DOLLARS: Final = {
    "read_capacity": 0.00013,
    "write_capacity": 0.00065,
    "read_requests": 0.125,
    "write_requests": 0.625,
    "storage": 0.25,
    "ia_read_capacity": 0.00016,
    "ia_write_capacity": 0.00081,
    "ia_read_requests": 0.155,
    "ia_write_requests": 0.78,
    "ia_storage": 0.10,
}
"""The default prices: of a unit for an hour, a million request units, and a gigabyte for a month.

`ia_` is the table class Standard-IA, all others are Standard.
"""
_REPLAY_OR_TUNE: Final = ("replay", "tune")


def _replay(name: str, kind: Kind, text: str, **settings: object) -> Option:
    """Return a flag of --replay, unless its settings say otherwise."""
    option = Option(
        name,
        kind,
        Scope.COMMAND_LINE,
        text,
        flags=(f"--{name}",),
        group=Group.REPLAY,
        needs=("replay",),
        since="3.0",
    )
    return replace(option, **settings)  # type: ignore[arg-type]  # replace checks the names


def find_flag_for_all(flags: Container[str]) -> str:
    """Return the flag that is for every table, whatever the sections of a file say; empty if none is set."""
    if "init" in flags:
        return "--init"
    return "--all" if "record" in flags and "all" in flags else ""


REPLAY_OPTIONS: Final = (
    _replay(
        "record",
        Kind.PATH,
        "Save the CloudWatch metrics of every matching table and index in this directory, as one CSV file"
        " each, and exit. Further runs fetch only what is missing.",
        metavar="DIR",
        needs=(),
    ),
    _replay(
        "all",
        Kind.SWITCH,
        "With --record: record every table and index of the region, on-demand ones included; needs no"
        " configuration file, and ignores the sections of one. With --replay: print every target in full,"
        " also if there are more than ten.",
        needs=("record", "replay"),
    ),
    _replay(
        "days",
        Kind.INTEGER,
        f"Number of days to record; CloudWatch keeps {METRICS_KEPT_DAYS}.",
        default=14,
        minimum=1,
        maximum=METRICS_KEPT_DAYS,
        unit="days",
        needs=("record",),
    ),
    _replay(
        "replay",
        Kind.PATH,
        "Simulate this configuration on a recording, or on all recordings in a directory, print cost and"
        " throttling, and exit. Does not call AWS.",
        metavar="CSV|DIR",
        needs=(),
    ),
    _replay(
        "tune",
        Kind.PATH,
        "Find the cheapest settings for a recording, or for all recordings in a directory, print a section"
        " for each table and index with its predicted cost and throttling, and exit. Does not call AWS."
        " -c FILE is the configuration to compare with.",
        metavar="CSV|DIR",
        needs=(),
    ),
    _replay(
        "tune-output",
        Kind.PATH,
        "Write the sections to this new file instead.",
        metavar="FILE",
        needs=("tune",),
    ),
    _replay(
        "levers",
        Kind.TEXT,
        "Options that --tune may set: those of target utilization, or only those that 2.5.1 had.",
        default="target",
        choices=LEVERS,
        needs=("tune",),
    ),
    _replay(
        "workers",
        Kind.INTEGER,
        "Number of processes of --tune. Defaults to one for each CPU.",
        minimum=1,
        maximum=MOST_WORKERS,
        unit="processes",
        needs=("tune",),
    ),
    _replay(
        "scheduler",
        Kind.TEXT,
        "Tune on the workers of the Dask cluster with this scheduler, such as tls://10.0.0.5:8786, instead of"
        " on this machine. All workers must see the recordings at the same path. Anyone who reaches a tcp://"
        " scheduler can run code on its workers.",
        metavar="ADDRESS",
        needs=("tune",),
    ),
    _replay(
        "report",
        Kind.PATH,
        "Write an HTML report with charts to this file.",
        metavar="HTML",
        needs=_REPLAY_OR_TUNE,
    ),
    _replay(
        "format",
        Kind.TEXT,
        "Output format of --replay and --tune, and of `--daemon status`, which has no csv.",
        default="table",
        choices=REPLAY_FORMATS,
        needs=(*_REPLAY_OR_TUNE, "daemon status"),
    ),
    _replay(
        "physics",
        Kind.TEXT,
        "Model of a table: ideal, slow or no-burst, optionally with constants, such as `slow,retry=0.5`:"
        " delay, update and alarm in minutes, burst in seconds, retry as the share of throttled units that"
        " are retried. alarm is the delay of AWS target tracking.",
        default="ideal",
        metavar="NAME|K=V,…",
    ),
    _replay(
        "billing",
        Kind.TEXT,
        "How to bill an hour in which capacity changes, which AWS does not document. The verdict compares"
        " costs billed this way. --tune takes the mean of both unless this is set.",
        default="hour-max",
        choices=BILLINGS,
        needs=_REPLAY_OR_TUNE,
    ),
    _replay(
        "compare",
        Kind.PATH,
        "Also simulate this configuration file, and compare the results.",
        metavar="OTHER.CONF",
    ),
    _replay(
        "fail-if",
        Kind.TEXT,
        "Exit with 1 if a condition is true, such as `throttled>0.1%` (which also sets the allowed"
        " throttling) or `cost>100`. Separate conditions with commas.",
        metavar="CONDITION",
        needs=_REPLAY_OR_TUNE,
    ),
    _replay(
        "as",
        Kind.TARGET,
        "Table or index that the recording belongs to, if the file name does not say so.",
        metavar="TABLE[/INDEX]",
        needs=_REPLAY_OR_TUNE,
    ),
    _replay(
        "start",
        Kind.TEXT,
        "Initial capacity, if none was recorded. Defaults to the peak of the first hour.",
        metavar="READS,WRITES",
        needs=_REPLAY_OR_TUNE,
    ),
    _replay(
        "every-check",
        Kind.SWITCH,
        "Make every check of a replay, also those that provably change nothing. The result is the same, and"
        " takes much longer.",
        default=False,
    ),
    *(
        _replay(
            f"price-{capacity.singular}-{what}",
            Kind.NUMBER,
            f"Price of {words} in US dollars. The default is that of {PRICED_REGION}, {PRICES_AS_OF}.",
            default=DEFAULT_DOLLARS[f"{capacity.singular}_{what}"],
            minimum=0,
            metavar="DOLLARS",
            needs=(*_REPLAY_OR_TUNE, "dry-run") if what == "capacity" else _REPLAY_OR_TUNE,
        )
        for what, text in (
            ("capacity", "one {singular} capacity unit for an hour"),
            ("requests", "a million {singular} request units on demand"),
        )
        for capacity in Capacity
        for words in (text.format(singular=capacity.singular),)
    ),
)
