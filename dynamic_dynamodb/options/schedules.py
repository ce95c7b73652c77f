"""The options of schedules."""

from __future__ import annotations

from typing import Final

from dynamic_dynamodb.options.option import Kind, Option, Scope

GOOD_ZONE: Final = "Europe/Berlin"
SCHEDULE_OPTIONS: Final = (
    Option(
        "times",
        Kind.TIMES,
        Scope.SCHEDULE,
        "When the schedule is open, such as `Mon-Fri 07:30-20:30` or `2026-11-27..2026-11-30`. Required."
        " Ends belong to the windows.",
        example="Mon-Fri 07:30-20:30, Dec 24-26 or 2026-11-27..2026-11-30",
        since="3.0",
    ),
    Option(
        "time-zone",
        Kind.ZONE,
        Scope.SCHEDULE,
        "IANA name of the time zone of `times`, such as `Europe/Berlin`.",
        default="UTC",
        example=GOOD_ZONE,
        since="3.0",
    ),
    Option(
        "return-at-once",
        Kind.BOOLEAN,
        Scope.SCHEDULE,
        "When the schedule closes, let the next decrease go in one step to what demand needs, for the"
        " capacities whose options it has changed. AWS limits how often capacity can be lowered.",
        default=False,
        since="3.0",
    ),
)
