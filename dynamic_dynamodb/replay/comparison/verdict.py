"""Find the cheapest row that throttles no more than is allowed, and compare this configuration with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND
from dynamic_dynamodb.replay.comparison.break_even import describe_on_demand, describe_watching
from dynamic_dynamodb.replay.comparison.formatting import format_dollars, format_percent_above
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT, name_tracking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.settings import Settings

THIS_CONFIGURATION: Final = "this configuration"
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class NamedCost:
    """The name of a row in a sentence, and its dollars per 30 days."""

    name: str
    dollars: float

    @property
    def cost(self) -> str:
        """Return the dollars as text."""
        return format_dollars(self.dollars)

    def compare(self, base: NamedCost) -> str:
        """Return the dollars as text, with the difference to the base in percent unless that is $0.00."""
        if not round(base.dollars, 2):
            return self.cost
        return f"{self.cost} ({100 * (self.dollars - base.dollars) / base.dollars:+.0f} %)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which row is the cheapest that throttles no more than `allowed_percent`.

    `throttled` is the share that this configuration throttles if that is more than is allowed, else empty; of
    several targets, that of the worst. `runner_up` is the second cheapest if this configuration is the
    cheapest. `others` are the fixed value and on-demand, unless they are one of these.
    `remarks` are sentences on when on-demand is cheaper, and when checks are worth their price.
    """

    allowed_percent: float
    throttled: str
    is_of_several: bool
    ours: NamedCost
    cheapest: NamedCost
    runner_up: NamedCost | None
    others: tuple[NamedCost, ...]
    remarks: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return the verdict in sentences."""
        return tuple(self._describe())

    def _describe(self) -> Iterator[str]:
        ours, cheapest, allowed = self.ours, self.cheapest, f"{self.allowed_percent:g} %"
        if self.throttled:
            throttled = f"up to {self.throttled} on a target" if self.is_of_several else self.throttled
            yield (
                f"This configuration throttles {throttled}, more than the {allowed} allowed, and costs"
                f" {ours.cost} per 30 days."
            )
            yield f"The cheapest option within that limit is {cheapest.name} at {cheapest.cost}."
        elif self.runner_up is not None:
            yield (
                f"This configuration is the cheapest option that throttles at most {allowed}: {ours.cost} per"
                " 30 days."
            )
            yield f"Next is {self.runner_up.name} at {self.runner_up.compare(cheapest)}."
        else:
            yield (
                f"The cheapest option that throttles at most {allowed} is {cheapest.name} at"
                f" {cheapest.cost} per 30 days."
            )
            yield f"This configuration costs {ours.compare(cheapest)}."
        for other in self.others:
            yield f"{other.name[0].upper()}{other.name[1:]} costs {other.compare(cheapest)}."
        yield from self.remarks


def is_within(row: Row, allowed_percent: float) -> bool:
    """Return whether a row throttles no more than is allowed, on every target if it is a sum."""
    return _find_throttled_percent(row) <= allowed_percent + _SLACK


def _find_throttled_percent(row: Row) -> float:
    return row.throttled_percent if row.worst_percent is None else row.worst_percent


def summarize(rows: Sequence[Row], settings: Settings, check_interval: int | None = None) -> Verdict:
    """Return the verdict on rows of which the first is this configuration's, by totals with watching.

    With `check_interval`, in seconds, it says when checks are worth their price; not for several targets.
    """
    ours, allowed, billing = rows[0], settings.allowed_percent, settings.billing

    def name_cost(row: Row) -> NamedCost:
        return NamedCost(_name(row), row.total.by(billing))

    within = [row for row in rows if not row.is_bound and is_within(row, allowed)]
    within.sort(key=lambda row: row.total.by(billing))
    best = within[0]  # on-demand throttles nothing: there is always one
    runner_up = within[1] if best is ours else None
    others = [row for row in rows if row.name in (FIXED, ON_DEMAND) and row not in (best, runner_up)]
    others.sort(key=lambda row: row.name != FIXED)
    remarks = [*describe_on_demand(rows, billing)]
    if check_interval is not None:
        most = max(allowed, _find_throttled_percent(ours))
        names = (name_tracking(DEFAULT_TARGET_PERCENT), ON_DEMAND)
        instead = [row for row in rows if row.name in names and is_within(row, most)]
        remarks += describe_watching(ours, instead[0], billing, check_interval)
    return Verdict(
        allowed,
        "" if ours in within else format_percent_above(_find_throttled_percent(ours), allowed),
        ours.worst_percent is not None,
        name_cost(ours),
        name_cost(best),
        None if runner_up is None else name_cost(runner_up),
        tuple(map(name_cost, others)),
        tuple(remarks),
    )


def _name(row: Row) -> str:
    if row.name == FIXED and row.units is not None:
        there = [capacity for capacity in Capacity if row.sides[capacity].provisioned]
        units = " and ".join(f"{row.units[capacity]} {capacity.value}" for capacity in there)
        return f"a fixed {units}"
    return "a fixed value" if row.name == FIXED else row.name
