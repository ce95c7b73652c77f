"""The log, the status file, the pages and the metrics show the same figures of one check."""

from __future__ import annotations

import json
import signal
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.account import add_busy_with_index, add_idle, everywhere
from tests.end_to_end.daemons import wait_until
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dynamic_dynamodb.config.address import Address
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

OPTIONS: Final = (
    "num-read-checks-before-scale-down: 3",
    "num-write-checks-before-scale-down: 3",
    "throttled-reads-upper-threshold: 1000",
)
ONE_CHECK: Final = ("--check-interval", "3600", "--log-format", "json", "--log-level", "debug")
CAPACITIES: Final = ("reads", "writes")
FIGURES: Final = {
    "consumed": "consumed_units",
    "throttled_events": "throttled_events",
    "low_checks": "low_checks",
    "minimum": "minimum_units",
    "maximum": "maximum_units",
}
"""What the log, the status and the metrics have of a capacity, by its names there and in the metrics."""
SHARED: Final = (
    "proposed",
    "held",
    "consumed",
    "throttled_events",
    "low_checks",
    "low_checks_needed",
    "minimum",
    "maximum",
)
"""What a line of the log and the status have of a capacity under the same name."""
Samples = dict[str, dict[tuple[str, ...], float]]


def add_account(emulator: Emulator) -> None:
    """Add tables of every kind: raised, low, throttled, at the maximum, failing, refused and on demand."""
    add_busy_with_index(emulator)
    add_idle(emulator)
    emulator.add_table("throttled", reads=100, writes=100)
    emulator.put_metrics("throttled", consumed_reads=50, consumed_writes=50, throttled_reads=3)
    emulator.add_table("largest", reads=1000, writes=900)
    emulator.put_metrics("largest", consumed_reads=990, consumed_writes=890)
    emulator.add_table("empty", reads=10, writes=10)
    emulator.add_table("paid", on_demand=True)
    add_idle(emulator, "sick")
    emulator.add_fault(code="AccessDeniedException", action="DescribeTable", table="sick", times=None)
    emulator.add_table("refused", reads=100, writes=100)
    emulator.put_metrics("refused", consumed_reads=95, consumed_writes=95)
    emulator.add_fault(code="AccessDeniedException", action="UpdateTable", table="refused", times=None)


def read_samples(text: str) -> Samples:
    """Return the values of all samples by their names and labels, without those of the account."""
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(
                value for name, value in sorted(sample.labels.items()) if name not in {"account", "region"}
            )
            samples.setdefault(sample.name.removeprefix("dynamic_dynamodb_"), {})[labels] = sample.value
    return samples


def read_json(address: Address, path: str) -> Any:
    return json.loads(ask(address, path).body)


def is_counted(address: Address) -> bool:
    """Return whether the first check has ended, and is among the metrics."""
    with suppress(ConnectionRefusedError):
        return '_checks_total{result="with-failures"} 1.0' in ask(address, "/metrics").body.decode()
    return False


def name(one: Mapping[str, Any]) -> tuple[str, str]:
    return one["table"], one["index"] or ""


def test_one_check_is_the_same_in_the_log_the_status_the_pages_and_the_metrics(
    emulator: Emulator, program: Program
) -> None:
    add_account(emulator)
    address = find_free_address()
    rules = everywhere(*OPTIONS)
    with program.start(rules, *ONE_CHECK, "--listen", str(address)) as running:
        wait_until(lambda: is_counted(address), "the first check")
        status, samples = (
            read_json(address, "/status.json"),
            read_samples(ask(address, "/metrics").body.decode()),
        )
        query = "&".join(f"target={'/'.join(filter(None, name(one)))}" for one in status["targets"])
        charts = {one["target"]: one for one in read_json(address, f"/history.json?{query}")["histories"]}
        shown = json.loads(program.run("--daemon", "status", "--format", "json").stdout)
        run = running.end(signal.SIGTERM)
    assert status == {"format": shown["format"], "version": shown["version"], **shown["status"]}
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    targets = {name(one): one for one in status["targets"]}
    outcomes = Counter(one["outcome"] for one in targets.values())
    logged = {name(one): one for one in lines if one.get("event") in outcomes}
    assert logged.keys() == targets.keys()
    for target, line in logged.items():
        compare(targets[target], line, samples)
    (summary,) = [one for one in lines if one.get("event") == "checked"]
    check = status["check"]
    assert {key: summary[key] for key in outcomes} == outcomes
    assert summary["targets"] == len(targets) == samples["targets"][()]
    for key in ("failures", "metrics_requested", "complete"):
        assert summary[key] == check[key]
    assert samples["cloudwatch_metrics_requested_total"][()] == check["metrics_requested"]
    assert samples["checks_total"]["with-failures",] == 1
    assert samples["check_duration_seconds_count"][()] == 1
    assert abs(samples["check_duration_seconds_sum"][()] - check["seconds"]) < 0.001
    assert check["seconds"] <= summary["seconds"] < check["seconds"] + 5
    attempts = [(one["action"], one["error"] or "success") for one in lines if one.get("event") == "call"]
    assert {call: attempts.count(call) for call in attempts} == samples["aws_call_duration_seconds_count"]
    assert sorted(charts) == sorted("/".join(filter(None, one)) for one in targets if targets[one]["reads"])
    for target, chart in charts.items():
        table, _, index = target.partition("/")
        for capacity in CAPACITIES:
            said, drawn = logged[table, index][capacity], chart[capacity]
            assert find_last(drawn["provisioned"]) == said["provisioned"]
            assert find_last(drawn["consumed"]) == said["consumed"]
            assert find_last(drawn["throttled"]) == said["throttled_events"]


def find_last(steps: Sequence[float | None]) -> float | None:
    """Return the last figure that is known."""
    return next((one for one in reversed(steps) if one is not None), None)


def compare(target: Mapping[str, Any], line: Mapping[str, Any], samples: Samples) -> None:
    """Compare a target in the status with its line in the log, and its metrics."""
    table, index = name(target)
    assert line["event"] == target["outcome"]
    assert line["section"] == target["section"]
    assert line["free_decreases_left"] == target["free_decreases_left"]
    assert samples["decreases_left"].get((index, table)) == target["free_decreases_left"]
    failing = target["failing"]
    assert samples["failing_checks"][index, table] == (failing["checks"] if failing else 0)
    assert line["error"] == (failing or target["refusal"] or {"code": None})["code"]
    for capacity in CAPACITIES:
        known, said = target[capacity], line[capacity]
        place = (capacity, index, table)
        if known is None:
            assert said is None
            assert place not in samples["provisioned_units"]
            continue
        assert {key: known[key] for key in SHARED} == {key: said[key] for key in SHARED}
        assert known["codes"] == said["reasons"]
        change = known["last_change"]
        assert said["provisioned"] == (change["units_before"] if change else known["provisioned"])
        assert samples["provisioned_units"][place] == known["provisioned"]
        for key, metric in FIGURES.items():
            assert samples[metric].get(place) == known[key], (metric, target)
