"""The options of tables and indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dynamic_dynamodb.options.option import METRICS_KEPT_DAYS, Capacity, Group, Kind, Option, Scope

UNITS: Final = ("percent", "units")
MESSAGE_TYPES: Final = ("scale-up", "scale-down", "high-throughput-alarm", "low-throughput-alarm")
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


def _both(template: Option, *, has_flag: bool = False) -> tuple[Option, Option]:
    """Return an option for each capacity from one declaration that contains `{reads}` or `{read}`."""
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


def _target(name: str, kind: Kind, text: str, **settings: object) -> Option:
    """Return an option of tables and indexes."""
    return replace(Option(name, kind, Scope.TARGET, text), **settings)  # type: ignore[arg-type]  # replace checks the names


_CAPACITY: Final = (
    *_both(
        _target(
            "{reads}-upper-threshold",
            Kind.NUMBER,
            "Increase {reads} when consumption is above this percentage of the provisioned {reads}.",
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
            "Decrease {reads} when consumption is below this percentage of the provisioned {reads}.",
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
            "Increase {reads} when more {read} events than this are throttled in the look-back window, and do"
            " not decrease them. 0 turns this off.",
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
            "Amount by which to increase {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "increase-{reads}-unit",
            Kind.TEXT,
            "Unit of increase-{reads}-with: percent of the current capacity, or capacity units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "decrease-{reads}-with",
            Kind.INTEGER,
            "Amount by which to decrease {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "decrease-{reads}-unit",
            Kind.TEXT,
            "Unit of decrease-{reads}-with: percent of the current capacity, or capacity units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "min-provisioned-{reads}",
            Kind.INTEGER,
            "Minimum provisioned {reads}.",
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
            "Maximum provisioned {reads}. Without it, {reads} and their cost can grow without limit.",
            minimum=1,
            unit="units",
        ),
        has_flag=True,
    ),
    *_both(
        _target(
            "num-{read}-checks-before-scale-down",
            Kind.INTEGER,
            "Number of checks that must find {reads} low before they are decreased.",
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
            "Reset the count of low checks when consumption reaches this percentage of the provisioned"
            " {reads}. 0 turns this off.",
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
            "Increase and decrease {reads}.",
            default=True,
            successors=("enable-{reads}-up-scaling", "enable-{reads}-down-scaling"),
        )
    ),
    *_both(
        _target(
            "enable-{reads}-up-scaling",
            Kind.BOOLEAN,
            "Increase {reads} when consumption is high.",
            default=True,
        )
    ),
    *_both(_target("enable-{reads}-down-scaling", Kind.BOOLEAN, "Decrease {reads}.", default=True)),
    *_both(
        _target(
            "allow-scaling-down-{reads}-on-0-percent",
            Kind.BOOLEAN,
            "Decrease {reads} even if nothing was consumed.",
            default=False,
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-with",
            Kind.INTEGER,
            "Amount by which to increase {reads} because of consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="increase-{reads}-with",
        )
    ),
    *_both(
        _target(
            "increase-consumed-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of one amount above one threshold.",
            example="{{80: 10, 90: 30, 100: 80}}",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-provisioned-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of throttling in percent of the provisioned {reads}.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-provisioned-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on throttled events per second, in percent of the"
            " provisioned {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of throttling in percent of consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "increase-throttled-by-consumed-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on throttled events in percent of consumed {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of decreases because of consumption.",
            choices=UNITS,
            falls_back_to="decrease-{reads}-unit",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-with",
            Kind.INTEGER,
            "Amount by which to decrease {reads} because of consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="decrease-{reads}-with",
        )
    ),
    *_both(
        _target(
            "decrease-consumed-{reads}-scale",
            Kind.SCALE,
            "Decrease {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of one amount below one threshold.",
            example="{{10: 60, 25: 30, 40: 10}}",
        )
    ),
    *_both(
        _target(
            "{reads}-upper-alarm-threshold",
            Kind.NUMBER,
            "Publish a high-throughput alarm when consumption reaches this percentage of the provisioned"
            " {reads}. 0 turns this off.",
            default=0,
            minimum=0,
            unit="percent",
        )
    ),
    *_both(
        _target(
            "{reads}-lower-alarm-threshold",
            Kind.NUMBER,
            "Publish a low-throughput alarm when consumption is below this percentage of the provisioned"
            " {reads}. 0 turns this off.",
            default=0,
            minimum=0,
            unit="percent",
        )
    ),
)

TARGET_OPTIONS: Final = (
    *_CAPACITY,
    _target(
        "always-decrease-rw-together",
        Kind.BOOLEAN,
        "Decrease reads and writes only together: when both are low, or the other cannot be decreased.",
        default=False,
    ),
    _target(
        "lookback-window-start",
        Kind.INTEGER,
        "How long ago the look-back window starts.",
        default=15,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    _target(
        "lookback-period",
        Kind.INTEGER,
        "Length of the look-back window; at most lookback-window-start.",
        default=5,
        minimum=1,
        maximum=_MINUTES_OF_METRICS,
        unit="minutes",
    ),
    _target(
        "maintenance-windows",
        Kind.WINDOWS,
        "Decrease capacity only at these times of day (UTC), such as `22:00-06:00, 12:00-13:00`."
        " Increases are made at any time.",
    ),
    _target("sns-topic-arn", Kind.TEXT, "ARN of the SNS topic to publish messages to."),
    _target(
        "sns-message-types",
        Kind.MESSAGE_TYPES,
        "Types of messages to publish, separated by commas.",
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

_NAMES: Final = {(option.capacity, option.field): option.name for option in _CAPACITY}


def name_of(capacity: Capacity, field: str) -> str:
    """Return the name of the option that sets a field of `CapacityOptions`."""
    return _NAMES[capacity, field]
