"""Count the lines that a day writes to the log: `python -m tests.benchmarks.log_lines`.

A replay makes the checks of a daemon on the load of many tables, each with an index: a daily wave with noise
of its own height for each. The lines of its second day are counted at INFO and above, without those of a
start, and once more with `log-unchanged: always`.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.simulator.simulator import Run, Scenario
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.check_log import CheckLog, LogChoices
from dynamic_dynamodb.service.log_lines import CheckSummary
from tests.builders import section
from tests.replay.recordings import DAY, START, record, wave

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.replay.recordings.recording import Recording

TARGET = {
    f"{side}_{name}": text
    for side in ("reads", "writes")
    for name, text in (("target_utilization", "85"), ("upper_threshold", "95"), ("lower_threshold", "75"))
}


class Day(logging.Handler):
    """Counts the lines of the second day by what they are about."""

    def __init__(self, interval: int, *, is_always: bool) -> None:
        """Log as a daemon does, by the time of the replay."""
        super().__init__()
        self.interval = interval
        self.lines: Counter[str] = Counter()
        self.now = START
        self.log = CheckLog(LogChoices(shows_all=is_always, introduces=False), clock=self.count_seconds)

    def count_seconds(self) -> float:
        """Return the seconds since the first check."""
        return (self.now - START).total_seconds()

    def __call__(self, now: datetime, report: CheckReport) -> None:
        """Log the report of a check."""
        self.now = now
        self.log.write(report)
        self.log.write_end(report, (), 1.0)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        if self.now >= START + timedelta(days=1):
            subject = getattr(record, "subject", None)
            is_summary = isinstance(subject, CheckSummary)
            self.lines[
                "checks" if is_summary else getattr(getattr(subject, "outcome", None), "value", "other")
            ] += 1


def record_days(tables: int) -> list[Recording]:
    """Return two days of tables and indexes, whose reads and writes go up and down once a day."""
    targets = [
        one for number in range(tables) for one in (Target(f"t{number}"), Target(f"t{number}", "by-date"))
    ]
    return [
        record(
            wave(2 * DAY, 10 + number % 7, 100 + 5 * number, seed=number),
            wave(2 * DAY, 5, 20 + 2 * number, seed=-number),
            target=target,
        )
        for number, target in enumerate(targets)
    ]


def count(sections: tuple[Section, ...], days: list[Recording], day: Day) -> Counter[str]:
    """Return the lines of the second day."""
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    LOGGER.addHandler(day)
    try:
        for _ in Run(sections, days, Scenario(PRESETS["ideal"], day.interval), day).pass_time():
            pass
    finally:
        LOGGER.removeHandler(day)
    return day.lines


def main() -> None:
    """Print a row for each profile and each value of log-unchanged."""
    parser = argparse.ArgumentParser(description="Count the lines of a day.")
    parser.add_argument("--tables", type=int, default=50, help="each has an index")
    parser.add_argument("--interval", type=int, default=300, help="seconds between checks")
    arguments = parser.parse_args()
    days = record_days(arguments.tables)
    for name, texts in (("thresholds", {}), ("target utilization", TARGET)):
        sections = (section(gsis=(section(**texts),), **texts),)
        for is_always in (False, True):
            lines = count(sections, days, Day(arguments.interval, is_always=is_always))
            parts = ", ".join(f"{number:,} {what}" for what, number in sorted(lines.items()))
            print(f"{name}, {'always' if is_always else 'on-change'}: {lines.total():,} lines: {parts}")


if __name__ == "__main__":
    main()
