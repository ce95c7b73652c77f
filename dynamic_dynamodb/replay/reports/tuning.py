"""Write the settings that were found as a configuration file, with the predicted figures as comments."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.places import write_accounts, write_regions
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.formatting import format_dollars, format_percent
from dynamic_dynamodb.replay.comparison.verdict import THIS_CONFIGURATION
from dynamic_dynamodb.replay.recordings.places import group_by_place
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.advice import (
    add_up,
    describe_saving,
    describe_units,
    list_class_changes,
)
from dynamic_dynamodb.replay.tuning.alternatives import MEAN_OF_BILLS
from dynamic_dynamodb.replay.tuning.levers import CHECK_INTERVAL_SECONDS, name_scaling_on_zero, write_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.replay.tuning.advice import Advice
    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, TuneSettings
    from dynamic_dynamodb.replay.tuning.tuner import Tuned
    from dynamic_dynamodb.scaling.model import Target

_WIDTH: Final = 108
_FEW_REASONS: Final = 3
_UNSCALED_UNITS: Final = 40_000
"""The default quota of a table: the maximum of sides that are not scaled, which a section needs."""


def write_advice(advice: Sequence[Advice]) -> Iterator[str]:
    """Yield a line for each target, each change of a table class, each table with indexes, and all."""
    for one in advice:
        yield f"{one.tuned.target}: {one.sentence}"
    for change in list_class_changes(advice):
        yield f"{change.table}: {change.sentence}"
    yield from write_sums_of_tables(advice)


def write_sums_of_tables(advice: Sequence[Advice]) -> Iterator[str]:
    """Yield a line for each table with indexes, and one for all tables."""
    tables: dict[Target, list[Advice]] = {}
    for one in advice:
        tables.setdefault(one.tuned.target.table_target, []).append(one)
    for table, parts in tables.items():
        if len(parts) > 1:
            yield f"{table} with its indexes: {_add_up(parts)}"
    if len(tables) > 1:
        yield f"all {len(tables)} tables: {_add_up(advice)}"


def _add_up(advice: Sequence[Advice]) -> str:
    before, after = add_up(advice)
    costs = f"{format_dollars(before)} a month now, {format_dollars(after)} as advised"
    return f"{costs}: {describe_saving(before, after)}"


def write_configuration(
    advice: Sequence[Advice], settings: TuneSettings, places: Sequence[Place], remarks: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of a configuration file for targets of these places.

    Sections that are not advised are comments, so that the file can be used as it is. If there are several
    places, each section names its own, and a place without a tuned target is left out.
    """
    groups = group_by_place(one.tuned for one in advice)
    places = [place for place in places if place.label in groups]
    yield from _comment("Written by dynamic-dynamodb --tune.")
    yield from _comment(describe_settings(settings))
    yield "#"
    for line in (*write_advice(advice), count_sections(advice), *remarks):
        yield from _comment(line)
    yield ""
    yield "[global]"
    yield from write_regions(places)
    yield f"check-interval: {CHECK_INTERVAL_SECONDS}"
    if any(one.tuned.is_scaled_by_aws for one in advice):
        yield from _comment(
            "Tables that AWS Application Auto Scaling scales are left alone until you deregister them."
        )
        yield "skip-aws-autoscaled: true"
    yield from write_accounts(places)
    limits = {place.label: _limit_to(place) for place in places}
    used = {one.tuned.target.place for one in advice if one.uses_section}
    for label in sorted(groups.keys() - used):
        table = groups[label][0].target.table_target
        yield from _write_unscaled(table, _explain_unscaled(label), limits[label])
    written: set[Target] = set()
    for one in advice:
        target, table = one.tuned.target, one.tuned.target.table_target
        if one.uses_section:
            if target.index and table not in written:
                yield from _write_unscaled(table, f"{table} itself is not scaled.", limits[table.place])
            written.add(table)
        yield ""
        yield from _write_section(one, limits[target.place])


def _explain_unscaled(label: str) -> str:
    """Return why a place has a section that scales nothing."""
    if not label:
        return (
            "No section is advised: this file scales nothing. It has this section because a file needs one."
        )
    return f"No section is advised for {label}: this file scales nothing there, which this section says."


def _limit_to(place: Place) -> dict[str, str]:
    """Return the options with which a section holds in a place only; none if there is only one place."""
    if not place.label:
        return {}
    account = {"accounts": place.account} if place.account else {}
    return {**account, "regions": place.region}


def count_sections(advice: Sequence[Advice]) -> str:
    """Return how many sections of the file are in use, and how many are comments."""
    used = sum(one.uses_section for one in advice)
    sections = f"{used:,} section{'' if used == 1 else 's'}"
    if used == len(advice):
        return sections
    return f"{sections}, {len(advice) - used:,} commented out because not advised"


def describe_settings(settings: TuneSettings) -> str:
    """Return what the figures of --tune are."""
    billing = "the mean of both bills" if settings.billing == MEAN_OF_BILLS else f"billing {settings.billing}"
    return (
        f"Dollars are for 30 days, at the prices of {settings.price_source}, by {billing}, with watching, in"
        " the table class now in force; sums have storage where it is known. Of the two halves of a"
        " recording, the worse one counts. Throttling is the highest of all models of AWS. At most"
        f" {settings.limit_percent:g} % may be throttled, or what AWS target tracking at 70 % throttles."
    )


def _write_unscaled(table: Target, why: str, limits: Mapping[str, str]) -> Iterator[str]:
    yield ""
    yield from _comment(why)
    yield f"[{write_titles(table)[1]}]"
    yield from (f"{name}: {given}" for name, given in limits.items())
    for capacity in Capacity:
        yield f"enable-{capacity.value}-up-scaling: false"
        yield f"enable-{capacity.value}-down-scaling: false"
        yield f"max-provisioned-{capacity.value}: {_UNSCALED_UNITS}"


def _write_section(advice: Advice, limits: Mapping[str, str]) -> Iterator[str]:
    tuned = advice.tuned
    yield from _comment(f"{tuned.target}: {advice.sentence}.")
    for sentence in list_reasons_to_doubt(tuned):
        yield from _comment(f"{sentence[0].upper()}{sentence[1:]}.")
    shown = [tuned.found.alternative, *([tuned.present] if tuned.present else []), *tuned.baselines]
    yield f"# {tuned.days:.1f} days from {tuned.start:%Y-%m-%d}; hour-max / prorated, throttled:"
    lines = [["", *PRESETS], *([name_alternative(one, tuned), *write_figures(one)] for one in shown)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for first, *cells in lines:
        rest = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"#   {first.ljust(widths[0])}  {rest}".rstrip()
    if not advice.uses_section:
        yield from _comment(_explain_comment(advice))
    elif tuned.is_scaled_by_aws:
        yield from _comment("AWS scales it now: deregister it there, or this section has no effect.")
    mark = "" if advice.uses_section else "#"
    yield f"{mark}[{write_titles(tuned.target)[0]}]"
    options = {**limits, **tuned.found.options}
    yield from (f"{mark}{name}: {given}" for name, given in options.items())


def _explain_comment(advice: Advice) -> str:
    """Return why a section is commented out, and what to keep if sections scale the target now."""
    why = "This section is not advised, so it is commented out."
    if advice.best.name == THIS_CONFIGURATION:
        return f"{why} Keep the section that scales {advice.tuned.target} now."
    return why


def name_alternative(alternative: Alternative, tuned: Tuned) -> str:
    """Return the name of an alternative; of a fixed value with its units."""
    units = describe_units(alternative, tuned)
    return f"{alternative.name}, {units}" if units else alternative.name


def write_figures(alternative: Alternative) -> Iterator[str]:
    """Yield cost and throttling in each model of AWS."""
    for physics in PRESETS:
        one = alternative.figures[physics]
        yield (
            f"{format_dollars(one.cost.hour_max)} / {format_dollars(one.cost.prorated)},"
            f" {format_percent(one.throttled_percent)}"
        )


def list_reasons_to_doubt(tuned: Tuned) -> list[str]:
    """Return why the settings that were found may not be the best."""
    return [*_describe_misses(tuned), *tuned.doubts]


def rate_confidence(advice: Advice) -> str:
    """Return high if there is no reason to doubt, medium if there are up to three, else low.

    It is low too if the advice does not meet the goal.
    """
    reasons = len(list_reasons_to_doubt(advice.tuned))
    if not advice.best.meets_goal or reasons > _FEW_REASONS:
        return "low"
    return "medium" if reasons else "high"


def _describe_misses(tuned: Tuned) -> Iterator[str]:
    """Yield which sides the second half lowered, and which throttle too much in pauses or even so."""
    for capacity in Capacity:
        name, height = capacity.value, tuned.found.rung.heights[capacity]
        if capacity in tuned.found.failing:
            yield f"even {height} %, the lowest that is tried, throttles more {name} than is allowed"
        elif capacity in tuned.found.lowered:
            yield f"what the first half chose throttled too many {name} in the second: lowered to {height} %"
        if tuned.found.options.get(name_scaling_on_zero(capacity)) == "false":
            yield (
                f"{name} keep their capacity while nothing is consumed, as with AWS target tracking:"
                " otherwise too many are throttled when load comes back"
            )


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False))
