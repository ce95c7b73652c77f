"""Find out what a recording cannot tell, and how far its figures can be trusted."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.table_classes import find_class
from dynamic_dynamodb.scaling.back_pressure import join_names
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.recordings.recording import Recording, SideRecording
    from dynamic_dynamodb.replay.tuning.levers import Limits
    from dynamic_dynamodb.scaling.model import PerCapacity

LEAST_DAYS: Final = 2
_DAYS_PER_WEEK: Final = 7
_SATURDAY: Final = 5
_LONGEST_PERIOD_MINUTES: Final = 5
_LONGEST_GAP_MINUTES: Final = MINUTES_PER_DAY
_NOTABLE_GROWTH: Final = 1.25


def find_need(side: SideRecording) -> int:
    """Return the units that the busiest minute needs."""
    return max(1, ceil(max(side.consumed) / SECONDS_PER_MINUTE))


def find_obstacle(recording: Recording) -> str | None:
    """Return why a recording cannot be tuned; None if it can."""
    if recording.days < LEAST_DAYS:
        hours = recording.minutes / MINUTES_PER_HOUR
        return (
            f"its recording is only {hours:.0f} hours long: record at least {LEAST_DAYS} days, of which one"
            " half decides and the other one checks"
        )
    if not any(side is not None and any(side.consumed) for side in recording.sides):
        return "nothing was consumed while it was recorded: there is no load to tune for"
    return None


def find_doubts(
    recording: Recording, halves: Sequence[Recording], limits: PerCapacity[Limits]
) -> Iterator[str]:
    """Yield a sentence for each reason to doubt the settings that are found for a recording."""
    if recording.days < _DAYS_PER_WEEK:
        yield f"the recording is only {recording.days:.1f} days long: a whole week shows more"
    days = {(recording.start + timedelta(days=day)).weekday() for day in range(int(recording.days) + 1)}
    if not any(day >= _SATURDAY for day in days):
        yield "the recording has no weekend"
    if recording.period > _LONGEST_PERIOD_MINUTES:
        yield (
            f"a row of the recording is {recording.period} minutes: shorter peaks are lost, so real"
            " throttling would be higher"
        )
    for capacity in Capacity:
        yield from _doubt_side(recording, halves, capacity)
        yield from _doubt_limits(recording.sides[capacity], capacity, limits[capacity])
    if recording.size_bytes is None or find_class(recording) is None:
        yield "its size and table class were not recorded: there is no advice on the table class"
    gaps = [recording.gaps[capacity] for capacity in Capacity if recording.sides[capacity] is not None]
    longest = min(gaps, key=lambda gap: gap.longest_minutes)
    if longest.longest_minutes >= _LONGEST_GAP_MINUTES and longest.longest_start is not None:
        yield (
            f"{longest.longest_minutes:,} minutes from {longest.longest_start:%Y-%m-%d %H:%M} on have no"
            " datapoint: if the table was deleted then, record it again"
        )


def doubt_schedules(section: Section | None) -> Iterator[str]:
    """Yield a sentence if what runs now has sections for schedules, which the search does not know."""
    if section is not None and section.blueprint is not None:
        names = join_names([overlay.schedule.name for overlay in section.blueprint.overlays])
        yield (
            f"what runs now was replayed with its schedules ({names}), the new settings without: keep the"
            " sections with during, and replay the new settings with them"
        )


def _doubt_side(recording: Recording, halves: Sequence[Recording], capacity: Capacity) -> Iterator[str]:
    side = recording.sides[capacity]
    if side is None:
        yield f"{capacity.value} were not recorded: the section does not scale them"
        return
    if side.throttled_events:
        yield (
            f"{side.throttled_events:,.0f} {capacity.singular} events were throttled while this was recorded:"
            " the true demand was higher"
        )
    first, second = (sum(half.sides[capacity].consumed) / half.minutes for half in halves)  # type: ignore[union-attr]  # both halves have the sides of the recording
    if second > _NOTABLE_GROWTH * first:
        growth = f"by {100 * (second / first - 1):.0f} %" if first else "from nothing"
        yield f"{capacity.value} grew {growth} from the first half to the second: tune again soon"


def _doubt_limits(side: SideRecording | None, capacity: Capacity, limits: Limits) -> Iterator[str]:
    if side is None:
        return
    need = find_need(side)
    if limits.is_guess:
        yield (
            f"{capacity.value} have no known maximum: the minimum {limits.minimum:,} and the maximum"
            f" {limits.maximum:,}, twice the highest need, are guesses"
        )
    elif limits.maximum < need:
        yield (
            f"max-provisioned-{capacity.value} {limits.maximum:,} is below the highest need, {need:,}: what"
            " is above it is throttled, whatever the settings are"
        )
