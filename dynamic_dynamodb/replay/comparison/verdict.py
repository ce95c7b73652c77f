"""Find the cheapest row that throttles no more than is allowed, and compare this configuration with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND
from dynamic_dynamodb.replay.comparison.break_even import describe_on_demand, describe_watching
from dynamic_dynamodb.replay.comparison.formatting import (
    format_dollars,
    format_percent,
    format_percent_above,
)
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT, name_tracking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.settings import Settings

THIS_CONFIGURATION: Final = "this configuration"
_SLACK: Final = 1e-9
_PERCENT: Final = 100.0
_NOTABLE_FACTOR: Final = 2
"""Throttling is compared as a multiple from this one on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cheapest row that throttles no more than is allowed, and at most three sentences.

    `excess` are the dollars per 30 days that this configuration costs more than that row.
    `throttled_percent` is what this configuration throttles if that is more than is allowed, else 0.
    """

    best: Row
    excess: float
    throttled_percent: float
    sentences: tuple[str, ...]


def is_within(row: Row, allowed_percent: float) -> bool:
    """Return whether a row throttles no more than is allowed, on every target if it is a sum."""
    return _find_throttled_percent(row) <= allowed_percent + _SLACK


def _find_throttled_percent(row: Row) -> float:
    return row.throttled_percent if row.worst_percent is None else row.worst_percent


def summarize(
    rows: Sequence[Row], settings: Settings, *, check_interval: int | None = None, compared: str | None = None
) -> Verdict:
    """Return the verdict on rows of which the first is this configuration's, by totals with watching.

    `compared` is the name of the row of a second configuration. With `check_interval`, in seconds, the
    verdict says when checks are worth their price; not for several targets.
    """
    ours, allowed, billing = rows[0], settings.allowed_percent, settings.billing
    within = [row for row in rows if not row.is_bound and is_within(row, allowed)]
    within.sort(key=lambda row: row.total.by(billing))
    best = within[0]  # on-demand throttles nothing: there is always one
    runner_up = within[1] if best is ours else None
    throttled_percent = 0.0 if ours in within else _find_throttled_percent(ours)
    sentences = [*_describe_best(ours, runner_up or best, settings)]
    other = next((row for row in rows if row.name == compared), None)
    if other is not None:
        sentences.append(_compare(ours, other, billing))
    else:
        remarks: list[str] = []
        if check_interval is not None:
            most = max(allowed, _find_throttled_percent(ours))
            names = (name_tracking(DEFAULT_TARGET_PERCENT), ON_DEMAND)
            instead = [row for row in rows if row.name in names and is_within(row, most)]
            remarks += describe_watching(ours, instead[0], billing)
        sentences += [*remarks, *describe_on_demand(rows, billing)][:1]
    excess = ours.total.by(billing) - best.total.by(billing)
    return Verdict(best, excess, throttled_percent, tuple(sentences))


def _describe_best(ours: Row, other: Row, settings: Settings) -> Iterator[str]:
    """Yield how this configuration compares with the cheapest of the other rows within the limit."""
    limit, billing = settings.allowed_percent, settings.billing
    cost, name = format_dollars(ours.total.by(billing)), describe_row_name(other)
    allowed = f"{limit:g} %"
    if not is_within(ours, limit):
        throttled = format_percent_above(_find_throttled_percent(ours), limit)
        if ours.worst_percent is not None:
            throttled = f"up to {throttled} on a target"
        yield (
            f"This configuration throttles {throttled}, more than the {allowed} allowed, and costs {cost} per"
            " 30 days."
        )
        yield f"The cheapest option within that limit is {name} at {format_dollars(other.total.by(billing))}."
    elif ours.total.by(billing) <= other.total.by(billing):
        yield (
            f"This configuration is the cheapest option that throttles at most {allowed}: {cost} per 30 days."
        )
        yield f"Next is {name} at {_relate(other, ours, billing)}."
    else:
        yield (
            f"The cheapest option that throttles at most {allowed} is {name} at"
            f" {format_dollars(other.total.by(billing))} per 30 days."
        )
        yield f"This configuration costs {_relate(ours, other, billing)}."


def _relate(row: Row, base: Row, billing: str) -> str:
    """Return the dollars of a row, with the difference to the base in percent unless that is $0.00."""
    own, theirs = row.total.by(billing), base.total.by(billing)
    if not round(theirs, 2):
        return format_dollars(own)
    return f"{format_dollars(own)} ({_PERCENT * (own - theirs) / theirs:+.0f} %)"


def _compare(ours: Row, other: Row, billing: str) -> str:
    """Return how a second configuration differs from this one in cost and throttling."""
    return f"{other.name}: {_compare_cost(ours, other, billing)}, {_compare_throttling(ours, other)}."


def _compare_cost(ours: Row, other: Row, billing: str) -> str:
    base, dollars = ours.total.by(billing), other.total.by(billing)
    if round(base, 2) == round(dollars, 2):
        return "the same cost"
    if not round(base, 2):
        return f"{format_dollars(dollars)} instead of {format_dollars(base)}"
    percent = f"{_PERCENT * abs(dollars - base) / base:.2g}"
    return f"{float(percent):g} % {'dearer' if dollars > base else 'cheaper'}"


def _compare_throttling(ours: Row, other: Row) -> str:
    before, after = ours.throttled_percent, other.throttled_percent
    shown = format_percent(before), format_percent(after)
    if shown[0] == shown[1]:
        return f"as much throttled ({shown[0]})" if before else "nothing throttled either"
    low, high = sorted((before, after))
    if low and high / low >= _NOTABLE_FACTOR:
        return f"{high / low:,.0f} times {'less' if after < before else 'more'} throttled"
    return f"{shown[1]} throttled instead of {shown[0]}"


def describe_row_name(row: Row) -> str:
    """Return the name of a row in a sentence; of a fixed value with its units."""
    if row.name == FIXED and row.units is not None:
        there = [capacity for capacity in Capacity if row.sides[capacity].provisioned]
        units = " and ".join(f"{row.units[capacity]} {capacity.value}" for capacity in there)
        return f"a fixed {units}"
    return "a fixed value" if row.name == FIXED else row.name
