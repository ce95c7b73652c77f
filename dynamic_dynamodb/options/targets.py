"""The options of tables and indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dynamic_dynamodb.options.capacities import CAPACITY_OPTIONS, target_option
from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS, Capacity, Kind, Option, Scope
from dynamic_dynamodb.options.places import LIMIT_OPTIONS

FAILURE_TYPES: Final = ("failure", "recovery")
MESSAGE_TYPES: Final = (
    "scale-up",
    "scale-down",
    "high-throughput-alarm",
    "low-throughput-alarm",
    *FAILURE_TYPES,
)
_MILLISECONDS_PER_HOUR: Final = 60 * 60 * 1000
_MINUTES_OF_METRICS: Final = METRICS_KEPT_DAYS * 24 * 60

CIRCUIT_BREAKER_TIMEOUT: Final = Option(
    "circuit-breaker-timeout",
    Kind.NUMBER,
    Scope.GLOBAL,
    "Time limit for connecting to the circuit breaker, and again for its response. After that it counts as"
    " open.",
    default=10000.0,
    minimum=1,
    maximum=_MILLISECONDS_PER_HOUR,
    unit="milliseconds",
)
CIRCUIT_BREAKER_URL: Final = Option(
    "circuit-breaker-url",
    Kind.URL,
    Scope.GLOBAL,
    "URL to request before each change. A 2xx response allows changes; any other response, or none, stops"
    " all changes, increases included.",
)
SNS_TOPIC_ARN: Final = Option(
    "sns-topic-arn",
    Kind.TEXT,
    Scope.GLOBAL,
    "ARN of the SNS topic to publish failures to that concern all tables, and those of tables and indexes"
    " without a topic of their own.",
    example="arn:aws:sns:us-east-1:123456789012:dynamic-dynamodb",
    since="3.0",
)
SNS_MESSAGE_TYPES: Final = Option(
    "sns-message-types",
    Kind.MESSAGE_TYPES,
    Scope.GLOBAL,
    "Types of messages to publish to this topic: `failure`, `recovery`, or both, separated by commas.",
    choices=MESSAGE_TYPES,
    since="3.0",
)


TARGET_OPTIONS: Final = (
    *LIMIT_OPTIONS,
    *CAPACITY_OPTIONS,
    target_option(
        "always-decrease-rw-together",
        Kind.BOOLEAN,
        "Decrease reads and writes only together: when both are low, or the other cannot be decreased.",
        default=False,
    ),
    target_option(
        "lookback-window-start",
        Kind.INTEGER,
        "How long ago the look-back window starts.",
        default=15,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    target_option(
        "lookback-period",
        Kind.INTEGER,
        "Length of the look-back window; at most lookback-window-start.",
        default=5,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    target_option(
        "decrease-lookback-period",
        Kind.INTEGER,
        "Length of the period whose highest minute determines a decrease to a target utilization."
        " At least lookback-window-start.",
        default=15,
        minimum=1,
        maximum=180,
        unit="minutes",
        since="3.0",
    ),
    target_option(
        "decrease-late-in-hour",
        Kind.BOOLEAN,
        "Lower capacity to more than half only in the last minutes of an hour: AWS bills whole hours.",
        default=False,
        since="3.0",
    ),
    target_option(
        "maintenance-windows",
        Kind.TIMES,
        "Decrease capacity only at these times, such as `22:00-06:00, 12:00-13:00` or `Sat, Sun`."
        " Increases are made at any time.",
        example="22:00-06:00, 12:00-13:00",
    ),
    target_option(
        "time-zone",
        Kind.ZONE,
        "IANA name of the time zone of `maintenance-windows`, such as `Europe/Berlin`.",
        default="UTC",
        example="Europe/Berlin",
        since="3.0",
    ),
    target_option("sns-topic-arn", Kind.TEXT, "ARN of the SNS topic to publish messages to."),
    target_option(
        "sns-message-types",
        Kind.MESSAGE_TYPES,
        "Types of messages to publish, separated by commas. A type that is not listed is not published."
        " `failure` reports what failed in three checks in a row, and `recovery` that it works again.",
        choices=MESSAGE_TYPES,
    ),
    replace(CIRCUIT_BREAKER_URL, scope=Scope.TARGET),
    replace(
        CIRCUIT_BREAKER_TIMEOUT,
        scope=Scope.TARGET,
        help=f"{CIRCUIT_BREAKER_TIMEOUT.help} Overrides [global], also for the URL of [global].",
    ),
)

OBSOLETE_OPTIONS: Final = {
    **{
        f"disable-{capacity.value}-{direction}-scaling": f"enable-{capacity.value}-{direction}-scaling"
        for capacity in Capacity
        for direction in ("up", "down")
    },
    **{f"throttled-{capacity.value}-lower-threshold": "" for capacity in Capacity},
}
"""Options that have never had an effect, each with its replacement, if any.

The first are from old example files, the last from the manuals of 1.9.0 to 1.13.1.
"""

OBSOLETE_MESSAGE_TYPES: Final = {"throughput-alarm": "high-throughput-alarm, low-throughput-alarm"}
"""Message types that have never had an effect, each with its replacements."""
