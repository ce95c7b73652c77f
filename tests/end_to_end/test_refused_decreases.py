"""A decrease that AWS does not allow now never prevents a raise, and is not a failure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from tests.end_to_end.account import ALL, BEFORE, LOWERED, RAISED, add_busy, add_idle, updates

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


def _add_up_and_down(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=95, consumed_writes=10)


def _next_decrease(last: datetime) -> str:
    midnight = datetime.combine(last.date() + timedelta(days=1), datetime.min.time(), timezone.utc)
    return f"{min(last + timedelta(hours=1), midnight):%H:%M}"


def test_after_a_refused_update_only_the_raises_are_sent(emulator: Emulator, program: Program) -> None:
    _add_up_and_down(emulator)
    emulator.add_fault(action="UpdateTable", code="LimitExceededException", times=1)
    run = program.check(ALL)
    assert run.code == 0
    assert updates(emulator) == [("orders", (150, 50), {}), ("orders", (150, 100), {})]
    assert emulator.capacities() == {("orders", None): (150, 100)}
    assert "orders: updated: reads 100 -> 150" in run.line_of("orders")
    assert "writes 100, not 50" in run.line_of("orders")


def test_a_refused_decrease_is_not_sent_again(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    add_busy(emulator)
    emulator.add_fault(action="UpdateTable", table="idle", code="LimitExceededException", times=None)
    run = program.check(ALL)
    assert run.code == 0
    assert sorted(call[0] for call in updates(emulator)) == ["busy", "idle"]
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): BEFORE}
    assert "LimitExceededException" in run.line_of("idle")


def test_a_decrease_beyond_the_budget_is_left_out(emulator: Emulator, program: Program) -> None:
    _add_up_and_down(emulator)
    last = emulator.now()
    emulator.set_decreases("orders", today=4, last=last)
    run = program.check(ALL)
    assert run.code == 0
    assert updates(emulator) == [("orders", (150, 100), {})]
    assert f"next at {_next_decrease(last)} UTC" in run.line_of("orders")


def test_a_decrease_beyond_the_budget_alone_sends_no_update(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    last = emulator.now()
    emulator.set_decreases("idle", today=7, last=last)
    run = program.check(ALL)
    assert run.code == 0
    assert updates(emulator) == []
    assert f"next at {_next_decrease(last)} UTC" in run.line_of("idle")


def test_a_decrease_within_the_budget_is_made(emulator: Emulator, program: Program) -> None:
    for name in ("third", "hour-ago", "yesterday"):
        add_idle(emulator, name)
    now = emulator.now()
    emulator.set_decreases("third", today=3, last=now)
    emulator.set_decreases("hour-ago", today=9, last=now - timedelta(minutes=61))
    emulator.set_decreases("yesterday", today=9, last=now - timedelta(days=1))
    run = program.check(ALL)
    assert run.code == 0
    assert set(emulator.capacities().values()) == {LOWERED}


def test_an_index_has_a_budget_of_its_own(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": (100, 100), "by-user": (100, 100)})
    for index in (None, "by-date", "by-user"):
        emulator.put_metrics("orders", index, consumed_reads=10, consumed_writes=10)
    emulator.set_decreases("orders", "by-date", today=4)
    run = program.check(ALL)
    assert run.code == 0
    assert updates(emulator) == [("orders", LOWERED, {"by-user": LOWERED})]
    assert "next at" in run.line_of("orders/by-date")
