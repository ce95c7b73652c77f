"""A replay decides as the daemon does: the same check runs with AWS's adapters against the emulator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from dynamic_dynamodb.aws.account import open_account, start_workers
from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.check.resilience import Timeouts
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.sources import ConfigSources
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.simulator.simulator import Run, Scenario
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.usage import MINUTE
from dynamic_dynamodb.service.log_fields import list_fields
from dynamic_dynamodb.service.wiring import build_check
from tests.emulator.clients import client
from tests.end_to_end.program import Program
from tests.replay.recordings import START, record, spikes, wave

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dynamic_dynamodb.check.report import CheckReport, TargetReport
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.replay.simulator.target_model import TargetModel
    from tests.emulator import Emulator

RULES = """\
[global]
check-interval: {interval}
[default_options]
lookback-window-start: 6
lookback-period: 5
reads-upper-threshold: 80
writes-upper-threshold: 80
reads-lower-threshold: 50
writes-lower-threshold: 50
decrease-reads-with: 20
throttled-reads-upper-threshold: 1
num-read-checks-before-scale-down: 2
num-write-checks-before-scale-down: 3
num-read-checks-reset-percent: 60
min-provisioned-reads: 5
max-provisioned-reads: 250
max-provisioned-writes: 100
increase-throttled-by-provisioned-writes-scale: {{0: 10, 10: 50}}
allow-scaling-down-reads-on-0-percent: true
[table: ^orders$]
[gsi: ^by-date$ table: ^orders$]
always-decrease-rw-together: true
[table: ^users$]
maintenance-windows: 00:00-06:00, 22:00-23:59
"""


TARGET_RULES = """
[global]
check-interval: {interval}
[default_options]
lookback-window-start: 6
lookback-period: 5
reads-upper-threshold: 95
writes-upper-threshold: 95
reads-lower-threshold: 75
writes-lower-threshold: 75
reads-target-utilization: 85
writes-target-utilization: 80
throttled-reads-upper-threshold: 1
throttled-writes-upper-threshold: 1
decrease-lookback-period: 20
max-provisioned-reads: 250
max-provisioned-writes: 100
num-write-checks-before-scale-down: 3
allow-scaling-down-reads-on-0-percent: true
[table: ^orders$]
decrease-late-in-hour: true
[gsi: ^by-date$ table: ^orders$]
[table: ^users$]
"""


class Case(NamedTuple):
    """A configuration, the physics of its replay, and the minutes of load."""

    rules: str
    scenario: Scenario
    minutes: int


@dataclass
class Reports:
    """What each check reported, in order."""

    reports: list[tuple[datetime, tuple[TargetReport, ...]]] = field(default_factory=list)

    def __call__(self, now: datetime, report: CheckReport) -> None:
        """Keep it."""
        self.reports.append((now, report.targets))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(RULES, Scenario(PRESETS["ideal"], 60), 130), id="each-minute"),
        pytest.param(Case(RULES, Scenario(PRESETS["slow"], 300), 700), id="each-five-minutes-with-delays"),
        pytest.param(
            Case(RULES, Scenario(PRESETS["no-burst"], 420), 1080), id="each-seven-minutes-over-midnight"
        ),
        pytest.param(Case(TARGET_RULES, Scenario(PRESETS["ideal"], 60), 130), id="to-a-target-each-minute"),
        pytest.param(Case(TARGET_RULES, Scenario(PRESETS["slow"], 120), 400), id="to-a-target-with-delays"),
    ],
)
def test_a_replay_decides_as_the_daemon_on_the_same_account(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: Case,
) -> None:
    rules, scenario, minutes = case
    configuration = load(tmp_path, rules.format(interval=scenario.check_interval))
    recordings = make_recordings(minutes)
    replayed = Reports()
    run = Run(configuration.sections, recordings, scenario, replayed)
    for _ in run.pass_time():
        pass

    for name, text in emulator.environment().items():
        monkeypatch.setenv(name, text)
    fill(emulator, [one.model for one in run.replayed.values()])
    emulator.set_publication_delay(60 * scenario.physics.delay)
    emulator.set_update_seconds(60 * scenario.physics.update - 30)  # the clock runs on during a check
    known = [(now, reports) for now, reports in replayed.reports if reports]
    real = check_emulator(emulator, configuration, [now for now, _ in known])
    for one, other in zip(real, known, strict=True):
        assert describe(one) == describe(other)
    assert_checks_were_not_idle(known)


def test_a_replay_of_what_the_program_recorded_decides_as_the_daemon_did(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in emulator.environment().items():
        monkeypatch.setenv(name, text)
    configuration = load(tmp_path, RULES.format(interval=60))
    minutes = 140
    start = datetime.now(timezone.utc).replace(second=0, microsecond=0) - (minutes + 10) * MINUTE
    emulator.add_table("orders", reads=40, writes=30, gsis={"by-date": (40, 30)})
    emulator.add_table("users", reads=40, writes=30)
    for table, index in (("orders", None), ("orders", "by-date"), ("users", None)):
        for metric, load_ in (
            ("ConsumedReadCapacityUnits", [60.0 * 35] * 40 + [60.0 * 12] * 60 + [60.0 * 30] * 40),
            ("ConsumedWriteCapacityUnits", [60.0 * 20] * 40 + [60.0 * 27] * 40 + [60.0 * 8] * 60),
            ("ProvisionedReadCapacityUnits", [40.0]),
            ("ProvisionedWriteCapacityUnits", [30.0]),
        ):
            sums = {start + minute * MINUTE: units for minute, units in enumerate(load_)}
            emulator.put_series(table, index, metric=metric, sums=sums)

    path = str(tmp_path / "dynamic-dynamodb.conf")
    run = Program(emulator, tmp_path).run("-c", path, "--record", "history", "--days", "1")
    assert (run.code, run.stderr) == (0, "")
    recordings = read_recordings(tmp_path / "history", None)
    assert {recording.start for recording in recordings} == {start}
    replayed = Reports()
    for _ in Run(configuration.sections, recordings, Scenario(PRESETS["ideal"], 60), replayed).pass_time():
        pass

    emulator.set_publication_delay(60)
    emulator.set_update_seconds(30)  # the clock runs on during a check
    known = [(now, reports) for now, reports in replayed.reports if reports]
    real = check_emulator(emulator, configuration, [now for now, _ in known])
    for one, other in zip(real, known, strict=True):
        assert describe(one) == describe(other)
    assert_checks_were_not_idle(known)


def check_emulator(
    emulator: Emulator, configuration: Configuration, moments: Sequence[datetime]
) -> list[tuple[datetime, tuple[TargetReport, ...]]]:
    """Run the checks of a daemon on the emulated account."""
    real = Reports()
    with start_workers() as workers:
        account = open_account(configuration, workers, Timeouts(), lambda: False)
        account.prepare()
        check = build_check(configuration, configuration.places[0], AccountMemory(), account, lambda: False)
        for now in moments:
            emulator.set_clock(now)
            real(now, check.run(now))
            pin_decreases(emulator, now)
    return real.reports


def make_recordings(minutes: int) -> list[Recording]:
    """Return recordings of a table, its index and another table that end in the morning."""
    start = START + timedelta(hours=26) - minutes * MINUTE
    return [
        record(spikes(minutes), wave(minutes, 5, 90, seed=2), start=start),
        record(
            spikes(minutes, seed=4), spikes(minutes, seed=5), target=Target("orders", "by-date"), start=start
        ),
        record(
            spikes(minutes, seed=6, quiet=2), spikes(minutes, seed=7), target=Target("users"), start=start
        ),
    ]


def load(folder: Path, text: str) -> Configuration:
    """Load a configuration from a file."""
    path = folder / "dynamic-dynamodb.conf"
    path.write_text(text, encoding="utf-8")
    return ConfigSources({"config": str(path)}, {}, folder).load()


def fill(emulator: Emulator, models: Sequence[TargetModel]) -> None:
    """Create the tables as the recordings begin, and put the models' consumption into CloudWatch."""
    units = {model.target: (model.reads.provisioned[0], model.writes.provisioned[0]) for model in models}
    for target, (reads, writes) in units.items():
        if not target.index:
            indexes = {one.index: units[one] for one in units if one.index and one.table == target.table}
            emulator.add_table(target.table, reads=reads, writes=writes, gsis=indexes)
    for model in models:
        for metric, column in (
            ("ConsumedReadCapacityUnits", model.reads.consumed),
            ("ReadThrottleEvents", model.reads.throttled),
            ("ConsumedWriteCapacityUnits", model.writes.consumed),
            ("WriteThrottleEvents", model.writes.throttled),
        ):
            start = model.recording.start
            sums = {start + minute * MINUTE: units for minute, units in enumerate(column) if units}
            emulator.put_series(model.target.table, model.target.index or None, metric=metric, sums=sums)


def pin_decreases(emulator: Emulator, now: datetime) -> None:
    """Date decreases of this check to its moment, although the emulator's clock ran on."""
    for table in ("orders", "users"):
        described = client(emulator, "dynamodb").describe_table(TableName=table)["Table"]
        for resource in (described, *described.get("GlobalSecondaryIndexes", ())):
            throughput = resource["ProvisionedThroughput"]
            if throughput.get("LastDecreaseDateTime", now - MINUTE) >= now:
                today = throughput["NumberOfDecreasesToday"]
                emulator.set_decreases(table, resource.get("IndexName"), today=today, last=now)


def describe(check: tuple[datetime, tuple[TargetReport, ...]]) -> tuple[datetime, list[Any]]:
    """Return a check's reports as text, so that a difference can be read."""
    now, reports = check
    return now, [(report.target, report.outcome, str(report), list_fields(report, now)) for report in reports]


def assert_checks_were_not_idle(checks: list[tuple[datetime, tuple[TargetReport, ...]]]) -> None:
    """Fail if all checks were idle: their equality would prove nothing."""
    reports = [report for _, targets in checks for report in targets]
    assert sum(report.outcome is Outcome.UPDATED for report in reports) > 10
    codes = {
        reason.code
        for report in reports
        if report.decision
        for side in report.decision.capacities
        for reason in side.reasons
    }
    by_amounts = {Code.CONSUMED_ABOVE_THRESHOLD, Code.CONSUMED_BELOW_THRESHOLD, Code.WAITING_FOR_CHECKS}
    to_target = {Code.ABOVE_TARGET, Code.BELOW_TARGET, Code.STILL_THROTTLED}
    assert codes > by_amounts or codes > to_target


def test_the_program_reports_what_the_last_check_of_a_replay_reported(
    emulator: Emulator, tmp_path: Path
) -> None:
    rules = RULES.format(interval=60)
    minutes = 60
    this_minute = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    start = this_minute - (minutes - 5) * MINUTE  # and some minutes to come, if the clock ticks on
    recording = record([95.0 * 60] * minutes, [95.0 * 60] * minutes, start=start)
    replayed = Reports()
    run = Run(load(tmp_path, rules).sections, [recording], Scenario(PRESETS["ideal"], 60), replayed)
    for _ in run.pass_time():
        pass
    (model,) = (one.model for one in run.replayed.values())
    fill(emulator, [model])
    last = next(reports[0] for now, reports in replayed.reports if now == this_minute)
    assert last.decision is not None
    reads, writes = last.decision.provisioned
    emulator.remove_table("orders")
    emulator.add_table("orders", reads=reads, writes=writes)
    emulator.set_publication_delay(60)

    ended = Program(emulator, tmp_path).check(rules, "--log-format", "json")

    lines = map(json.loads, ended.stdout.splitlines())
    (line,) = (line for line in lines if line.get("table") == "orders")
    expected = json.loads(json.dumps(list_fields(last, this_minute)))
    assert {name: line[name] for name in ("reads", "writes", "event")} == {
        name: expected[name] for name in ("reads", "writes", "event")
    }
