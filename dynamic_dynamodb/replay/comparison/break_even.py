"""Find out when on-demand is cheaper than a configuration, and when its checks are worth their price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.baselines import ON_DEMAND
from dynamic_dynamodb.replay.comparison.formatting import format_distinctly, format_dollars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row

_PERCENT: Final = 100.0
_NOTABLE_SHARE: Final = 0.1
"""The share of the total from which the price of watching is worth a sentence."""
_LEAST_SAVING: Final = 0.01
"""A smaller share of the cost of capacity is no saving."""


def find_utilization(rows: Sequence[Row], billing: str) -> tuple[float, float] | None:
    """Return the utilization in percent at which on-demand costs the same, and that of the first row.

    Reads and writes are weighed by their price. On-demand is cheaper if the second is below the first.
    Return None if the table costs nothing one way or the other.
    """
    on_demand = next(row for row in rows if row.name == ON_DEMAND)
    capacity, requests, used = (
        rows[0].cost.by(billing),
        on_demand.cost.by(billing),
        on_demand.fully_used_dollars,
    )
    if not (capacity and requests and used):
        return None
    affordable = requests - rows[0].watching
    return _PERCENT * used / affordable if affordable > 0 else float("inf"), _PERCENT * used / capacity


def describe_on_demand(rows: Sequence[Row], billing: str) -> Iterator[str]:
    """Yield the utilization below which on-demand is cheaper than the first row."""
    utilization = find_utilization(rows, billing)
    if utilization is None:
        return
    even, used = utilization
    if even > _PERCENT:
        yield "On-demand is cheaper even if all of the capacity paid for is used."
        return
    shown_even, shown_used = format_distinctly(even, min(used, _PERCENT))
    yield (
        f"On-demand is cheaper when less than {shown_even} of the capacity paid for is used; this"
        f" configuration uses {shown_used}."
    )


def find_least_bill(ours: Row, other: Row, billing: str) -> float | None:
    """Return the cost of capacity from which a configuration is cheaper than a row with less watching.

    That is for tables with the same load at another scale: what capacity costs grows with the load, what
    watching costs does not. Return None if the capacity of the configuration is not cheaper.
    """
    own, theirs = ours.cost.by(billing), other.cost.by(billing)
    if theirs - own < _LEAST_SAVING * theirs:
        return None
    return own * (ours.watching - other.watching) / (theirs - own)


def describe_watching(ours: Row, other: Row, billing: str) -> Iterator[str]:
    """Yield below which bill the checks of a configuration are not worth their price, if that matters.

    `other` is what to use instead of the configuration.
    """
    own, total = ours.cost.by(billing), ours.total.by(billing)
    if ours.watching <= max(other.watching, _NOTABLE_SHARE * total):
        return
    share = f"{_PERCENT * ours.watching / total:.0f} % of the total"
    watching = f"Watching costs {format_dollars(ours.watching)} per 30 days, {share}"
    least = find_least_bill(ours, other, billing)
    if least is None:
        yield f"{watching}, and saves nothing here: use a larger check-interval, or {other.name}."
        return
    limit, here = format_dollars(least), format_dollars(own)
    cheaper = f"{watching}; {other.name} is cheaper"
    if own < least:
        yield (
            f"{cheaper} where capacity costs less than {limit}, as here ({here}): use it, or a larger"
            " check-interval."
        )
    else:
        yield f"{cheaper} only where capacity costs less than {limit}; here it costs {here}."
