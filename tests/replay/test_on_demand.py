"""On-demand tables are recorded too, and their replay shows today's bill."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.recordings.recording import Billing
from dynamic_dynamodb.scaling.model import Target
from tests.end_to_end.program import Program
from tests.replay.configurations import configure, settings
from tests.replay.files import HEADER, read, stamp
from tests.replay.recordings import DAY, record, wave

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.recordings.recording import Recording
    from tests.emulator import Emulator

RULES = """\
[global]
check-interval: 60
[default_options]
lookback-window-start: 5
max-provisioned-reads: 400
max-provisioned-writes: 100
[table: .*]
[gsi: .* table: .*]
"""
ON_DEMAND = frozenset((Billing.ON_DEMAND,))


def test_tables_and_indexes_on_demand_are_recorded_and_replayed(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders", gsis={"by-date": (0, 0)}, on_demand=True)
    emulator.put_metrics("orders", consumed_reads=40, minutes=90)
    emulator.put_metrics("orders", "by-date", consumed_reads=2, consumed_writes=20, minutes=90)
    program.write(RULES, "a.conf")

    run = program.run("-c", "a.conf", "--record", "history", "--days", "1")

    assert (run.code, run.stderr) == (0, "")
    folder = tmp_path / "history"
    cost = "12 metrics: less than $0.01 at $0.01 per 1,000"
    assert run.stdout.splitlines() == [
        f"recording 2 tables and indexes: CloudWatch bills up to {cost}",
        *(
            f"{name}: 1,440 minutes, 1,440 of them new, in {folder / file}, billed on demand"
            for name, file in (("orders", "orders.csv"), ("orders/by-date", "orders@by-date.csv"))
        ),
        f"prices are those of us-east-1 on {datetime.now(timezone.utc):%Y-%m-%d}",
        f"CloudWatch bills {cost}",
    ]
    replayed = program.run("-c", "a.conf", "--replay", "history", "--format", "json")
    assert (replayed.code, replayed.stderr) == (0, "")
    found = json.loads(replayed.stdout)
    table, index = found["targets"]
    for rows in (table["rows"], index["rows"], found["total"]):
        recorded, on_demand = (
            next(row for row in rows if row["name"] == name)
            for name in ("as recorded: on-demand", "on-demand")
        )
        assert {**recorded, "name": "on-demand"} == on_demand
        assert recorded["cost_hour_max"] > 0
        assert recorded["utilization_percent"] is None
    assert table["rows"][0]["demand_writes"] == 0, "an idle side was recorded too"
    assert table["rows"][0]["cost_hour_max"] > 0
    begin = "it was billed on demand: the replay starts with 1 reads and 1 writes, the peak of the first hour"
    assert f"{begin}; use --start for other units" in table["warnings"]
    assert not [line for line in table["warnings"] if "not recorded" in line]


def test_start_sets_the_units_at_the_start(tmp_path: Path) -> None:
    write(tmp_path, "orders", ON_DEMAND)
    recording = read(tmp_path, make_text())
    assert recording.billing == ON_DEMAND
    found = compare(configure(), [recording], settings(start="70,30"))
    (target,) = found.targets
    assert [side.provisioned[0] for side in target.replayed.model.sides] == [70, 30]
    assert not [line for line in target.warnings if "--start" in line]


def write(folder: Path, stem: str, billing: frozenset[Billing]) -> None:
    """Write a manifest with the billing of a file's target."""
    manifest = Manifest("us-east-1", entries={stem: Entry(Target("orders"), billing)})
    (folder / MANIFEST).write_text(manifest.write(), encoding="utf-8")


def make_text(provisioned: str = "") -> str:
    """Return a day of load with these provisioned units in the second half."""
    rows = (
        f"{stamp(minute)},{units:.0f},60,,,{provisioned if minute >= DAY // 2 else ''},"
        for minute, units in enumerate(wave(DAY, 5, 90))
    )
    return "\n".join((HEADER, *rows))


@pytest.mark.parametrize(
    ("in_manifest", "provisioned", "expected"),
    [
        pytest.param(None, "", frozenset(), id="not known"),
        pytest.param(None, "0", ON_DEMAND, id="no units, as CloudWatch may put it"),
        pytest.param(None, "50", frozenset((Billing.PROVISIONED,)), id="units"),
        pytest.param(ON_DEMAND, "", ON_DEMAND, id="as the manifest says"),
        pytest.param(ON_DEMAND, "50", frozenset(Billing), id="units, and on demand later"),
    ],
)
def test_billing_is_known_from_the_manifest_and_from_the_units(
    tmp_path: Path, in_manifest: frozenset[Billing] | None, provisioned: str, expected: frozenset[Billing]
) -> None:
    if in_manifest is not None:
        write(tmp_path, "orders", in_manifest)
    recording = read(tmp_path, make_text(provisioned))
    assert recording.billing == expected
    is_both = len(expected) == 2
    assert any("billed on demand part of the time" in line for line in recording.remarks) == is_both
    names = [name for name in get_names(recording) if name.startswith("as recorded")]
    assert names == (["as recorded: on-demand"] if expected == ON_DEMAND else [])


def get_names(recording: Recording) -> list[str]:
    """Return the names of the rows of a replay."""
    return [row.name for row in compare(configure(), [recording], settings()).targets[0].rows]


def test_a_sum_of_both_kinds_of_billing_is_as_recorded_and_has_no_utilization() -> None:
    load = wave(DAY, 5, 90)
    table = record(load, load, provisioned=([100] * DAY, [100] * DAY))
    index = replace(record(load, load, target=Target("orders", "by-date")), billing=ON_DEMAND)
    found = compare(configure(), [table, index], settings())
    sides = [next(row for row in one.rows if row.name.startswith("as recorded")) for one in found.targets]
    assert [row.name for row in sides] == ["as recorded", "as recorded: on-demand"]
    total = next(row for row in found.total if row.name == "as recorded")
    assert total.cost.hour_max == pytest.approx(sum(row.cost.hour_max for row in sides))
    assert total.utilization_percent is None
