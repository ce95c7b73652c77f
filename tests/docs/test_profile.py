"""The recommended configuration is the same wherever it is shown, and its figures are those of the traces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from docs.tools.traces import EXAMPLE, PROFILES
from dynamic_dynamodb.config.loader import examine
from tests.docs.pages import DOCS, ROOT, blocks, read
from tests.end_to_end.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

CHECK_INTERVAL_SECONDS = 60
PROFILE = {
    **{
        option.format(reads=name): given
        for name in ("reads", "writes")
        for option, given in {
            "{reads}_upper_threshold": 95,
            "{reads}_lower_threshold": 75,
            "{reads}_target_utilization": 85,
            "throttled_{reads}_upper_threshold": 1,
            "allow_scaling_down_{reads}_on_0_percent": True,
        }.items()
    },
    "lookback_window_start": 5,
    "lookback_period": 5,
    "decrease_lookback_period": 15,
    "decrease_late_in_hour": True,
}
MORE_HEADROOM = PROFILE | {
    "reads_upper_threshold": 90,
    "writes_upper_threshold": 90,
    "reads_target_utilization": 80,
    "writes_target_utilization": 80,
}
LIMITS = {f"{limit}_provisioned_{name}" for limit in ("min", "max") for name in ("reads", "writes")}
"""What each place may choose for its table."""
_CELL = re.compile(r"([\d.]+) / ([\d.]+); ([\d.]+) % \(([\d.]+) %\)")


def load_table(path: Path, table: str) -> tuple[int, dict[str, Any]]:
    """Return the check interval, and the options of a table that are not the defaults."""
    result = examine({"config": str(path)}, {})
    assert (result.faults, result.configuration.warnings) == ((), ())
    configuration = result.configuration
    (section,) = (one for one in configuration.sections if one.plain_name == table)
    origins = section.origins
    options = {
        key: given
        for key, given in section.options.items()
        if origins[key] != "default" and key not in LIMITS
    }
    return configuration.global_options["check_interval"], options


@pytest.mark.parametrize("page", [DOCS / "first_steps.md", DOCS / "target_utilization.md"])
def test_a_page_shows_the_recommended_configuration(page: Path, tmp_path: Path) -> None:
    (text,) = (
        one.text for one in blocks(page, "ini") if "target-utilization" in one.text and "[global]" in one.text
    )
    path = tmp_path / "dynamic-dynamodb.conf"
    path.write_text(text, encoding="utf-8")
    assert load_table(path, "orders") == (CHECK_INTERVAL_SECONDS, PROFILE)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param("my_cheap_table", PROFILE, id="recommended"),
        pytest.param("my_calm_table", MORE_HEADROOM, id="more headroom"),
    ],
)
def test_the_example_has_the_recommended_configuration(table: str, expected: dict[str, Any]) -> None:
    assert load_table(EXAMPLE, table) == (CHECK_INTERVAL_SECONDS, expected)


def test_a_proposal_has_the_recommended_configuration(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders", reads=100, writes=20)
    path = tmp_path / "dynamic-dynamodb.conf"
    path.write_text(program.run("--init").stdout, encoding="utf-8")
    assert load_table(path, "orders") == (CHECK_INTERVAL_SECONDS, PROFILE)


def test_the_page_shows_what_more_headroom_takes() -> None:
    (text,) = (
        one.text for one in blocks(DOCS / "target_utilization.md", "ini") if "[global]" not in one.text
    )
    shown = re.findall(r"^((?:reads|writes)-[a-z-]+): (\d+)$", text, re.MULTILINE)
    changed = {key: given for key, given in MORE_HEADROOM.items() if PROFILE[key] != given}
    assert {name.replace("-", "_"): int(given) for name, given in shown} == changed


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "target_utilization.md"])
def test_the_figures_are_those_of_the_table_of_traces(page: Path) -> None:
    (heading,) = (one for one, table in PROFILES.items() if table == "my_cheap_table")
    table = read(DOCS / "replay.md").split(f"| {heading} |")[1].split("\n\n")[0]
    (mean,) = (line for line in table.splitlines() if "**mean**" in line)
    ideal, slow, _ = _CELL.findall(mean)
    text = read(page)
    assert f"{ideal[0]} times as much" in text
    assert f"{ideal[2]} % of reads instead of {ideal[3]} %" in text
    assert f"{slow[0]} times" in text
    assert f"{slow[2]} % instead of {slow[3]} %" in text


def test_the_readme_shows_what_a_higher_target_of_aws_would_do() -> None:
    section = read(DOCS / "replay.md").split("\n| | careful | recommended |")[1]
    head, _, *rows = ("| | careful | recommended |" + section).split("\n\n")[0].splitlines()
    titles = head.strip("| ").split(" | ")
    ours, others = titles.index("recommended") + 1, titles.index("AWS target tracking 90 %") + 1
    traces = [[re.findall(r"[\d.]+", cell) for cell in row.split("|")[1:]] for row in rows]
    savings = [round(100 - 100 * float(row[others][0]) / float(row[ours][0])) for row in traces]
    throttled = [(float(row[others][1]), float(row[ours][1])) for row in traces]
    assert sum(theirs > mine for theirs, mine in throttled) == 3
    text = read(ROOT / "README.md")
    assert f"costs {min(savings)} % to {max(savings)} % less than this program on each trace" in text
    worst = max(throttled)
    assert f"more on three of the four: up to {worst[0]} % of reads instead of {worst[1]} %" in text
