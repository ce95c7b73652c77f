"""An update that AWS refuses is a failure of its target alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import (
    ALL,
    BEFORE,
    LOWERED,
    RAISED,
    add_busy,
    add_busy_with_index,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


def test_tables_whose_updates_are_refused_fail_alone(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    sick: dict[str, tuple[dict[str, Any], str]] = {
        "denied": ({"code": "AccessDeniedException"}, "dynamodb:UpdateTable"),
        "no-message": ({"kind": "bare_error", "code": "OddException"}, "OddException"),
        "server-errors": ({"code": "InternalServerError"}, "InternalServerError"),
        "html": ({"kind": "html"}, "UnusableAnswer"),
        "gone": ({"code": "ResourceNotFoundException"}, "ResourceNotFoundException"),
    }
    for name, (fault, _) in sick.items():
        add_busy(emulator, name)
        emulator.add_fault(action="UpdateTable", table=name, times=None, **fault)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {
        ("busy", None): RAISED,
        ("idle", None): LOWERED,
        **{(name, None): BEFORE for name in sick},
    }
    for name, (_, said) in sick.items():
        assert run.line_of(name).startswith(f"ERROR {name}: failed: ")
        assert said in run.line_of(name)


@pytest.mark.parametrize("kind", ["html", "cut_body", "reset"])
def test_an_update_whose_answer_was_lost_is_not_sent_twice(
    emulator: Emulator, program: Program, kind: str
) -> None:
    add_busy(emulator)
    emulator.set_update_seconds(300)
    emulator.add_fault(action="UpdateTable", kind=kind, applied=True, times=1)
    program.check(ALL)
    assert emulator.capacities() == {("busy", None): RAISED}
    assert [request.applied for request in emulator.requests("UpdateTable")].count(True) == 1


def test_a_table_is_raised_though_its_index_was_deleted(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    emulator.add_fault(
        kind="control",
        action="UpdateTable",
        method="remove_index",
        arguments={"table": "orders", "index": "by-date"},
    )
    run = program.check(ALL)
    assert run.code == 1
    assert updates(emulator) == [("orders", RAISED, {"by-date": RAISED}), ("orders", RAISED, {})]
    assert emulator.capacities() == {("orders", None): RAISED}
    assert "orders: updated: reads 100 -> 150" in run.line_of("orders")
    assert run.line_of("orders/by-date").startswith("ERROR orders/by-date: failed: ")


def test_a_table_is_raised_though_its_index_is_updating(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    emulator.add_fault(
        kind="control",
        action="UpdateTable",
        method="set_status",
        arguments={"table": "orders", "index": "by-date", "status": "UPDATING"},
    )
    run = program.check(ALL)
    assert run.code == 1
    assert updates(emulator) == [("orders", RAISED, {"by-date": RAISED}), ("orders", RAISED, {})]
    assert emulator.capacities() == {("orders", None): RAISED, ("orders", "by-date"): BEFORE}


def test_an_update_refused_without_a_known_reason_is_split(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    # The whole, once more the whole, the table alone (taken), the index alone
    emulator.add_fault(action="UpdateTable", code="ValidationException", times=2)
    emulator.add_fault(action="UpdateTable", code="ValidationException", after=3, times=None)
    run = program.check(ALL)
    assert run.code == 1
    whole = ("orders", RAISED, {"by-date": RAISED})
    assert updates(emulator) == [whole, whole, ("orders", RAISED, {}), ("orders", None, {"by-date": RAISED})]
    assert emulator.capacities() == {("orders", None): RAISED, ("orders", "by-date"): BEFORE}
    assert "orders: updated: reads 100 -> 150" in run.line_of("orders")
    assert "ValidationException" in run.line_of("orders/by-date")


def test_other_targets_are_raised_when_one_exceeds_the_limit_of_the_account(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": (200, 200)})
    emulator.put_metrics("orders", consumed_reads=95, consumed_writes=95)
    emulator.put_metrics("orders", "by-date", consumed_reads=195, consumed_writes=195)
    emulator.set_limits(table_maximum=250)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {("orders", None): RAISED, ("orders", "by-date"): (200, 200)}
    assert "LimitExceededException" in run.line_of("orders/by-date")


def test_other_targets_of_the_table_are_raised_when_one_exceeds_the_limit(
    emulator: Emulator, program: Program
) -> None:
    indexes = [f"by-{number}" for number in range(3)]
    emulator.add_table("orders", reads=200, writes=200, gsis=dict.fromkeys(indexes, (100, 100)))
    emulator.put_metrics("orders", consumed_reads=195, consumed_writes=195)
    for index in indexes:
        emulator.put_metrics("orders", index, consumed_reads=95, consumed_writes=95)
    emulator.set_limits(table_maximum=250)
    emulator.set_update_seconds(300)
    run = program.check(ALL)
    assert run.code == 1
    emulator.finish_updates()
    expected: dict[tuple[str, str | None], tuple[int, int]] = {("orders", None): (200, 200)}
    expected |= {("orders", index): (150, 150) for index in indexes}
    assert emulator.capacities() == expected
    assert "LimitExceededException" in run.line_of("orders")


def test_an_index_whose_update_was_lost_is_not_reported_as_changed(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": BEFORE})
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50)
    emulator.put_metrics("orders", "by-date", consumed_reads=95, consumed_writes=95)
    busy = {"table": "orders", "status": "UPDATING"}
    emulator.add_fault(kind="control", action="UpdateTable", method="set_status", arguments=busy, times=1)
    emulator.add_fault(kind="reset", action="UpdateTable", times=1)
    run = program.check(ALL)
    assert run.code == 1
    assert run.line_of("orders/by-date").startswith("ERROR orders/by-date: failed: ")
    assert emulator.capacities()["orders", "by-date"] == BEFORE


def test_updates_beyond_the_limit_wait_for_those_under_way(emulator: Emulator, program: Program) -> None:
    names = [f"table-{number}" for number in range(8)]
    for name in names:
        add_busy(emulator, name)
    emulator.set_limits(simultaneous_updates=5)
    emulator.set_update_seconds(0.5)
    run = program.check(everywhere(with_indexes=False))
    assert (run.code, run.warnings) == (0, [])
    assert set(emulator.capacities().values()) == {RAISED}


def test_updates_beyond_the_limit_of_aws_all_succeed(emulator: Emulator, impatient: Program) -> None:
    names = [f"table-{number}" for number in range(8)]
    for name in names:
        add_busy(emulator, name)
    emulator.set_limits(simultaneous_updates=5)
    emulator.set_update_seconds(300)
    run = impatient.check(ALL)
    assert run.code == 1
    assert sorted(emulator.capacities().values()) == [BEFORE] * 3 + [RAISED] * 5
    assert sum("LimitExceededException" in line for line in run.log) == 3
