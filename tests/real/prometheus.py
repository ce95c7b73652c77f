"""Debian's Prometheus with its rules, and promtool."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests

from tests.deploy.contrib import CONTRIB
from tests.real.browser import PATIENCE_SECONDS, find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ALERTS: Final = CONTRIB / "prometheus" / "alerts.yml"
DASHBOARD: Final = CONTRIB / "prometheus" / "dashboard.json"
_POLL_SECONDS: Final = 0.1
_CONFIGURATION: Final = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [{alerts}]
scrape_configs:
  - job_name: dynamic-dynamodb
    static_configs:
      - targets: ["{target}"]
"""


@dataclass(frozen=True)
class Prometheus:
    """A server that scrapes one target each second."""

    url: str

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and the value of each series that an expression selects."""
        result = self._get("query", query=expression)["result"]
        return [(one["metric"], float(one["value"][1])) for one in result]

    def list_rules(self) -> dict[str, str]:
        """Return the health of each rule: `unknown` until it is evaluated, then `ok` or `err`."""
        return {one["name"]: one["health"] for each in self._get("rules")["groups"] for one in each["rules"]}

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        """Poll until the condition is true, and return its value."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := condition():
                return found
            time.sleep(_POLL_SECONDS)
        return pytest.fail(f"not within {PATIENCE_SECONDS} s: {what}")

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=PATIENCE_SECONDS).ok
        except requests.ConnectionError:
            return False

    def _get(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{path}", parameters, timeout=PATIENCE_SECONDS)
        assert answer.ok, answer.text
        return answer.json()["data"]


@contextmanager
def scrape(target: str, folder: Path, port: int) -> Iterator[Prometheus]:
    """Start a server on a port of loopback, which scrapes a target such as `127.0.0.1:9109`, and end it."""
    configuration = folder / "prometheus.yml"
    configuration.write_text(_CONFIGURATION.format(alerts=ALERTS, target=target), encoding="utf-8")
    flags = {
        "config.file": configuration,
        "storage.tsdb.path": folder / "data",
        "web.listen-address": f"127.0.0.1:{port}",
        "log.level": "warn",
    }
    command = [find_program("prometheus"), *(f"--{name}={given}" for name, given in flags.items())]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            prometheus = Prometheus(f"http://127.0.0.1:{port}")
            prometheus.wait_for(prometheus.is_ready, "Prometheus is ready")
            yield prometheus
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def run_promtool(*arguments: str, text: str | None = None) -> tuple[int, str]:
    """Return the exit code of promtool, and its output."""
    run = subprocess.run(
        [find_program("promtool"), *arguments], input=text, capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr
