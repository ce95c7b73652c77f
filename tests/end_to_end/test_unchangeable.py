"""A target that cannot be changed now is held with a reason, and is not a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.account import (
    ALL,
    RAISED,
    add_busy,
    add_busy_with_index,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


def test_a_table_billed_on_demand_is_skipped_with_its_indexes(emulator: Emulator, program: Program) -> None:
    emulator.add_table("sessions", on_demand=True, gsis={"by-user": (0, 0)})
    emulator.put_metrics("sessions", consumed_reads=95, consumed_writes=95, throttled_reads=500)
    add_busy(emulator)
    run = program.check(everywhere("throttled-reads-upper-threshold: 1"))
    assert run.code == 0
    assert updates(emulator) == [("busy", RAISED, {})]
    for target in ("sessions", "sessions/by-user"):
        assert run.line_of(target).startswith(f"INFO {target}: skipped: billed on demand")


def test_a_table_that_is_not_active_is_held_with_its_indexes(emulator: Emulator, program: Program) -> None:
    statuses = ("UPDATING", "CREATING", "DELETING", "ARCHIVED")
    for status in statuses:
        add_busy_with_index(emulator, status.lower())
        emulator.set_status(status.lower(), status=status)
    add_busy(emulator)
    run = program.check(ALL)
    assert run.code == 0
    assert updates(emulator) == [("busy", RAISED, {})]
    for status in statuses:
        assert f"table is {status}" in run.line_of(status.lower())
        assert f"its table is {status}" in run.line_of(f"{status.lower()}/by-date")


def test_an_index_that_is_not_active_does_not_hold_its_table(emulator: Emulator, program: Program) -> None:
    statuses = ("UPDATING", "CREATING", "DELETING")
    for status in statuses:
        add_busy_with_index(emulator, status.lower())
        emulator.set_status(status.lower(), "by-date", status=status)
    run = program.check(ALL)
    assert run.code == 0
    assert sorted(updates(emulator)) == sorted((status.lower(), RAISED, {}) for status in statuses)
    for status in statuses:
        assert f"GSI is {status}" in run.line_of(f"{status.lower()}/by-date")


def test_a_table_with_an_update_under_way_is_held(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    emulator.set_update_seconds(300)
    first, second = program.check(ALL), program.check(ALL)
    assert (first.code, second.code) == (0, 0)
    assert updates(emulator) == [("orders", RAISED, {"by-date": RAISED})]
    assert "table is UPDATING" in second.line_of("orders")
    assert "GSI is UPDATING" in second.line_of("orders/by-date")


def test_an_account_without_tables_is_not_a_failure(emulator: Emulator, program: Program) -> None:
    run = program.check(ALL)
    assert run.code == 0
    assert [request.action for request in emulator.requests()] == ["ListTables"]
