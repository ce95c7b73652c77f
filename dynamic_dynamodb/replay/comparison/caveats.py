"""Find reasons why the figures of a replay may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity, name_of
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.replay.simulator.timeline import NOT_CHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.settings import Settings
    from dynamic_dynamodb.replay.recordings.recording import Gaps, Recording
    from dynamic_dynamodb.replay.simulator.simulator import Replayed

DEFAULT_QUOTA_UNITS: Final = 40_000
"""The default quota of read or write units of one table (DynamoDB quotas)."""
_LONG_GAP_MINUTES: Final = 60


def find_caveats(ours: Replayed, row: Row, settings: Settings) -> Iterator[str]:
    """Yield a sentence for each reason why the figures of a target may be wrong."""
    recording = ours.model.recording
    yield from recording.remarks
    yield from _find_load_caveats(recording)
    yield from _find_gap_caveats(recording)
    if recording.days < 1:
        yield f"the recording is only {recording.minutes} minutes long: a whole month may differ"
    yield from _find_capacity_caveats(ours, settings)
    yield from _find_burst_caveats(row, settings)
    if ours.section.circuit_breaker is not None:
        yield "the circuit breaker is assumed to be closed the whole time"
    if ours.section.blueprint is not None:
        yield (
            "schedules apply to this configuration alone: the other rows have the limits of"
            f" [{ours.section.title}] the whole time"
        )
    if ours.timeline.failure:
        yield f"a check failed: {ours.timeline.failure}"
    if all(code == NOT_CHECKED for codes in ours.timeline.codes for code in codes):
        yield (
            "no check was made: the recording is shorter than lookback-window-start,"
            f" {ours.section.typed.lookback_window_start} minutes"
        )


def _find_load_caveats(recording: Recording) -> Iterator[str]:
    for capacity in Capacity:
        side = recording.sides[capacity]
        if side is None:
            yield f"{capacity.value} were not recorded: they are left out of decisions and cost"
        elif side.throttled_events:
            yield (
                f"{side.throttled_events:,.0f} {capacity.singular} events were throttled while this was"
                " recorded: the true demand was higher, so the replay underestimates throttling and cost"
            )
    if recording.period > 1:
        yield (
            f"each row of the recording is spread evenly over its {recording.period} minutes: shorter peaks"
            " are lost, so real throttling would be higher"
        )


def _find_gap_caveats(recording: Recording) -> Iterator[str]:
    """Yield a sentence on the gaps of each side, or one if all sides have the same gaps."""
    there = [capacity for capacity in Capacity if recording.sides[capacity] is not None]
    if len({recording.gaps[capacity] for capacity in there}) == 1:
        yield from _describe_gaps("", recording.gaps[there[0]])
    else:
        for capacity in there:
            yield from _describe_gaps(f" of {capacity.value}", recording.gaps[capacity])


def _describe_gaps(whose: str, gaps: Gaps) -> Iterator[str]:
    if not gaps.minutes:
        return
    longest = ""
    if gaps.longest_start is not None and gaps.longest_minutes >= _LONG_GAP_MINUTES:
        begin = f"{gaps.longest_start:%Y-%m-%d %H:%M}"
        longest = f"; the longest, {gaps.longest_minutes:,} minutes, begins {begin}"
    yield (
        f"{gaps.minutes:,} minutes have no datapoint{whose} and count as no load, as in CloudWatch{longest}"
    )


def _find_capacity_caveats(ours: Replayed, settings: Settings) -> Iterator[str]:
    recording = ours.model.recording
    if settings.start is not None and any(side is not None and side.provisioned for side in recording.sides):
        yield "--start is ignored where the recording has provisioned units"
    if settings.start is None and recording.billing == {Billing.ON_DEMAND}:
        begin = " and ".join(
            f"{side.provisioned[0]:,} {capacity.value}"
            for capacity in Capacity
            if (side := ours.model.sides[capacity]).provisioned
        )
        yield (
            f"it was billed on demand: the replay starts with {begin}, the peak of the first hour; use"
            " --start for other units"
        )
    for capacity in Capacity:
        provisioned = ours.model.sides[capacity].provisioned
        if not provisioned:
            continue
        maximum = ours.section.typed.capacities[capacity].max_provisioned
        if maximum is not None and provisioned[0] > maximum:
            yield (
                f"the replay starts with {provisioned[0]:,} {capacity.value}, more than"
                f" {name_of(capacity, 'max_provisioned')} {maximum:,}: until they are lowered, the replay"
                " serves more than this configuration allows"
            )
        most = max(provisioned)
        if most > DEFAULT_QUOTA_UNITS:
            yield (
                f"{capacity.value} rise to {most:,} units: the default quota of a table is"
                f" {DEFAULT_QUOTA_UNITS:,}"
            )


def _find_burst_caveats(row: Row, settings: Settings) -> Iterator[str]:
    for capacity in Capacity:
        side = row.sides[capacity]
        without = 100 * (side.throttled + side.from_burst) / side.demand if side.demand else 0.0
        if side.throttled_percent <= settings.allowed_percent < without:
            yield (
                f"burst capacity served peaks of {capacity.value}: without it, up to"
                f" {format_percent(without)} would have been throttled instead of"
                f" {format_percent(side.throttled_percent)}; AWS does not guarantee burst capacity"
            )
