"""Targets of AWS Application Auto Scaling are skipped, and global tables are a warning."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.end_to_end.account import (
    ALL,
    BEFORE,
    LOWERED,
    RAISED,
    actions,
    add_busy,
    add_busy_with_index,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

SKIPPING = f"[global]\nskip-aws-autoscaled: true\n{ALL}"
EVERY_WAY = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")


def _register(emulator: Emulator, table: str, index: str | None = None) -> None:
    for capacity in ("Read", "Write"):
        emulator.register_scalable(table, index, capacity=capacity)


def test_targets_of_aws_autoscaling_are_skipped(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_busy(emulator)
    _register(emulator, "orders", "by-date")
    _register(emulator, "busy")
    run = program.check(SKIPPING)
    assert (run.code, run.warnings) == (0, [])
    assert updates(emulator) == [("orders", RAISED, {})]
    for target in ("busy", "orders/by-date"):
        said = f"INFO {target}: skipped: managed by AWS Application Auto Scaling"
        assert run.line_of(target) == said
    assert actions(emulator).count("DescribeScalableTargets") == 1


def test_a_capacity_that_aws_autoscaling_scales_is_not_changed(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.register_scalable("busy", capacity="Read")
    emulator.register_scalable("idle", capacity="Write")
    run = program.check(
        f"[global]\nskip-aws-autoscaled: true\n{everywhere('always-decrease-rw-together: true')}"
    )
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): (100, 150), ("idle", None): (50, 100)}
    assert "reads 100, not 150" in run.line_of("busy")
    assert "but managed by AWS Application Auto Scaling" in run.line_of("busy")


def test_a_registration_is_ignored_only_if_all_scaling_is_suspended(
    emulator: Emulator, program: Program
) -> None:
    for name, suspended in (("asleep", EVERY_WAY), ("half-asleep", EVERY_WAY[:2])):
        add_busy(emulator, name)
        for capacity in ("Read", "Write"):
            emulator.register_scalable(name, capacity=capacity, suspended=suspended)
    run = program.check(SKIPPING)
    assert run.code == 0
    assert emulator.capacities() == {("asleep", None): RAISED, ("half-asleep", None): BEFORE}


def test_registrations_are_read_to_the_last_page(emulator: Emulator, program: Program) -> None:
    for number in range(60):
        _register(emulator, f"table-{number:02}")
    add_busy(emulator, "table-59")
    assert program.check(SKIPPING).code == 0
    assert emulator.capacities() == {("table-59", None): BEFORE}
    assert actions(emulator).count("DescribeScalableTargets") == 3


def test_registrations_are_not_requested_without_the_option(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    _register(emulator, "busy")
    assert program.check(ALL).code == 0
    assert emulator.capacities() == {("busy", None): RAISED}
    assert "DescribeScalableTargets" not in actions(emulator)


def test_nothing_is_lowered_while_registrations_are_unknown(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.add_fault(action="DescribeScalableTargets", code="AccessDeniedException", times=None)
    with program.start(f"{SKIPPING}", "--check-interval", "1") as running:
        running.wait_for("INFO checked ", count=3)
        emulator.clear_faults()
        running.wait_for("idle: updated: ")
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    assert emulator.capacities()["idle", None] == LOWERED
    errors = [line for line in run.log if line.startswith("ERROR ")]
    assert len(errors) == 1
    assert "(allow application-autoscaling:DescribeScalableTargets in the IAM policy)" in errors[0]
    assert "not known whether AWS Application Auto Scaling manages it" in run.stdout


def test_replicas_of_a_global_table_are_a_warning_once(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator)
    emulator.set_replicas("orders", "eu-west-1", "ap-south-1")
    with program.start(ALL, "--check-interval", "1") as running:
        running.wait_for("INFO checked ", count=3)
        run = running.end(signal.SIGTERM)
    assert run.warnings == [
        "orders is a global table, also in eu-west-1, ap-south-1: scaling its writes here affects all regions"
    ]
