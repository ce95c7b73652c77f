"""Run the daemon's own checks through recorded time, on models in place of AWS."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.check.check import Check
from dynamic_dynamodb.check.ports import World
from dynamic_dynamodb.check.resilience import never
from dynamic_dynamodb.check.rest import RestingTargets
from dynamic_dynamodb.check.state import AccountMemory, find_life
from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from dynamic_dynamodb.config.sections import describe_slow, match_sections
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.simulator.account import Account, InlineExecutor, Lifetime
from dynamic_dynamodb.replay.simulator.skipping import SECOND, ScheduledOutlook, Skipper
from dynamic_dynamodb.replay.simulator.target_model import TargetModel
from dynamic_dynamodb.replay.simulator.timeline import Timeline
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.simulator.capacity_model import Physics

PROGRESS_STEP_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result for one target under a configuration."""

    section: Section
    model: TargetModel
    timeline: Timeline


def find_section(sections: Sequence[Section], target: Target) -> Section | None:
    """Return the section that applies to a target; raise ValueError if matching takes too long."""
    section = _match(sections, target.table)
    return _match(section.gsis, target.index) if section is not None and target.index else section


def _match(sections: Sequence[Section], name: str) -> Section | None:
    matches = match_sections(sections, [name], MatchBudget())
    if name in matches.undecided:
        raise ValueError(describe_slow(matches.undecided[name]))
    return matches.sections.get(name)


def get_section(sections: Sequence[Section], target: Target) -> Section:
    """Return the section that applies to a target; raise ValueError if there is none."""
    section = find_section(sections, target)
    if section is None:
        message = f"no section applies to {target}"
        raise ValueError(message)
    return section


@dataclass(frozen=True, slots=True)
class Scenario:
    """How to replay: constants of the model, seconds between checks, and units at the start if given.

    Unless `is_every_check_made`, checks that provably change nothing are not made. With a
    `quiet_check_interval`, in seconds, every check is made, and looks at quiet targets only that often.
    """

    physics: Physics
    check_interval: int
    start: PerCapacity[int] | None = None
    is_every_check_made: bool = False
    quiet_check_interval: int | None = None


def simulate(
    sections: Sequence[Section],
    recordings: Sequence[Recording],
    scenario: Scenario,
    on_progress: Callable[[float], None] = lambda _: None,
) -> list[Replayed]:
    """Replay recordings of one place that each have a section, and return a result for each.

    `on_progress` is called from time to time with the share of the work that is done.
    Arguments and results can be pickled, so replays can run in other processes.
    """
    minutes = sum(recording.minutes for recording in recordings)
    done = 0
    replayed: list[Replayed] = []
    for group in _group_by_time(recordings):
        share = sum(recording.minutes for recording in group) / minutes
        begun = done / minutes
        run = Run(sections, group, scenario)
        for part in run.pass_time():
            on_progress(begun + share * part)
        done += sum(recording.minutes for recording in group)
        replayed += run.replayed.values()
    return replayed


def _group_by_time(recordings: Sequence[Recording]) -> list[list[Recording]]:
    """Group recordings that overlap in time, so that no run passes through years between recordings."""
    groups: list[list[Recording]] = []
    end = None
    for recording in sorted(recordings, key=lambda one: one.start):
        if end is None or recording.start > end:
            groups.append([])
        groups[-1].append(recording)
        end = recording.end if end is None else max(end, recording.end)
    return groups


class Run:
    """A run through overlapping recordings; `on_check` is called with the report of each check, if given."""

    def __init__(
        self,
        sections: Sequence[Section],
        recordings: Sequence[Recording],
        scenario: Scenario,
        on_check: Callable[[datetime, CheckReport], None] | None = None,
    ) -> None:
        """Create the account as it is before the first minute."""
        self._on_check = on_check
        self.checks_made = 0
        origin = min(recording.start for recording in recordings)
        self._origin = origin
        self._minutes = max((recording.end - origin) // MINUTE for recording in recordings)
        self._check_interval = scenario.check_interval
        self.replayed: dict[Target, Replayed] = {}
        lifetimes = []
        for recording in recordings:
            first = (recording.start - origin) // MINUTE
            section = get_section(sections, recording.target)
            typed = section.at(recording.start).typed
            begin = recording.find_start_capacity(scenario.start, typed.capacities)
            model = TargetModel(recording, scenario.physics, begin)
            seen_from = first + max(one.typed.lookback_window_start for one in section.variants)
            lifetimes.append(Lifetime(model, first, seen_from, first + recording.minutes))
            timeline = Timeline(first, recording.minutes)
            self.replayed[recording.target] = Replayed(section, model, timeline)
        self._account = Account(lifetimes, origin)
        own_sections = _leave_out_missing_sides(sections, recordings)
        self._check = _build_check(self._account, own_sections, scenario, recordings[0].target.place)
        self._skipper = None
        makes_all = scenario.is_every_check_made or scenario.quiet_check_interval is not None
        if on_check is None and not makes_all:
            self._skipper = Skipper(
                self._account,
                self._check.memory,
                {one.model.target: self._plan(one, own_sections) for one in lifetimes},
                origin=origin,
                check_interval=scenario.check_interval,
            )

    def _plan(self, lifetime: Lifetime, sections: Sequence[Section]) -> ScheduledOutlook:
        target = lifetime.model.target
        timeline = self.replayed[target].timeline
        return ScheduledOutlook(get_section(sections, target), lifetime, timeline)

    def pass_time(self) -> Iterator[float]:
        """Simulate minute after minute, and yield the share that has passed from time to time."""
        minute, second = 0, 0  # of the next check
        while minute < self._minutes:
            self._account.begin(minute)
            end = minute
            if self._skipper is not None:
                end, second = self._skipper.skip(minute, second)
            if end == minute:
                end += 1
                while second < end * SECONDS_PER_MINUTE:
                    self._run_check(minute, self._origin + second * SECOND)
                    second += self._check_interval
            self._account.serve(end)
            if not minute or minute // PROGRESS_STEP_MINUTES < end // PROGRESS_STEP_MINUTES:
                yield minute / self._minutes
            minute = end

    def _run_check(self, minute: int, now: datetime) -> None:
        self.checks_made += 1
        checked = self._check.run(now)
        if self._on_check is not None:
            self._on_check(now, checked)
        for report in checked.targets:
            found = self.replayed.get(report.target)
            if found is not None:
                found.timeline.record(minute, now, report)


def _build_check(account: Account, sections: Sequence[Section], scenario: Scenario, place: str) -> Check:
    inline = InlineExecutor()
    world = World(
        tables=account,
        metrics=account,
        notifier=account,
        circuit_breaker=account,
        lookups=inline,
        updates=inline,
        place=place,
    )
    resting = RestingTargets.every(scenario.quiet_check_interval)
    memory = AccountMemory(find_life(scenario.check_interval), resting=resting)
    return Check(world, sections, memory, is_dry_run=False, is_stopping=never)


def _leave_out_missing_sides(
    sections: Sequence[Section], recordings: Sequence[Recording]
) -> tuple[Section, ...]:
    """Return sections in which sides that were not recorded are not scaled, in a section of their target."""
    own: dict[str, Section] = {}
    for recording in recordings:
        target, section = recording.target, find_section(sections, recording.target)
        if section is None or None not in tuple(recording.sides):
            continue
        silent = _switch_off(section, target.index or target.table, recording)
        table = own.get(target.table) or find_section(sections, Target(target.table))
        if target.index and table is not None:
            own[target.table] = _narrow(table, target.table, gsis=(silent, *table.gsis))
        else:
            own[target.table] = replace(silent, gsis=table.gsis if table else ())
    return (*own.values(), *sections)


def _switch_off(section: Section, name: str, recording: Recording) -> Section:
    missing = [capacity for capacity in Capacity if recording.sides[capacity] is None]
    silent = section.override({f"enable_{one.value}_autoscaling": False for one in missing})
    return _narrow(silent, name)


def _narrow(section: Section, name: str, **changes: Any) -> Section:  # noqa: ANN401 - replace checks them
    return replace(section, expression=compile_expression(rf"{re.escape(name)}\Z"), **changes)
