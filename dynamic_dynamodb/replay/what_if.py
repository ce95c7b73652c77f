"""Answer what a configuration would have done with recorded load, beside its rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay import clairvoyant, rivals
from dynamic_dynamodb.replay.results import Happenings, Row, add_rows, sum_up
from dynamic_dynamodb.replay.simulation import Replayed, Scenario, find_section, simulate
from dynamic_dynamodb.replay.verdict import OURS, judge, tell_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.core.model import Target
    from dynamic_dynamodb.core.sections import Section
    from dynamic_dynamodb.replay.recording import Recording
    from dynamic_dynamodb.replay.settings import Condition, Settings

TARGETS_PERCENT: Final = (70, 90)
"""AWS's default for target tracking, and the highest that it takes."""
_LONG_GAP_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What came of one target; `rows` hold this configuration first."""

    recording: Recording
    replayed: Replayed
    rows: tuple[Row, ...]
    verdict: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of all targets; `total` adds them up."""

    targets: tuple[TargetAnswer, ...]
    total: tuple[Row, ...]
    verdict: str
    warnings: tuple[str, ...]
    settings: Settings

    def find_failure(self) -> str | None:
        """Give the first condition that holds, with who met it; throttling is looked at side by side."""
        for condition in self.settings.conditions:
            for name, row in self._rows_for(condition):
                if condition.holds(row, self.settings.billing):
                    return f"{condition.text} holds for {name}"
        return None

    def _rows_for(self, condition: Condition) -> Iterator[tuple[str, Row]]:
        if condition.metric == "throttled":
            yield from ((str(answer.recording.target), answer.rows[0]) for answer in self.targets)
        else:
            name = "all targets" if len(self.targets) > 1 else str(self.targets[0].recording.target)
            yield name, self.total[0]


@dataclass(frozen=True, slots=True)
class Progress:
    """Tell how far the whole work is, from how far a part of it is."""

    tell: Callable[[float], None]
    begin: float = 0.0
    end: float = 1.0

    def __call__(self, share: float) -> None:
        """Tell that this share of the part is done."""
        self.tell(self.begin + share * (self.end - self.begin))

    def part(self, begin: float, end: float) -> Progress:
        """Give a part of this part."""
        length = self.end - self.begin
        return Progress(self.tell, self.begin + begin * length, self.begin + end * length)


def answer(
    configuration: Configuration,
    recordings: Sequence[Recording],
    settings: Settings,
    *,
    other: tuple[str, Configuration] | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Answer:
    """Replay recordings; `other` is a second configuration to compare, with its name.

    Raises ConfigurationError if the configuration has no section for any of them.
    """
    progress = Progress(on_progress)
    known, warnings = _keep_known(configuration.sections, recordings, "the configuration")
    if not known:
        names = ", ".join(str(recording.target) for recording in recordings)
        raise ConfigurationError((f"has no section for any recorded target: {names}",))
    replayed = _simulate(configuration, known, settings, progress.part(0.0, 0.5))
    compared: Mapping[Target, Replayed] = {}
    if other is not None:
        both, more = _keep_known(other[1].sections, known, other[0])
        warnings += more
        compared = _simulate(other[1], both, settings, progress.part(0.5, 0.75)) if both else {}
    targets = []
    for number, recording in enumerate(known):
        ours = replayed[recording.target]
        rows = [_sum_up(OURS, ours, settings)]
        if other is not None and recording.target in compared:
            rows.append(_sum_up(other[0], compared[recording.target], settings))
        rows += _run_rivals(recording, ours, settings)
        targets.append(
            TargetAnswer(
                recording,
                ours,
                tuple(rows),
                judge(rows, settings),
                tuple(_warn(recording, ours, rows[0], settings)),
            )
        )
        progress.part(0.75, 1.0)((number + 1) / len(known))
    total = _add_up(targets)
    return Answer(tuple(targets), total, judge(total, settings), tuple(warnings), settings)


def _keep_known(
    sections: Sequence[Section], recordings: Sequence[Recording], name: str
) -> tuple[list[Recording], list[str]]:
    known: list[Recording] = []
    left: list[str] = []
    for one in recordings:
        if find_section(sections, one.target) is None:
            left.append(str(one.target))
        else:
            known.append(one)
    return known, [f"{name} has no section for {', '.join(left)}: left out"] if left else []


def _simulate(
    configuration: Configuration, recordings: Sequence[Recording], settings: Settings, progress: Progress
) -> dict[Target, Replayed]:
    replayed = simulate(
        configuration.sections,
        recordings,
        Scenario(settings.physics, configuration.global_options["check_interval"], settings.start),
        progress,
    )
    return {one.model.target: one for one in replayed}


def _sum_up(name: str, replayed: Replayed, settings: Settings) -> Row:
    model, timeline = replayed.model, replayed.timeline
    maxima = replayed.section.typed.capacities.map(lambda options: options.max_provisioned)
    happenings = Happenings(model.updates, timeline.refused_decreases, maxima)
    return sum_up(name, model.recording, rivals.take_courses(model), settings.prices, happenings)


def _run_rivals(recording: Recording, ours: Replayed, settings: Settings) -> Iterator[Row]:
    start = recording.find_start_capacity(settings.start)
    rules = rivals.Rules(settings.physics, settings.prices, start, ours.section.typed.capacities)
    for target_percent in TARGETS_PERCENT:
        yield rivals.run_tracking(recording, rules, target_percent)
    yield rivals.run_on_demand(recording, rules)
    yield rivals.run_fixed(recording, rules, settings.wanted_percent)
    recorded = rivals.run_recorded(recording, rules)
    if recorded is not None:
        yield recorded
    yield clairvoyant.bound(recording, rules, settings.wanted_percent)


def _add_up(targets: Sequence[TargetAnswer]) -> tuple[Row, ...]:
    if len(targets) == 1:
        return targets[0].rows
    names = [row.name for row in targets[0].rows]
    by_name = [{row.name: row for row in answer.rows} for answer in targets]
    return tuple(
        add_rows([rows[name] for rows in by_name]) for name in names if all(name in rows for rows in by_name)
    )


def _warn(recording: Recording, ours: Replayed, row: Row, settings: Settings) -> Iterator[str]:
    """Say what the reader must know to judge the figures."""
    yield from recording.remarks
    for capacity in Capacity:
        side = recording.sides[capacity]
        if side is None:
            yield f"{capacity.value} were not recorded: they are left out of decisions and cost"
        elif side.throttled_events:
            yield (
                f"{side.throttled_events:,.0f} {capacity.singular} events were throttled while this was"
                " recorded: the true demand was higher, so the replay throttles and costs too little"
            )
    if recording.period > 1:
        yield (
            f"the recording has a row each {recording.period} minutes, spread evenly over them: shorter"
            " peaks are lost, so the replay throttles too little"
        )
    yield from _warn_of_gaps(recording)
    if recording.days < 1:
        yield f"the recording is {recording.minutes} minutes long: a month may look different"
    if settings.start is not None and any(side is not None and side.provisioned for side in recording.sides):
        yield "--start is not used where the recording has the provisioned units"
    yield from _warn_of_burst(row, settings)
    if ours.section.circuit_breaker is not None:
        yield "the circuit breaker is taken for closed all the time"
    if ours.timeline.failure:
        yield f"a check failed: {ours.timeline.failure}"


def _warn_of_gaps(recording: Recording) -> Iterator[str]:
    gaps = recording.gaps
    if gaps.minutes:
        longest = ""
        if gaps.longest_start is not None and gaps.longest_minutes >= _LONG_GAP_MINUTES:
            begin = f"{gaps.longest_start:%Y-%m-%d %H:%M}"
            longest = f"; the longest, {gaps.longest_minutes:,} minutes, begins {begin}"
        yield (
            f"{gaps.minutes:,} minutes have no datapoint and are taken for no load, as CloudWatch has none"
            f" then{longest}"
        )


def _warn_of_burst(row: Row, settings: Settings) -> Iterator[str]:
    for capacity in Capacity:
        side = row.sides[capacity]
        without = 100 * (side.throttled + side.from_burst) / side.demand if side.demand else 0.0
        if side.throttled_percent <= settings.wanted_percent < without:
            yield (
                f"burst capacity carried the {capacity.value}: without it up to {tell_percent(without)} of"
                f" them would have been throttled instead of {tell_percent(side.throttled_percent)};"
                " AWS does not promise it"
            )
