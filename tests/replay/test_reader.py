"""Recordings are read from CSV, gzip and JSON; a faulty one is refused with a reason."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recording import NO_GAPS, Gaps
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import target_options
from tests.replay.files import HEADER, answer, read, refuse, stamp
from tests.replay.recordings import START

if TYPE_CHECKING:
    from pathlib import Path


UNLIMITED = target_options().capacities


def test_a_file_of_record_is_read_completely(tmp_path: Path) -> None:
    text = f"{HEADER}\n{stamp(0)},600,60,,,10,5\n{stamp(1)},660.5,,7,,,\n{stamp(2)},,,,,20,\n"
    recording = read(tmp_path, text)
    assert (recording.target, recording.start, recording.minutes) == (Target("orders"), START, 3)
    reads, writes = recording.sides
    assert reads is not None
    assert writes is not None
    assert (list(reads.consumed), reads.throttled_events, list(reads.provisioned or ())) == (
        [600, 660.5, 0],
        7,
        [10, 10, 20],
    )
    assert (list(writes.consumed), list(writes.provisioned or ())) == ([60, 0, 0], [5, 5, 5])
    assert recording.gaps == PerCapacity(Gaps(1, 1, START + 2 * MINUTE), Gaps(2, 2, START + MINUTE))
    assert recording.find_start_capacity(PerCapacity(1, 1), UNLIMITED) == PerCapacity(10, 5)


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz"])
def test_order_byte_order_mark_offsets_and_line_ends_do_not_matter(tmp_path: Path, name: str) -> None:
    later = (START + MINUTE + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S+02:00")
    text = f"\ufefftimestamp, consumed_reads ,note\r\n{later},120,x\r\n{stamp(0)[:-1]},60,\r\n"
    recording = read(tmp_path, text, name)
    assert recording.start == START
    assert recording.sides.reads is not None
    assert list(recording.sides.reads.consumed) == [60, 120]
    assert recording.sides.writes is None


def test_longer_periods_are_spread_in_whole_units(tmp_path: Path) -> None:
    recording = read(tmp_path, f"timestamp,consumed_reads\n{stamp(0)},12\n{stamp(5)},0\n{stamp(10)},7.5\n")
    assert recording.period == 5
    assert recording.minutes == 15
    assert recording.sides.reads is not None
    consumed = list(recording.sides.reads.consumed)
    assert consumed == [2, 2, 3, 2, 3, 0, 0, 0, 0, 0, 1, 2, 1, 2, 1.5]
    assert recording.gaps == PerCapacity(NO_GAPS, NO_GAPS)


def test_gaps_are_counted_for_each_side(tmp_path: Path) -> None:
    rows = [f"{stamp(minute)},60,{60 if minute < 10 else ''}" for minute in range(100)]
    recording = read(tmp_path, "\n".join(("timestamp,consumed_reads,consumed_writes", *rows)))
    assert recording.gaps == PerCapacity(NO_GAPS, Gaps(90, 90, START + 10 * MINUTE))


def test_the_time_before_the_first_datapoint_of_a_new_table_is_left_out(tmp_path: Path) -> None:
    def write(blank: int, provisioned: str) -> str:
        blank_rows = [f"{stamp(minute)},,,,,," for minute in range(blank)]
        rows = [f"{stamp(blank + minute)},60,,,,{provisioned}," for minute in range(50)]
        return "\n".join((HEADER, *blank_rows, *rows))

    young = read(tmp_path, write(90, "10"))
    assert (young.start, young.minutes, young.gaps.reads) == (START + 90 * MINUTE, 50, NO_GAPS)
    (remark,) = young.remarks
    assert remark == (
        "the first 90 minutes, until 2026-03-02T01:30Z, have no datapoint, not even for provisioned units,"
        " and are left out: the table may not have existed"
    )
    idle = read(tmp_path, write(20, "10"))
    assert (idle.start, idle.gaps.reads, idle.remarks) == (START, Gaps(20, 20, START), ())
    unknown = read(tmp_path, write(90, ""))
    assert (unknown.start, unknown.gaps.reads, unknown.remarks) == (START, Gaps(90, 90, START), ())


def test_missing_rows_are_gaps(tmp_path: Path) -> None:
    rows = "".join(f"{stamp(minute)},60\n" for minute in (0, 1, 2, 6, 7))
    recording = read(tmp_path, f"timestamp,consumed_reads\n{rows}")
    assert (recording.period, recording.minutes) == (1, 8)
    assert recording.gaps.reads == Gaps(3, 3, START + 3 * MINUTE)


def test_a_missing_side_is_left_out_and_an_idle_one_is_not(tmp_path: Path) -> None:
    assert read(tmp_path, f"{HEADER}\n{stamp(0)},1,,,,,\n{stamp(1)},1,,,,,\n").sides.writes is None
    idle = read(tmp_path, f"{HEADER}\n{stamp(0)},1,,,,,5\n{stamp(1)},1,,,,,5\n").sides.writes
    assert idle is not None
    assert list(idle.consumed) == [0, 0]
    absent = f"timestamp,consumed_reads,provisioned_writes\n{stamp(0)},1,5\n{stamp(1)},1,5\n"
    assert read(tmp_path, absent).sides.writes is None


def test_uneven_distances_are_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"{stamp(minute)},60\n" for minute in (0, 5, 10, 15, 16))
    recording = read(tmp_path, f"timestamp,consumed_reads\n{rows}")
    assert recording.remarks == (
        "most rows are 5 minutes apart, but some only 1: every row is read as a period of 1 min",
    )


def test_without_recorded_capacity_the_start_is_that_of_the_flag_or_the_first_hours_peak(
    tmp_path: Path,
) -> None:
    rows = "".join(f"{stamp(minute)},{90000 if minute == 61 else 601}\n" for minute in range(70))
    recording = read(tmp_path, f"timestamp,consumed_reads\n{rows}")
    assert recording.find_start_capacity(None, UNLIMITED) == PerCapacity(11, 1)
    assert recording.find_start_capacity(PerCapacity(70, 80), UNLIMITED) == PerCapacity(70, 1)


def test_an_estimated_start_is_clamped_to_the_limits_and_a_recorded_one_is_not(tmp_path: Path) -> None:
    limits = target_options(max_provisioned_reads="100", min_provisioned_writes="20").capacities
    rows = "".join(f"{stamp(minute)},12000,60\n" for minute in range(70))
    recording = read(tmp_path, f"timestamp,consumed_reads,consumed_writes\n{rows}")
    assert recording.find_start_capacity(None, limits) == PerCapacity(100, 20)
    assert recording.find_start_capacity(PerCapacity(300, 1), limits) == PerCapacity(300, 1)


def test_two_periods_in_one_file_are_refused(tmp_path: Path) -> None:
    minutes = [*range(0, 500, 5), *range(500, 600)]
    rows = "".join(f"{stamp(minute)},600\n" for minute in minutes)
    assert refuse(tmp_path, f"timestamp,consumed_reads\n{rows}").startswith(
        "mixes rows 1 and 5 minutes apart (CloudWatch keeps 1-minute data for 15 days)"
    )


@pytest.mark.parametrize(
    ("text", "name", "beginning"),
    [
        ("timestamp,consumed_reads\n9999-12-31T00:00:00Z,1\n", "orders.csv", "line 2: '9999-12-31"),
        (
            f"timestamp,consumed_reads,{'x' * 140_000}\n",
            "orders.csv",
            "has a line of more than 65,536 characters",
        ),
        (f'{{"MetricDataResults": [{"9" * 5000}]}}', "orders.json", "is no"),
    ],
    ids=["the end of time", "a field without end", "a number without end"],
)
def test_timestamps_beyond_pythons_range_are_refused(
    tmp_path: Path, text: str, name: str, beginning: str
) -> None:
    assert refuse(tmp_path, text, name).startswith(beginning)


def test_a_table_name_can_end_like_another_kind_of_file(tmp_path: Path) -> None:
    text = f"timestamp,consumed_reads\n{stamp(0)},1\n{stamp(1)},1\n"
    assert read(tmp_path, text, "my.json.csv").target == Target("my.json")


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("orders.csv", None, Target("orders")),
        ("my.table_1-x.csv", None, Target("my.table_1-x")),
        ("orders@by-date.csv", None, Target("orders", "by-date")),
        ("orders:by-date.csv", None, Target("orders", "by-date")),
        ("x.csv", Target("orders"), Target("orders")),
        ("whatever", Target("orders", "by-date"), Target("orders", "by-date")),
    ],
)
def test_the_target_comes_from_the_name_or_from_the_flag(
    tmp_path: Path, name: str, target: Target | None, expected: Target
) -> None:
    text = f"timestamp,consumed_reads\n{stamp(0)},1\n{stamp(1)},1\n"
    assert read(tmp_path, text, name, target).target == expected


TWO = f"{stamp(0)},1\n{stamp(1)},1\n"
BAD = {
    "empty": (
        "",
        "orders.csv",
        f"does not have the header of a recording: {HEADER} (consumed_reads alone is enough)",
    ),
    "other-header": (
        "time,reads\n1,2\n",
        "orders.csv",
        f"does not have the header of a recording: {HEADER} (consumed_reads alone is enough)",
    ),
    "doubled-column": (
        f"timestamp,consumed_reads,consumed_reads\n{TWO}",
        "orders.csv",
        "has a duplicate column",
    ),
    "one-row": (
        f"timestamp,consumed_reads\n{stamp(0)},1\n",
        "orders.csv",
        "has fewer than two rows: there is nothing to replay",
    ),
    "no-number": (
        f"timestamp,consumed_reads\n{stamp(0)},many\n",
        "orders.csv",
        "line 2: 'many' is not a number of units, 0 or more",
    ),
    "negative": (
        f"timestamp,consumed_reads\n{TWO}{stamp(2)},-1\n",
        "orders.csv",
        "line 4: '-1' is not a number of units, 0 or more",
    ),
    "infinite": (
        f"timestamp,consumed_reads\n{stamp(0)},inf\n",
        "orders.csv",
        "line 2: 'inf' is not a number of units, 0 or more",
    ),
    "too-many-units": (
        f"timestamp,consumed_reads\n{stamp(0)},1e300\n",
        "orders.csv",
        "line 2: '1e300' is not a number of units, 0 or more",
    ),
    "too-long": (
        f"timestamp,consumed_reads\n1970-01-01T00:00:00Z,1\n{stamp(0)},1\n{stamp(1)},1\n",
        "orders.csv",
        "spans 20,514 days from 1970-01-01: is a timestamp wrong?",
    ),
    "no-time": (
        "timestamp,consumed_reads\nyesterday,1\n",
        "orders.csv",
        "line 2: 'yesterday' is not a timestamp such as 2026-03-01T00:00:00Z",
    ),
    "short-row": (
        f"timestamp,consumed_reads\n{stamp(0)}\n",
        "orders.csv",
        "line 2 has fewer fields than the header",
    ),
    "long-row": (
        f"timestamp,consumed_reads,consumed_writes\n{stamp(0)},1,234,60\n",
        "orders.csv",
        f"line 2 has more fields than the header: '{stamp(0)},1,234,60'; are there commas in numbers?",
    ),
    "no-end": (
        f'timestamp,consumed_reads\n"{"x" * 9000}\n',
        "orders.csv",
        "line 2 has fewer fields than the header",
    ),
    "long-word": (
        f"timestamp,consumed_reads\n{stamp(0)},{'9x' * 999}\n",
        "orders.csv",
        f"line 2: '{'9x' * 30}…' is not a number of units, 0 or more",
    ),
    "twice": (
        f"timestamp,consumed_reads\n{TWO}{stamp(0)},1\n",
        "orders.csv",
        "has two rows for 2026-03-02T00:00Z: keep one",
    ),
    "each-two-hours": (
        f"timestamp,consumed_reads\n{stamp(0)},1\n{stamp(120)},1\n",
        "orders.csv",
        "has a row every 120 minutes: the longest period is 60 minutes",
    ),
    "all-blank": (
        f"timestamp,consumed_reads\n{stamp(0)},\n{stamp(1)},\n",
        "orders.csv",
        "has no consumption: every consumed_reads and consumed_writes is blank",
    ),
    "name": (
        f"timestamp,consumed_reads\n{TWO}",
        "a b.csv",
        "is not named after a table, as TABLE.csv or TABLE@INDEX.csv are: use --as TABLE[/INDEX]",
    ),
    "binary": (b"\xff\xfe\x00x", "orders.csv", "is not UTF-8 text; a gzip file must be named .gz"),
    "other-encoding": (
        '{"MetricDataResults": []}'.encode("utf-16"),
        "orders.json",
        "is not UTF-8 text; a gzip file must be named .gz",
    ),
    "no-json": ("{", "orders.json", "is not JSON"),
    "other-json": (
        "[]",
        "orders.json",
        "is not what `aws cloudwatch get-metric-data` or `get-metric-statistics` prints",
    ),
    "no-consumption": (
        answer(SuccessfulRequestLatency=[1.0, 2.0]),
        "orders.json",
        "has no result labelled ConsumedReadCapacityUnits or ConsumedWriteCapacityUnits",
    ),
    "lengths": (
        answer(ConsumedReadCapacityUnits=[1.0, 2.0]).replace("[2.0, 1.0]", "[1.0]"),
        "orders.json",
        "m0: has different numbers of timestamps and values",
    ),
}


@pytest.mark.parametrize(("text", "name", "expected"), BAD.values(), ids=BAD)
def test_an_invalid_recording_is_refused_with_a_message(
    tmp_path: Path, text: str | bytes, name: str, expected: str
) -> None:
    assert refuse(tmp_path, text, name) == expected


def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(b"timestamp,consumed_reads\n")
    with pytest.raises(ConfigurationError, match="cannot be read: Not a gzipped file"):
        read_recordings(path, None)


def test_a_cut_off_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(f"timestamp,consumed_reads\n{TWO}".encode())[:-12])
    with pytest.raises(ConfigurationError, match=r"orders\.csv\.gz cannot be read: "):
        read_recordings(path, None)


def test_all_recordings_of_a_directory_are_read_and_all_their_faults_are_reported(tmp_path: Path) -> None:
    text = f"timestamp,consumed_reads\n{TWO}"
    for name in ("orders.csv", "orders@by-date.csv", ".orders.csv.part", "notes.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    targets = [recording.target for recording in read_recordings(tmp_path, None)]
    assert targets == [Target("orders"), Target("orders", "by-date")]
    (tmp_path / "orders.json").write_text("{", encoding="utf-8")
    (tmp_path / "users.csv").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_recordings(tmp_path, None)
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("make", "target", "expected"),
    [
        pytest.param(False, None, "does not exist: create a recording with --record DIR", id="missing"),
        pytest.param(True, None, "contains no recording, such as TABLE.csv or TABLE@INDEX.csv", id="empty"),
        pytest.param(True, Target("orders"), "--as names the target of one file, but", id="as-for-directory"),
    ],
)
def test_a_bad_path_is_refused(tmp_path: Path, *, make: bool, target: Target | None, expected: str) -> None:
    path = tmp_path / "history"
    if make:
        path.mkdir()
    with pytest.raises(ConfigurationError) as caught:
        read_recordings(path, target)
    assert expected in caught.value.faults[0]


def test_two_files_of_one_target_are_refused(tmp_path: Path) -> None:
    text = f"timestamp,consumed_reads\n{TWO}"
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    (tmp_path / "orders.csv.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ConfigurationError, match="is a second recording of orders: keep one"):
        read_recordings(tmp_path, None)
