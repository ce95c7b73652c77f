"""`make demo` fits on a screen, and shows each reason once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.demo import CONFIGURATION, main

if TYPE_CHECKING:
    import pytest


def test_the_demo_shows_a_dry_run_a_real_run_and_a_replay_on_one_screen(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main() == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) <= 25
    report = Path(next(line for line in lines if "report: " in line).partition("report: ")[2])
    try:
        assert "orders" in report.read_text(encoding="utf-8")
    finally:
        shutil.rmtree(report.parent)
    assert lines[1:6] == [f"  {line}" for line in CONFIGURATION.splitlines()]
    assert [line for line in lines if line.startswith("$ ")] == [
        "$ dynamic-dynamodb -c demo.conf --dry-run --run-once",
        "$ dynamic-dynamodb -c demo.conf --run-once",
        "$ dynamic-dynamodb -c demo.conf --replay orders.csv --report replay.html",
    ]
    assert "  changed (reads/writes): busy 100/50 -> 113/50, idle 200/100 -> 5/3" in lines
    assert any(line.startswith("  adds $1.22 and saves $63.65 in 30 days") for line in lines)
    assert sum("up to make that 85 %" in line for line in lines) == 1
    assert lines[-4] == "What next"
