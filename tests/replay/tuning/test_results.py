"""What was found for a target survives JSON unchanged, and JSON that is anything else is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.tuning.results import read_result, write_result
from dynamic_dynamodb.replay.tuning.table_class import Storage
from dynamic_dynamodb.scaling.costs import TableClass
from dynamic_dynamodb.scaling.model import PerCapacity
from tests.replay.recordings import DAY, record, wave
from tests.replay.tuning.test_tuner import tune

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.replay.tuning.tuner import Tuned


@pytest.fixture(scope="module")
def tuned() -> Tuned:
    """Return the result for a load that has a fixed value among its alternatives."""
    return tune(record([600.0] * DAY, wave(DAY, 5, 40)))


def test_a_result_survives_json(tuned: Tuned) -> None:
    everything = replace(
        tuned,
        region="eu-west-1",
        present=tuned.baselines[0],
        storage=Storage(TableClass.INFREQUENT_ACCESS, 4.0, 0.4, 1.0),
        is_scaled_by_aws=True,
        is_recorded=PerCapacity(reads=True, writes=False),
        found=replace(tuned.found, lowered=frozenset(Capacity), failing=frozenset({Capacity.WRITES})),
    )
    for one in (tuned, everything):
        assert read_result(json.loads(json.dumps(write_result(one)))) == one


def test_a_result_without_charts_is_small(tuned: Tuned) -> None:
    described = json.dumps(write_result(tuned, has_charts=False))
    assert "outlines" not in described
    assert len(described) < 5_000 < len(json.dumps(write_result(tuned))) < 50_000


def change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    """Return what sets a value deep in a result."""

    def set_value(described: dict[str, Any]) -> None:
        for name in path[:-1]:
            described = described[name]
        described[path[-1]] = to

    return set_value


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda described: described.clear(), id="empty"),
        pytest.param(change("present", "figures", to={}), id="no-figures"),
        pytest.param(change("recorded", to=["deletes"]), id="capacity"),
        pytest.param(change("start", to="yesterday"), id="start"),
        pytest.param(change("section", "options", "max-provisioned-reads", to="5\n[table: .*]"), id="lines"),
        pytest.param(change("section", "options", "run-command", to="reboot"), id="option"),
        pytest.param(change("section", "alternative", "name", to="x\n[table: .*]"), id="name"),
        pytest.param(change("doubts", to=["\x1b[2J"]), id="control-characters"),
        pytest.param(lambda described: described["baselines"].pop(0), id="no-target-tracking"),
        pytest.param(change("storage", to={"table_class": "GLACIER"}), id="storage"),
        pytest.param(change("section", "heights", to=[1, 2]), id="heights"),
        pytest.param(change("load", "reads", "most", to=[1.0]), id="columns"),
        pytest.param(change("load", "reads", to={"mean": [float("nan")], "most": [1.0]}), id="no-number"),
        pytest.param(change("present", "outlines", "reads", "throttled", to="1"), id="throttled-columns"),
    ],
)
def test_anything_else_is_refused(tuned: Tuned, break_it: Callable[[dict[str, Any]], None]) -> None:
    described = write_result(replace(tuned, present=tuned.baselines[0]))
    described = json.loads(json.dumps(described))
    break_it(described)
    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        read_result(described)
