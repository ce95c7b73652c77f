"""Compare the result of a configuration on recorded load with its baselines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.aws.permissions import find_partition
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import PRICED_REGION
from dynamic_dynamodb.replay.comparison import baselines, lower_bound
from dynamic_dynamodb.replay.comparison.caveats import find_caveats
from dynamic_dynamodb.replay.comparison.results import Row, Tally, add_rows, drop_traces, sum_up
from dynamic_dynamodb.replay.comparison.table_classes import find_prices
from dynamic_dynamodb.replay.comparison.target_tracking import (
    DEFAULT_TARGET_PERCENT,
    REGISTERED,
    name_tracking,
    run_registered,
    run_tracking,
)
from dynamic_dynamodb.replay.comparison.verdict import THIS_CONFIGURATION, summarize
from dynamic_dynamodb.replay.progress import NO_PROGRESS
from dynamic_dynamodb.replay.recordings.places import find_sections, group_by_place
from dynamic_dynamodb.replay.simulator.simulator import Replayed, Scenario, find_section, simulate
from dynamic_dynamodb.scaling.costs import price_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.comparison.settings import Condition, Settings
    from dynamic_dynamodb.replay.comparison.verdict import Verdict
    from dynamic_dynamodb.replay.progress import Progress
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.model import Target

COMPARED_PER_TARGET: Final = ("throttled", "at-max")
"""Metrics that --fail-if compares for each target: an average would hide a bad one."""
_WEIGHTS: Final = (3, 3, 1)
_WEIGHTS_ALONE: Final = (3, 0, 1)
"""The share of time for the replay, for that of a second configuration, and for the baselines."""
TARGETS_PERCENT: Final = (DEFAULT_TARGET_PERCENT, 80, 90)
"""Targets of AWS target tracking: its default, one between, and the highest one allowed."""


_RESERVED_NAMES: Final = frozenset(
    (
        THIS_CONFIGURATION,
        *map(name_tracking, TARGETS_PERCENT),
        REGISTERED,
        baselines.ON_DEMAND,
        baselines.FIXED,
        baselines.RECORDED,
        baselines.RECORDED_ON_DEMAND,
        lower_bound.LOWER_BOUND,
    )
)


def name_compared(path: Path) -> str:
    """Return a name for the row of a second configuration that no other row has."""
    return f"file {path.name}" if path.name in _RESERVED_NAMES else path.name


@dataclass(frozen=True, slots=True)
class TargetComparison:
    """The comparison for one target; the first row is this configuration."""

    recording: Recording
    replayed: Replayed
    rows: tuple[Row, ...]
    verdict: Verdict
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparisons for all targets, and their sum."""

    targets: tuple[TargetComparison, ...]
    total: tuple[Row, ...]
    verdict: Verdict
    warnings: tuple[str, ...]
    settings: Settings

    @property
    def worst_first(self) -> list[TargetComparison]:
        """Return the targets: those that throttle most beyond what is allowed, then those that cost too much.

        What a target costs too much is the difference to the cheapest option within the limit.
        """
        return sorted(
            self.targets,
            key=lambda one: (-one.verdict.throttled_percent, -one.verdict.excess, one.recording.target),
        )

    def find_failure(self) -> str | None:
        """Return the first condition of --fail-if that holds, with the target; None if none does."""
        for condition in self.settings.conditions:
            for name, row in self._rows_for(condition):
                if condition.holds(row, self.settings.billing):
                    return f"{condition.text} holds for {name}"
        return None

    def _rows_for(self, condition: Condition) -> Iterator[tuple[str, Row]]:
        if condition.metric in COMPARED_PER_TARGET:
            yield from ((str(one.recording.target), one.rows[0]) for one in self.targets)
        else:
            name = "all targets" if len(self.targets) > 1 else str(self.targets[0].recording.target)
            yield name, self.total[0]


def compare(
    configuration: Configuration,
    recordings: Sequence[Recording],
    settings: Settings,
    *,
    other: tuple[str, Configuration] | None = None,
    progress: Progress = NO_PROGRESS,
) -> Comparison:
    """Replay recordings and compare the results with the baselines.

    `other` is a second configuration to compare with, and the name of its row.
    Raises ConfigurationError if no section applies to any of the recordings.
    """
    sections = _find_sections(configuration, recordings)
    matched, warnings = _keep_matched(sections, recordings, "the configuration")
    if not matched:
        names = ", ".join(str(recording.target) for recording in recordings)
        raise ConfigurationError((f"has no section for any recorded target: {names}",))
    weights = _WEIGHTS if other is not None else _WEIGHTS_ALONE
    replaying, comparing, running_baselines = progress.split(weights)
    replayed = _simulate(configuration, sections, matched, settings, replaying)
    compared: Mapping[Target, Replayed] = {}
    if other is not None:
        their_sections = _find_sections(other[1], matched)
        matched_by_both, more = _keep_matched(their_sections, matched, other[0])
        warnings += more
        if matched_by_both:
            compared = _simulate(other[1], their_sections, matched_by_both, settings, comparing)
    compared_name = None if other is None else other[0]
    targets = []
    for recording, running in zip(matched, running_baselines.split([1] * len(matched)), strict=True):
        ours = replayed[recording.target]
        prices = find_prices(recording, settings.at(recording.target.place).prices)
        rows = [make_row(THIS_CONFIGURATION, ours, prices)]
        if other is not None and recording.target in compared:
            rows.append(make_row(other[0], compared[recording.target], prices))
        rows += _run_baselines(recording, ours, settings.at(recording.target.place), running)
        targets.append(
            TargetComparison(
                recording,
                ours,
                tuple(map(drop_traces, rows)),
                summarize(
                    rows,
                    settings,
                    check_interval=configuration.global_options["check_interval"],
                    compared=compared_name,
                ),
                tuple(find_caveats(ours, rows[0], settings)),
            )
        )
    total = _add_up(targets)
    warnings += find_price_caveats(matched, settings)
    verdict = summarize(total, settings, compared=compared_name)
    return Comparison(tuple(targets), total, verdict, tuple(warnings), settings)


def find_price_caveats(recorded: Iterable[Recording | RecordingSource], settings: Settings) -> Iterator[str]:
    """Yield a warning if default prices are of another region than a recording, or than the configuration."""
    by_default = [one for one in recorded if settings.at(one.target.place).default_prices]
    others = {one.region or settings.region for one in by_default} - {PRICED_REGION}
    if others:
        can_ask = any(find_partition(region) == find_partition(PRICED_REGION) for region in others)
        yield (
            f"prices are those of {PRICED_REGION}, but the recording is from {', '.join(sorted(others))}:"
            f" set {', '.join(settings.default_prices)}"
            f"{', or record again with the permission pricing:GetProducts' if can_ask else ''}"
        )


def _find_sections(
    configuration: Configuration, recordings: Iterable[Recording]
) -> dict[str, Sequence[Section]]:
    """Return the sections that hold in each place, by its label."""
    return {
        place: find_sections(configuration, (one.origin for one in group))
        for place, group in group_by_place(recordings).items()
    }


def _keep_matched(
    sections: Mapping[str, Sequence[Section]], recordings: Sequence[Recording], name: str
) -> tuple[list[Recording], list[str]]:
    matched: list[Recording] = []
    unmatched: list[str] = []
    warnings: list[str] = []
    for one in recordings:
        try:
            section = find_section(sections[one.target.place], one.target)
        except ValueError as error:
            warnings.append(f"{name}: {one.target} is left out: {error}")
            continue
        if section is None:
            unmatched.append(str(one.target))
        else:
            matched.append(one)
    if unmatched:
        warnings.append(f"{name} has no section for {', '.join(unmatched)}: left out")
    return matched, warnings


def _simulate(
    configuration: Configuration,
    sections: Mapping[str, Sequence[Section]],
    recordings: Sequence[Recording],
    settings: Settings,
    progress: Progress,
) -> dict[Target, Replayed]:
    """Replay the recordings of one place after the other."""
    scenario = Scenario(
        settings.physics,
        configuration.global_options["check_interval"],
        settings.start,
        settings.is_every_check_made,
        configuration.global_options["quiet_check_interval"],
    )
    groups = group_by_place(recordings)
    parts = progress.split([sum(one.minutes for one in group) for group in groups.values()])
    return {
        one.model.target: one
        for (place, group), part in zip(groups.items(), parts, strict=True)
        for one in simulate(sections[place], group, scenario, part)
    }


def make_row(name: str, replayed: Replayed, prices: Prices) -> Row:
    """Return the row of a configuration that was replayed."""
    model, timeline, options = replayed.model, replayed.timeline, replayed.section.typed
    maxima = options.capacities.map(lambda capacity: capacity.max_provisioned)
    minutes = max(1, model.recording.minutes - options.lookback_window_start)  # checks begin after the first
    watching = price_metrics(model.requested_metrics, minutes)
    tally = Tally(model.updates, timeline.refused_decreases, maxima, watching)
    return sum_up(name, model.recording, baselines.get_traces(model), prices, tally)


def _run_baselines(
    recording: Recording, ours: Replayed, settings: Settings, progress: Progress
) -> Iterator[Row]:
    limits = ours.section.typed.capacities
    at_start = ours.section.at(recording.start).typed.capacities
    start = recording.find_start_capacity(settings.start, at_start)
    conditions = baselines.BaselineSettings(
        settings.physics, find_prices(recording, settings.prices), start, limits
    )
    for number, target_percent in enumerate(TARGETS_PERCENT, 1):
        yield run_tracking(recording, conditions, target_percent)
        progress(number / (len(TARGETS_PERCENT) + 1))
    registered = run_registered(recording, conditions)
    if registered is not None:
        yield registered
    yield baselines.run_on_demand(recording, conditions)
    yield baselines.run_fixed(recording, conditions, settings.allowed_percent)
    recorded = baselines.run_recorded(recording, conditions)
    if recorded is not None:
        yield recorded
    yield lower_bound.compute_lower_bound(recording, conditions, settings.allowed_percent)
    progress(1.0)


def _add_up(targets: Sequence[TargetComparison]) -> tuple[Row, ...]:
    if len(targets) == 1:
        return targets[0].rows
    rows_of = [{_find_kind(row): row for row in one.rows} for one in targets]
    shared = [kind for kind in rows_of[0] if all(kind in rows for rows in rows_of)]
    return tuple(_add_up_kind(kind, [rows[kind] for rows in rows_of]) for kind in shared)


def _find_kind(row: Row) -> str:
    """Return the name under which a row is added up: both kinds of recorded rows have one."""
    return baselines.RECORDED if row.name == baselines.RECORDED_ON_DEMAND else row.name


def _add_up_kind(kind: str, rows: Sequence[Row]) -> Row:
    names = {row.name for row in rows}
    return replace(add_rows(rows), name=names.pop() if len(names) == 1 else kind)
