"""The table of `make held-out`, on a recording of a day."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from docs.tools.held_out import measure
from docs.tools.traces import ANY_TARGET
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from tests.docs.pages import ROOT
from tests.docs.test_traces import read_rows, write_csv
from tests.replay.recordings import DAY, record, wave

if TYPE_CHECKING:
    from pathlib import Path


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as `make held-out` does."""
    command = [sys.executable, "-m", "docs.tools.held_out", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_table_has_the_figures_of_the_half_that_was_held_out(tmp_path: Path) -> None:
    load = wave(DAY, 20, 200)
    (tmp_path / "orders.csv").write_text(write_csv(load), encoding="utf-8")
    run = run_tool(str(tmp_path))
    assert (run.returncode, run.stderr) == (0, "")
    figures = measure(record(load, target=ANY_TARGET))
    cells = [str(figures[physics]) for physics in PRESETS]
    assert read_rows(run.stdout.splitlines()) == [["orders", *cells], ["**mean**", *cells]]


def test_what_the_second_half_holds_has_no_part_in_the_search() -> None:
    load = wave(DAY, 20, 200)
    burst = [*load[: DAY // 2], *(60 * one for one in load[DAY // 2 :])]
    assert measure(record(burst))["no-burst"].throttled > measure(record(load))["no-burst"].throttled


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    run = run_tool(str(tmp_path))
    assert (run.returncode, run.stderr) == (
        2,
        f"{tmp_path} contains no recording, such as TABLE.csv or TABLE.csv.gz\n",
    )
    assert run_tool(str(tmp_path / "x")).returncode == 2
