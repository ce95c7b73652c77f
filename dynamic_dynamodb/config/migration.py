"""List what differs from 2.5.1 with a given configuration, for those who upgrade."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.places import holds_in
from dynamic_dynamodb.config.text import clip
from dynamic_dynamodb.options import Capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

MOST_NAMED: Final = 3
_PUBLISHING_MINUTES: Final = 3
_DAYS: Final = re.compile(r"[A-Za-z*]|\d{4}-")
_STRICT_WINDOWS: Final = re.compile(r"\d\d:\d\d-\d\d:\d\d(,\d\d:\d\d-\d\d:\d\d)*")
_ANY_NAME: Final = re.compile(r"\\?\.[*+]")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that this version does differently, and the sections that it concerns."""

    sentence: str
    concerns: Callable[[Section], bool]


def describe_differences(sections: Sequence[Section], places: Sequence[Place]) -> Iterator[str]:
    """Yield a sentence for each difference that concerns a section, with the titles of the sections.

    A section with a target utilization was written for this version.
    """
    everything = [one for section in sections for one in (section, *section.gsis)]
    everything = [one for one in everything if not one.typed.has_target_utilization]
    for difference in _DIFFERENCES:
        concerned = [section for section in everything if difference.concerns(section)]
        if concerned:
            yield f"{difference.sentence}: {_name(concerned)}"
    budget = MatchBudget()
    for section in sections:
        for first, second in _find_overlaps(section.gsis, places, budget):
            yield (
                "an index that two sections match belongs to the first only; 2.5.1 scaled it by both:"
                f" {_name((first, second))}"
            )


def _name(sections: Sequence[Section]) -> str:
    titles = [*dict.fromkeys(section.title for section in sections)]
    named = ", ".join(f"[{clip(title)}]" for title in titles[:MOST_NAMED])
    more = len(titles) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _is_index(section: Section) -> bool:
    return section.title.startswith("gsi:")


def _any_side(concerns: Callable[[CapacityOptions], bool]) -> Callable[[Section], bool]:
    return lambda section: any(concerns(side) for side in section.typed.capacities)


def _has_consumed_decrease(section: Section) -> bool:
    return _is_index(section) and any(
        section.options[f"decrease_consumed_{capacity.value}_{what}"]
        for capacity in Capacity
        for what in ("unit", "with", "scale")
    )


def _has_window_over_midnight(section: Section) -> bool:
    maintenance = section.typed.maintenance_windows
    return maintenance is not None and any(window.spans_midnight for window in maintenance.times.windows)


def _has_loose_window(section: Section) -> bool:
    """Return whether windows are spelled in a way that 2.5.1 read otherwise; it knew no days and dates."""
    text = section.options["maintenance_windows"]
    return bool(text) and not (_STRICT_WINDOWS.fullmatch(text) or _DAYS.search(text))


def _has_scale_from_zero(side: CapacityOptions) -> bool:
    scales = (
        side.increase_consumed_scale,
        side.increase_throttled_by_provisioned_scale,
        side.increase_throttled_by_consumed_scale,
    )
    return any(scale.steps[0][0] == 0 and scale.steps[0][1] > 0 for scale in scales if scale)


def _has_other_throttle_amount(section: Section) -> bool:
    side = section.typed.capacities.reads
    return (
        not _is_index(section)
        and side.throttled_upper_threshold > 0
        and side.increase_unit == "percent"
        and side.increase_consumed_with != side.increase_with
    )


def _keeps_throttled_side_up(section: Section) -> bool:
    reads, writes = section.typed.capacities
    return reads.throttled_upper_threshold > 0 or (
        _is_index(section) and writes.throttled_upper_threshold > 0
    )


def _looks_at_young_minutes(section: Section) -> bool:
    return section.typed.lookback_window_start - section.typed.lookback_period < _PUBLISHING_MINUTES


_DIFFERENCES: Final = (
    Difference(
        "without max-provisioned-reads or max-provisioned-writes there is no limit; 2.5.1 refused to start",
        _any_side(lambda side: side.max_provisioned is None),
    ),
    Difference(
        "decrease-consumed-* options apply to indexes too; 2.5.1 ignored them there", _has_consumed_decrease
    ),
    Difference(
        "maintenance-windows across midnight work; in 2.5.1 they were never open",
        _has_window_over_midnight,
    ),
    Difference(
        "maintenance-windows with spaces or one-digit hours are read as written;"
        " 2.5.1 read other times, or none",
        _has_loose_window,
    ),
    Difference(
        "always-decrease-rw-together waits until both sides can be lowered, or the other one cannot be;"
        " 2.5.1 lowered one while the other stayed",
        lambda section: section.typed.always_decrease_rw_together,
    ),
    Difference(
        "an increase scale that starts at 0 adds nothing at 0 % consumption; 2.5.1 raised the capacity",
        _any_side(_has_scale_from_zero),
    ),
    Difference(
        "throttled-*-upper-threshold also prevents decreases while it is exceeded;"
        " in 2.5.1 it did so only for the writes of tables",
        _keeps_throttled_side_up,
    ),
    Difference(
        "throttled-reads-upper-threshold raises the reads of a table by increase-reads-with percent;"
        " 2.5.1 used increase-consumed-reads-with",
        _has_other_throttle_amount,
    ),
    Difference(
        "num-*-checks-before-scale-down counts across --run-once runs, so that capacity is lowered from cron"
        " too, and a decrease that is held back keeps its count; in 2.5.1 it did neither",
        _any_side(lambda side: side.num_checks_before_scale_down > 1),
    ),
    Difference(
        "the look-back window ends less than 3 minutes ago, and minutes that CloudWatch has not published yet"
        " are unknown; 2.5.1 counted them as zero and lowered capacity",
        _looks_at_young_minutes,
    ),
)


def _find_overlaps(
    gsis: Sequence[Section], places: Sequence[Place], budget: MatchBudget
) -> Iterator[tuple[Section, Section]]:
    """Yield pairs of index sections that both match the likely name of an index, in the same place."""
    for number, first in enumerate(gsis):
        for second in gsis[number + 1 :]:
            match = _match_same_name(first, second, budget) or _match_same_name(second, first, budget)
            if match and any(
                holds_in(first.options, one) and holds_in(second.options, one) for one in places
            ):
                yield first, second


def _match_same_name(one: Section, other: Section, budget: MatchBudget) -> bool:
    """Return whether both sections match the name that one of them is probably meant for."""
    name = _ANY_NAME.sub("x", one.expression.text.removeprefix("^").removesuffix("$"))
    return bool(budget.matches(one.expression, name) and budget.matches(other.expression, name))
