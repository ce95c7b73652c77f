"""The worked example on the page on decisions matches what the program computes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.report import Outcome, TargetReport
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, note_changes, note_decision
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, CapacitySeries, UsageEstimator, find_window
from tests.builders import both, decide_with, description, usage
from tests.docs.pages import DOCS, blocks, read

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.target_options import TargetOptions

PAGE = DOCS / "decisions.md"
TARGET = Target("orders")
NOW = datetime(2026, 3, 4, 14, 5, 30, tzinfo=timezone.utc)
CONSUMED, THROTTLED = PerCapacity(27_000, 3_600), PerCapacity(1_800, 0)
LOW_CHECKS = PerCapacity(0, 2)


@pytest.fixture
def options(tmp_path: Path) -> TargetOptions:
    """Return the options of the configuration on the page."""
    (block,) = blocks(PAGE, "ini")
    path = tmp_path / "dynamic-dynamodb.conf"
    path.write_text(block.text, encoding="utf-8")
    return load({"config": str(path)}, {}).sections[0].typed


def decide_at(now: datetime, options: TargetOptions) -> Decision:
    """Return the decision for the page's figures, spread over five minutes."""
    window = find_window(options, now)
    minutes = [window.start + number * MINUTE for number in range(window.minutes)]
    estimator = UsageEstimator(window, now=now, freshest=minutes[-1])
    usages = PerCapacity.of(
        lambda capacity: estimator.estimate(
            CapacitySeries.of(
                window,
                *(
                    dict.fromkeys(minutes, total[capacity] / window.minutes)
                    for total in (CONSUMED, THROTTLED)
                ),
            )
        )
    )
    decision = decide(TARGET, options, provisioned=both(100), usage=usages, counts=LOW_CHECKS)
    return guard(decision, Facts(description(), options, usages, now))


def test_page_shows_the_line_that_the_program_logs(options: TargetOptions) -> None:
    window = find_window(options, NOW)
    assert f"from {window.start:%H:%M} to {window.end:%H:%M}" in read(PAGE)
    (shown,) = blocks(PAGE, "text")
    assert shown.text.strip() == str(TargetReport(TARGET, Outcome.UPDATED, decide_at(NOW, options)))


def test_count_is_kept_and_writes_go_down_in_the_window(options: TargetOptions) -> None:
    held = decide_at(NOW, options)
    assert note_changes(note_decision(NO_MEMORY, held), held, NOW).writes == Memory(3)
    at_night = decide_at(NOW + timedelta(hours=7, minutes=55), options)
    assert at_night.proposed == both(150, 50)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("throttled-reads-upper-threshold", {"throttled_reads_upper_threshold": "10"}),
        (
            "increase-throttled-by-provisioned-reads-scale",
            {"increase_throttled_by_provisioned_reads_scale": "{1: 25, 5: 75}"},
        ),
        ("reads-upper-threshold", {"reads_upper_threshold": "80"}),
    ],
)
def test_each_proposal_is_that_of_its_rule_alone(name: str, texts: dict[str, str]) -> None:
    alone = {"increase_reads_with": "20", "reads_upper_threshold": "100", **texts}
    proposed = decide_with(usage(90, 1_800), **alone).proposed.reads
    (row,) = [line for line in read(PAGE).splitlines() if line.startswith(f"| `{name}` |")]
    assert row.split("|")[4].strip() == str(proposed)
