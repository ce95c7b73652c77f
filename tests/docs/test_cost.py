"""The commands of the page on costs lead from an account without a configuration to sections in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cost_demo import COMMANDS, generate_loads, main, read_loads
from tests.docs.pages import DOCS, blocks
from tests.docs.test_traces import write_csv
from tests.replay.recordings import DAY, wave

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = DOCS / "tuning.md"


def test_the_page_begins_with_the_commands_of_the_demo() -> None:
    assert tuple(blocks(PAGE, "")[0].text.splitlines()) == COMMANDS


def test_the_commands_record_tune_and_scale(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load = wave(2 * DAY + 120, 20, 200, noise=0.05)
    (tmp_path / "orders-of-may.csv").write_text(write_csv(load), encoding="utf-8")
    assert read_loads(tmp_path) == {"orders": load}
    assert main([str(tmp_path)]) == 0
    shown = capfd.readouterr()
    recorded, tuned, checked, tried, started = shown.out.split("\n$ ")[1:]
    assert "recording 1 table or index: CloudWatch bills up to 6 metrics: " in recorded
    assert "\norders: " in tuned
    assert "can be used: 1 table section, 0 index sections, 0 warnings" in checked
    assert "managed by AWS Application Auto Scaling" in tried
    assert "(orders is deregistered from Application Auto Scaling)" in tried
    assert "The daemon has changed orders: {" in started


def test_the_demo_has_loads_of_its_own() -> None:
    loads = generate_loads(1)
    assert {name: len(load) for name, load in loads.items()} == dict.fromkeys(loads, DAY)
    assert len(loads) == 4
