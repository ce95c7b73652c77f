"""Every table and index belongs to the first section that matches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import HARD_EXPRESSION, HARD_NAME
from tests.end_to_end.account import BEFORE, LIMITS, RAISED, add_busy, add_busy_with_index, updates

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

DEFAULTS = f"[default_options]\n{LIMITS}"


@pytest.mark.parametrize(
    ("sections", "title"),
    [
        pytest.param("[table: ^gone$]\n[table: busy]\n", "[table: ^gone$]", id="no such table"),
        pytest.param("[table: busy]\n[table: us]\n", "[table: us]", id="matched from the start only"),
        pytest.param(
            "[table: busy]\n[gsi: by-date table: busy]\n", "[gsi: by-date table: busy]", id="no such index"
        ),
    ],
)
def test_a_section_that_matches_nothing_is_one_warning_and_not_a_failure(
    emulator: Emulator, program: Program, sections: str, title: str
) -> None:
    add_busy(emulator)
    run = program.check(DEFAULTS + sections)
    assert run.code == 0
    assert len(run.warnings) == 1
    assert title in run.warnings[0]
    assert emulator.capacities() == {("busy", None): RAISED}


def test_the_first_table_section_that_matches_wins(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    run = program.check(
        f"{DEFAULTS}[table: ^ord]\nincrease-reads-with: 10\n[table: orders]\nincrease-reads-with: 90\n"
    )
    assert run.code == 0
    assert updates(emulator) == [("orders", (110, 150), {})]


def test_an_index_that_matches_two_sections_belongs_to_the_first(
    emulator: Emulator, program: Program
) -> None:
    add_busy_with_index(emulator)
    run = program.check(
        f"{DEFAULTS}[table: orders]\n"
        "[gsi: ^by table: orders]\nincrease-reads-with: 10\n"
        "[gsi: .*date table: orders]\nincrease-reads-with: 90\n"
    )
    assert run.code == 0
    assert updates(emulator) == [("orders", RAISED, {"by-date": (110, 150)})]
    assert len(run.warnings) == 1
    for part in ("orders/by-date", "^by", ".*date"):
        assert part in run.warnings[0]


@pytest.mark.parametrize("with_index", [False, True], ids=["a table", "an index"])
def test_a_name_that_takes_too_long_to_match_fails_alone(
    emulator: Emulator,
    program: Program,
    with_index: bool,  # noqa: FBT001 - a case
) -> None:
    add_busy(emulator)
    names = ("hard", HARD_NAME) if with_index else (HARD_NAME, None)
    emulator.add_table(names[0], reads=100, writes=100, gsis={names[1]: (100, 100)} if names[1] else {})
    slow = (
        f"[table: hard]\n[gsi: {HARD_EXPRESSION} table: hard]\n"
        if with_index
        else f"[table: {HARD_EXPRESSION}]\n"
    )
    run = program.check(f"{DEFAULTS}{slow}[table: .*]\n")
    assert run.code == 1
    assert emulator.capacities()["busy", None] == RAISED
    assert emulator.capacities()[names] == BEFORE
    target = "/".join(name for name in names if name)
    title = f"gsi: {HARD_EXPRESSION} table: hard" if with_index else f"table: {HARD_EXPRESSION}"
    assert f"[{title}] takes too long to match this name" in run.line_of(target)


def test_expressions_with_catastrophic_backtracking_do_not_hold_up_a_check(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    for name in ("-" * 255, "customer-relationship-management-2024_archive.v2-orders"):
        emulator.add_table(name, reads=100, writes=100)
    run = program.check(
        f"{DEFAULTS}[table: ^.*-.*-.*-.*-.*-prod$]\n[table: ^([a-z0-9]+[-_]?)*-orders$]\n[table: busy]\n"
    )
    assert run.code == 0
    assert updates(emulator) == [("busy", RAISED, {})]


def test_sections_of_another_table_do_not_apply_to_an_index(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator, "orders")
    add_busy_with_index(emulator, "items")
    program.check(f"{DEFAULTS}[table: ^orders$]\n[gsi: .* table: ^orders$]\n[table: ^items$]\n")
    assert emulator.capacities() == {
        ("items", None): RAISED,
        ("items", "by-date"): BEFORE,
        ("orders", None): RAISED,
        ("orders", "by-date"): RAISED,
    }


def test_an_index_inherits_the_defaults_but_not_its_tables_section(
    emulator: Emulator, program: Program
) -> None:
    add_busy_with_index(emulator)
    program.check(
        f"{DEFAULTS}increase-writes-with: 20\n"
        "[table: orders]\nincrease-reads-with: 10\n[gsi: by-date table: orders]\n"
    )
    assert updates(emulator) == [("orders", (110, 120), {"by-date": (150, 120)})]
