"""Write recordings to files, and read them or collect the faults."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.replay.recordings import START

if TYPE_CHECKING:
    from pathlib import Path

    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.scaling.model import Target

HEADER = (
    "timestamp,consumed_reads,consumed_writes,throttled_reads,throttled_writes,provisioned_reads,"
    "provisioned_writes"
)


def stamp(minute: int) -> str:
    """Return the timestamp of a minute of the recording."""
    return f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ}"


def read(
    folder: Path, text: str | bytes, name: str = "orders.csv", target: Target | None = None
) -> Recording:
    """Return the recording in a file of this text."""
    path = folder / name
    raw = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    (recording,) = read_recordings(path, target)
    return recording


def refuse(folder: Path, text: str | bytes, name: str = "orders.csv", target: Target | None = None) -> str:
    """Read an invalid file, and return its only fault without the path."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, name, target)
    (fault,) = caught.value.faults
    return fault.replace(f"{folder / name} ", "")


def answer(**columns: list[float]) -> str:
    """Return output of `aws cloudwatch get-metric-data`, newest datapoint first."""
    results = [
        {
            "Id": f"m{number}",
            "Label": label,
            "Timestamps": [stamp(minute).replace("Z", "+00:00") for minute in reversed(range(len(values)))],
            "Values": values[::-1],
            "StatusCode": "Complete",
        }
        for number, (label, values) in enumerate(columns.items())
    ]
    return json.dumps({"MetricDataResults": results, "Messages": []})
