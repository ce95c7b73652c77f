"""Compare whole passes over an account with those of 2.5.1."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import find_window
from tests.builders import make_check
from tests.conformance.vectors import Vector, read_vectors, spread
from tests.fakes import FakeMetrics, FakeTables

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.scaling.table_update import TableUpdate

VECTORS = list(read_vectors("execute"))
NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
FIVE_MINUTES = timedelta(minutes=5)


class Account:
    """A fake account that is filled for each pass, and a check whose counts last."""

    def __init__(self, configuration: Configuration) -> None:
        self.tables, self.metrics, self.counts = FakeTables(), FakeMetrics(), AccountMemory()
        self.window = find_window(configuration.sections[0].typed, NOON)
        self.check = make_check(configuration.sections, self.counts, tables=self.tables, metrics=self.metrics)

    def lay(self, account: Vector, now: datetime) -> None:
        """Create the tables of a pass."""
        shift = now - NOON
        self.tables.descriptions.clear()
        self.tables.updates.clear()
        error = account.get("list_error")
        self.tables.list_error = AwsError("dynamodb:ListTables", error) if error else None
        for table in account["tables"]:
            if table.get("describe_errors"):
                error = AwsError("dynamodb:DescribeTable", table["describe_errors"][0])
                self.tables.describe_errors[table["name"]] = error
            for index in ("", *(gsi["name"] for gsi in table["gsis"])):
                given = next((gsi for gsi in table["gsis"] if gsi["name"] == index), table)
                self._add(Target(table["name"], index), given, shift, is_down="cloudwatch_errors" in account)

    def _add(self, target: Target, given: Vector, shift: timedelta, *, is_down: bool) -> None:
        self.tables.add(target, PerCapacity(given["reads"], given["writes"]))
        start, sums = self.window.start + shift, given["metrics"]
        self.metrics.answers[target] = (
            AwsError("cloudwatch:GetMetricData", "InternalServiceFault")
            if is_down
            else PerCapacity(
                (spread(sums["ConsumedReadCapacityUnits"], start, self.window.minutes), {}),
                (spread(sums["ConsumedWriteCapacityUnits"], start, self.window.minutes), {}),
            )
        )


def describe(update: TableUpdate) -> Vector:
    """Return an update in the form of the vectors."""
    sent = {
        one.target.index: {"reads": one.proposed.reads, "writes": one.proposed.writes}
        for one in update.decisions
    }
    return {"table": update.table, "throughput": sent.pop("", None), "gsis": sent}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_a_pass_has_the_expected_result(vector: Vector, tmp_path: Path) -> None:
    path = tmp_path / "vector.conf"
    path.write_text(vector["conf"], encoding="utf-8")
    flags = parse_command_line(["-c", str(path), *vector.get("argv", ())])
    expected = vector["expected"]
    if expected["exit_status"] == 2:
        with pytest.raises(ConfigurationError):
            load(flags, {})
        return
    account = Account(load(flags, {}))
    for number, expected_pass in enumerate(expected["passes"]):
        now = NOON + number * FIVE_MINUTES
        account.lay(vector["account"][min(number, len(vector["account"]) - 1)], now)
        report = account.check.run(now)
        account.check.publish(report.messages)
        compare(account, expected_pass)
        if expected["exit_status"] is not None:
            assert bool(report.failures) == bool(expected["exit_status"])


def compare(account: Account, expected: dict[str, Any]) -> None:
    """Compare the updates and the counts of a pass."""
    calls = sorted((describe(update) for update in account.tables.updates), key=lambda call: call["table"])
    if expected["update_calls"] is not None:
        assert calls == expected["update_calls"]
    for call in expected.get("must_include", ()):
        assert call in calls
    for name, counts in (expected["counts_after"] or {}).items():
        table, _, index = name.partition(":")
        assert account.counts.get(Target(table, index)).map(attrgetter("low_checks")) == PerCapacity(**counts)
