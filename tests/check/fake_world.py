"""An account of two busy tables, and a check of it whose log is written as the service writes it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, find_window
from dynamic_dynamodb.service.check_log import CheckLog
from tests.builders import NOW, both, make_check, section
from tests.fakes import FakeCircuitBreaker, FakeMetrics, FakeNotifier, FakeTables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pytest

    from dynamic_dynamodb.check.report import CheckReport, Outcome, Unpublished
    from dynamic_dynamodb.check.state import EntriesFile
    from dynamic_dynamodb.config.sections import Section
    from tests.fakes import Load

A, B = Target("a"), Target("b")
TOPIC = {"sns_topic_arn": "arn:aws:sns:us-east-1:1:t", "sns_message_types": "scale-up, high-throughput-alarm"}


class FakeWorld:
    """An account of two busy tables, and a check of it."""

    def __init__(self, *sections: Section, is_dry_run: bool = False, file: EntriesFile | None = None) -> None:
        self.tables, self.metrics = FakeTables(), FakeMetrics()
        self.notifier, self.breaker, self.memory = (
            FakeNotifier(),
            FakeCircuitBreaker(),
            AccountMemory(file=file),
        )
        self.memory.begin(NOW)
        self.is_stopping = False
        for target in (A, B):
            self.add(target)
        self.check = make_check(
            sections or (section(**TOPIC),),
            self.memory,
            is_dry_run=is_dry_run,
            is_stopping=lambda: self.is_stopping,
            tables=self.tables,
            metrics=self.metrics,
            notifier=self.notifier,
            circuit_breaker=self.breaker,
        )
        self.log = CheckLog()
        self.unpublished: Sequence[Unpublished] = ()

    def add(self, target: Target, reads: float = 95, writes: float = 50, **settings: str) -> None:
        """Add a target of 100 units each, with this consumption."""
        self.tables.add(target, both(100), **settings)
        self.metrics.answers[target] = load(reads, writes)

    def run(self, now: datetime = NOW) -> CheckReport:
        """Run one check, log its report and publish its messages."""
        report = self.check.run(now)
        self.log.write(report)
        self.unpublished = self.check.publish(report.messages)
        self.log.write_end(report, self.unpublished, 0.0)
        return report

    def outcomes(self) -> dict[str, Outcome]:
        """Run one check and return the outcome of each target."""
        return {str(report.target): report.outcome for report in self.run().targets}

    def units(self, target: Target) -> PerCapacity[int]:
        """Return the provisioned units of a target."""
        return self.tables.descriptions[target].provisioned


def load(reads: float, writes: float, now: datetime = NOW) -> Load:
    """Return series of this many units a second throughout the default window."""
    window = find_window(section().typed, now)
    minutes = [window.start + number * MINUTE for number in range(window.minutes)]
    return PerCapacity(*((dict.fromkeys(minutes, rate * 60), {}) for rate in (reads, writes)))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings so far."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
