"""Prometheus scrapes a running daemon, and its alerts fire when they should."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.end_to_end.account import ALL, SOON, add_busy_with_index, add_idle
from tests.end_to_end.daemons import wait_until
from tests.real.prometheus import ALERTS, DASHBOARD, run_promtool, scrape
from tests.service.web.servers import ask, find_free_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dynamic_dynamodb.config.address import Address
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon

PREFIX: Final = "dynamic_dynamodb_"
JOB: Final = 'job="dynamic-dynamodb", instance="a"'
ORDERS: Final = f'{JOB}, account="1", region="us-east-1", table="orders", index=""'
READS: Final = f'{ORDERS}, capacity="reads"'
UP: Final = {f"up{{{JOB}}}": "1x240"}


@pytest.fixture
def address(emulator: Emulator, daemon: Daemon) -> Address:
    """Return where a daemon listens that has checked a busy table with its index, and an idle one."""
    add_busy_with_index(emulator)
    add_idle(emulator)
    free = find_free_address()
    daemon.must_start(ALL, *SOON, "--listen", free)
    wait_until(
        lambda: PREFIX.encode() + b"provisioned_units{" in ask(free, "/metrics").body, "the first check"
    )
    return free


def find_expressions() -> list[str]:
    """Return the queries of the dashboard, for all tables."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    return [re.sub(r"\$\w+", ".*", query) for query in queries]


def test_prometheus_scrapes_a_daemon_and_accepts_every_rule_and_query(
    address: Address, tmp_path: Path
) -> None:
    with scrape(address, tmp_path, find_free_address().port) as prometheus:
        query = f'{PREFIX}provisioned_units{{capacity="reads"}}'
        found = prometheus.wait_for(
            lambda: len(prometheus.query(query)) == 3 and prometheus.query(query), query
        )
        units = {(one["table"], one.get("index", "")): number for one, number in found}
        assert units == {("orders", ""): 150, ("orders", "by-date"): 150, ("idle", ""): units["idle", ""]}
        assert units["idle", ""] <= 50
        prometheus.wait_for(
            lambda: set(prometheus.list_rules().values()) == {"ok"}, "every rule is evaluated"
        )
        for expression in find_expressions():
            prometheus.query(expression)


def test_promtool_accepts_the_metrics(address: Address) -> None:
    code, output = run_promtool("check", "metrics", text=ask(address, "/metrics").body.decode())
    assert (code, output) == (0, "")


def test_promtool_accepts_the_alerts() -> None:
    code, output = run_promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))
    assert code == 0, output


QUIET: Final = {
    **UP,
    f"{PREFIX}check_interval_seconds{{{JOB}}}": "300x240",
    f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": "0+60x240",
    f"{PREFIX}start_time_seconds{{{JOB}}}": "0x240",
    f"{PREFIX}consecutive_failed_checks{{{JOB}}}": "0x10 1x10 0x220",
    f"{PREFIX}failing_checks{{{ORDERS}}}": "2x240",
    f"{PREFIX}throttled_events{{{READS}}}": "0x240",
    f"{PREFIX}provisioned_units{{{READS}}}": "100x240",
    f"{PREFIX}minimum_units{{{READS}}}": "1x240",
    f"{PREFIX}maximum_units{{{READS}}}": "100x240",
    f"{PREFIX}decreases_left{{{ORDERS}}}": "0x240",
    f"{PREFIX}utilization_ratio{{{READS}}}": "0.5x240",
}

HOURLY: Final = {
    f"{PREFIX}check_interval_seconds{{{JOB}}}": "3600x240",
    f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": "0x60 3600x60 7200x60 10800x60",
}


@pytest.mark.parametrize(
    ("alert", "changes", "minutes"),
    [
        pytest.param("Down", {f"up{{{JOB}}}": "1x10 0x30"}, 16, id="no answer"),
        pytest.param("Down", {f"up{{{JOB}}}": None}, 5, id="not scraped at all"),
        pytest.param(
            "ChecksLate", {f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": "0x240"}, 16, id="no check"
        ),
        pytest.param(
            "ChecksLate",
            {f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": None},
            16,
            id="the first check does not end",
        ),
        pytest.param(
            "NothingChecked",
            {f"{PREFIX}consecutive_failed_checks{{{JOB}}}": "1x4 2x4 3x4 4x240"},
            15,
            id="no credentials",
        ),
        pytest.param(
            "NothingChecked",
            {**HOURLY, f"{PREFIX}consecutive_failed_checks{{{JOB}}}": "0x60 1x240"},
            76,
            id="no credentials in a check an hour",
        ),
        pytest.param("TargetFailing", {f"{PREFIX}failing_checks{{{ORDERS}}}": "3x240"}, 5, id="failing"),
        pytest.param(
            "ThrottledAtMaximum", {f"{PREFIX}throttled_events{{{READS}}}": "3x240"}, 10, id="throttled"
        ),
        pytest.param(
            "ThrottledAtMaximum",
            {
                f"{PREFIX}throttled_events{{{READS}}}": None,
                f"{PREFIX}utilization_ratio{{{READS}}}": "0.99x240",
            },
            10,
            id="all is consumed, and throttled events are not requested",
        ),
        pytest.param(
            "DecreasesUsedUp", {f"{PREFIX}utilization_ratio{{{READS}}}": "0.1x240"}, 120, id="little used"
        ),
    ],
)
def test_an_alert_fires_after_its_time_and_not_before(
    alert: str, changes: dict[str, str | None], minutes: int, tmp_path: Path
) -> None:
    series = {**QUIET, **changes}
    assert evaluate(tmp_path, series, minutes - 1) == []
    assert evaluate(tmp_path, series, minutes) == [f"DynamicDynamoDB{alert}"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="all is well"),
        pytest.param({f"{PREFIX}failing_checks{{{ORDERS}}}": "3x4 0x5 3x4 0x240"}, id="it fails at times"),
        pytest.param(
            {
                f"{PREFIX}throttled_events{{{READS}}}": "3x240",
                f"{PREFIX}maximum_units{{{READS}}}": "200x240",
            },
            id="throttled below the maximum",
        ),
        pytest.param(
            {
                f"{PREFIX}decreases_left{{{ORDERS}}}": "1x240",
                f"{PREFIX}utilization_ratio{{{READS}}}": "0.1x240",
            },
            id="little used, with a decrease left",
        ),
        pytest.param(
            {
                f"{PREFIX}minimum_units{{{READS}}}": "100x240",
                f"{PREFIX}utilization_ratio{{{READS}}}": "0.1x240",
            },
            id="little used, at its minimum",
        ),
        pytest.param(HOURLY, id="a check an hour"),
        pytest.param(
            {
                f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": "_x9 0+60x230",
                f"{PREFIX}consecutive_failed_checks{{{JOB}}}": "_x9 0x230",
            },
            id="a first check of nine minutes",
        ),
        pytest.param(
            {name: None for name in QUIET if ORDERS in name and "failing_checks" not in name}, id="on demand"
        ),
    ],
)
def test_what_needs_nobody_fires_nothing(changes: dict[str, str], tmp_path: Path) -> None:
    assert evaluate(tmp_path, {**QUIET, **changes}, 240) == []


def test_an_alert_says_which_table_and_what_to_do(tmp_path: Path) -> None:
    series = {**QUIET, f"{PREFIX}throttled_events{{{READS}}}": "3x240"}
    expected = {
        "exp_labels": {**read_labels(READS), "severity": "critical"},
        "exp_annotations": {
            "summary": "orders needs more than its maximum of reads",
            "description": (
                "Requests are throttled, or will be, and it may not be raised further. If the load is"
                " intended, increase max-provisioned-reads and reload."
            ),
        },
    }
    rule = {"eval_time": "10m", "alertname": "DynamicDynamoDBThrottledAtMaximum", "exp_alerts": [expected]}
    code, output = run_tests(tmp_path, series, {"alert_rule_test": [rule]})
    assert code == 0, output


US: Final = 'place="production/us-east-1"'
EU: Final = 'place="production/eu-west-1"'


def place(series: Mapping[str, str | None], label: str) -> dict[str, str | None]:
    """Return the series of one of several places."""
    return {name.replace("}", f", {label}}}"): values for name, values in series.items() if "up{" not in name}


@pytest.mark.parametrize(
    ("alert", "changes", "minutes", "summary"),
    [
        pytest.param(
            "ChecksLate",
            {f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": "0x240"},
            16,
            "Dynamic DynamoDB has ended no check of production/eu-west-1 that began in the last 16m 0s",
            id="a place that hangs",
        ),
        pytest.param(
            "ChecksLate",
            {
                f"{PREFIX}last_check_timestamp_seconds{{{JOB}}}": None,
                f"{PREFIX}consecutive_failed_checks{{{JOB}}}": None,
            },
            16,
            "Dynamic DynamoDB has ended no check of production/eu-west-1 that began in the last 16m 0s",
            id="a place that hangs in its first check",
        ),
        pytest.param(
            "NothingChecked",
            {f"{PREFIX}consecutive_failed_checks{{{JOB}}}": "1x240"},
            15,
            "Checks of production/eu-west-1 by Dynamic DynamoDB fail: nothing is scaled",
            id="a place that is denied",
        ),
        pytest.param(
            "TargetFailing",
            {f"{PREFIX}failing_checks{{{ORDERS}}}": "3x240"},
            5,
            "production/eu-west-1 orders fails, and is not scaled",
            id="a table in a place",
        ),
    ],
)
def test_an_alert_about_one_of_several_places_names_it(
    alert: str, changes: dict[str, str | None], minutes: int, summary: str, tmp_path: Path
) -> None:
    series = {**UP, **place(QUIET, US), **place({**QUIET, **changes}, EU)}
    assert evaluate(tmp_path, series, minutes - 1) == []
    assert evaluate(tmp_path, series, minutes) == [f"DynamicDynamoDB{alert}"]
    rule = {"eval_time": f"{minutes}m", "alertname": f"DynamicDynamoDB{alert}", "exp_alerts": []}
    _, output = run_tests(tmp_path, series, {"alert_rule_test": [rule]})
    assert f'summary="{summary}"' in output
    if alert == "TargetFailing":
        assert "--daemon status 'production/eu-west-1 orders'` prints" in output


def test_of_several_places_that_are_well_no_alert_fires(tmp_path: Path) -> None:
    assert evaluate(tmp_path, {**UP, **place(QUIET, US), **place(QUIET, EU)}, 240) == []


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        pytest.param("_x70 1x30", 1, id="the first change"),
        pytest.param("1x70 1x10 3x20", 2, id="further changes"),
        pytest.param("3x100", 0, id="no change"),
        pytest.param("5x70 0x10 1x20", 1, id="a change after a restart"),
        pytest.param("5x70 _x10 1x20", 1, id="the first change after a restart"),
    ],
)
def test_the_dashboard_counts_each_change_of_an_hour(values: str, changes: int, tmp_path: Path) -> None:
    (expression,) = [one for one in find_expressions() if "_changes_total" in one]
    labels = 'direction="up", reason="consumed-above-threshold"'
    expected = [{"labels": f"{{{labels}}}", "value": changes}]
    query = {"expr": expression, "eval_time": "100m", "exp_samples": expected}
    series = {f"{PREFIX}changes_total{{{READS}, {labels}}}": values}
    code, output = run_tests(tmp_path, series, {"promql_expr_test": [query]})
    assert code == 0, output


def evaluate(folder: Path, series: dict[str, Any], minutes: int) -> list[str]:
    """Return the alerts that fire after these minutes."""
    query = {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{minutes}m", "exp_samples": []}
    code, output = run_tests(folder, series, {"promql_expr_test": [query]})
    assert (code == 0) is ("got:" not in output), output
    return re.findall(r'alertname="(\w+)"', output.partition("got:")[2])


def run_tests(folder: Path, series: dict[str, Any], tests: dict[str, Any]) -> tuple[int, str]:
    """Return the exit code and the output of promtool for some series, one value a minute."""
    given = [{"series": name, "values": values} for name, values in series.items() if values is not None]
    group = {"interval": "1m", "input_series": given, **tests}
    content = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [group]}
    path = folder / "tests.yml"
    path.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    return run_promtool("test", "rules", str(path))


def read_labels(text: str) -> dict[str, str]:
    return {name: value for name, value in re.findall(r'(\w+)="([^"]*)"', text) if value}
