"""Say what will differ from 2.5.1 with a given configuration, for those who move over."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.text import clip
from dynamic_dynamodb.options import Capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.target_options import CapacityOptions

MOST_NAMED: Final = 3
_PUBLISHING_MINUTES: Final = 3
_WINDOW_AS_OF_OLD: Final = re.compile(r"\d\d:\d\d-\d\d:\d\d(,\d\d:\d\d-\d\d:\d\d)*")
_ANY_NAME: Final = re.compile(r"\\?\.[*+]")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that this version does otherwise, and the sections that it concerns."""

    sentence: str
    concerns: Callable[[Section], bool]


def describe_differences(sections: Sequence[Section]) -> Iterator[str]:
    """Give one sentence for each difference that concerns any section, with the sections' names."""
    everything = [one for section in sections for one in (section, *section.gsis)]
    for difference in _DIFFERENCES:
        concerned = [section for section in everything if difference.concerns(section)]
        if concerned:
            yield f"{difference.sentence}: {_name(concerned)}"
    budget = MatchBudget(time.perf_counter)
    for section in sections:
        for first, second in _find_rivals(section.gsis, budget):
            yield (
                "an index that two sections match belongs to the first alone; 2.5.1 handled it twice:"
                f" {_name((first, second))}"
            )


def _name(sections: Sequence[Section]) -> str:
    named = ", ".join(f"[{clip(section.title)}]" for section in sections[:MOST_NAMED])
    more = len(sections) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _is_index(section: Section) -> bool:
    return section.title.startswith("gsi:")


def _any_side(judge: Callable[[CapacityOptions], bool]) -> Callable[[Section], bool]:
    return lambda section: any(judge(side) for side in section.typed.capacities)


def _has_consumed_decrease(section: Section) -> bool:
    return _is_index(section) and any(
        section.options[f"decrease_consumed_{capacity.value}_{what}"]
        for capacity in Capacity
        for what in ("unit", "with", "scale")
    )


def _has_window_over_midnight(section: Section) -> bool:
    maintenance = section.typed.maintenance_windows
    return maintenance is not None and any(window.start > window.end for window in maintenance.windows)


def _has_loose_window(section: Section) -> bool:
    text = section.options["maintenance_windows"]
    return bool(text) and not _WINDOW_AS_OF_OLD.fullmatch(text)


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
        "without max-provisioned-reads or max-provisioned-writes 2.5.1 did not start; now there is no limit",
        _any_side(lambda side: side.max_provisioned is None),
    ),
    Difference("decrease-consumed-* count for indexes now; 2.5.1 dropped them", _has_consumed_decrease),
    Difference(
        "maintenance-windows over midnight are open over midnight now; in 2.5.1 they never were",
        _has_window_over_midnight,
    ),
    Difference(
        "maintenance-windows with spaces or one-digit hours hold as they are written now;"
        " 2.5.1 took them for other times, or for none",
        _has_loose_window,
    ),
    Difference(
        "always-decrease-rw-together waits until both sides go down, unless the other cannot;"
        " in 2.5.1 one went down while the other stayed",
        lambda section: section.typed.always_decrease_rw_together,
    ),
    Difference(
        "an increase scale that begins at 0 adds nothing at 0 % consumption; 2.5.1 raised then",
        _any_side(_has_scale_from_zero),
    ),
    Difference(
        "throttled-*-upper-threshold also keeps a side from going down while it is exceeded;"
        " 2.5.1 did so for the writes of tables only",
        _keeps_throttled_side_up,
    ),
    Difference(
        "raises of a table's reads by throttled-reads-upper-threshold add increase-reads-with percent;"
        " 2.5.1 took increase-consumed-reads-with",
        _has_other_throttle_amount,
    ),
    Difference(
        "num-*-checks-before-scale-down counts on from one --run-once to the next, so cron lowers too,"
        " and a decrease that is held back keeps its count; in 2.5.1 neither",
        _any_side(lambda side: side.num_checks_before_scale_down > 1),
    ),
    Difference(
        "minutes that CloudWatch has not published yet are unknown, which matters as the look-back window"
        " ends less than 3 minutes ago; 2.5.1 took them for zero load and lowered",
        _looks_at_young_minutes,
    ),
)


def _find_rivals(gsis: Sequence[Section], budget: MatchBudget) -> Iterator[tuple[Section, Section]]:
    """Give the pairs of an index's sections of which one matches a name that the other is made for."""
    for place, first in enumerate(gsis):
        for second in gsis[place + 1 :]:
            if _is_made_for_same(first, second, budget) or _is_made_for_same(second, first, budget):
                yield first, second


def _is_made_for_same(one: Section, other: Section, budget: MatchBudget) -> bool:
    """Tell whether a likely name of one section's index is matched by both."""
    name = _ANY_NAME.sub("x", one.expression.text.removeprefix("^").removesuffix("$"))
    return bool(budget.matches(one.expression, name) and budget.matches(other.expression, name))
