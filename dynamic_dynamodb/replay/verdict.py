"""Say in plain words what is cheapest at the wanted throttling, and when something else would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.rivals import FIXED, ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.costs import Prices
    from dynamic_dynamodb.replay.results import Row
    from dynamic_dynamodb.replay.settings import Settings

OURS: Final = "this configuration"
_SECONDS_PER_HOUR: Final = 3600
_MILLION: Final = 1_000_000
_SLACK: Final = 1e-9


def meets(row: Row, wanted_percent: float) -> bool:
    """Tell whether a row throttles no more than wanted, on each target if it is a sum."""
    worst = row.throttled_percent if row.worst_percent is None else row.worst_percent
    return worst <= wanted_percent + _SLACK


def judge(rows: Sequence[Row], settings: Settings) -> str:
    """Write the line; `rows` hold this configuration first."""
    ours, wanted = rows[0], settings.wanted_percent
    fit = [row for row in rows if not row.is_bound and meets(row, wanted)]
    best = min(fit, key=lambda row: row.cost.by(settings.billing))  # on-demand always fits
    return "; ".join((_compare(ours, best, fit, settings), *_say_when(rows, best, settings))) + "."


def _compare(ours: Row, best: Row, fit: Sequence[Row], settings: Settings) -> str:
    own, least = ours.cost.by(settings.billing), best.cost.by(settings.billing)
    wanted = f"{settings.wanted_percent:g} %"
    if ours not in fit:
        much = tell_percent(ours.throttled_percent)
        if ours.worst_percent is not None:
            much = f"up to {tell_percent(ours.worst_percent)} of a target"
        return (
            f"this configuration throttles {much}, more than the {wanted} wanted, at {tell_dollars(own)}"
            f" per 30 days; the cheapest that does not is {_name(best)}, {tell_dollars(least)}"
        )
    if best is ours:
        others = [row for row in fit if row is not ours]
        second = min(others, key=lambda row: row.cost.by(settings.billing))
        dollars = second.cost.by(settings.billing)
        return (
            f"this configuration is the cheapest that throttles no more than {wanted}:"
            f" {tell_dollars(own)} per 30 days; next is {_name(second)}, {tell_dollars(dollars)}"
            f"{_tell_difference(dollars, own)}"
        )
    return (
        f"{_name(best)} is the cheapest that throttles no more than {wanted}: {tell_dollars(least)} per 30"
        f" days; this configuration costs {tell_dollars(own)}{_tell_difference(own, least)}"
    )


def _say_when(rows: Sequence[Row], best: Row, settings: Settings) -> Iterator[str]:
    ours, by_name = rows[0], {row.name: row for row in rows}
    least = best.cost.by(settings.billing)
    fixed = by_name[FIXED]
    dollars = fixed.cost.by(settings.billing)
    if fixed is not best:
        yield f"{_name(fixed)} costs {tell_dollars(dollars)}{_tell_difference(dollars, least)}"
    demand = by_name[ON_DEMAND].cost.by(settings.billing)
    if by_name[ON_DEMAND] is not best:
        yield f"on-demand costs {tell_dollars(demand)}{_tell_difference(demand, least)}"
    utilisation = ours.utilisation_percent or 0.0
    yield (
        f"on-demand is better than provisioned capacity that is used less than"
        f" {_tell_break_even(ours, settings.prices)}, and this is used {utilisation:.0f} %"
    )


def _tell_break_even(row: Row, prices: Prices) -> str:
    """Give the utilisation at which both ways of billing cost the same."""
    shares = {}
    for capacity in Capacity:
        dollars = prices.million_requests[capacity]
        if row.sides[capacity].demand and dollars:
            full_hour = _SECONDS_PER_HOUR * dollars / _MILLION
            shares[capacity] = f"{100 * prices.capacity_hour[capacity] / full_hour:.0f} %"
    if len(set(shares.values())) > 1:
        return " and ".join(f"{share} ({capacity.value})" for capacity, share in shares.items())
    return next(iter(shares.values()), "0 %")


def _name(row: Row) -> str:
    if row.name == FIXED and row.units is not None:
        there = [capacity for capacity in Capacity if row.sides[capacity].provisioned]
        units = " and ".join(f"{row.units[capacity]} {capacity.value}" for capacity in there)
        return f"a fixed {units}"
    return "a fixed value" if row.name == FIXED else row.name


def tell_dollars(dollars: float) -> str:
    """Write an amount of money."""
    return f"${dollars:,.2f}"


def tell_percent(percent: float) -> str:
    """Write a share with as many decimals as tell something."""
    if percent == 0:
        return "0 %"
    return f"{percent:.2f} %" if percent >= 0.01 else f"{percent:.1g} %"  # noqa: PLR2004 - two decimals show it


def _tell_difference(dollars: float, base: float) -> str:
    """Say how much more than the cheapest that is; nothing if that is free."""
    return f" ({100 * (dollars - base) / base:+.0f} %)" if base else ""
