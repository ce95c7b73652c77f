"""A check makes as few calls as AWS allows."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import (
    ALL,
    LIMITS,
    RAISED,
    actions,
    add_busy,
    add_busy_with_index,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator, LoggedRequest
    from tests.end_to_end.program import Program


def test_a_check_describes_each_table_once_and_gets_all_metrics_in_one_call(
    emulator: Emulator, program: Program
) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator)
    emulator.add_table("steady", reads=100, writes=100)
    emulator.put_metrics("steady", consumed_reads=50, consumed_writes=50)
    assert program.check(ALL).code == 0
    assert actions(emulator) == [
        "ListTables",
        *["DescribeTable"] * 3,
        "GetMetricData",
        *["UpdateTable"] * 2,
    ]
    assert emulator.count_metrics() == 4 * 2


def test_tables_that_no_section_matches_cost_no_call(emulator: Emulator, program: Program) -> None:
    add_busy(emulator, "orders")
    add_busy(emulator, "other")
    assert program.check(f"[table: orders]\n{LIMITS}").code == 0
    described = [request.parameters for request in emulator.requests("DescribeTable")]
    assert described == [{"TableName": "orders"}]
    assert emulator.capacities() == {("orders", None): RAISED, ("other", None): (100, 100)}


def test_another_look_back_window_costs_one_more_call(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_busy(emulator)
    assert program.check(f"{ALL}lookback-window-start: 10\n").code == 0
    assert Counter(actions(emulator)) == {
        "ListTables": 1,
        "DescribeTable": 2,
        "GetMetricData": 2,
        "UpdateTable": 2,
    }
    spans = sorted(
        (len(call.parameters["MetricDataQueries"]), _minutes(call.parameters))
        for call in emulator.requests("GetMetricData")
    )
    assert spans == [(2, 5), (4, 5)]


@pytest.mark.parametrize(
    ("tables", "lists", "metric_calls"),
    [
        pytest.param(101, 2, 1, id="one table more than a page"),
        pytest.param(250, 3, 1, id="as many targets as one metric call takes"),
        pytest.param(251, 3, 2, id="three pages and two metric calls"),
    ],
)
def test_many_tables_are_listed_page_by_page_and_measured_in_batches(
    emulator: Emulator, program: Program, tables: int, lists: int, metric_calls: int
) -> None:
    names = [f"table-{number:03}" for number in range(tables)]
    for name in names:
        emulator.add_table(name, reads=100, writes=100)
        emulator.put_metrics(name, consumed_reads=50, consumed_writes=50)
    emulator.put_metrics(names[-1], consumed_reads=95, consumed_writes=95)
    run = program.check(f"[table: ^t]\n{LIMITS}")
    assert run.code == 0
    assert Counter(actions(emulator)) == {
        "ListTables": lists,
        "DescribeTable": tables,
        "GetMetricData": metric_calls,
        "UpdateTable": 1,
    }
    assert updates(emulator) == [(names[-1], RAISED, {})]


RECOMMENDED = """\
lookback-window-start: 5
reads-target-utilization: 85
writes-target-utilization: 85
reads-upper-threshold: 95
writes-upper-threshold: 95
reads-lower-threshold: 75
writes-lower-threshold: 75
throttled-reads-upper-threshold: 1
throttled-writes-upper-threshold: 1
"""
READS_ONLY = "enable-writes-autoscaling: false\n"
CONSUMED_READS, CONSUMED_WRITES = "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"
THROTTLED_READS, THROTTLED_WRITES = "ReadThrottleEvents", "WriteThrottleEvents"


@pytest.mark.parametrize(
    ("options", "metrics"),
    [
        pytest.param("", [CONSUMED_READS, CONSUMED_WRITES], id="defaults"),
        pytest.param(
            RECOMMENDED,
            [CONSUMED_READS, CONSUMED_WRITES, THROTTLED_READS, THROTTLED_WRITES],
            id="target utilization of both capacities",
        ),
        pytest.param(READS_ONLY, [CONSUMED_READS], id="reads only, by thresholds"),
        pytest.param(
            f"{READS_ONLY}throttled-reads-upper-threshold: 5",
            [CONSUMED_READS, THROTTLED_READS],
            id="reads only, also by throttled events",
        ),
        pytest.param(
            f"{READS_ONLY}writes-upper-alarm-threshold: 80",
            [CONSUMED_READS, CONSUMED_WRITES],
            id="reads only, with an alarm on writes",
        ),
        pytest.param(f"{READS_ONLY}enable-reads-autoscaling: false", [], id="nothing to do"),
    ],
)
def test_only_the_metrics_that_rules_need_are_requested(
    emulator: Emulator, program: Program, options: str, metrics: list[str]
) -> None:
    emulator.add_table("steady", reads=100, writes=100)
    emulator.put_metrics("steady", consumed_reads=80, consumed_writes=80)
    run = program.check(f"[table: steady]\n{LIMITS}{options}")
    assert run.code == 0
    assert run.line_of("steady").startswith("INFO steady: unchanged")
    requested = [
        query["MetricStat"]["Metric"]["MetricName"]
        for call in emulator.requests("GetMetricData")
        for query in call.parameters["MetricDataQueries"]
    ]
    assert sorted(requested) == metrics


@pytest.mark.parametrize(
    ("options", "calls", "metrics"),
    [
        pytest.param("", 3, 1_200, id="defaults"),
        pytest.param(RECOMMENDED, 5, 2_400, id="target utilization of both capacities"),
        pytest.param(READS_ONLY, 2, 600, id="reads only"),
    ],
)
def test_calls_hold_as_many_metrics_as_aws_accepts(
    emulator: Emulator, program: Program, options: str, calls: int, metrics: int
) -> None:
    for number in range(300):
        name = f"table-{number:03}"
        emulator.add_table(name, reads=100, writes=100, gsis={"by-date": (100, 100)})
        for index in (None, "by-date"):
            emulator.put_metrics(name, index, consumed_reads=80, consumed_writes=80)
    run = program.check(everywhere(options))
    assert run.code == 0
    assert "checked 600 targets: 600 unchanged" in run.stdout
    assert emulator.count_requests()["GetMetricData"] == calls
    assert emulator.count_metrics() == metrics


def test_before_cloudwatch_counts_as_late_the_other_metrics_are_requested(
    emulator: Emulator, program: Program
) -> None:
    emulator.add_table("reads-stop", reads=100, writes=100)
    minutes = [emulator.now() - timedelta(minutes=number) for number in range(1, 30)]
    emulator.put_series("reads-stop", metric=CONSUMED_WRITES, sums=dict.fromkeys(minutes, 3_000))
    stopped = dict.fromkeys(minutes[13:], 600)
    emulator.put_series("reads-stop", metric=CONSUMED_READS, sums=stopped)
    run = program.check(f"[table: reads-stop]\n{LIMITS}{READS_ONLY}")
    assert run.code == 0
    assert emulator.count_metrics() == 1 + 3
    assert emulator.capacities() == {("reads-stop", None): (50, 100)}


def test_metrics_on_several_pages_are_read_to_the_end(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator)
    emulator.set_pages(datapoints=7)
    run = program.check(ALL)
    assert run.code == 0
    assert emulator.capacities() == {
        ("idle", None): (50, 50),
        ("orders", None): RAISED,
        ("orders", "by-date"): RAISED,
    }
    # Two series of five minutes for each of three targets
    assert len(emulator.requests("GetMetricData")) == 5


def test_calls_share_few_connections(emulator: Emulator, program: Program) -> None:
    for number in range(60):
        add_busy(emulator, f"table-{number}")
    assert program.check(ALL).code == 0
    connections = {request.connection for request in emulator.requests()}
    assert len(emulator.requests()) == 1 + 60 + 1 + 60
    assert len(connections) < 40


def test_look_ups_are_concurrent_up_to_max_workers_and_updates_up_to_four(
    emulator: Emulator, program: Program
) -> None:
    for number in range(12):
        add_busy(emulator, f"table-{number:02}")
    for action in ("DescribeTable", "UpdateTable"):
        emulator.add_fault(kind="slow", action=action, seconds=0.1, times=None)
    assert program.check(everywhere(with_indexes=False), "--max-workers", "6").code == 0
    assert _count_at_once(emulator.requests("DescribeTable")) == 6
    assert _count_at_once(emulator.requests("UpdateTable")) == 4


def test_a_reload_may_change_the_number_of_workers(emulator: Emulator, program: Program) -> None:
    for number in range(6):
        add_busy(emulator, f"table-{number}")
    emulator.add_fault(kind="slow", action="DescribeTable", seconds=0.1, times=None)
    one, many = (f"[global]\ncheck-interval: 1\nmax-workers: {number}\n{ALL}" for number in (1, 6))
    with program.start(one) as running:
        running.wait_for("checked 6 targets")
        before = emulator.requests("DescribeTable")
        program.write(many)
        running.send(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        done = len(running.wait_for("checked 6 targets"))
        running.wait_for("checked 6 targets", count=done + 2)
        running.end(signal.SIGTERM)
    assert _count_at_once(before) == 1
    assert _count_at_once(emulator.requests("DescribeTable")[len(before) :]) == 6


def _count_at_once(requests: list[LoggedRequest]) -> int:
    """Count the most requests that were under way at the same moment."""
    return max(
        sum(other.started <= one.started < other.ended for other in requests if other.ended is not None)
        for one in requests
    )


def _minutes(parameters: dict[str, float]) -> float:
    return (parameters["EndTime"] - parameters["StartTime"]) / 60
