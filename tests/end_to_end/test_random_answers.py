"""An invalid value at a random place of an answer affects at most the check of its target."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.scaling.model import Target
from tests.emulator.clients import client
from tests.end_to_end.account import BEFORE, LOWERED, RAISED, add_busy, add_idle, everywhere, updates
from tests.end_to_end.in_process import open_check
from tests.end_to_end.invalid_values import CONSUMED, EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamic_dynamodb.check.check import Check
    from tests.emulator import Emulator


SAMPLE = 60
"""Cases tried for each action; each run tries others of some thousands."""


@dataclass(frozen=True)
class InProcess:
    """A check of the emulated account, run again for each example as by a daemon."""

    emulator: Emulator
    check: Check

    def prepare_account(self) -> None:
        """Make an account in which `sick` is to be raised, and its index lowered."""
        self.emulator.reset()
        add_busy(self.emulator)
        add_idle(self.emulator)
        self.emulator.add_table("sick", reads=100, writes=100, gsis={"by-date": BEFORE})
        self.emulator.put_metrics("sick", consumed_reads=95, consumed_writes=95)
        self.emulator.put_metrics("sick", "by-date", consumed_reads=10, consumed_writes=10)


@pytest.fixture
def in_process(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    text = f"[global]\nskip-aws-autoscaled: true\n{everywhere()}"
    with open_check(emulator, tmp_path, monkeypatch, text) as check:
        yield InProcess(emulator, check)


def _find_paths(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in an answer."""
    inside = content.items() if isinstance(content, dict) else enumerate(content)
    for step, each in inside:
        yield (*path, step)
        if isinstance(each, (dict, list)):
            yield from _find_paths(each, (*path, step))


def _list_places(emulator: Emulator) -> dict[str, list[tuple[str | int, ...]]]:
    """List every place of a good answer, by action; of GetMetricData's in the results of one metric."""
    described = client(emulator, "dynamodb").describe_table(TableName="sick")
    del described["ResponseMetadata"]
    five = [0, 1, 2, 3, 4]
    result = {"Id": "", "Label": "", "StatusCode": "", "Timestamps": five, "Values": five}
    return {
        "DescribeTable": [*_find_paths(described)],
        "GetMetricData": [(), *_find_paths(result)],
        "ListTables": [("TableNames", 2), ("LastEvaluatedTableName",)],
        "UpdateTable": [*_find_paths({"TableDescription": described["Table"]})],
    }


EXPECTED: Final = {
    ("busy", None): RAISED,
    ("idle", None): LOWERED,
    ("sick", None): RAISED,
    ("sick", "by-date"): LOWERED,
}


@pytest.mark.parametrize("action", ["DescribeTable", "GetMetricData", "ListTables", "UpdateTable"])
def test_an_invalid_value_anywhere_affects_at_most_the_check_of_its_target(
    in_process: InProcess, action: str
) -> None:
    in_process.prepare_account()
    places = _list_places(in_process.emulator)[action]
    cases = list(itertools.product(places, EVERYWHERE))
    for path, odd in random.sample(cases, min(SAMPLE, len(cases))):
        _check_case(in_process, action, path, odd)


def _find_excused(path: tuple[str | int, ...], odd: str) -> set[tuple[str, str | None]]:
    """Return what may be held without a failure: a target that AWS does not list is not missed."""
    if "GlobalSecondaryIndexes" in path[-2:] and odd in ("a list", "left out", "null"):
        return {("sick", "by-date")}
    return {("sick", None), ("sick", "by-date")} if "TableNames" in path and odd == "left out" else set()


def _check_case(in_process: InProcess, action: str, path: tuple[str | int, ...], odd: str) -> None:
    emulator, case = in_process.emulator, (action, path, odd)
    in_process.prepare_account()
    emulator.add_fault(
        kind="odd",
        action=action,
        table=None if action == "ListTables" else "sick",
        metric=CONSUMED if action == "GetMetricData" else None,
        path=path,
        times=None,
        **EVERYWHERE[odd],
    )
    report = in_process.check.run(datetime.now(timezone.utc))
    in_process.check.publish(report.messages)
    found = emulator.capacities()
    held = {target for target, units in EXPECTED.items() if found[target] != units}
    assert {found[target] for target in held} <= {BEFORE}, case
    assert report.failures or held <= _find_excused(path, odd), case
    if odd == "deep" and action in ("GetMetricData", "ListTables"):
        assert len(held) == len(EXPECTED), case  # nothing of such an answer can be read
        return
    assert held <= {("sick", None), ("sick", "by-date")}, case
    failed = {one.target for one in report.targets if one.outcome is Outcome.FAILED}
    assert failed <= {Target("sick"), Target("sick", "by-date"), Target("sick", "?")}, case
    if action == "UpdateTable":
        assert not held, case
        assert [call[0] for call in updates(emulator)].count("sick") == 1, case
