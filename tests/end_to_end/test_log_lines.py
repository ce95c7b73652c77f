"""What a daemon logs about its targets from check to check."""

from __future__ import annotations

import re
import signal
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy, add_idle, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

SLOW_TO_LOWER = everywhere("num-read-checks-before-scale-down: 99", "num-write-checks-before-scale-down: 99")


def about(name: str, log: list[str]) -> list[str]:
    """Return the level and the outcome of each line about a target."""
    found = [re.match(rf"([A-Z]+ {name}: \w+): ", line) for line in log]
    return [one[1] for one in found if one]


def test_a_daemon_logs_what_is_new_and_remembers_it_across_a_reload(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    with program.start(SLOW_TO_LOWER, *SOON) as running:
        running.wait_for("2 unchanged", count=2)
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        done = len(running.wait_for("INFO checked "))
        running.wait_for("INFO checked ", count=done + 2)
        run = running.end(signal.SIGTERM)
    assert about("busy", run.log) == ["INFO busy: updated", "INFO busy: unchanged"]
    assert about("idle", run.log) == ["INFO idle: unchanged"]
    assert run.log.count("INFO [table: .*] applies to busy, idle") == 2


def test_log_unchanged_always_logs_each_target_at_each_check(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    rules = f"[logging]\nlog-unchanged: always\n{SLOW_TO_LOWER}"
    with program.start(rules, *SOON) as running:
        running.wait_for("INFO checked ", count=3)
        run = running.end(signal.SIGTERM)
    assert len(about("idle", run.log)) == len([line for line in run.log if line.startswith("INFO checked ")])


def test_debug_shows_unchanged_targets_their_sums_and_the_calls(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    with program.start(SLOW_TO_LOWER, *SOON, "--log-level", "debug") as running:
        running.wait_for("INFO checked ", count=2)
        run = running.end(signal.SIGTERM)
    assert about("idle", run.log)[:2] == ["INFO idle: unchanged", "DEBUG idle: unchanged"]
    evidence = next(line for line in run.log if line.startswith("DEBUG idle: section "))
    assert re.fullmatch(
        r"DEBUG idle: section \[table: \.\*\]; window of 5 min from \d{4}-\d\d-\d\d \d\d:\d\d\+0000;"
        r" reads consumed 3000 in the first 5 min; writes consumed 3000 in the first 5 min",
        evidence,
    )
    call = r"DEBUG dynamodb:DescribeTable of idle succeeded in \d\.\d{3} s, request id \S+"
    assert [line for line in run.log if re.fullmatch(call, line)] != []


def test_a_failure_and_its_end_are_logged_once(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    emulator.add_fault(code="AccessDeniedException", action="DescribeTable", times=None)
    with program.start(ALL, *SOON) as running:
        running.wait_for("1 failed", count=3)
        emulator.clear_faults()
        running.wait_for("busy: updated")
        run = running.end(signal.SIGTERM)
    assert about("busy", run.log)[:2] == ["ERROR busy: failed", "INFO busy: updated"]
    assert run.log.count("INFO recovered: busy") == 1


@pytest.mark.parametrize(
    ("zone", "hours", "mark"),
    [
        pytest.param("UTC", 0, "+0000", id="UTC"),
        pytest.param("XYZ-5:30", 5.5, "+0530", id="ahead of UTC"),
        pytest.param("XYZ8", -8, "-0800", id="behind UTC"),
    ],
)
def test_a_line_and_the_hour_in_its_sentence_are_in_the_zone_of_the_machine(
    emulator: Emulator, program: Program, zone: str, hours: float, mark: str
) -> None:
    add_idle(emulator)
    last = datetime.now(timezone.utc) - timedelta(minutes=5)
    emulator.set_decreases("idle", today=4, last=last)
    run = program.check(ALL, TZ=zone)
    (line,) = [one for one in run.stdout.splitlines() if " idle: unchanged" in one]
    written = datetime.strptime(line[:24], "%Y-%m-%d %H:%M:%S%z")
    assert written.utcoffset() == timedelta(hours=hours)
    midnight = last.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    possible = min(last + timedelta(hours=1), midnight).astimezone(written.tzinfo)
    shown = f"{possible:%H:%M} UTC" if mark == "+0000" else f"{possible:%H:%M}{mark}"
    assert f"AWS allows the next at {shown})" in line
