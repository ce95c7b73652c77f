"""The flags of --record and --replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS, Capacity, Group, Kind, Option, Scope

REPLAY_FORMATS: Final = ("table", "json", "csv")
BILLINGS: Final = ("hour-max", "prorated")
PRICED_REGION: Final = "us-east-1"
PRICES_AS_OF: Final = "November 2024"
"""Where and when the default prices were AWS's (Amazon DynamoDB pricing, standard table class)."""
_CAPACITY_HOUR_DOLLARS: Final = {Capacity.READS: 0.00013, Capacity.WRITES: 0.00065}
_MILLION_REQUESTS_DOLLARS: Final = {Capacity.READS: 0.125, Capacity.WRITES: 0.625}


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


REPLAY_OPTIONS: Final = (
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
        f"How many days to record; CloudWatch keeps {METRICS_KEPT_DAYS}.",
        default=14,
        minimum=1,
        maximum=METRICS_KEPT_DAYS,
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
        Kind.TARGET,
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
