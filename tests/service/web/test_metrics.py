"""/metrics has what the status and the reports of checks say, in Prometheus's format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.check.report import CheckReport, Outcome, TargetReport
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.service.status.snapshot import Condition, Failure
from dynamic_dynamodb.service.web.counters import OTHER, Counters, Histogram
from dynamic_dynamodb.service.web.metrics import render_program, render_targets
from tests.service.status.builders import (
    EU,
    NOW,
    OTHER_ACCOUNT,
    OWN_ACCOUNT,
    US,
    program,
    side,
    status,
    status_of_places,
    target,
)

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from dynamic_dynamodb.service.status.snapshot import Status

DENIED = AwsError("dynamodb:DescribeTable", "AccessDeniedException", "no")
MOST_SERIES = 200
PROGRAM = program()
PLACE = {"account": "123456789012", "region": "us-east-1"}


def read(text: bytes) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Return the labels and values of all samples by their names, as Prometheus parses them."""
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            samples.setdefault(sample.name.removeprefix("dynamic_dynamodb_"), []).append(
                (sample.labels, sample.value)
            )
    return samples


@dataclass(frozen=True)
class Parsed(Collector):
    """The metrics in a text, as Prometheus parses them."""

    text: str

    def collect(self) -> list[Metric]:
        return list(text_string_to_metric_families(self.text))


def updated(name: str, reads: tuple[int, int], writes: tuple[int, int]) -> TargetReport:
    """Return the report of a target whose capacities went from one value to another."""

    def decide(capacity: Capacity, change: tuple[int, int]) -> CapacityDecision:
        return CapacityDecision(capacity, *change, 0, (Reason(Code.CONSUMED_ABOVE_THRESHOLD, "busy"),))

    sides = PerCapacity(decide(Capacity.READS, reads), decide(Capacity.WRITES, writes))
    return TargetReport(Target(name), Outcome.UPDATED, decision=Decision(Target(name), sides))


def test_a_target_has_a_series_for_each_figure_of_each_capacity_that_is_known() -> None:
    unknown = side(None, throttled_events=None, maximum=None, low_checks=None)
    seen = status(target("orders/by-date", reads=side(50, throttled_events=3, low_checks=2), writes=unknown))
    samples = read(render_targets(seen))
    labels = {**PLACE, "table": "orders", "index": "by-date"}
    reads, writes = {**labels, "capacity": "reads"}, {**labels, "capacity": "writes"}
    assert samples == {
        "provisioned_units": [(reads, 100), (writes, 100)],
        "consumed_units": [(reads, 50)],
        "utilization_ratio": [(reads, 0.5)],
        "throttled_events": [(reads, 3)],
        "minimum_units": [(reads, 1), (writes, 1)],
        "maximum_units": [(reads, 1000)],
        "low_checks": [(reads, 2)],
        "provisioned_dollars_per_hour": [(reads, 0.013), (writes, 0.065)],
        "decreases_left": [(labels, 4)],
        "failing_checks": [(labels, 0)],
    }


def test_a_failing_target_counts_its_checks_and_one_on_demand_has_no_capacity() -> None:
    failure = Failure(NOW, 7, "AccessDeniedException", "no")
    seen = status(
        target("a", Condition.FAILING, failing=failure, reads=None, writes=None, free_decreases_left=None)
    )
    assert read(render_targets(seen)) == {"failing_checks": [({**PLACE, "table": "a", "index": ""}, 7)]}


def find_measured(seen: Status) -> set[str]:
    """Return the targets whose consumption is among the metrics; all of them have provisioned units."""
    samples = read(render_targets(seen))
    tables, consumed = (
        {f"{labels['table']}/{labels['index']}".rstrip("/") for labels, _ in samples.get(name, [])}
        for name in ("provisioned_units", "consumed_units")
    )
    assert tables == {str(one.target) for one in seen.targets}
    for name in ("utilization_ratio", "throttled_events"):
        assert len(samples.get(name, [])) == len(samples.get("consumed_units", []))
    return consumed


def test_what_an_earlier_check_measured_is_absent_but_of_quiet_targets() -> None:
    before = NOW - timedelta(minutes=5)
    failure = Failure(NOW, 1, "AccessDeniedException", "no")
    throttled: dict[str, Any] = {capacity: side(95, throttled_events=3) for capacity in ("reads", "writes")}
    seen = status(
        target("fine", **throttled),
        target("quiet", checked=before, described=before, decided=before, **throttled),
        target("sick", Condition.FAILING, failing=failure, decided=before, **throttled),
        target("sick/by-date", checked=before, described=before, decided=before, **throttled),
        target("refused", Condition.FAILING, failing=failure, **throttled),
        target("stopped", Condition.STOPPED, decided=before, **throttled),
    )
    assert find_measured(seen) == {"fine", "quiet", "refused"}
    assert find_measured(replace(seen, check=replace(seen.check, failing=failure))) == set()


def test_checks_in_which_nothing_could_be_checked_are_counted_in_a_row() -> None:
    seen = status(target())
    failing = replace(seen, check=replace(seen.check, failing=Failure(NOW, 4, "AccessDeniedException", "no")))
    counts = [
        read(render_program(PROGRAM, one, {"": Counters()}))["consecutive_failed_checks"]
        for one in (seen, failing)
    ]
    assert counts == [[({}, 0)], [({}, 4)]]


def test_the_program_says_what_it_is_and_when_it_last_checked() -> None:
    samples = read(render_program(PROGRAM, status(target()), {"": Counters()}))
    facts = {"version": "3.0.0", "instance_name": "default", "region": "us-east-1", "dry_run": "false"}
    assert samples["build_info"] == [(facts, 1)]
    assert samples["last_check_timestamp_seconds"] == [({}, NOW.timestamp())]
    assert samples["check_interval_seconds"] == [({}, 300)]
    assert samples["targets"] == [({}, 1)]


def test_before_the_first_check_nothing_is_claimed() -> None:
    samples = read(render_program(PROGRAM, None, {"": Counters()}))
    assert samples["cloudwatch_metrics_requested_total"] == [({}, 0)]
    assert samples["start_time_seconds"] == [({}, PROGRAM.started.timestamp())]
    assert {count for _, count in samples["checks_total"]} == {0}
    assert "last_success_timestamp_seconds" not in samples
    assert "last_check_timestamp_seconds" not in samples


def test_reports_are_counted_by_what_happened() -> None:
    counters = Counters(clock=lambda: 1234.0)
    counters.observe(CheckReport((updated("a", (100, 150), (100, 50)),), metrics_requested=4), 2.0)
    failed = TargetReport(Target("b"), Outcome.FAILED, error=DENIED)
    counters.observe(CheckReport((updated("a", (150, 200), (50, 50)), failed), metrics_requested=2), 400.0)
    counters.observe(CheckReport(error=DENIED), 0.25)
    counters.observe(CheckReport(is_cut_short=True), 0.25)
    seen = status(target("a"), target("b"))
    samples = read(
        render_targets(seen, counters.copy_targets()) + render_program(PROGRAM, seen, {"": counters})
    )
    a, b = ({**PLACE, "table": name, "index": ""} for name in "ab")
    reason = {"reason": "consumed-above-threshold"}
    assert samples["changes_total"] == [
        ({**a, "capacity": "reads", "direction": "up", **reason}, 2),
        ({**a, "capacity": "writes", "direction": "down", **reason}, 1),
    ]
    assert samples["target_failures_total"] == [({**b, "code": "AccessDeniedException"}, 1)]
    assert {labels["result"]: count for labels, count in samples["checks_total"]} == {
        "complete": 1,
        "with-failures": 1,
        "failed": 1,
        "cut-short": 1,
    }
    assert samples["cloudwatch_metrics_requested_total"] == [({}, 6)]
    assert samples["last_success_timestamp_seconds"] == [({}, 1234)]
    buckets = {labels["le"]: count for labels, count in samples["check_duration_seconds_bucket"]}
    assert (buckets["0.5"], buckets["2.5"], buckets["300.0"], buckets["+Inf"]) == (2, 3, 3, 4)
    assert samples["check_duration_seconds_sum"] == [({}, 402.5)]


def test_a_refused_update_is_counted_by_its_error_code() -> None:
    counters = Counters()
    refused = TargetReport(Target("a"), Outcome.UNCHANGED, error=DENIED)
    counters.observe(CheckReport((refused,)), 1.0)
    labels = {**PLACE, "table": "a", "index": "", "code": "AccessDeniedException"}
    assert read(render_targets(status(target("a")), counters.copy_targets()))["refusals_total"] == [
        (labels, 1)
    ]


def test_the_series_of_a_deleted_target_end() -> None:
    counters = Counters()
    counters.observe(CheckReport((updated("a", (1, 2), (1, 1)), updated("b", (1, 2), (1, 1)))), 1.0)
    counters.keep((target("b"),))
    samples = read(render_targets(status(target("b")), counters.copy_targets()))
    assert [labels["table"] for labels, _ in samples["changes_total"]] == ["b"]


def test_a_table_of_the_same_name_in_another_region_is_another_target() -> None:
    counters = Counters()
    counters.observe(CheckReport((updated("a", (1, 2), (1, 1)),)), 1.0)
    counters.forget_targets()
    assert "changes_total" not in read(render_targets(status(target("a")), counters.copy_targets()))


def test_calls_are_counted_by_action_and_result() -> None:
    counters = Counters()
    counters.count_attempt(Attempt("dynamodb:ListTables", 0.02))
    counters.count_attempt(Attempt("dynamodb:ListTables", 20.0))
    counters.count_attempt(Attempt("dynamodb:ListTables", 0.3, "ThrottlingException"))
    samples = read(render_program(None, None, {"": counters}))["aws_call_duration_seconds_count"]
    assert samples == [
        ({"action": "dynamodb:ListTables", "result": "success"}, 2),
        ({"action": "dynamodb:ListTables", "result": "ThrottlingException"}, 1),
    ]


@given(st.lists(st.floats(0, 100), max_size=20))
def test_a_histogram_counts_every_duration_once(durations: list[float]) -> None:
    histogram = Histogram((1.0, 10.0))
    for seconds in durations:
        histogram.observe(seconds)
    assert histogram.accumulate() == [
        ("1.0", sum(one <= 1 for one in durations)),
        ("10.0", sum(one <= 10 for one in durations)),
        ("+Inf", len(durations)),
    ]


def test_codes_that_only_a_foreign_server_can_send_share_one_series() -> None:
    counters = Counters()
    for number in range(1_000):
        counters.count_attempt(Attempt("dynamodb:ListTables", 0.02, f"Code{number}"))
    samples = read(render_program(None, None, {"": counters}))["aws_call_duration_seconds_count"]
    assert len(samples) < MOST_SERIES
    assert [count for labels, count in samples if labels["result"] == OTHER] == [1_001 - len(samples)]


@pytest.mark.parametrize("name", ["plain", 'a"b', "a\\b", "a\nb", "a,b}", "ä"])
def test_gauges_are_written_as_the_library_writes_them(name: str) -> None:
    seen = status(target(name, reads=side(1 / 3), writes=side(1e9)))
    gauges, registry = render_targets(seen), CollectorRegistry()
    registry.register(Parsed(gauges.decode()))
    assert generate_latest(registry) == gauges


def test_of_several_places_each_series_has_the_account_the_region_and_the_name_of_its_place() -> None:
    shown = status_of_places(us=status(target("a")), staging=status(target("a")), eu=None)
    sums = Counters()
    sums.observe(CheckReport((updated("a", (100, 150), (100, 100)),)), 1.0)
    sums.rename_place("staging/us-east-1")
    samples = read(render_targets(shown, sums.copy_targets()))
    us = {
        "account": OWN_ACCOUNT,
        "region": "us-east-1",
        "place": "production/us-east-1",
        "table": "a",
        "index": "",
    }
    staging = {**us, "account": OTHER_ACCOUNT, "place": "staging/us-east-1"}
    assert samples["provisioned_units"] == [
        ({**place, "capacity": capacity}, 100) for place in (us, staging) for capacity in ("reads", "writes")
    ]
    assert samples["failing_checks"] == [(us, 0), (staging, 0)]
    change = {"capacity": "reads", "direction": "up", "reason": "consumed-above-threshold"}
    assert samples["changes_total"] == [({**staging, **change}, 1)]


def test_of_several_places_consumption_is_of_the_last_check_of_each() -> None:
    before = NOW - timedelta(minutes=5)
    old = target("orders", checked=before, described=before, decided=before)
    failure = Failure(before, 1, "AccessDenied", "no")
    failed = status(old, check=replace(status().check, failing=failure))
    shown = status_of_places(us=status(old, check=replace(status().check, started=before)), eu=failed)
    samples = read(render_targets(shown))
    assert [labels["place"] for labels, _ in samples["consumed_units"]] == ["production/us-east-1"] * 2
    assert len(samples["provisioned_units"]) == 4


def test_of_several_places_checks_and_calls_are_counted_for_each() -> None:
    failure = Failure(NOW, 3, "AccessDenied", "no")
    us, eu = status(target("a")), status(check=replace(status().check, failing=failure))
    shown = status_of_places(us=us, eu=eu, staging=None)
    counted = {name: Counters(clock=lambda: 1234.0) for name in ("", "production/us-east-1", EU.label)}
    counted["production/us-east-1"].observe(CheckReport(metrics_requested=7), 2.0)
    counted[EU.label].observe(CheckReport(error=DENIED), 0.1)
    counted[""].count_attempt(Attempt("sts:AssumeRole", 0.02, "AccessDenied"))
    counted["production/us-east-1"].count_attempt(Attempt("dynamodb:ListTables", 0.02))
    samples = read(render_program(PROGRAM, shown, counted))
    in_us, in_eu = {"place": "production/us-east-1"}, {"place": "production/eu-west-1"}
    assert {
        name: [one for one in samples[name] if one[1]] if name == "checks_total" else samples[name]
        for name in samples
        if not name.endswith(("_bucket", "_info", "_sum"))
    } == {
        "start_time_seconds": [(in_us, 1234), (in_eu, 1234)],
        "check_interval_seconds": [(in_us, 300), (in_eu, 300)],
        "last_check_timestamp_seconds": [(in_us, NOW.timestamp()), (in_eu, NOW.timestamp())],
        "consecutive_failed_checks": [(in_us, 0), (in_eu, 3)],
        "targets": [(in_us, 1), (in_eu, 0)],
        "checks_total": [({**in_us, "result": "complete"}, 1), ({**in_eu, "result": "failed"}, 1)],
        "check_duration_seconds_count": [(in_us, 1), (in_eu, 1)],
        "last_success_timestamp_seconds": [(in_us, 1234)],
        "cloudwatch_metrics_requested_total": [(in_us, 7), (in_eu, 0)],
        "aws_call_duration_seconds_count": [
            ({"place": "", "action": "sts:AssumeRole", "result": "AccessDenied"}, 1),
            ({**in_us, "action": "dynamodb:ListTables", "result": "success"}, 1),
        ],
    }


def test_a_place_that_only_an_earlier_process_has_checked_has_no_check_and_no_targets() -> None:
    before = PROGRAM.started - timedelta(hours=2)
    earlier = status(target("a"), check=replace(status().check, started=before))
    shown = status_of_places(us=status(target("a")), eu=earlier)
    samples = read(
        render_program(PROGRAM, shown, {"": Counters(), US.label: Counters(), EU.label: Counters()})
    )
    assert {labels["place"] for labels, _ in read(render_targets(shown))["provisioned_units"]} == {US.label}
    for name in ("last_check_timestamp_seconds", "consecutive_failed_checks", "targets"):
        assert [labels for labels, _ in samples[name]] == [{"place": US.label}]
    assert [labels["place"] for labels, _ in samples["start_time_seconds"]] == [US.label, EU.label]
