"""A directory of recordings belongs to one region and one account."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_folder
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest, name_stem, read_manifest
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recorder import RecordedTarget, Recorder, Span
from dynamic_dynamodb.replay.recordings.recording import NOT_REGISTERED, Billing, RecordedPrices
from dynamic_dynamodb.scaling.costs import PRICE_KEYS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.docs.pages import DOCS, blocks
from tests.end_to_end.program import Program
from tests.replay.history import NOON, ORDERS, History

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

RULES = """\
[global]
region: {region}
[default_options]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: ^orders$]
"""
HOUR = Span(NOON - timedelta(hours=1), NOON)
OWN, OTHER = "111111111111", "222222222222"


def test_a_directory_holds_one_region_and_its_manifest_names_it(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders")
    emulator.put_metrics("orders", consumed_reads=1, minutes=30)
    program.write(RULES.format(region="eu-west-1"), "eu.conf")
    program.write(RULES.format(region="us-west-2"), "us.conf")
    assert program.run("-c", "eu.conf", "--record", "history", "--days", "1").code == 0
    path = tmp_path / "history" / MANIFEST
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": "dynamic-dynamodb recording, version 2",
        "region": "eu-west-1",
        "account": "123456789012",
        "prices": {
            "day": f"{datetime.now(timezone.utc):%Y-%m-%d}",
            "dollars": {
                "read_capacity": 0.00013,
                "write_capacity": 0.00065,
                "read_requests": 0.125,
                "write_requests": 0.625,
                "storage": 0.25,
                "ia_read_capacity": 0.00016,
                "ia_write_capacity": 0.00081,
                "ia_read_requests": 0.155,
                "ia_write_requests": 0.78,
                "ia_storage": 0.1,
            },
        },
        "targets": {
            "orders": {
                "table": "orders",
                "index": "",
                "billing": ["provisioned"],
                "table_class": "STANDARD",
                "size_bytes": 0,
                "registered": {},
            }
        },
    }
    before = {file: file.read_bytes() for file in path.parent.glob("[!.]*")}
    calls = len(emulator.requests())

    other = program.run("-c", "us.conf", "--record", "history", "--days", "1")

    assert other.code == 2
    assert (
        f"--record {path.parent} holds recordings of eu-west-1, but the region is us-west-2: use one"
        " directory for each region"
    ) in other.stderr
    assert {file: file.read_bytes() for file in path.parent.glob("[!.]*")} == before
    assert len(emulator.requests()) == calls


def record(folder: Path, *subjects: RecordedTarget) -> tuple[str, ...]:
    """Record with the manifest of the directory, and return the failures."""
    path = folder / MANIFEST
    with open_folder(folder) as opened, ThreadPoolExecutor() as workers:
        manifest = Manifest("eu-west-1")
        if path.exists():
            with path.open("rb") as file:
                manifest = read_manifest(file)
        return Recorder(opened, History(), HOUR, workers).record(subjects, manifest).failures


def test_another_account_is_refused_and_its_target_is_left_out(tmp_path: Path) -> None:
    assert record(tmp_path, RecordedTarget(Entry(ORDERS), OWN)) == ()
    before = (tmp_path / "orders.csv").read_bytes()
    assert record(
        tmp_path, RecordedTarget(Entry(ORDERS), OTHER), RecordedTarget(Entry(Target("users")), OTHER)
    ) == tuple(
        f"{name}: not recorded: it is of account {OTHER}, but the directory holds recordings of {OWN}"
        for name in ("orders", "users")
    )
    assert (tmp_path / "orders.csv").read_bytes() == before
    assert not (tmp_path / "users.csv").exists()


def test_an_unknown_account_is_added_to_the_manifest_later(tmp_path: Path) -> None:
    assert record(tmp_path, RecordedTarget(Entry(ORDERS))) == ()
    assert record(tmp_path, RecordedTarget(Entry(ORDERS), OWN)) == ()
    assert record(tmp_path, RecordedTarget(Entry(ORDERS))) == ()
    assert len(record(tmp_path, RecordedTarget(Entry(ORDERS), OTHER))) == 1


def test_recordings_without_a_manifest_are_adopted_with_a_message(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders")
    emulator.put_metrics("orders", consumed_reads=1, minutes=30)
    path = program.write(RULES.format(region="eu-west-1"))
    said = (
        f"{tmp_path / 'history'} had no recording.manifest: its recordings are taken to be of eu-west-1 from"
        " now on"
    )
    first = program.run("-c", path, "--record", "history", "--days", "1")
    assert (first.code, said in first.stdout) == (0, False)
    (tmp_path / "history" / MANIFEST).unlink()
    second = program.run("-c", path, "--record", "history", "--days", "1")
    assert (second.code, second.stdout.splitlines()[1]) == (0, said)
    third = program.run("-c", path, "--record", "history", "--days", "1")
    assert (third.code, said in third.stdout) == (0, False)


def test_recordings_without_a_manifest_are_continued_and_get_one(tmp_path: Path) -> None:
    record(tmp_path, RecordedTarget(Entry(ORDERS), OWN))
    (tmp_path / MANIFEST).unlink()
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.target, recording.region) == (ORDERS, "")
    assert record(tmp_path, RecordedTarget(Entry(ORDERS), OWN)) == ()
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.target, recording.region) == (ORDERS, "eu-west-1")


def test_the_docs_show_a_manifest_as_it_is_written() -> None:
    (block,) = blocks(DOCS / "replay.md", "json")
    billing = frozenset((Billing.ON_DEMAND,))
    provisioned = frozenset((Billing.PROVISIONED,))
    users = Entry(
        Target("users"), provisioned, "STANDARD", 4096, PerCapacity(Registration(5, 500, 70.0), None)
    )
    index = Entry(
        Target("orders", "by-date"), billing, "STANDARD_INFREQUENT_ACCESS", 73_400_320, NOT_REGISTERED
    )
    entries = {name_stem(entry.target, {}): entry for entry in (users, index)}
    dollars = (0.000147, 0.000735, 0.1415, 0.705, 0.283, 0.000181, 0.000917, 0.1755, 0.8825, 0.1132)
    prices = RecordedPrices("2026-03-16", dict(zip(PRICE_KEYS, dollars, strict=True)))
    assert Manifest("eu-west-1", "123456789012", entries, prices).write() == block.text


def test_a_manifest_of_the_first_version_is_read_and_unknown_facts_stay_unknown() -> None:
    text = """{"format": "dynamic-dynamodb recording, version 1", "region": "eu-west-1", "account": "",
     "targets": {"orders": {"table": "orders", "index": "", "billing": ["on-demand"]}}}"""
    found = read_manifest(io.BytesIO(text.encode()))
    assert found == Manifest(
        "eu-west-1", "", {"orders": Entry(ORDERS, frozenset((Billing.ON_DEMAND,)), "", None, None)}
    )


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(Entry(ORDERS), id="nothing known"),
        pytest.param(Entry(ORDERS, frozenset(), "STANDARD", 0, NOT_REGISTERED), id="not registered"),
        pytest.param(
            Entry(ORDERS, registered=PerCapacity(None, Registration(1, 9))), id="no target utilization"
        ),
        pytest.param(
            Entry(ORDERS, registered=PerCapacity(Registration(1, 9, 62.5), Registration(2, 3, 90.0))),
            id="both sides",
        ),
    ],
)
def test_what_is_kept_of_a_target_is_read_as_it_was_written(entry: Entry) -> None:
    manifest = Manifest("eu-west-1", OWN, {"orders": entry})
    assert read_manifest(io.BytesIO(manifest.write().encode())) == manifest


def test_what_a_later_run_cannot_see_is_kept_and_what_it_sees_replaces_it() -> None:
    registered = PerCapacity(Registration(5, 500, 70), None)
    first = Entry(ORDERS, frozenset((Billing.ON_DEMAND,)), "STANDARD", 4096, registered)
    assert Entry(ORDERS).follow(first) == first
    second = Entry(ORDERS, frozenset((Billing.PROVISIONED,)), "STANDARD_INFREQUENT_ACCESS", 0, NOT_REGISTERED)
    assert second.follow(first) == replace(second, billing=frozenset(Billing))


def test_entries_of_a_manifest_stay_when_other_targets_are_recorded(tmp_path: Path) -> None:
    record(tmp_path, RecordedTarget(Entry(ORDERS, frozenset((Billing.ON_DEMAND,))), OWN))
    provisioned = frozenset((Billing.PROVISIONED,))
    record(tmp_path, RecordedTarget(Entry(Target("users"), provisioned), OWN))
    record(tmp_path, RecordedTarget(Entry(ORDERS, provisioned), OWN))
    with (tmp_path / MANIFEST).open("rb") as file:
        found = read_manifest(file)
    both = frozenset(Billing)
    assert found == Manifest(
        "eu-west-1",
        OWN,
        {"orders": Entry(ORDERS, both), "users": Entry(Target("users"), provisioned)},
    )


GOOD = Manifest("eu-west-1", OWN, {"orders": Entry(ORDERS)})
BAD = {
    "no JSON": "{",
    "deep": "[" * 100_000,
    "another's": '{"format": "x", "region": "eu-west-1", "account": "", "targets": {}}',
    "a list": "[]",
    "no region": GOOD.write().replace('"eu-west-1"', "5"),
    "lines as a region": GOOD.write().replace("eu-west-1", r"eu-west-1\n[table: .*]"),
    "a path": replace(GOOD, entries={"orders": Entry(Target("../../orders"))}).write(),
    "a billing": GOOD.write().replace('"billing": []', '"billing": ["free"]'),
    "a size": GOOD.write().replace('"billing": []', '"billing": [], "size_bytes": -1'),
    "a class": GOOD.write().replace('"billing": []', '"billing": [], "table_class": 5'),
    "a registration": GOOD.write().replace(
        '"billing": []', '"billing": [], "registered": {"reads": {"minimum": 5, "maximum": 1}}'
    ),
    "a target utilization": GOOD.write().replace(
        '"billing": []',
        '"billing": [], "registered": {"reads": {"minimum": 1, "maximum": 5, "target_percent": 700}}',
    ),
    "a newer format": GOOD.write().replace("version 2", "version 3"),
    "binary": b"\xff\xfe",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_an_invalid_manifest_is_refused_and_unchanged(tmp_path: Path, text: str | bytes) -> None:
    record(tmp_path, RecordedTarget(Entry(ORDERS)))
    path = tmp_path / MANIFEST
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with (
        path.open("rb") as file,
        pytest.raises(RecordingError, match="is not a manifest of --record: move it"),
    ):
        read_manifest(file)
    with pytest.raises(ConfigurationError, match="is not a manifest of --record: move it away"):
        read_recordings(tmp_path, None)
