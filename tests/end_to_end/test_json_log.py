"""JSON lines of a real daemon have the keys and types that the page on logs lists."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.docs.pages import DOCS, read
from tests.end_to_end.account import ALL, add_busy_with_index, add_idle, everywhere

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

Schema = dict[str, str]
TARGET, CAPACITY, SUMS = "A target", "reads, writes", "Sums of reads, writes"
SCHEMAS = {
    **dict.fromkeys(("unchanged", "updated", "would_update", "skipped", "failed"), TARGET),
    "checked": "The summary of a check",
    "recovered": "A recovery",
    "notice": "A condition",
    "section": "The targets of a section",
    "metrics": "What a decision follows from",
    "call": "A call to AWS",
}
REGIONS = ("us-east-1", "eu-west-1")
OF_PLACES = {"place", "account", "region"}
OPTIONAL = {"traceback", "event", *OF_PLACES}


def read_schema(title: str) -> Schema:
    """Return the keys of a table on the page, with their types."""
    text = read(DOCS / "logs.md").split(f"\n### {title}\n", 1)[1].split("\n### ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", text, re.MULTILINE))


def is_time(given: Any) -> bool:
    """Return whether this is a time in UTC."""
    return isinstance(given, str) and datetime.fromisoformat(given).utcoffset() == timedelta()


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda given: isinstance(given, str),
    "boolean": lambda given: isinstance(given, bool),
    "integer": lambda given: type(given) is int,
    "number": lambda given: type(given) in (int, float),
    "time": is_time,
    "object": lambda given: isinstance(given, dict),
    "list of strings": lambda given: isinstance(given, list) and all(isinstance(one, str) for one in given),
}


def find_flaws(line: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return how an object differs from its schema."""
    flaws = [f"{key} is not documented" for key in line.keys() - schema.keys()]
    flaws += [f"{key} is missing" for key in schema.keys() - line.keys() - OPTIONAL]
    for key in line.keys() & schema.keys():
        kind, _, null = schema[key].partition(" or ")
        if not (CHECKS[kind](line[key]) or (null and line[key] is None)):
            flaws.append(f"{key} is {line[key]!r}, not {schema[key]}")
    return flaws


def test_each_line_of_a_daemon_has_the_documented_keys_and_types(
    emulator: Emulator, program: Program
) -> None:
    add_busy_with_index(emulator)
    add_idle(emulator, "quiet")
    add_idle(emulator, "sick")
    emulator.add_table("paid", on_demand=True)
    emulator.add_fault(code="AccessDeniedException", action="DescribeTable", table="sick", times=2)
    emulator.add_fault(code="AccessDeniedException", action="ListTables", times=1)
    rules = f"[global]\ncheck-interval: 1\n{everywhere()}\n[table: ^ordres$]\n"
    with program.start(rules, "--log-format", "json", "--log-level", "debug") as running:
        emulator.wait_for_requests("ListTables", count=5)
        run = running.end(signal.SIGTERM)
    every, reads_and_writes, sums = map(read_schema, ("Every line", CAPACITY, SUMS))
    seen = set()
    for line in map(json.loads, run.stdout.splitlines()):
        event = line.get("event")
        schema = every | (read_schema(SCHEMAS[event]) if event else {})
        assert find_flaws(line, schema) == [], line
        for side in (line.get("reads"), line.get("writes")):
            if side is not None:
                assert find_flaws(side, sums if event == "metrics" else reads_and_writes) == [], line
        seen.add(event)
    assert seen == {*SCHEMAS, None} - {"would_update"}
    names = [(name, json.dumps(line.get("names"))) for name, line in _list_recoveries(run.stdout)]
    assert names == [("list", "[]"), (None, '["sick"]')]


def test_lines_about_one_of_several_regions_have_the_documented_keys_and_types(
    emulator: Emulator, program: Program
) -> None:
    for region in REGIONS:
        place = emulator.at("123456789012", region)
        place.add_table("orders", reads=20, writes=20)
        place.put_metrics("orders", consumed_reads=19, consumed_writes=10)
    rules = f"[global]\nregions: {', '.join(REGIONS)}\n{everywhere()}"
    run = program.check(rules, "--log-format", "json", "--log-level", "debug")
    every, reads_and_writes, sums = map(read_schema, ("Every line", CAPACITY, SUMS))
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    of_places = [line for line in lines if "place" in line]
    for line in of_places:
        event = line.get("event")
        schema = every | (read_schema(SCHEMAS[event]) if event else {})
        assert find_flaws(line, schema) == [], line
        assert line.keys() >= OF_PLACES
        assert line["message"].count(line["place"]) == 1, line
        for side in (line.get("reads"), line.get("writes")):
            if side is not None:
                assert find_flaws(side, sums if event == "metrics" else reads_and_writes) == [], line
    assert {(line["place"], line["region"]) for line in of_places} == {(one, one) for one in REGIONS}
    events = Counter(line.get("event") for line in of_places)
    assert events.keys() >= {"call", "section", "metrics", "updated"}
    assert events["checked"] == len(REGIONS)
    assert not [line for line in lines if "place" not in line and line.get("event")]


def _list_recoveries(text: str) -> list[tuple[str | None, dict[str, Any]]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [(line["topic"], line) for line in lines if line.get("event") == "recovered"]


def test_the_figures_of_a_line_are_those_of_the_account(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    rules = ALL.replace("max-provisioned-reads: 1000", "max-provisioned-reads: 120")
    run = program.check(rules, "--log-format", "json", "--log-level", "debug")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    (line,) = [one for one in lines if one.get("event") == "updated" and not one["index"]]
    assert line["reads"] == {
        "provisioned": 100,
        "proposed": 120,
        "held": None,
        "consumed": 95,
        "consumed_percent": 95,
        "throttled_events": None,
        "low_checks": 0,
        "low_checks_needed": 1,
        "minimum": 1,
        "maximum": 120,
        "reasons": ["consumed-above-threshold", "capped-at-maximum"],
    }
    (evidence,) = [one for one in lines if one.get("event") == "metrics" and not one["index"]]
    assert evidence["reads"] == {
        "consumed_sum": 95 * 60 * evidence["window_minutes"],
        "consumed_minutes": evidence["window_minutes"],
        "throttled_sum": None,
        "throttled_minutes": None,
    }
    (summary,) = [one for one in lines if one.get("event") == "checked"]
    assert {name: summary[name] for name in ("targets", "updated", "failures", "metrics_requested")} == {
        "targets": 2,
        "updated": 2,
        "failures": 0,
        "metrics_requested": 4,
    }
    calls = [one for one in lines if one.get("event") == "call"]
    assert {one["action"] for one in calls} >= {"dynamodb:ListTables", "cloudwatch:GetMetricData"}
    assert all(one["request_id"] for one in calls)
