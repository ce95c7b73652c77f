"""Advise what to do with each target and each table, in dollars and throttling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND, RECORDED_ON_DEMAND
from dynamic_dynamodb.replay.comparison.formatting import format_dollars, format_percent
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT, name_tracking
from dynamic_dynamodb.replay.tuning.alternatives import SECTION
from dynamic_dynamodb.replay.tuning.table_class import ClassChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, TuneSettings
    from dynamic_dynamodb.replay.tuning.tuner import Tuned

LEAST_SAVING: Final = 0.05
"""A smaller share of what is paid now is not worth a change."""
HOPELESS_PERCENT: Final = 20
"""If AWS target tracking throttles more, the load changes too fast for any rule that follows it."""
_TRACKING: Final = name_tracking(DEFAULT_TARGET_PERCENT)


class Verb(Enum):
    """What to do with a target."""

    STAY = "stay as it is"
    SECTION = "use this section"
    FIXED = "use fixed capacity"
    TRACKING = "use AWS target tracking"
    ON_DEMAND = "go on-demand"
    PROVISIONED = "go provisioned"


Bill = Callable[["Alternative"], float]
"""Return the dollars per 30 days of an alternative, in one of both table classes."""
_VERBS: Final = {SECTION: Verb.SECTION, FIXED: Verb.FIXED, ON_DEMAND: Verb.ON_DEMAND}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do with a target: `present` is what runs now, `best` what should; both are the same to stay.

    If what runs now is not known, `present` is AWS target tracking at 70 %. Dollars are for 30 days, in the
    table class that the table has. `limit_percent` is the throttling that is always allowed. `class_change`
    is that of the whole table: all its targets have the same.
    """

    tuned: Tuned
    present: Alternative
    best: Alternative
    dollars_now: float
    dollars: float
    is_hopeless: bool
    limit_percent: float
    class_change: ClassChange | None = None

    @property
    def verb(self) -> Verb:
        """Return what to do, in short."""
        if self.best is self.tuned.present:
            return Verb.STAY
        if self.present.name == RECORDED_ON_DEMAND:
            return Verb.PROVISIONED
        return _VERBS.get(self.best.name, Verb.TRACKING)

    @property
    def uses_section(self) -> bool:
        """Return whether the section that was found should scale the target."""
        return self.best is self.tuned.found.alternative

    @property
    def throttles_more(self) -> bool:
        """Return whether the advice throttles more than what runs now, and than is always allowed."""
        return self.best.throttled_percent > max(self.present.throttled_percent, self.limit_percent)

    @property
    def saving(self) -> float:
        """Return the saved dollars; they are negative if the advice costs more."""
        return self.dollars_now - self.dollars

    @property
    def sentence(self) -> str:
        """Return the advice as text, without the name of the target."""
        if self.verb is Verb.STAY and self.class_change is not None:
            return "keep the capacity as it is"
        if self.verb is Verb.STAY:
            cost = format_dollars(self.dollars_now)
            return f"{self.verb.value}: no change saves {100 * LEAST_SAVING:.0f} % of {cost} a month"
        if self.best is self.present:
            return (
                f"{self._describe_change()}: nothing cheaper throttles as little; what runs now is not known"
            )
        after, before = (format_percent(one.throttled_percent) for one in (self.best, self.present))
        whose = "" if self.tuned.present is not None else f" of {_TRACKING}; what runs now is not known"
        why = "; the load changes too fast for any rule that follows it" if self.is_hopeless else ""
        if self.throttles_more and self.verb is Verb.PROVISIONED:
            why = "; stay on-demand if that is too much"
        throttles = f"{'but ' if self.throttles_more else ''}throttles {after} instead of {before}"
        saving = describe_saving(self.dollars_now, self.dollars)
        return f"{self._describe_change()}: {saving}, {throttles}{whose}{why}"

    def _describe_change(self) -> str:
        name, units = self.best.name, describe_units(self.best, self.tuned)
        change = _VERBS[name].value if name in _VERBS else f"use {name}"
        change += f" of {units}" if units else ""
        return f"{Verb.PROVISIONED.value} and {change}" if self.verb is Verb.PROVISIONED else change


def describe_units(alternative: Alternative, tuned: Tuned) -> str:
    """Return the units of a fixed value, of the sides that were recorded; empty for other alternatives."""
    if alternative.units is None:
        return ""
    recorded = [one for one in Capacity if tuned.is_recorded[one]]
    return " and ".join(f"{alternative.units[one]:,} {one.value}" for one in recorded)


def describe_saving(before: float, after: float) -> str:
    """Return the dollars that are saved, or that something costs more."""
    saving = before - after
    if saving < 0:
        return f"costs {format_dollars(-saving)} a month more"
    return f"saves {format_dollars(saving)} a month{f' ({100 * saving / before:.0f} %)' if before else ''}"


def list_class_changes(advice: Iterable[Advice]) -> list[ClassChange]:
    """Return the advised change of each table's class, once."""
    changes = {one.class_change.table: one.class_change for one in advice if one.class_change is not None}
    return list(changes.values())


def add_up(advice: Sequence[Advice]) -> tuple[float, float]:
    """Return the dollars a month now and as advised, with the storage that is known."""
    storage = sum(one.tuned.storage.dollars for one in advice if one.tuned.storage is not None)
    before = storage + sum(one.dollars_now for one in advice)
    saving = sum(one.saving for one in advice)
    return before, before - saving - sum(one.saving for one in list_class_changes(advice))


def advise(tuned: Iterable[Tuned], settings: TuneSettings) -> list[Advice]:
    """Return the advice for every target, in the order of their names; billing modes are those of tables."""
    ordered = sorted(tuned, key=lambda one: (one.target.place, one.target))
    return [
        advice
        for _, targets in groupby(ordered, key=lambda one: one.target.table_target)
        for advice in _advise_table(list(targets), settings)
    ]


def _advise_table(targets: Sequence[Tuned], settings: TuneSettings) -> list[Advice]:
    """Choose the table class and the billing mode of a table with its indexes, then what to do with each."""
    chosen = _choose(targets, lambda one: one.bill(settings))
    class_change = None
    if _knows_storage(targets):
        in_other_class = _choose(targets, lambda one: one.bill(settings, in_other_class=True))
        class_change = _change_class(targets, chosen, in_other_class, settings)
        chosen = in_other_class if class_change is not None else chosen
    return [
        Advice(
            one,
            now,
            best,
            now.bill(settings),
            best.bill(settings),
            _is_hopeless(one),
            settings.limit_percent,
            class_change,
        )
        for one, now, best in zip(targets, map(_find_present, targets), chosen, strict=True)
    ]


def _knows_storage(targets: Sequence[Tuned]) -> bool:
    """Return whether what a table and its recorded indexes store is known; the table comes first."""
    return not targets[0].target.index and all(one.storage is not None for one in targets)


def _change_class(
    targets: Sequence[Tuned],
    chosen: Sequence[Alternative],
    in_other_class: Sequence[Alternative],
    settings: TuneSettings,
) -> ClassChange | None:
    """Return the change of the class if the table costs notably less in the other one, each at its best."""
    stored = [one.storage for one in targets if one.storage is not None]
    storage = sum(one.dollars for one in stored)
    change = ClassChange(
        targets[0].target.table_target,
        stored[0].table_class.other,
        sum(one.gigabytes for one in stored),
        storage,
        sum(one.bill(settings) for one in in_other_class),
        sum(one.dollars_in_other_class for one in stored),
        sum(one.bill(settings, in_other_class=True) for one in in_other_class),
    )
    best_now = storage + sum(one.bill(settings) for one in chosen)
    best_then = change.new_storage + change.new_throughput
    return change if change.saving > 0 and _is_worth_it(best_now, best_then) else None


def _choose(targets: Sequence[Tuned], bill: Bill) -> list[Alternative]:
    """Choose the billing mode of a table and its indexes, then what to do with each of them."""

    def add_up(alternatives: Iterable[Alternative]) -> float:
        return sum(map(bill, alternatives))

    present = list(map(_find_present, targets))
    provisioned = [_choose_provisioned(one, bill) for one in targets]
    by_request = [_get(one, ON_DEMAND) for one in targets]
    hopeless = any(map(_is_hopeless, targets))
    chosen = by_request if hopeless or add_up(by_request) < add_up(provisioned) else provisioned
    is_by_request_now = any(one.name == RECORDED_ON_DEMAND for one in present)
    changes_mode = is_by_request_now != (chosen is by_request)
    is_bad_now = any(one.present is None or not one.present.meets_goal for one in targets)
    if is_by_request_now and not changes_mode:
        chosen = present
    elif (
        changes_mode and not is_bad_now and not hopeless and not _is_worth_it(add_up(present), add_up(chosen))
    ):
        chosen = present if is_by_request_now else provisioned
    return chosen


def _find_present(tuned: Tuned) -> Alternative:
    """Return what runs now, or what it is compared with if that is unknown."""
    return tuned.present or _get(tuned, _TRACKING)


def _choose_provisioned(tuned: Tuned, bill: Bill) -> Alternative:
    """Return the cheapest provisioned capacity that meets the goal.

    AWS target tracking, which always meets it at 70 %, must cost notably less than a section or a fixed
    value, and both must cost notably less than what runs now.
    """

    def find_cheapest(alternatives: Iterable[Alternative]) -> Alternative | None:
        fair = (one for one in alternatives if one.meets_goal)
        return min(fair, key=bill, default=None)

    fixed = (one for one in tuned.baselines if one.name == FIXED)
    tracking = (one for one in tuned.baselines if one.name not in (FIXED, ON_DEMAND))
    best = find_cheapest(tracking) or _get(tuned, _TRACKING)
    present = tuned.present if tuned.present and tuned.present.name != RECORDED_ON_DEMAND else None
    for preferred in (find_cheapest((tuned.found.alternative, *fixed)), present):
        if preferred and preferred.meets_goal and not _is_worth_it(bill(preferred), bill(best)):
            best = preferred
    return best


def _is_worth_it(before: float, after: float) -> bool:
    return before - after >= LEAST_SAVING * before > 0


def _is_hopeless(tuned: Tuned) -> bool:
    return _get(tuned, _TRACKING).throttled_percent > HOPELESS_PERCENT


def _get(tuned: Tuned, name: str) -> Alternative:
    return next(one for one in tuned.baselines if one.name == name)
