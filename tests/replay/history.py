"""Record from a fake CloudWatch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.recordings.files import open_folder
from dynamic_dynamodb.replay.recordings.manifest import Entry, Manifest
from dynamic_dynamodb.replay.recordings.recorder import RecordedTarget, Recorder, Span
from dynamic_dynamodb.replay.recordings.rows import COLUMNS
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.scaling.usage import Datapoints

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
ORDERS = Target("orders")


class History:
    """A fake CloudWatch that keeps the requests it gets."""

    def __init__(self, error: AwsError | None = None) -> None:
        self.asked: list[tuple[datetime, datetime]] = []
        self.error = error

    def fetch(self, _: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
        """Return the series of whole minutes."""
        self.asked.append((start, end))
        if self.error:
            raise self.error
        minutes = [start + number * MINUTE for number in range((end - start) // MINUTE)]
        return {name: {minute: 60.5 for minute in minutes if minute.minute % 2} for name in COLUMNS}


def record_targets(
    targets: list[Target],
    history: History,
    folder: Path,
    span: Span,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Record into a directory; return a line for each target, and the failures."""
    with open_folder(folder) as opened, ThreadPoolExecutor() as workers:
        subjects = [RecordedTarget(Entry(target)) for target in targets]
        recorder = Recorder(opened, history, span, workers)
        recorded = recorder.record(subjects, Manifest("eu-west-1"), on_progress)
    return recorded.lines, recorded.failures
