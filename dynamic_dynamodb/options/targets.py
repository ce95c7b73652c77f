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
    "How long to wait for a connection to the circuit breaker, and for its answer, before it counts as open."
    " Twice that is the most in all, however slowly it answers.",
    default=10000.0,
    minimum=1,
    maximum=_MILLISECONDS_PER_HOUR,
    unit="milliseconds",
)
CIRCUIT_BREAKER_URL: Final = Option(
    "circuit-breaker-url",
    Kind.URL,
    Scope.GLOBAL,
    "Ask this URL before each change: a 2xx answer lets Dynamic DynamoDB work, anything else, or no"
    " answer, stops all changes, raises included.",
)


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

TARGET_OPTIONS: Final = (
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
    replace(CIRCUIT_BREAKER_URL, scope=Scope.TARGET),
    replace(
        CIRCUIT_BREAKER_TIMEOUT,
        scope=Scope.TARGET,
        help=f"{CIRCUIT_BREAKER_TIMEOUT.help} Overrides the one of [global], also for the URL of [global].",
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
"""Names that never had an effect, each with what would have it, if anything.

The first stood in old example files, the last in the manuals of 1.9.0 to 1.13.1.
"""

OBSOLETE_MESSAGE_TYPES: Final = {"throughput-alarm": "high-throughput-alarm, low-throughput-alarm"}
"""The same for message types."""

_NAMES: Final = {(option.capacity, option.field): option.name for option in _CAPACITY}


def name_of(capacity: Capacity, field: str) -> str:
    """Spell the option of one capacity that a field of `CapacityOptions` holds."""
    return _NAMES[capacity, field]
