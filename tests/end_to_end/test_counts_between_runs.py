"""Low checks are counted across runs of --run-once, as cron makes them."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from tests.end_to_end.account import BEFORE, LOWERED, add_idle, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

THROTTLED = everywhere(
    "lookback-window-start: 15",
    "lookback-period: 10",
    "throttled-reads-upper-threshold: 1",
    with_indexes=False,
)
WAITING = everywhere(
    "num-read-checks-before-scale-down: 3", "num-write-checks-before-scale-down: 3", with_indexes=False
)


def test_the_third_run_lowers(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    seen = []
    for _ in range(3):
        assert program.check(WAITING).code == 0
        seen.append(emulator.capacities()["idle", None])
    assert seen == [BEFORE, BEFORE, LOWERED]


def test_six_runs_raise_once_for_one_throttled_minute(emulator: Emulator, program: Program) -> None:
    add_throttled(emulator)
    seen = []
    for _ in range(6):
        assert program.check(THROTTLED).code == 0
        seen.append(emulator.capacities()["hot", None])
    assert seen == [(150, 100)] * 6


def test_repeated_reloads_raise_once_for_one_throttled_minute(emulator: Emulator, program: Program) -> None:
    add_throttled(emulator)
    with program.start(THROTTLED) as running:
        running.wait_for("hot: updated")
        for number in range(2, 12):
            running.send(signal.SIGHUP)
            running.wait_for("checked 1 target:", count=number)
        assert running.end(signal.SIGTERM).code == 0
    assert emulator.capacities() == {("hot", None): (150, 100)}


def add_throttled(emulator: Emulator) -> None:
    """Add a table at half its capacity, of which reads were throttled in one minute some time ago."""
    emulator.add_table("hot", reads=100, writes=100)
    emulator.put_metrics("hot", consumed_reads=50, consumed_writes=50)
    minute = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(minutes=10)
    emulator.put_series("hot", metric="ReadThrottleEvents", sums={minute: 40.0})


def test_a_dry_run_does_not_count(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    program.check(WAITING, "--dry-run")
    program.check(WAITING)
    assert "2 of num-read-checks-before-scale-down 3" in program.check(WAITING).line_of("idle")
    assert emulator.capacities() == {("idle", None): BEFORE}


def test_instances_have_separate_counts(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    for _ in range(2):
        program.check(WAITING)
    other = program.check(WAITING, "--instance", "other")
    assert "1 of num-read-checks-before-scale-down 3" in other.line_of("idle")


def test_only_its_owner_can_read_the_state_file(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    program.check(WAITING)
    kept = [path for path in program.folder.rglob("*") if path.is_file() and path.suffix != ".conf"]
    assert kept
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}


def test_a_check_runs_without_a_state_file(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    program.write("no folder", "blocked")
    blocked = str(program.folder / "blocked")
    run = program.check(everywhere(with_indexes=False), HOME=blocked, XDG_STATE_HOME=blocked)
    assert run.code == 0
    assert emulator.capacities() == {("idle", None): LOWERED}
    assert [warning.split(":")[0] for warning in run.warnings] == [
        "counts are not saved",
        "the status is not saved",
    ]
