"""--record writes each target's history to a file that the next run continues."""

from __future__ import annotations

import errno
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.replay.recordings.files import Folder, open_folder
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST, Entry, Manifest
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recorder import RecordedTarget, Recorder, Span
from dynamic_dynamodb.replay.recordings.recording import NOT_REGISTERED
from dynamic_dynamodb.replay.recordings.rows import GOOD_HEADER
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.end_to_end.daemons import wait_until
from tests.end_to_end.program import PATIENCE_SECONDS, Program
from tests.replay.history import NOON, ORDERS, History, record_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from dynamic_dynamodb.scaling.usage import Datapoints
    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

CONFIGURATION = """\
[default_options]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: ^orders$]
[gsi: .* table: ^orders$]
[table: ^users$]
"""


def test_the_program_records_tables_and_indexes_and_replays_them(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders", reads=100, writes=20, gsis={"by-date": (50, 10)})
    emulator.add_table("users", reads=5, writes=5)
    emulator.put_metrics("orders", consumed_reads=40, consumed_writes=10.5, throttled_reads=3, minutes=90)
    now = datetime.now(timezone.utc)
    provisioned = {now - number * 5 * MINUTE: 100.0 for number in range(20)}
    emulator.put_series("orders", metric="ProvisionedReadCapacityUnits", sums=provisioned)
    emulator.put_metrics("orders", "by-date", consumed_writes=1, minutes=90)
    emulator.set_pages(datapoints=100)

    run = program.run("-c", program.write(CONFIGURATION), "--record", "history", "--days", "1")

    assert (run.code, run.stderr) == (0, "")
    folder = tmp_path / "history"
    lines = run.stdout.splitlines()
    assert lines[1] == f"orders: 1,440 minutes, 1,440 of them new, in {folder / 'orders.csv'}"
    assert lines[3] == "users: no datapoints in CloudWatch, nothing written"
    assert sorted(path.name for path in folder.glob("[!.]*")) == [
        "orders.csv",
        "orders@by-date.csv",
        MANIFEST,
    ]
    header, *rows = (folder / "orders.csv").read_text(encoding="utf-8").splitlines()
    assert header == GOOD_HEADER
    assert rows[-1].split(",")[1:6] in (["2400", "630", "3", "", ""], ["2400", "630", "3", "", "100"])
    assert rows[0].endswith("Z,,,,,,")
    calls = emulator.requests("GetMetricData")
    assert len(calls) < 12, "one call a target, and its pages"

    replayed = program.run("-c", program.write(CONFIGURATION), "--replay", "history", "--format", "csv")
    assert replayed.code == 0
    assert "orders,by-date,this configuration" in replayed.stdout
    assert "read events were throttled while this was recorded" in replayed.stderr


SCALED_BY_AWS = """\
[default_options]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: .*]
[gsi: .* table: .*]
"""


def add_scaled_table(emulator: Emulator) -> None:
    """Add a table with an index, both of which AWS scales."""
    emulator.add_table("orders", reads=100, writes=20, gsis={"by-date": (50, 10)})
    emulator.set_storage("orders", 2**31, table_class="STANDARD_INFREQUENT_ACCESS")
    emulator.set_storage("orders", 4096, index="by-date")
    emulator.register_scalable("orders", limits=(5, 400), target_percent=75)
    emulator.register_scalable("orders", capacity="Write", limits=(2, 90))
    emulator.register_scalable("orders", "by-date", capacity="Write", limits=(1, 50), target_percent=62.5)
    for index in (None, "by-date"):
        emulator.put_metrics("orders", index, consumed_reads=40, consumed_writes=10.5, minutes=90)


def record_scaled(program: Program) -> Run:
    """Record a day of everything."""
    return program.run("-c", program.write(SCALED_BY_AWS), "--record", "history", "--days", "1")


def test_a_recording_keeps_size_class_and_registration_and_the_replay_shows_aws_as_registered(
    emulator: Emulator, tmp_path: Path
) -> None:
    program = Program(emulator, tmp_path)
    add_scaled_table(emulator)
    emulator.add_table("plain")
    emulator.put_metrics("plain", consumed_reads=1, minutes=90)

    run = record_scaled(program)

    assert (run.code, run.stderr) == (0, "")
    orders, index, plain = read_recordings(tmp_path / "history", None)
    reads, writes = Registration(5, 400, 75.0), Registration(2, 90)
    assert (orders.table_class, orders.size_bytes) == ("STANDARD_INFREQUENT_ACCESS", 2**31)
    assert orders.registered == PerCapacity(reads, writes)
    assert (index.table_class, index.size_bytes) == ("STANDARD_INFREQUENT_ACCESS", 4096)
    assert index.registered == PerCapacity(None, Registration(1, 50, 62.5))
    assert (plain.table_class, plain.size_bytes, plain.registered) == ("STANDARD", 0, NOT_REGISTERED)

    replayed = program.run("-c", program.write(SCALED_BY_AWS), "--replay", "history", "--format", "csv")
    assert replayed.code == 0
    rows = [line for line in replayed.stdout.splitlines() if "AWS target tracking as registered" in line]
    assert [row.split(",")[:2] for row in rows] == [["orders", ""], ["orders", "by-date"]]


def test_a_size_or_class_that_is_malformed_is_unknown_and_the_table_is_recorded(
    emulator: Emulator, tmp_path: Path
) -> None:
    program = Program(emulator, tmp_path)
    add_scaled_table(emulator)
    emulator.set_storage("orders", "big", table_class="an odd one")  # type: ignore[arg-type]
    run = record_scaled(program)
    assert (run.code, run.stderr) == (0, "")
    orders, _ = read_recordings(tmp_path / "history", None)
    assert (orders.table_class, orders.size_bytes) == ("", None)


@pytest.mark.parametrize(
    ("action", "sentence", "expected"),
    [
        pytest.param(
            "DescribeScalableTargets",
            "the recording does not say what AWS scales itself",
            NOT_REGISTERED,
            id="registrations",
        ),
        pytest.param(
            "DescribeScalingPolicies",
            "the recording does not say which utilization AWS scales to",
            PerCapacity(Registration(5, 400), Registration(2, 90)),
            id="policies",
        ),
    ],
)
def test_a_recording_goes_on_without_permission_to_see_what_aws_scales(
    emulator: Emulator,
    tmp_path: Path,
    action: str,
    sentence: str,
    expected: PerCapacity[Registration | None],
) -> None:
    program = Program(emulator, tmp_path)
    add_scaled_table(emulator)
    emulator.add_fault(code="AccessDeniedException", action=action)
    run = record_scaled(program)
    assert run.code == 0
    permission = f"application-autoscaling:{action}"
    assert f"{permission} failed: AccessDeniedException" in run.stderr
    assert f"(allow {permission} in the IAM policy); {sentence}\n" in run.stderr
    orders, _ = read_recordings(tmp_path / "history", None)
    assert orders.registered == expected


def test_a_second_run_fetches_only_what_is_missing_and_the_last_minutes_again(tmp_path: Path) -> None:
    history = History()
    first, second = Span(NOON - timedelta(hours=2), NOON), Span(NOON - timedelta(hours=1), NOON + MINUTE * 30)
    record_targets([ORDERS], history, tmp_path, first)
    lines, failures = record_targets([ORDERS], history, tmp_path, second)
    assert failures == ()
    assert history.asked == [(first.start, first.end), (NOON - 16 * MINUTE, second.end)]
    assert lines == (f"orders: 150 minutes, 30 of them new, in {tmp_path / 'orders.csv'}",)
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.start, recording.end) == (first.start, second.end)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv", MANIFEST]


def test_a_file_that_was_just_recorded_is_not_fetched_again(tmp_path: Path) -> None:
    history = History()
    span = Span(NOON - timedelta(hours=2), NOON)
    record_targets([ORDERS], history, tmp_path, span)
    later = Span(span.start, span.end + 10 * MINUTE)
    lines, failures = record_targets([ORDERS, Target("users")], history, tmp_path, later)
    assert (history.asked, failures) == ([(span.start, span.end), (later.start, later.end)], ())
    assert lines[0] == f"orders: 120 minutes, recorded less than 15 minutes ago, in {tmp_path / 'orders.csv'}"


def test_more_days_than_a_file_has_are_all_fetched(tmp_path: Path) -> None:
    history = History()
    short, long = Span(NOON - timedelta(hours=1), NOON), Span(NOON - timedelta(hours=3), NOON)
    record_targets([ORDERS], history, tmp_path, short)
    record_targets([ORDERS], history, tmp_path, long)
    assert history.asked == [(short.start, short.end), (long.start, long.end)]
    (recording,) = read_recordings(tmp_path, None)
    assert (recording.start, recording.end) == (long.start, long.end)


def test_a_gap_after_a_file_is_filled_as_far_as_cloudwatch_goes_back(tmp_path: Path) -> None:
    history = History()
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(days=21), NOON - timedelta(days=20)))
    record_targets([ORDERS], history, tmp_path, Span(NOON - timedelta(days=1), NOON))
    assert history.asked[1] == (NOON - timedelta(days=15), NOON)


@pytest.mark.parametrize("text", ["what,is,this\n1,2,3\n", f"{GOOD_HEADER}\nyesterday,1,,,,,\n"])
def test_a_file_that_is_not_a_recording_is_unchanged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    lines, failures = record_targets([ORDERS], History(), tmp_path, Span(NOON - MINUTE * 5, NOON))
    assert lines == ()
    assert failures[0].startswith("orders: not recorded: ")
    assert path.read_text(encoding="utf-8") == text


def test_a_truncated_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    span = Span(NOON - MINUTE * 50, NOON)
    record_targets([ORDERS], History(), tmp_path, span)
    path = tmp_path / "orders.csv"
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    _, failures = record_targets([ORDERS], History(), tmp_path, span)
    last = path.read_text(encoding="utf-8").splitlines()[-1]
    (failure,) = failures
    reason = f"{path} cannot be continued: it ends with an incomplete line, '{last}': delete that line"
    assert failure == f"orders: not recorded: {reason}"


def test_a_target_that_fails_keeps_its_file_and_the_others_are_recorded(tmp_path: Path) -> None:
    record_targets([ORDERS], History(), tmp_path, Span(NOON - MINUTE * 50, NOON - MINUTE * 40))
    before = (tmp_path / "orders.csv").read_text(encoding="utf-8")
    error = AwsError("cloudwatch:GetMetricData", "AccessDenied", "no")
    span = Span(NOON - MINUTE * 5, NOON)
    _, failures = record_targets([ORDERS, Target("users")], History(error), tmp_path, span)
    assert failures == tuple(
        f"{name}: not recorded: cloudwatch:GetMetricData failed: AccessDenied: no"
        " (allow cloudwatch:GetMetricData in the IAM policy)"
        for name in ("orders", "users")
    )
    assert (tmp_path / "orders.csv").read_text(encoding="utf-8") == before


def test_progress_is_reported_for_each_target(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    span = Span(NOON - MINUTE * 5, NOON)
    record_targets(
        [ORDERS, Target("users")], History(), tmp_path, span, lambda done, all_: told.append((done, all_))
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


class Meeting(History):
    """A fake CloudWatch that answers only while two targets are requested at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.barrier = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def fetch(self, target: Target, start: datetime, end: datetime) -> Mapping[str, Datapoints]:
        """Wait for the other target."""
        self.barrier.wait()
        return super().fetch(target, start, end)


def test_targets_are_fetched_concurrently_and_listed_in_their_order(tmp_path: Path) -> None:
    targets = [Target(name) for name in ("ants", "bees", "cats", "dogs")]
    lines, failures = record_targets(targets, Meeting(), tmp_path, Span(NOON - MINUTE * 5, NOON))
    assert failures == ()
    assert [line.split(":")[0] for line in lines] == ["ants", "bees", "cats", "dogs"]
    assert [recording.target for recording in read_recordings(tmp_path, None)] == targets


def test_no_more_targets_than_allowed_are_fetched_before_one_is_written(tmp_path: Path) -> None:
    history, seen = History(), list[tuple[int, int]]()
    targets = [Target(f"t{number:02}") for number in range(20)]
    with open_folder(tmp_path) as folder, ThreadPoolExecutor() as workers:
        Recorder(folder, history, Span(NOON - MINUTE * 5, NOON), workers, 3).record(
            [RecordedTarget(Entry(target)) for target in targets],
            Manifest("eu-west-1"),
            lambda done, _: seen.append((done, len(history.asked))),
        )
    assert [done for done, _ in seen] == list(range(21))
    assert all(asked <= done + 3 for done, asked in seen), seen


@dataclass(frozen=True, slots=True)
class FullFolder(Folder):
    """A directory on a disk that has room for the manifest and for two recordings."""

    def replace(self, name: str, lines: Iterable[str]) -> None:
        """Write a file, or fail as a full disk does."""
        if sum(other.endswith(".csv") for other in self.list_names()) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        Folder.replace(self, name, lines)


def test_a_full_disk_ends_a_recording_before_more_metrics_are_paid_for(tmp_path: Path) -> None:
    history = History()
    targets = [Target(f"t{number:02}") for number in range(20)]
    with open_folder(tmp_path) as opened, ThreadPoolExecutor() as workers:
        folder = FullFolder(opened.path, opened.descriptor)
        recorded = Recorder(folder, history, Span(NOON - MINUTE * 5, NOON), workers, 1).record(
            [RecordedTarget(Entry(target)) for target in targets], Manifest("eu-west-1")
        )
    assert recorded.failures == (
        f"t02: not recorded: {tmp_path / 't02.csv'}: No space left on device",
        "17 more tables and indexes are not recorded: free disk space, then run --record again",
    )
    assert (len(recorded.lines), recorded.fetched, len(history.asked)) == (2, 3, 3)


def test_progress_says_targets_done_and_time_left_on_a_terminal(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    for name in ("orders", "users"):
        emulator.add_table(name)
        emulator.put_metrics(name, consumed_reads=1, minutes=30)
    run = program.run_on_terminal("-c", program.write(CONFIGURATION), "--record", "history", "--days", "1")
    assert run.code == 0
    assert "\rrecording 0/2 " in run.stderr
    assert run.stdout.count("1,440 of them new") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_leaves_whole_files_only_and_is_continued(
    emulator: Emulator, tmp_path: Path, number: signal.Signals
) -> None:
    program = Program(emulator, tmp_path)
    for name in ("orders", "users"):
        emulator.add_table(name)
        emulator.put_metrics(name, consumed_reads=1, minutes=30)
    emulator.add_fault(kind="hang", action="GetMetricData", table="users", times=None)
    flags = ("--record", "history", "--days", "1")
    with program.start(CONFIGURATION, *flags) as running:
        folder = tmp_path / "history"
        wait_until((folder / "orders.csv").exists, "the first file")
        run = running.end(number)
    assert run.code == 128 + number
    assert "Traceback" not in run.stderr
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["orders.csv", MANIFEST]
    assert not list(folder.glob(".*.part"))
    emulator.clear_faults()
    assert program.run("-c", program.write(CONFIGURATION), *flags).code == 0
    assert {str(one.target) for one in read_recordings(folder, None)} == {"orders", "users"}


def test_recording_without_permission_ends_with_1_and_names_it(emulator: Emulator, tmp_path: Path) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders")
    emulator.add_fault(code="AccessDenied", action="GetMetricData")
    run = program.run("-c", program.write(CONFIGURATION), "--record", "history")
    assert run.code == 1
    assert "orders: not recorded: cloudwatch:GetMetricData failed: AccessDenied" in run.stderr


def test_a_recording_warns_about_sections_and_the_clock_before_its_failures(
    emulator: Emulator, tmp_path: Path
) -> None:
    program = Program(emulator, tmp_path)
    emulator.add_table("orders")
    emulator.set_clock(datetime.now(timezone.utc) - timedelta(minutes=7))
    run = program.run("-c", program.write("[table: ^orders$]\n[table: ^gone$]\n"), "--record", "history")
    assert run.code == 0, run.stderr
    warnings = [line.removeprefix("dynamic-dynamodb: ") for line in run.stderr.splitlines()]
    assert "nothing matches [table: ^gone$]" in warnings
    assert any(warning.startswith("this machine's clock is ") for warning in warnings), warnings
