"""The results of replays and checks can be pickled."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.simulator.capacity_model import Physics
from dynamic_dynamodb.replay.simulator.simulator import Run, Scenario
from tests.builders import section
from tests.replay.recordings import DAY, record, spikes, wave
from tests.replay.test_golden_day import RULES

if TYPE_CHECKING:
    from dynamic_dynamodb.check.report import CheckReport


def test_reports_and_replay_of_a_day_are_equal_after_pickling() -> None:
    recording = record(spikes(DAY, seed=11, loud=200), wave(DAY, 5, 60, seed=12))
    reports: list[CheckReport] = []
    run = Run(
        (section("^orders$", **RULES),),
        [recording],
        Scenario(Physics(), 60),
        lambda _, report: reports.append(report),
    )
    for _ in run.pass_time():
        pass
    (replayed,) = run.replayed.values()

    read_reports, read_replayed = pickle.loads(pickle.dumps((reports, replayed)))  # noqa: S301 - our own bytes

    assert read_reports == reports
    assert [list(map(str, report.targets)) for report in read_reports] == [
        list(map(str, report.targets)) for report in reports
    ]
    assert read_replayed.section.options == replayed.section.options
    assert read_replayed.section.typed == replayed.section.typed
    assert read_replayed.timeline == replayed.timeline
    assert read_replayed.timeline.write_lines() == replayed.timeline.write_lines()
    assert read_replayed.model.recording == recording
    assert read_replayed.model.reads.consumed == replayed.model.reads.consumed
    assert read_replayed.model.provisioned == replayed.model.provisioned
