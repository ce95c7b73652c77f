"""An index without a section can throttle the writes of its table; the log then names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.account import LIMITS

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

RULES = f"[table: ^orders$]\n{LIMITS}throttled-writes-upper-threshold: 10\n"
BARE = "no section matches orders/by-date: not scaled; an index with too few write units throttles"


def add_pressed(emulator: Emulator) -> None:
    """Add a table at 20 % whose writes are throttled, and its index of few write units."""
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": (100, 20)})
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=20, throttled_writes=600)


def test_a_raise_by_throttling_at_low_use_names_the_index(emulator: Emulator, program: Program) -> None:
    add_pressed(emulator)
    run = program.check(RULES)
    assert run.code == 0
    assert emulator.capacities()["orders", None] == (100, 150)
    (doubt,) = run.warnings
    assert doubt.startswith(
        "orders: writes are raised because of throttling, although only 20 % are consumed: more capacity may"
    )
    assert "(by-date with 20 write units, no section)" in doubt
    assert [BARE in line for line in run.log if "no section matches" in line] == [True]


def test_a_daemon_names_an_index_without_a_section_once(emulator: Emulator, program: Program) -> None:
    add_pressed(emulator)
    with program.start(RULES, "--check-interval", "1") as running:
        running.wait_for("checked 1 target:", count=3)
        lines = running.wait_for("no section matches")
    assert len(lines) == 1
    assert lines[0].startswith(f"INFO {BARE}")


def test_explain_says_which_indexes_are_not_scaled(program: Program) -> None:
    explained = program.run("-c", program.write(RULES), "--explain", "orders").stdout
    assert "  its indexes (no section matches them) are not scaled; an index with too few" in explained
