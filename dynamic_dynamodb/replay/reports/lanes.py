"""Draw the decisions of a replay as SVG lanes: changes, and the reasons of all checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.reports.charts import find_runs
from dynamic_dynamodb.replay.simulator.timeline import CODES, NOT_CHECKED
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.simulator.timeline import Timeline

LANE_HEIGHT: Final = 14

KINDS: Final = {
    "held": frozenset(
        {
            Code.DECREASE_BUDGET,
            Code.LIMIT_EXCEEDED,
            Code.OUTSIDE_WINDOW,
            Code.LATE_IN_HOUR,
            Code.RW_TOGETHER,
            Code.NOT_ACTIVE,
            Code.STILL_THROTTLED,
            Code.BELOW_CONSUMPTION,
            Code.CAPPED_AT_MAXIMUM,
        }
    ),
    "unknown": frozenset(
        {Code.METRICS_UNKNOWN, Code.METRICS_LATE, Code.METRICS_FAILED, Code.ZERO_CONSUMPTION}
    ),
    "waiting": frozenset({Code.WAITING_FOR_CHECKS}),
    "low": frozenset({Code.AT_MINIMUM, Code.ROUNDS_TO_NOTHING}),
    "steady": frozenset({Code.STEADY, Code.AUTOSCALING_OFF, Code.UP_SCALING_OFF, Code.DOWN_SCALING_OFF}),
}
"""The kind of each reason, which sets its colour; of several in one column the first kind here is shown."""
_KIND_OF: Final = {code: kind for kind, codes in KINDS.items() for code in codes}


def draw_timeline(
    timeline: Timeline, capacity: Capacity, start: datetime, spans: Sequence[tuple[int, int]]
) -> str:
    """Draw two lanes: the changes, and the kinds of reasons of all checks in these columns."""
    codes = timeline.codes[capacity].tobytes()
    kinds = [_find_kind(set(codes[begin:end])) for begin, end in spans]
    lanes = "".join(
        f'<rect class="{kind}" x="{first}" y="{LANE_HEIGHT}" width="{length}" height="{LANE_HEIGHT}"/>'
        for first, length, kind in find_runs(kinds)
        if kind
    )
    made = ["" for _ in spans]
    for moment, decision in timeline.changes:
        side = decision.capacities[capacity]
        place = (moment - start) // MINUTE * len(spans) // timeline.minutes
        if side.is_change and made[place] != "raised":
            made[place] = "raised" if side.is_raise else "lowered"
    ticks = "".join(
        f'<rect class="{kind}" x="{place}" width="1.5" height="{LANE_HEIGHT}"/>'
        for place, kind in enumerate(made)
        if kind
    )
    return (
        f'<svg class="lanes" viewBox="0 0 {len(spans)} {2 * LANE_HEIGHT}" preserveAspectRatio="none"'
        f' role="img" aria-label="changes and reasons over time">{lanes}{ticks}</svg>'
    )


def _find_kind(numbers: set[int]) -> str:
    kinds = {_KIND_OF.get(CODES[number], "steady") for number in numbers if number != NOT_CHECKED}
    return next((kind for kind in KINDS if kind in kinds), "")
