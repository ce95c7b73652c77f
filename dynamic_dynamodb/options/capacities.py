"""The options that each capacity of a table or an index has."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dynamic_dynamodb.options.option import Capacity, Group, Kind, Option, Scope

UNITS: Final = ("percent", "units")


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


def target_option(name: str, kind: Kind, text: str, **settings: object) -> Option:
    """Return an option of tables and indexes."""
    return replace(Option(name, kind, Scope.TARGET, text), **settings)  # type: ignore[arg-type]  # replace checks the names


CAPACITY_OPTIONS: Final = (
    *_both(
        target_option(
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
        target_option(
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
        target_option(
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
        target_option(
            "increase-{reads}-with",
            Kind.INTEGER,
            "Amount by which to increase {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
            "increase-{reads}-unit",
            Kind.TEXT,
            "Unit of increase-{reads}-with: percent of the current capacity, or capacity units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
            "decrease-{reads}-with",
            Kind.INTEGER,
            "Amount by which to decrease {reads}.",
            default=50,
            minimum=1,
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
            "decrease-{reads}-unit",
            Kind.TEXT,
            "Unit of decrease-{reads}-with: percent of the current capacity, or capacity units.",
            default="percent",
            choices=UNITS,
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
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
        target_option(
            "max-provisioned-{reads}",
            Kind.INTEGER,
            "Maximum provisioned {reads}. Without it, {reads} and their cost can grow without limit.",
            minimum=1,
            unit="units",
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
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
        target_option(
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
        target_option(
            "enable-{reads}-autoscaling",
            Kind.BOOLEAN,
            "Increase and decrease {reads}.",
            default=True,
            successors=("enable-{reads}-up-scaling", "enable-{reads}-down-scaling"),
        )
    ),
    *_both(
        target_option(
            "enable-{reads}-up-scaling",
            Kind.BOOLEAN,
            "Increase {reads} when consumption is high.",
            default=True,
        )
    ),
    *_both(target_option("enable-{reads}-down-scaling", Kind.BOOLEAN, "Decrease {reads}.", default=True)),
    *_both(
        target_option(
            "allow-scaling-down-{reads}-on-0-percent",
            Kind.BOOLEAN,
            "Decrease {reads} even if nothing was consumed.",
            default=False,
        )
    ),
    *_both(
        target_option(
            "increase-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        target_option(
            "increase-consumed-{reads}-with",
            Kind.INTEGER,
            "Amount by which to increase {reads} because of consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="increase-{reads}-with",
        )
    ),
    *_both(
        target_option(
            "increase-consumed-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of one amount above one threshold.",
            example="{{80: 10, 90: 30, 100: 80}}",
        )
    ),
    *_both(
        target_option(
            "increase-throttled-by-provisioned-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of throttling in percent of the provisioned {reads}.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        target_option(
            "increase-throttled-by-provisioned-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on throttled events per second, in percent of the"
            " provisioned {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        target_option(
            "increase-throttled-by-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of increases because of throttling in percent of consumption.",
            choices=UNITS,
            falls_back_to="increase-{reads}-unit",
        )
    ),
    *_both(
        target_option(
            "increase-throttled-by-consumed-{reads}-scale",
            Kind.SCALE,
            "Increase {reads} by an amount that depends on throttled events in percent of consumed {reads}.",
            example="{{1: 10, 5: 30, 10: 80}}",
        )
    ),
    *_both(
        target_option(
            "decrease-consumed-{reads}-unit",
            Kind.TEXT,
            "Unit of decreases because of consumption.",
            choices=UNITS,
            falls_back_to="decrease-{reads}-unit",
        )
    ),
    *_both(
        target_option(
            "decrease-consumed-{reads}-with",
            Kind.INTEGER,
            "Amount by which to decrease {reads} because of consumption. 0 means unset.",
            minimum=0,
            zero_is_unset=True,
            falls_back_to="decrease-{reads}-with",
        )
    ),
    *_both(
        target_option(
            "decrease-consumed-{reads}-scale",
            Kind.SCALE,
            "Decrease {reads} by an amount that depends on consumption in percent of the provisioned {reads},"
            " instead of one amount below one threshold.",
            example="{{10: 60, 25: 30, 40: 10}}",
        )
    ),
    *_both(
        target_option(
            "{reads}-target-utilization",
            Kind.NUMBER,
            "Raise and lower {reads} in one step, so that demand is this share of the provisioned {reads}."
            " Demand is what is consumed and throttled. Replaces the amounts of the threshold rules.",
            minimum=10,
            maximum=100,
            unit="percent",
            example="85",
            since="3.0",
        ),
        has_flag=True,
    ),
    *_both(
        target_option(
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
        target_option(
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

_NAMES: Final = {(option.capacity, option.field): option.name for option in CAPACITY_OPTIONS}


def name_of(capacity: Capacity, field: str) -> str:
    """Return the name of the option that sets a field of `CapacityOptions`."""
    return _NAMES[capacity, field]
