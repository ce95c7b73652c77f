"""Minutes that CloudWatch has not published yet do not count as idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import BEFORE, LOWERED, RAISED, add_busy, add_idle, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

YOUNG = ("lookback-window-start: 3", "lookback-period: 3")


def _add_steady(emulator: Emulator) -> None:
    emulator.add_table("steady", reads=100, writes=100)
    emulator.put_metrics("steady", consumed_reads=60, consumed_writes=60)


@pytest.mark.parametrize("unpublished_minutes", [0, 1, 2, 3])
def test_missing_recent_minutes_lower_nothing(
    emulator: Emulator, program: Program, unpublished_minutes: int
) -> None:
    _add_steady(emulator)
    emulator.set_publication_delay(unpublished_minutes * 60)
    run = program.check(everywhere(*YOUNG))
    assert run.code == 0
    assert emulator.capacities() == {("steady", None): BEFORE}


def test_rates_are_averaged_over_the_published_minutes(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.set_publication_delay(120)
    run = program.check(everywhere(*YOUNG))
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): LOWERED}
    assert "reads 100 -> 150 (95 % consumed" in run.line_of("busy")
    assert "reads 100 -> 50 (10 % consumed" in run.line_of("idle")


def test_a_window_without_published_minutes_holds_the_target(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.set_publication_delay(240)
    run = program.check(everywhere(*YOUNG, "allow-scaling-down-reads-on-0-percent: true"))
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): BEFORE, ("idle", None): BEFORE}
    assert "consumption is not known yet" in run.line_of("idle")


def test_throttles_raise_while_consumption_is_unknown(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", throttled_reads=600)
    emulator.set_publication_delay(60)
    run = program.check(everywhere(*YOUNG, "throttled-reads-upper-threshold: 10"))
    assert run.code == 0
    assert emulator.capacities() == {("orders", None): (150, 100)}


def test_decreases_wait_and_raises_do_not_while_all_metrics_are_late(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    _add_steady(emulator)
    emulator.set_publication_delay(12 * 60)
    run = program.check(everywhere())
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): BEFORE, ("steady", None): BEFORE}
    assert "CloudWatch is late" in run.line_of("idle")


def test_old_missing_minutes_are_idle_if_other_targets_have_them(
    emulator: Emulator, program: Program
) -> None:
    _add_steady(emulator)
    emulator.add_table("stopped", reads=100, writes=100)
    emulator.put_metrics("stopped", consumed_reads=60, consumed_writes=60, missing=range(-4, 14))
    run = program.check(everywhere())
    assert run.code == 0
    assert emulator.capacities() == {("steady", None): BEFORE, ("stopped", None): LOWERED}
