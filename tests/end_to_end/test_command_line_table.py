"""A table can be configured by flags alone, without a file."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import BEFORE, LIMITS, RAISED, add_busy, updates

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

MANUAL = """\
dynamic-dynamodb --table-name my-table \\
  --reads-upper-threshold 90 \\
  --reads-lower-threshold 30 \\
  --increase-reads-with 50 \\
  --decrease-reads-with 40 \\
  --writes-upper-threshold 90 \\
  --writes-lower-threshold 40 \\
  --increase-writes-with 40 \\
  --decrease-writes-with 70 \\
  --check-interval 300
"""
"""The command of the manual of 2.5.1, chapter 13."""
FLAGS = ("--max-provisioned-reads", "1000", "--max-provisioned-writes", "1000")


def test_the_command_in_the_manual_works(emulator: Emulator, program: Program) -> None:
    emulator.add_table("my-table", reads=100, writes=100)
    emulator.put_metrics("my-table", consumed_reads=95, consumed_writes=20)
    _, *arguments = shlex.split(MANUAL.replace("\\\n", ""))
    run = program.run(*arguments, "--run-once")
    assert run.code == 0
    assert updates(emulator) == [("my-table", (150, 30), {})]
    assert [warning for warning in run.warnings if "max-provisioned-reads" in warning]
    assert [warning for warning in run.warnings if "max-provisioned-writes" in warning]


@pytest.mark.parametrize(
    ("pattern", "raised"),
    [
        pytest.param("orders", {"orders", "orders-2"}, id="a name matches from the start"),
        pytest.param("^orders$", {"orders"}, id="anchors"),
        pytest.param(".*orders", {"orders", "orders-2", "old-orders"}, id="an expression"),
    ],
)
def test_the_flag_takes_a_regular_expression(
    emulator: Emulator, program: Program, pattern: str, raised: set[str]
) -> None:
    names = {"orders", "orders-2", "old-orders", "items"}
    for name in names:
        add_busy(emulator, name)
    run = program.run("-t", pattern, *FLAGS, "--run-once")
    assert (run.code, run.warnings) == (0, [])
    assert emulator.capacities() == {(name, None): RAISED if name in raised else BEFORE for name in names}


def test_the_flag_replaces_the_tables_of_the_file(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "of-the-file")
    add_busy(emulator, "of-the-flag")
    run = program.check(
        f"[global]\nregion: eu-west-1\n[table: .*]\nincrease-reads-with: 10\n{LIMITS}",
        "-t",
        "of-the-flag",
        *FLAGS,
    )
    assert run.code == 0
    assert updates(emulator) == [("of-the-flag", RAISED, {})]
    assert {request.region for request in emulator.requests()} == {"eu-west-1"}


def test_scaling_flags_without_a_table_have_no_effect_and_are_named(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    run = program.check(
        f"[table: busy]\n{LIMITS}", "--increase-reads-with", "10", "--reads-upper-threshold", "99"
    )
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert len(run.warnings) == 1
    for part in ("--increase-reads-with", "--reads-upper-threshold", "--table-name"):
        assert part in run.warnings[0]
