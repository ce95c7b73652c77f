"""Say in plain words what is cheapest at the wanted throttling, and when something else would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.settings import Settings

OURS: Final = "this configuration"
_SLACK: Final = 1e-9
_MOST_DIGITS: Final = 10


def is_within(row: Row, allowed_percent: float) -> bool:
    """Tell whether a row throttles no more than wanted, on each target if it is a sum."""
    worst = row.throttled_percent if row.worst_percent is None else row.worst_percent
    return worst <= allowed_percent + _SLACK


def summarize(rows: Sequence[Row], settings: Settings) -> str:
    """Write the line; `rows` hold this configuration first."""
    ours, wanted = rows[0], settings.allowed_percent
    fit = [row for row in rows if not row.is_bound and is_within(row, wanted)]
    fit.sort(key=lambda row: row.cost.by(settings.billing))
    best = fit[0]  # on-demand always fits
    named = fit[:2] if best is ours else [best]
    others = [row for row in rows if row.name in (FIXED, ON_DEMAND) and row not in named]
    others.sort(key=lambda row: row.name != FIXED)
    sentences = (
        _compare(ours, fit, settings),
        *(_describe_other(row, best, settings) for row in others),
        *_describe_break_even(rows, settings),
    )
    return "; ".join(sentences) + "."


def _compare(ours: Row, fit: Sequence[Row], settings: Settings) -> str:
    """Set this configuration against the cheapest that fit, in the order of their cost."""
    best, wanted = fit[0], settings.allowed_percent
    own, least = ours.cost.by(settings.billing), best.cost.by(settings.billing)
    if ours not in fit:
        if ours.worst_percent is None:
            much = _format_percent_above(ours.throttled_percent, wanted)
        else:
            much = f"up to {_format_percent_above(ours.worst_percent, wanted)} of a target"
        return (
            f"this configuration throttles {much}, more than the {wanted:g} % wanted, at"
            f" {format_dollars(own)} per 30 days; the cheapest that does not is {_name(best)},"
            f" {format_dollars(least)}"
        )
    if best is ours:
        second = fit[1]
        dollars = second.cost.by(settings.billing)
        return (
            f"this configuration is the cheapest that throttles no more than {wanted:g} %:"
            f" {format_dollars(own)} per 30 days; next is {_name(second)}, {format_dollars(dollars)}"
            f"{_format_difference(dollars, own)}"
        )
    return (
        f"{_name(best)} is the cheapest that throttles no more than {wanted:g} %: {format_dollars(least)}"
        f" per 30 days; this configuration costs {format_dollars(own)}{_format_difference(own, least)}"
    )


def _describe_other(row: Row, best: Row, settings: Settings) -> str:
    dollars, least = row.cost.by(settings.billing), best.cost.by(settings.billing)
    return f"{_name(row)} costs {format_dollars(dollars)}{_format_difference(dollars, least)}"


def _describe_break_even(rows: Sequence[Row], settings: Settings) -> Iterator[str]:
    """Say how far the load is from where both ways of billing cost the same, by the same dollars as above."""
    on_demand = next(row for row in rows if row.name == ON_DEMAND)
    own, demand = rows[0].cost.by(settings.billing), on_demand.cost.by(settings.billing)
    used = on_demand.fully_used_dollars
    if own and used and demand:
        even, share = _format_distinctly(100 * used / demand, min(100.0, 100 * used / own))
        yield (
            f"on-demand is better where less than {even} of what is paid for is used, and of this"
            f" configuration {share} is used"
        )


def _format_distinctly(one: float, other: float) -> tuple[str, str]:
    """Write two shares in whole percent, or with as many decimals as it takes to see which is more."""
    texts = ("", "")
    for digits in range(_MOST_DIGITS):
        texts = f"{one:.{digits}f} %", f"{other:.{digits}f} %"
        if texts[0] != texts[1]:
            break
    return texts


def _name(row: Row) -> str:
    if row.name == FIXED and row.units is not None:
        there = [capacity for capacity in Capacity if row.sides[capacity].provisioned]
        units = " and ".join(f"{row.units[capacity]} {capacity.value}" for capacity in there)
        return f"a fixed {units}"
    return "a fixed value" if row.name == FIXED else row.name


def format_dollars(dollars: float) -> str:
    """Write an amount of money."""
    return f"${dollars:,.2f}"


def format_percent(percent: float) -> str:
    """Write a share with as many decimals as tell something."""
    if percent == 0:
        return "0 %"
    return f"{percent:.2f} %" if percent >= 0.01 else f"{percent:.1g} %"  # noqa: PLR2004 - two decimals show it


def _format_percent_above(percent: float, limit: float) -> str:
    """Write a share that is above a limit so that it looks so."""
    text = format_percent(percent)
    return _format_distinctly(percent, limit)[0] if float(text.removesuffix(" %")) <= limit else text


def _format_difference(dollars: float, base: float) -> str:
    """Say how much more than the cheapest that is; nothing if that is free."""
    return f" ({100 * (dollars - base) / base:+.0f} %)" if base else ""
