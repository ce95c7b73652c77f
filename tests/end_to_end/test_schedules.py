"""Schedules on the running program: by AWS's time, with every command that shows them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.end_to_end.account import LIMITS

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

BERLIN = ZoneInfo("Europe/Berlin")
EVENT = """\
[schedule: event]
times: {times}
time-zone: Europe/Berlin
[table: ^orders$]
{limits}
[table: ^orders$ during: event]
min-provisioned-reads: 400
"""


def write_event(begin: datetime, end: datetime) -> str:
    """Return a configuration with an event between two moments, by the clock in Berlin."""
    first, last = begin.astimezone(BERLIN), end.astimezone(BERLIN)
    times = f"{first:%Y-%m-%d %H:%M}-{last:%H:%M}"
    return EVENT.format(times=times, limits=LIMITS)


def test_an_open_schedule_raises_by_the_time_of_aws(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50)
    now = datetime.now(timezone.utc)
    text = write_event(now + timedelta(minutes=2), now + timedelta(minutes=30))
    before = program.check(text)
    assert (before.code, emulator.capacities()) == (0, {("orders", None): (100, 100)})
    emulator.set_clock(now + timedelta(minutes=4))
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50)
    during = program.check(text)
    assert (during.code, emulator.capacities()) == (0, {("orders", None): (400, 100)})
    assert "100 is below min-provisioned-reads 400 while schedule event is open" in during.line_of("orders")


def test_check_config_and_explain_show_schedules(program: Program) -> None:
    path = program.write(EVENT.format(times="Mon-Fri 07:30-20:30", limits=LIMITS))
    checked = program.run("-c", path, "--check-config")
    assert checked.code == 0
    (line,) = [line for line in checked.stdout.splitlines() if line.startswith("schedule event is ")]
    assert " Europe/Berlin, and " in line
    explained = program.run("-c", path, "--explain", "orders", "--at", "2026-12-24 18:00 Europe/Berlin")
    assert explained.code == 0
    assert (
        "  [table: ^orders$ during: event] is open on Thu 2026-12-24 18:00 Europe/Berlin,"
        " and closes on Thu 2026-12-24 20:31 Europe/Berlin"
    ) in explained.stdout.splitlines()
    assert "schedule event is " not in explained.stdout  # which is for now
    (minimum,) = [line for line in explained.stdout.splitlines() if "min-provisioned-reads" in line]
    assert minimum.split() == [
        "min-provisioned-reads",
        "400",
        "units",
        "[table:",
        "^orders$",
        "during:",
        "event]",
    ]


def test_explain_without_at_shows_what_holds_now(program: Program) -> None:
    path = program.write(EVENT.format(times="*", limits=LIMITS))
    explained = program.run("-c", path, "--explain", "orders")
    assert "min-provisioned-reads" in explained.stdout
    assert "400 units" in explained.stdout
    assert "and never closes" in explained.stdout


def test_an_event_of_the_past_is_a_warning_and_the_program_starts(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50)
    run = program.check(EVENT.format(times="2020-01-01", limits=LIMITS))
    assert (run.code, emulator.capacities()) == (0, {("orders", None): (100, 100)})
    assert any("[schedule: event] has ended on 2020-01-01" in line for line in run.warnings)


def test_at_without_explain_is_refused(program: Program) -> None:
    run = program.run("-c", program.write(f"[table: ^a$]\n{LIMITS}"), "--at", "2026-12-24 18:00")
    assert (run.code, "--at requires --explain" in run.stderr) == (2, True)
