"""Missing metrics never lower anything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

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


def test_only_targets_without_metrics_are_held(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    sick: dict[str, dict[str, Any]] = {
        "internal-error": {"kind": "metric_status", "metric_status": "InternalError"},
        "forbidden": {"kind": "metric_status", "metric_status": "Forbidden"},
        "cut-short": {"kind": "metric_status", "metric_status": "PartialData"},
        "no-result": {"kind": "missing_results"},
        "no-result-for-one-metric": {"kind": "missing_results", "metric": "ConsumedReadCapacityUnits"},
    }
    for name, fault in sick.items():
        add_idle(emulator, name)
        emulator.add_fault(table=name, times=None, **fault)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {
        ("busy", None): RAISED,
        ("idle", None): LOWERED,
        **{(name, None): BEFORE for name in sick},
    }
    for name in sick:
        failed = f"ERROR {name}: failed: no metrics: cloudwatch:GetMetricData"
        assert run.line_of(name).startswith(failed)


def test_an_index_without_metrics_does_not_hold_its_table(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    emulator.add_fault(
        kind="metric_status", metric_status="InternalError", table="orders", index="by-date", times=None
    )
    run = program.check(ALL)
    assert run.code == 1
    assert updates(emulator) == [("orders", RAISED, {})]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "html"}, id="a page of HTML"),
        pytest.param({"kind": "cut_body"}, id="half an answer"),
        pytest.param({"kind": "short_body"}, id="an answer that breaks off"),
    ],
)
def test_an_unusable_answer_is_retried(emulator: Emulator, program: Program, fault: dict[str, Any]) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.add_fault(action="GetMetricData", times=1, **fault)
    run = program.check(ALL)
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): LOWERED}
    assert len(emulator.requests("GetMetricData")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"code": "InternalServiceFault"}, id="server errors"),
        pytest.param({"code": "ExpiredToken"}, id="expired token"),
    ],
)
def test_without_cloudwatch_nothing_is_changed(
    emulator: Emulator, program: Program, fault: dict[str, Any]
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    emulator.add_fault(action="GetMetricData", times=None, **fault)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {("busy", None): BEFORE, ("idle", None): BEFORE}
    for target in ("busy", "idle"):
        assert run.line_of(target).startswith(f"ERROR {target}: failed: no metrics")


def test_without_get_metric_data_the_older_call_is_used(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator)
    emulator.add_fault(action="GetMetricData", code="AccessDenied", times=None)
    run = program.check(everywhere("lookback-period: 6"))
    assert run.code == 0
    assert emulator.capacities() == {
        ("idle", None): LOWERED,
        ("orders", None): RAISED,
        ("orders", "by-date"): RAISED,
    }
    assert Counter(actions(emulator)) == {
        "ListTables": 1,
        "DescribeTable": 2,
        "GetMetricData": 1,
        "GetMetricStatistics": 3 * 2,
        "UpdateTable": 2,
    }
    assert len(run.warnings) == 1
    assert "cloudwatch:GetMetricData" in run.warnings[0]


def test_the_older_call_is_split_if_a_window_has_more_minutes_than_it_returns(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("orders", reads=100, writes=100)
    emulator.put_metrics("orders", consumed_reads=60, consumed_writes=95, minutes=1_600)
    emulator.add_fault(action="GetMetricData", code="AccessDenied", times=None)
    run = program.check(everywhere("lookback-window-start: 1500", "lookback-period: 1500"))
    assert run.code == 0
    assert emulator.capacities() == {("orders", None): (100, 150)}
    assert emulator.count_requests()["GetMetricStatistics"] == 2 * 2
    assert "60 % consumed" in run.line_of("orders")


def test_without_any_permission_for_metrics_nothing_is_changed(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    for action in ("GetMetricData", "GetMetricStatistics"):
        emulator.add_fault(action=action, code="AccessDenied", times=None)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {("busy", None): BEFORE, ("idle", None): BEFORE}
    assert "cloudwatch:GetMetricStatistics" in run.line_of("idle")


def test_a_failed_series_of_the_older_call_holds_only_its_target(
    emulator: Emulator, program: Program
) -> None:
    for name in ("idle", "sick"):
        add_idle(emulator, name)
    emulator.add_fault(action="GetMetricData", code="AccessDenied", times=None)
    emulator.add_fault(action="GetMetricStatistics", table="sick", code="ValidationError", after=1, times=1)
    run = program.check(ALL)
    assert run.code == 1
    assert emulator.capacities() == {("idle", None): LOWERED, ("sick", None): BEFORE}
