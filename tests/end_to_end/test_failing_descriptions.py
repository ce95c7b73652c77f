"""A table or a list that cannot be read does not prevent changes of other tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import (
    ALL,
    BEFORE,
    LIMITS,
    LOWERED,
    RAISED,
    add_busy,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

OTHERS = {("busy", None): RAISED, ("idle", None): LOWERED}


def _add_sick_and_others(emulator: Emulator) -> None:
    for name in ("busy", "sick"):
        add_busy(emulator, name)
    add_idle(emulator)


def test_tables_that_cannot_be_described_fail_alone(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    sick: dict[str, tuple[dict[str, Any], str, int]] = {
        "denied": ({"code": "AccessDeniedException"}, "dynamodb:DescribeTable", 1),
        "gone": ({"code": "ResourceNotFoundException"}, "ResourceNotFoundException", 1),
        "no-message": ({"kind": "bare_error", "code": "Odd#OddException"}, "OddException", 1),
        "html": ({"kind": "html"}, "UnusableAnswer", 5),
        "half-an-answer": ({"kind": "cut_body"}, "UnusableAnswer", 5),
        "server-errors": ({"code": "InternalServerError"}, "InternalServerError", 5),
        "throttling": ({"code": "ThrottlingException"}, "ThrottlingException", 5),
        "reset": ({"kind": "reset"}, "dynamodb:DescribeTable", 5),
    }
    for name, (fault, _, _) in sick.items():
        add_idle(emulator, name)
        emulator.add_fault(action="DescribeTable", table=name, times=None, **fault)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == OTHERS | {(name, None): BEFORE for name in sick}
    attempts = Counter(request.parameters["TableName"] for request in emulator.requests("DescribeTable"))
    assert attempts == {"busy": 1, "idle": 1} | {name: expected for name, (_, _, expected) in sick.items()}
    for name, (_, said, _) in sick.items():
        assert run.line_of(name).startswith(f"ERROR {name}: failed: dynamodb:DescribeTable failed: ")
        assert said in run.line_of(name)


@pytest.mark.parametrize("action", ["DescribeTable", "UpdateTable"])
def test_a_table_that_is_deleted_during_a_check_fails_alone(
    emulator: Emulator, program: Program, action: str
) -> None:
    _add_sick_and_others(emulator)
    emulator.add_fault(
        kind="control", action=action, table="sick", method="remove_table", arguments={"name": "sick"}
    )
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == OTHERS
    assert run.line_of("sick").startswith("ERROR sick: failed: ")
    assert "ResourceNotFoundException" in run.line_of("sick")


def test_plain_names_are_scaled_without_list_tables(emulator: Emulator, program: Program) -> None:
    _add_sick_and_others(emulator)
    emulator.add_fault(action="ListTables", code="AccessDeniedException", times=None)
    run = program.check(f"[default_options]\n{LIMITS}[table: busy]\n[table: ^idle$]\n")
    assert run.code == 0
    assert emulator.capacities() == {**OTHERS, ("sick", None): BEFORE}
    assert len(run.warnings) == 1
    assert "dynamodb:ListTables" in run.warnings[0]


def test_a_regular_expression_without_list_tables_is_a_failure(emulator: Emulator, program: Program) -> None:
    _add_sick_and_others(emulator)
    emulator.add_fault(action="ListTables", code="AccessDeniedException", times=None)
    run = program.check(f"[default_options]\n{LIMITS}[table: busy]\n[table: ^(idle|sick)$]\n")
    assert run.code == 1
    assert updates(emulator) == [("busy", RAISED, {})]
    assert "dynamodb:ListTables" in run.stdout


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"code": "ExpiredTokenException"}, id="expired token"),
        pytest.param({"code": "UnrecognizedClientException"}, id="unknown key"),
        pytest.param({"code": "InvalidSignatureException"}, id="wrong secret or clock"),
    ],
)
def test_refused_credentials_are_one_failure_for_all_targets(
    emulator: Emulator, program: Program, fault: dict[str, Any]
) -> None:
    for name in ("busy", "busier"):
        add_busy(emulator, name)
    emulator.add_fault(times=None, **fault)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {("busy", None): BEFORE, ("busier", None): BEFORE}
    (error,) = (line for line in run.log if line.startswith("ERROR "))
    assert error.startswith(f"ERROR nothing can be checked: dynamodb:ListTables failed: {fault['code']}: ")
    assert [request.action for request in emulator.requests()] == ["ListTables"]


def test_a_passing_error_costs_only_time(emulator: Emulator, program: Program) -> None:
    passing: dict[str, dict[str, Any]] = {
        "server-error": {"code": "InternalServerError"},
        "throttling": {"code": "ThrottlingException"},
        "reset": {"kind": "reset"},
        "html-and-503": {"kind": "html", "status": 503},
        "html-and-200": {"kind": "html"},
    }
    for name, fault in passing.items():
        add_busy(emulator, name)
        for action in ("DescribeTable", "UpdateTable"):
            emulator.add_fault(action=action, table=name, **fault)
    for action, first, second in (
        ("ListTables", "throttling", "html-and-200"),
        ("GetMetricData", "server-error", "reset"),
    ):
        emulator.add_fault(action=action, **passing[first])
        emulator.add_fault(action=action, **passing[second])
    run = program.check(everywhere(with_indexes=False))
    assert (run.code, run.warnings) == (0, [])
    assert emulator.capacities() == {(name, None): RAISED for name in passing}
    assert Counter(request.action for request in emulator.requests()) == {
        "ListTables": 3,
        "DescribeTable": 10 + 4,  # an update whose answer is lost is verified before it is sent again
        "GetMetricData": 3,
        "UpdateTable": 10,
    }
