"""The key of a kept result follows the options in force, and no moment."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.replay.recordings.manifest import Entry
from dynamic_dynamodb.replay.recordings.reader import RecordingSource
from dynamic_dynamodb.replay.tuning.alternatives import Intervals
from dynamic_dynamodb.replay.tuning.kept_results import Key, find_key
from dynamic_dynamodb.replay.tuning.tuner import make_task
from tests.end_to_end.program import ROOT
from tests.replay.recordings import ORDERS
from tests.replay.tuning.test_tuner import SETTINGS, write

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[global]
region: us-east-1
[schedule: day]
times: Mon-Fri {times}
[table: ^orders$]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: ^orders$ during: day]
min-provisioned-reads: {minimum}
"""
NIGHT, NOON = datetime(2026, 3, 2, tzinfo=timezone.utc), datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def find(folder: Path, now: datetime = NIGHT, times: str = "07:30-20:30", minimum: int = 200) -> Key:
    """Return the key for a recording with this configuration."""
    recording, rules = folder / "orders.csv", folder / "rules.conf"
    write(recording, [60.0] * 10)
    rules.write_text(RULES.format(times=times, minimum=minimum), encoding="utf-8")
    rules.chmod(0o600)
    sections = load({"config": str(rules)}, {}, now).sections
    return find_key(
        make_task(RecordingSource(Entry(ORDERS), (recording,)), SETTINGS, sections, Intervals(60))
    )


def test_the_key_has_the_options_of_each_schedule_whichever_is_open(tmp_path: Path) -> None:
    key = find(tmp_path)
    assert find(tmp_path, NOON) == key
    others = {find(tmp_path, times="08:30-20:30").settings, find(tmp_path, minimum=300).settings}
    assert len({key.settings, *others}) == 3


def test_another_process_finds_the_same_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.replay.tuning import test_keys;"
        " print(test_keys.find(Path(sys.argv[1])))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{find(tmp_path)}\n"
