"""The tables of `make traces`, on recordings of a few hours."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

from docs.tools.traces import PROFILES, Figures, average, replay
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.docs.pages import ROOT
from tests.replay.recordings import START, record, spikes, wave

if TYPE_CHECKING:
    from pathlib import Path


def write_csv(load: list[float]) -> str:
    """Return a recording of these reads."""
    rows = (f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ},{units}\n" for minute, units in enumerate(load))
    return "timestamp,consumed_reads\n" + "".join(rows)


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as `make traces` does."""
    command = [sys.executable, "-m", "docs.tools.traces", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_tables_have_a_row_for_each_recording_in_a_folder_and_its_subfolders(tmp_path: Path) -> None:
    wavy, spiky = wave(300, 20, 200), spikes(300)
    (tmp_path / "wavy.csv").write_text(write_csv(wavy), encoding="utf-8")
    (tmp_path / "a 2.csv.gz").write_bytes(gzip.compress(write_csv(spiky).encode()))
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "orders@by-date.csv").write_text(write_csv(spiky), encoding="utf-8")
    manifest = Manifest("eu-west-1", entries={"orders@by-date": Entry(Target("orders", "by-date"))})
    (tmp_path / "recorded" / MANIFEST).write_text(manifest.write(), encoding="utf-8")

    run = run_tool(str(tmp_path))

    assert (run.returncode, run.stderr) == (0, "")
    _, *ratios, _, dollars = [block.splitlines() for block in run.stdout.strip().split("\n\n")]
    heads = [lines[0].split(" | ")[0].removeprefix("| ") for lines in ratios]
    assert heads == list(PROFILES)
    for lines, table in zip(ratios, PROFILES.values(), strict=True):
        rows = read_rows(lines)
        assert [row[0] for row in rows] == ["a 2", "recorded: orders/by-date", "wavy", "**mean**"]
        assert rows[0][1:] == rows[1][1:], "the same load"
        expected = [replay(record(wavy), table, physics) for physics in PRESETS]
        assert rows[2][1:] == [str(Figures.of(one)) for one in expected]
    row = replay(record(wavy), "my_cheap_table", "ideal")[0]
    assert read_rows(dollars)[2][2] == f"{row.total.hour_max:.2f}; {format_percent(row.throttled_percent)}"
    assert dollars[0].split(" | ")[3:5] == ["AWS target tracking 70 %", "AWS target tracking 80 %"]


def read_rows(lines: list[str]) -> list[list[str]]:
    """Return the cells below the head of a table."""
    return [line.strip("| ").split(" | ") for line in lines[2:]]


def test_costs_are_averaged_as_ratios_and_throttling_as_shares() -> None:
    mean = average([Figures(0.5, 1.0, 0.0, 4.0), Figures(2.0, 0.25, 1.0, 0.0)])
    assert str(mean) == "1.00 / 0.50; 0.50 % (2.00 %)"


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    for folder, fault in (
        (tmp_path, f"{tmp_path} contains no recording, such as TABLE.csv or TABLE.csv.gz\n"),
        (tmp_path / "x", f"{tmp_path / 'x'} cannot be read: No such file or directory\n"),
    ):
        run = run_tool(str(folder))
        assert (run.returncode, run.stdout, run.stderr) == (2, "", fault)
