"""No recorded row is lost when a file is continued, whatever its order, columns or timestamps."""

from __future__ import annotations

import gzip
import io
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.replay.recordings.history_file import merge, read_history, write_history
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recorder import Span
from dynamic_dynamodb.replay.recordings.rows import COLUMNS, GOOD_HEADER
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.replay.history import NOON, ORDERS, History, record_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from dynamic_dynamodb.scaling.usage import Datapoints

TWO_WEEKS = Span(NOON - timedelta(days=14), NOON)


def spell(moment: datetime) -> str:
    """Return a timestamp as files have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder: Path, rows: Iterable[str], name: str = "orders.csv", header: str = GOOD_HEADER) -> Path:
    """Write a file with a header."""
    path = folder / name
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path


def read_back(path: Path) -> list[str]:
    """Return the rows of a file."""
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert header == GOOD_HEADER
    return rows


def test_sixty_days_in_reverse_order_are_kept_and_extended(tmp_path: Path) -> None:
    start, end = NOON - timedelta(days=60), NOON - timedelta(days=1)
    minutes = [start + number * MINUTE for number in range((end - start) // MINUTE)]
    old = [f"{spell(minute)},{number},,,,," for number, minute in enumerate(minutes)]
    path = write(tmp_path, reversed(old))
    history = History()
    lines, failures = record_targets([ORDERS], history, tmp_path, TWO_WEEKS)
    assert failures == ()
    assert history.asked == [(end - 16 * MINUTE, NOON)]
    rows = read_back(path)
    assert rows[: len(old) - 16] == old[:-16]
    assert rows == sorted(rows)
    assert len(rows) == 60 * 1440
    assert lines == (f"orders: 86,400 minutes, 1,440 of them new, in {path}",)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("5460.250,,3,,1e3,7", "5460.250,,3,,1e3,7", id="figures as others write them"),
        pytest.param('"5460", 12 ,,,,', "5460,12,,,,", id="quotes and spaces"),
    ],
)
def test_rows_that_cannot_be_fetched_again_are_unchanged(tmp_path: Path, row: str, expected: str) -> None:
    old = NOON - timedelta(days=20)
    path = write(tmp_path, [f"{spell(old)},{row}", f"{spell(old)},{row}"])
    record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert read_back(path)[0] == f"{spell(old)},{expected}"


def test_columns_in_another_order_and_timestamps_with_offsets_are_continued(tmp_path: Path) -> None:
    header = "provisioned_writes,provisioned_reads,timestamp,consumed_reads,consumed_writes,throttled_writes"
    row = "6,5,2026-02-01T02:00:00+02:00,1,2,4,3"
    path = write(tmp_path, [row], header=f"{header},throttled_reads")
    record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert read_back(path)[0] == "2026-02-01T00:00:00Z,1,2,3,4,5,6"


def test_a_value_fetched_again_replaces_the_old_one_unless_it_is_blank(tmp_path: Path) -> None:
    # The fake CloudWatch has 60.5 in odd minutes and nothing in even ones.
    odd, even, coming = NOON - MINUTE, NOON - 2 * MINUTE, NOON + 5 * MINUTE
    minutes = [NOON - timedelta(days=14) + number * MINUTE for number in range(14 * 1440 - 2)]
    rows = [f"{spell(minute)},,,,,," for minute in minutes if minute != NOON - 40 * MINUTE]
    rows += [f"{spell(moment)},7,7,,,," for moment in (even, odd, coming)]
    path = write(tmp_path, rows)
    record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert read_back(path)[-3:] == [
        f"{spell(even)},7,7,,,,",
        f"{spell(odd)}{',60.5' * 6}",
        f"{spell(coming)},7,7,,,,",
    ]


def test_a_hole_in_a_file_is_filled(tmp_path: Path) -> None:
    history = History()
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(hours=3), NOON))
    path = tmp_path / "orders.csv"
    rows = read_back(path)
    write(tmp_path, rows[:60] + rows[80:])
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(hours=1), NOON))
    assert history.asked[1] == (NOON - timedelta(hours=2), NOON)
    assert read_back(path) == rows


def test_blank_minutes_at_the_end_are_fetched_again(tmp_path: Path) -> None:
    # Recorded too early: CloudWatch was late, or this machine's clock was fast.
    history = History()
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(hours=4), NOON - timedelta(hours=2)))
    path = tmp_path / "orders.csv"
    late = [NOON - timedelta(hours=2) + number * MINUTE for number in range(120)]
    write(tmp_path, [*read_back(path), *(f"{spell(minute)},,,,,," for minute in late)])
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(hours=1), NOON))
    assert history.asked[1] == (NOON - timedelta(hours=2) - 16 * MINUTE, NOON)
    assert read_back(path)[-1] == f"{spell(NOON - MINUTE)}{',60.5' * 6}"


@pytest.mark.parametrize("number", [-1.0, 1e16, math.inf, math.nan])
def test_an_impossible_figure_fails_its_target_alone(tmp_path: Path, number: float) -> None:
    class Odd(History):
        def fetch(self, target: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
            found = dict(super().fetch(target, start, end))
            return found if target == ORDERS else {**found, "consumed_writes": {start: number}}

    lines, failures = record_targets([Target("users"), ORDERS], Odd(), tmp_path, TWO_WEEKS)
    assert failures == (
        f"users: not recorded: CloudWatch returned {number:g}, which is not a number of units",
    )
    assert len(lines) == 1
    assert not (tmp_path / "users.csv").exists()


OLD = spell(NOON - timedelta(days=20))
REFUSED = {
    "other figures for a minute": (
        [f"{OLD},1,,,,,", f"{OLD},2,,,,,"],
        "it has two rows for 2026-02-10T12:00Z",
    ),
    "a broken line": (
        [f"{OLD},1,,,", f"{OLD},2,,,,,"],
        f"it has an invalid line, '{OLD},1,,,': it does not have as many fields as the header",
    ),
    "words": ([f"{OLD},many,,,,,", f"{OLD},2,,,,,"], "'many' is not a number of units"),
    "a broken last line": (
        [f"{OLD},1,,,"],
        f"it ends with an incomplete line, '{OLD},1,,,': delete that line",
    ),
    "another period": (
        [f"{spell(NOON - timedelta(days=40) + number * 5 * MINUTE)},1,,,,," for number in range(50)],
        "it mixes rows 1 and 5 minutes apart",
    ),
}


@pytest.mark.parametrize(("rows", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_would_lose_rows_is_refused_and_unchanged(
    tmp_path: Path, rows: list[str], expected: str
) -> None:
    path = write(tmp_path, rows)
    before = path.read_bytes()
    lines, failures = record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert lines == ()
    assert failures[0].startswith(f"orders: not recorded: {path} cannot be continued: ")
    assert expected in failures[0]
    assert path.read_bytes() == before


def test_a_file_with_columns_that_would_be_lost_is_unchanged(tmp_path: Path) -> None:
    path = write(tmp_path, [f"{OLD},1,,,,,,x"], header=f"{GOOD_HEADER},note")
    _, failures = record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert f"{path} cannot be continued: it does not have the header {GOOD_HEADER}" in failures[0]


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.json"])
def test_no_second_recording_of_a_target_is_started(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"timestamp,consumed_reads\n"))
    _, failures = record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    assert failures[0].endswith(
        f"{tmp_path / name} exists, but only a plain .csv can be continued: unpack it or move it away"
    )
    assert not (tmp_path / "orders.csv").exists()


def test_a_file_that_was_continued_can_be_replayed(tmp_path: Path) -> None:
    start = NOON - timedelta(days=20)
    write(tmp_path, [f"{spell(start + number * MINUTE)},60,,,,5," for number in reversed(range(1440))])
    record_targets([ORDERS], History(), tmp_path, TWO_WEEKS)
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.start, recording.end, recording.period) == (start, NOON, 1)


MINUTES = st.integers(0, 40)
FIELDS = st.lists(st.sampled_from(("", "0", "7", "12.50")), min_size=6, max_size=6)


@given(
    st.dictionaries(MINUTES, FIELDS),
    st.lists(st.dictionaries(MINUTES, st.integers(0, 99)), min_size=6, max_size=6),
    MINUTES,
    st.randoms(use_true_random=False),
)
def test_no_value_is_ever_lost_in_a_merge(
    old: dict[int, list[str]],
    fetched: list[dict[int, int]],
    first: int,
    random: object,
) -> None:
    rows = [f"{spell(NOON + minute * MINUTE)},{','.join(fields)}" for minute, fields in old.items()]
    random.shuffle(rows)  # type: ignore[attr-defined]
    kept = read_history(io.StringIO("\n".join((GOOD_HEADER, *rows))))
    series = {
        name: {NOON + minute * MINUTE: float(units) for minute, units in points.items()}
        for name, points in zip(COLUMNS, fetched, strict=True)
    }
    start, end = NOON + first * MINUTE, NOON + 41 * MINUTE
    text = "".join(write_history(merge(kept, series, start, end)))
    found = {line[:20]: line[21:].split(",") for line in text.splitlines()[1:]}
    assert list(found) == sorted(found)
    for minute in {*old, *range(first, 41)}:
        before = old.get(minute, [""] * 6)
        now = [str(points[minute]) if minute in points and minute >= first else "" for points in fetched]
        expected = [new or one for new, one in zip(now, before, strict=True)]
        assert found[spell(NOON + minute * MINUTE)] == expected
