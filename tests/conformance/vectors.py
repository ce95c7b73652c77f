"""Run conformance vectors: the real file reader, check and rules against a fake AWS."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.loader import Configuration, load
from dynamic_dynamodb.errors import AwsError, ConfigurationError
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, Datapoints, find_window
from tests.builders import make_check
from tests.fakes import FakeCircuitBreaker, FakeMetrics, FakeNotifier, FakeTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Vector = dict[str, Any]
DATA = Path(__file__).parent / "data"
UPDATE_ERROR_CODES_WITHOUT_MESSAGE = "|nomessage"


def read_vectors(name: str, start: int = 0, end: int | None = None) -> Iterator[Vector]:
    """Yield the vectors of one file, from position `start` until before `end`."""
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, islice(lines, start, end))


def write_configuration(vector: Vector) -> str:
    """Return a configuration file with the vector's options."""
    options = vector["options"]
    table_options = vector.get("table_options", {})
    lines = ["[global]", *_write_options(vector.get("global_options", {}))]
    if vector["kind"] == "gsi":
        lines += [f"[table: {vector['table_key']}]", "enable-reads-autoscaling: false"]
        lines += ["enable-writes-autoscaling: false", *_write_options(table_options)]
        lines += [f"[gsi: {vector['gsi_key']} table: {vector['table_key']}]"]
    else:
        lines += [f"[table: {vector['table_key']}]"]
    return "\n".join([*lines, *_write_options(options), ""])


def _write_options(options: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name}: {text}" for name, text in options.items())


def load_vector(vector: Vector, path: Path) -> Configuration | None:
    """Load the vector's file; return None if it has faults."""
    path.unlink(missing_ok=True)  # ext4 writes a file to the disk at once if it replaces another's content
    path.write_text(write_configuration(vector), encoding="utf-8")
    try:
        return load({"config": str(path)}, {})
    except ConfigurationError:
        return None


@dataclass
class Replay:
    """A check of one target whose memory lasts from check to check."""

    vector: Vector
    configuration: Configuration

    def __post_init__(self) -> None:
        """Create a fake account with the target."""
        self.target = Target(self.vector["table_name"], self.vector.get("gsi_name", ""))
        self.tables, self.metrics = FakeTables(), FakeMetrics()
        self.notifier, self.circuit_breaker = FakeNotifier(), FakeCircuitBreaker()
        self.now = datetime(2026, 3, 4, tzinfo=timezone.utc)
        self.counts = AccountMemory()
        self.before: PerCapacity[int] | None = PerCapacity(**self.vector["consecutive_checks_before"])
        self.provisioned = PerCapacity(**self.vector["provisioned"])
        self.checker = make_check(
            self.configuration.sections,
            self.counts,
            is_dry_run=self.vector["dry_run"],
            tables=self.tables,
            metrics=self.metrics,
            notifier=self.notifier,
            circuit_breaker=self.circuit_breaker,
        )

    def check(self, inputs: Vector) -> dict[str, Any]:
        """Run one check and return its result in the form of the vectors."""
        hour, minute = map(int, inputs["now_utc"].split(":"))
        now = self.now.replace(hour=hour, minute=minute)
        if now < self.now:
            now += timedelta(days=1)
        self.now = now
        if self.before is not None:
            self.counts.begin(now)
            self.counts.put(self.target, self.before.map(Memory))
            self.before = None
        self._prepare(inputs, now)
        report = self.checker.run(now)
        self.checker.publish(report.messages)
        counts = self.counts.get(self.target).map(attrgetter("low_checks"))
        seen: dict[str, Any] = {
            "update_calls": [
                _describe(decision.proposed)
                for update in self.tables.updates
                for decision in update.decisions
            ],
            "consecutive_checks_after": _describe(counts),
            "sns": [
                {"topic": message.topic, "subject": message.subject, "message": message.body}
                for message in self.notifier.messages
            ],
        }
        for each in report.targets:
            if each.target == self.target and each.outcome is Outcome.WOULD_UPDATE and each.decision:
                seen["would_update"] = _describe(each.decision.proposed)
        self.provisioned = self.tables.descriptions[self.target].provisioned
        return seen

    def _prepare(self, inputs: Vector, now: datetime) -> None:
        table_status = inputs.get("table_status", "ACTIVE")
        if self.target.index:
            self.tables.add(
                Target(self.target.table), PerCapacity(1, 1), status=table_status, table_status=table_status
            )
        self.tables.add(
            self.target,
            self.provisioned,
            status=inputs.get("gsi_status", table_status if not self.target.index else "ACTIVE"),
            table_status=table_status,
        )
        self.tables.updates.clear()
        self.notifier.messages.clear()
        self.tables.update_errors[:] = [_read_error(text) for text in inputs.get("update_errors", ())]
        if inputs.get("sns_error"):
            self.notifier.error = AwsError("sns:Publish", "InvalidParameter", inputs["sns_error"])
        self.circuit_breaker.answer = _read_breaker(inputs.get("circuit_breaker_response"))
        section = self.configuration.sections[0]
        options = (section.gsis[0] if self.target.index else section).typed
        window = find_window(options, now)
        metrics = inputs["metrics"]
        self.metrics.answers[self.target] = PerCapacity(
            *(
                (
                    spread(metrics[f"Consumed{name}CapacityUnits"], window.start, window.minutes),
                    spread(metrics[f"{name}ThrottleEvents"], window.start, window.minutes),
                )
                for name in ("Read", "Write")
            )
        )


def spread(sums: float | list[float] | None, start: datetime, minutes: int) -> Datapoints:
    """Put a Sum into the oldest minute and zeros into the others, so that no minute is missing."""
    if sums is None:
        return {}
    given = sums if isinstance(sums, list) else [sums]
    padded = [*given, *[0.0] * (minutes - len(given))]
    return {start + number * MINUTE: each for number, each in enumerate(padded)}


def _read_error(text: str | None) -> AwsError | None:
    if text is None:
        return None
    code, _, form = text.partition("|")
    return AwsError("dynamodb:UpdateTable", code, "" if form == "nomessage" else "refused")


def _read_breaker(response: Vector | None) -> str | None:
    if response is None or 200 <= response.get("status", 0) < 300:
        return None
    return f"it said {response}"


def _describe(pair: PerCapacity[int]) -> dict[str, int]:
    return {"reads": pair.reads, "writes": pair.writes}
