"""The bill for watching on the page on performance is what the program's own functions compute."""

from __future__ import annotations

from docs.tools.traces import EXAMPLE
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.validation import LONGEST_USUAL_QUIET_SECONDS
from dynamic_dynamodb.scaling.calculators import SECONDS_PER_MINUTE
from dynamic_dynamodb.scaling.costs import ALARM_DOLLARS, ALARMS_PER_SIDE, price_alarms, price_metrics
from tests.builders import target_options
from tests.docs.pages import DOCS, ROOT, read

CALLS_OF_2_5_1 = 12
"""GetMetricStatistics for a target in a check; CloudWatch charges for a call what it charges for a metric."""
SIDES = 2
TARGETS = (100, 1000)
INTERVALS_SECONDS = (60, 300)
QUIET_PERCENT = 80


def count_metrics(table: str) -> int:
    """Return how many metrics a check requests for a table of the example configuration."""
    sections = load({"config": str(EXAMPLE)}, {}).sections
    (section,) = (one for one in sections if one.plain_name == table)
    return sum(one.count for one in section.typed.needed_series)


def price_watching(metrics: int, targets: int, interval_seconds: int) -> float:
    """Return the dollars for 30 days of checks."""
    minutes_of_metrics = metrics * targets * SECONDS_PER_MINUTE
    return price_metrics(minutes_of_metrics, interval_seconds)


def write_quiet_row(metrics: int) -> str:
    """Return a row in which most targets are quiet."""
    cells = [
        price_watching(metrics, targets * (100 - QUIET_PERCENT) // 100, interval)
        + price_watching(metrics, targets * QUIET_PERCENT // 100, LONGEST_USUAL_QUIET_SECONDS)
        for targets in TARGETS
        for interval in INTERVALS_SECONDS
    ]
    heading = f"the same, {QUIET_PERCENT} % quiet, `quiet-check-interval: {LONGEST_USUAL_QUIET_SECONDS}`"
    return f"| {heading} | {' | '.join(f'{dollars:,.2f}' for dollars in cells)} |"


def write_row(heading: str, metrics: int | None) -> str:
    """Return a row of the table; without metrics, of AWS's alarms."""
    cells = [
        price_alarms(SIDES * targets) if metrics is None else price_watching(metrics, targets, interval)
        for targets in TARGETS
        for interval in INTERVALS_SECONDS
    ]
    return f"| {heading} | {' | '.join(f'{dollars:,.2f}' for dollars in cells)} |"


def test_the_page_has_the_bill_for_100_and_for_1000_targets() -> None:
    defaults = sum(one.count for one in target_options().needed_series)
    recommended = count_metrics("my_cheap_table")
    alarms = SIDES * ALARMS_PER_SIDE
    rows = [
        write_row(f"2.5.1: {CALLS_OF_2_5_1} calls of GetMetricStatistics for a target", CALLS_OF_2_5_1),
        write_row(f"the recommended configuration: {recommended} metrics", recommended),
        write_quiet_row(recommended),
        write_row(f"the defaults: {defaults} metrics", defaults),
        write_quiet_row(defaults),
        write_row(f"AWS target tracking: {alarms} alarms at ${ALARM_DOLLARS:.2f}", None),
    ]
    section = read(DOCS / "performance.md").split("## The bill for watching\n")[1].split("\n## ")[0]
    heading = [f"{targets:,} targets, {interval} s" for targets in TARGETS for interval in INTERVALS_SECONDS]
    assert f"| | {' | '.join(heading)} |\n" in section
    assert [line for line in section.splitlines() if line.startswith("| ")][1:] == rows


def test_pages_have_the_price_of_a_target() -> None:
    cheapest, dearest = (
        price_watching(metrics, targets=1, interval_seconds=60)
        for metrics in (
            sum(one.count for one in target_options().needed_series),
            count_metrics("my_cheap_table"),
        )
    )
    assert f"${cheapest:.2f} to ${dearest:.2f} for 30 days at 60 seconds" in read(EXAMPLE)
    for page in (ROOT / "README.md", DOCS / "target_utilization.md"):
        assert f"at most ${dearest:.2f} a month for each table and index" in read(page)
