"""Metrics are requested and decisions made by the time of AWS: a wrong local clock lowers no busy table."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, BEFORE, RAISED, add_busy, everywhere
from tests.end_to_end.in_process import open_check

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

SHORT = everywhere(
    "lookback-window-start: 5",
    "lookback-period: 5",
    "allow-scaling-down-reads-on-0-percent: true",
    "allow-scaling-down-writes-on-0-percent: true",
)
"""The last five minutes count, and nothing consumed in them is a reason to go down."""
WRONG = timedelta(minutes=7)


def set_aws(emulator: Emulator, *, ahead: timedelta) -> None:
    """Set the clock of AWS ahead of this machine's."""
    emulator.set_clock(datetime.now(timezone.utc) + ahead)


def test_a_clock_that_is_minutes_fast_lowers_no_busy_table(emulator: Emulator, program: Program) -> None:
    set_aws(emulator, ahead=-WRONG)
    emulator.add_table("steady", reads=100, writes=100)
    emulator.put_metrics("steady", consumed_reads=60, consumed_writes=60)
    run = program.check(SHORT)
    assert (run.code, emulator.capacities()) == (0, {("steady", None): BEFORE})
    (said,) = [line for line in run.warnings if "clock" in line]
    assert said.startswith("this machine's clock is 4")
    assert said.endswith(
        " s ahead of the dates of AWS's answers: checks use AWS's time; set the clock, because AWS refuses"
        " calls from 5 minutes on"
    )


def test_a_clock_that_is_minutes_slow_sees_the_current_load(emulator: Emulator, program: Program) -> None:
    set_aws(emulator, ahead=WRONG)
    emulator.add_table("grown", reads=100, writes=100)
    emulator.put_metrics("grown", consumed_reads=10, consumed_writes=10)
    emulator.put_metrics("grown", consumed_reads=95, consumed_writes=95, minutes=6)
    run = program.check(SHORT)
    assert (run.code, emulator.capacities()) == (0, {("grown", None): RAISED})
    assert any("behind the dates of AWS's answers" in line for line in run.warnings)


def test_a_clock_that_jumps_during_a_run_lowers_no_busy_table(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.add_table("steady", reads=100, writes=100)
    emulator.put_metrics("steady", consumed_reads=60, consumed_writes=60)
    with open_check(emulator, tmp_path, monkeypatch, SHORT) as check:
        for jump in (timedelta(), WRONG, timedelta(), -WRONG, 2 * WRONG):
            report = check.run(datetime.now(timezone.utc) + jump)
            assert report.failures == 0
    assert emulator.capacities() == {("steady", None): BEFORE}
    asked = [call.parameters["EndTime"] for call in emulator.requests("GetMetricData")]
    assert max(asked) - min(asked) <= 60  # whatever the clock said


@pytest.mark.parametrize(
    "date",
    [
        pytest.param(None, id="none"),
        pytest.param("soon", id="no date"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", id="long ago"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", id="the end of time"),
    ],
)
def test_one_odd_date_changes_nothing(emulator: Emulator, program: Program, date: str | None) -> None:
    add_busy(emulator)
    emulator.add_fault(kind="date", action="ListTables", value=date, times=None)
    run = program.check(everywhere(with_indexes=False))
    assert (run.code, run.warnings, emulator.capacities()) == (0, [], {("busy", None): RAISED})


def test_maintenance_windows_and_counts_use_the_time_of_aws(emulator: Emulator, program: Program) -> None:
    set_aws(emulator, ahead=-WRONG)
    there = emulator.now()
    opens, closes = (f"{there + timedelta(minutes=minutes):%H:%M}" for minutes in (-3, 3))
    emulator.add_table("idle", reads=100, writes=100)
    emulator.put_metrics("idle", consumed_reads=10, consumed_writes=10)
    state = program.folder / "state.json"
    rules = everywhere(f"maintenance-windows: {opens}-{closes}", "num-read-checks-before-scale-down: 2")
    run = program.check(f"[global]\nstate-file: {state}\n{rules}")
    assert emulator.capacities() == {("idle", None): (100, 50)}, run.stdout
    left = json.loads(state.read_text(encoding="utf-8"))
    (checked,) = [text for text in _find_texts(left) if text.startswith("20")]
    assert abs(datetime.fromisoformat(checked) - there) < timedelta(minutes=2)


def test_a_recording_ends_at_the_time_of_aws(emulator: Emulator, program: Program) -> None:
    set_aws(emulator, ahead=-WRONG)
    add_busy(emulator)
    folder = program.folder / "recordings"
    run = program.run("-c", program.write(ALL), "--record", str(folder), "--days", "1")
    assert run.code == 0, run.stderr
    (path,) = folder.glob("busy*.csv")
    last = path.read_text(encoding="utf-8").splitlines()[-1].partition(",")[0]
    ended = emulator.now() - datetime.fromisoformat(last.replace("Z", "+00:00"))
    assert timedelta(minutes=3) < ended < timedelta(minutes=7)


def _find_texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    inside = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for each in inside for text in _find_texts(each)]
