"""Find the cheapest row that throttles no more than is allowed, and compare this configuration with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.settings import Settings

THIS_CONFIGURATION: Final = "this configuration"
_SLACK: Final = 1e-9
_MOST_DECIMALS: Final = 9


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
        """Return the dollars as text, with the difference to the base in percent unless that is free."""
        if not base.dollars:
            return self.cost
        return f"{self.cost} ({100 * (self.dollars - base.dollars) / base.dollars:+.0f} %)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which row is the cheapest that throttles no more than `allowed_percent`.

    `throttled` is the share that this configuration throttles if that is more than is allowed, else empty; of
    several targets, that of the worst. `runner_up` is the second cheapest if this configuration is the
    cheapest. `others` are the fixed value and on-demand, unless they are one of these.
    `break_even` has the utilization below which on-demand is cheaper, and that of this configuration.
    """

    allowed_percent: float
    throttled: str
    is_of_several: bool
    ours: NamedCost
    cheapest: NamedCost
    runner_up: NamedCost | None
    others: tuple[NamedCost, ...]
    break_even: tuple[str, str] | None

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
        if self.break_even is not None:
            even, used = self.break_even
            yield (
                f"On-demand is cheaper when less than {even} of the capacity paid for is used; this"
                f" configuration uses {used}."
            )


def is_within(row: Row, allowed_percent: float) -> bool:
    """Return whether a row throttles no more than is allowed, on every target if it is a sum."""
    return _find_throttled_percent(row) <= allowed_percent + _SLACK


def _find_throttled_percent(row: Row) -> float:
    return row.throttled_percent if row.worst_percent is None else row.worst_percent


def summarize(rows: Sequence[Row], settings: Settings) -> Verdict:
    """Return the verdict on rows of which the first is this configuration's."""
    ours, allowed = rows[0], settings.allowed_percent

    def name_cost(row: Row) -> NamedCost:
        return NamedCost(_name(row), row.cost.by(settings.billing))

    within = [row for row in rows if not row.is_bound and is_within(row, allowed)]
    within.sort(key=lambda row: row.cost.by(settings.billing))
    best = within[0]  # on-demand throttles nothing: there is always one
    runner_up = within[1] if best is ours else None
    others = [row for row in rows if row.name in (FIXED, ON_DEMAND) and row not in (best, runner_up)]
    others.sort(key=lambda row: row.name != FIXED)
    return Verdict(
        allowed,
        "" if ours in within else _format_percent_above(_find_throttled_percent(ours), allowed),
        ours.worst_percent is not None,
        name_cost(ours),
        name_cost(best),
        None if runner_up is None else name_cost(runner_up),
        tuple(map(name_cost, others)),
        _find_break_even(rows, settings),
    )


def _find_break_even(rows: Sequence[Row], settings: Settings) -> tuple[str, str] | None:
    """Return the utilization at which on-demand costs the same, and this configuration's; both by dollars."""
    on_demand = next(row for row in rows if row.name == ON_DEMAND)
    own, requests = rows[0].cost.by(settings.billing), on_demand.cost.by(settings.billing)
    used = on_demand.fully_used_dollars
    if not (own and used and requests):
        return None
    return _format_distinctly(100 * used / requests, min(100.0, 100 * used / own))


def _name(row: Row) -> str:
    if row.name == FIXED and row.units is not None:
        there = [capacity for capacity in Capacity if row.sides[capacity].provisioned]
        units = " and ".join(f"{row.units[capacity]} {capacity.value}" for capacity in there)
        return f"a fixed {units}"
    return "a fixed value" if row.name == FIXED else row.name


def format_dollars(dollars: float) -> str:
    """Return an amount of money as text."""
    return f"${dollars:,.2f}"


def format_percent(percent: float) -> str:
    """Return a share as text, with two decimals, or with its first digit if it is very small."""
    if percent == 0:
        return "0 %"
    return f"{percent:.2f} %" if percent >= 0.01 else f"{percent:.1g} %"  # noqa: PLR2004 - two decimals show it


def _format_percent_above(percent: float, limit: float) -> str:
    """Return a share that is above a limit with enough decimals to show that it is."""
    text = format_percent(percent)
    return _format_distinctly(percent, limit)[0] if float(text.removesuffix(" %")) <= limit else text


def _format_distinctly(one: float, other: float) -> tuple[str, str]:
    """Return two shares in whole percent, or with as many decimals as it takes to tell them apart."""
    digits = 0
    while one != other and f"{one:.{digits}f}" == f"{other:.{digits}f}" and digits < _MOST_DECIMALS:
        digits += 1
    return f"{one:.{digits}f} %", f"{other:.{digits}f} %"
