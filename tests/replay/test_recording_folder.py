"""--record writes only into its directory, whatever tables are named and whatever the directory contains."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.replay.recordings.files import open_folder
from dynamic_dynamodb.replay.recordings.manifest import MANIFEST
from dynamic_dynamodb.replay.recordings.reader import read_recordings
from dynamic_dynamodb.replay.recordings.recorder import Span
from dynamic_dynamodb.scaling.model import Target
from tests.end_to_end.program import Program
from tests.replay.history import NOON, ORDERS, History, record_targets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

HOUR = Span(NOON - timedelta(hours=1), NOON)
RULES = """\
[default_options]
max-provisioned-reads: 500
max-provisioned-writes: 500
[table: .*]
[gsi: .* table: .*]
"""


@pytest.fixture
def program(emulator: Emulator, tmp_path: Path) -> Program:
    """Return the program with an account that has a table and an hour of load."""
    emulator.add_table("orders")
    emulator.put_metrics("orders", consumed_reads=1, minutes=60)
    return Program(emulator, tmp_path)


def record(program: Program) -> Run:
    """Record a day."""
    return program.run("-c", program.write(RULES), "--record", "history", "--days", "1")


@pytest.mark.parametrize(
    "name",
    ["../../escape", "/etc/cron.d/x", "a\nb\x1b[31m", "..", "x" * 256, "orders@by-date", "or ders", "ordérs"],
)
@pytest.mark.parametrize("is_index", [False, True])
def test_a_name_that_dynamodb_does_not_allow_never_becomes_a_path(
    tmp_path: Path, name: str, *, is_index: bool
) -> None:
    folder = tmp_path / "a" / "b" / "history"
    folder.mkdir(parents=True)
    history = History()
    target = Target("orders", name) if is_index else Target(name)
    lines, failures = record_targets([target, ORDERS], history, folder, HOUR)
    assert len(lines) == len(history.asked) == 1
    assert failures[0].endswith(
        ": not recorded: DynamoDB does not allow this name: it must have 3 to 255 letters, digits, _, - and ."
    )
    assert failures[0].isprintable()
    assert sorted(path.name for path in folder.iterdir()) == ["orders.csv", MANIFEST]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "history", "orders.csv", MANIFEST]


def test_the_program_takes_no_path_from_aws(program: Program, tmp_path: Path) -> None:
    for name in ("../escape", str(tmp_path / "escape")):
        program.emulator.add_table(name)
        program.emulator.put_metrics(name, consumed_reads=1, minutes=30)
    assert record(program).code == 1
    assert not list(tmp_path.glob("escape*"))
    assert (tmp_path / "history" / "orders.csv").is_file()


@pytest.mark.parametrize("name", ["orders.csv", MANIFEST])
def test_a_symbolic_link_is_not_followed(program: Program, tmp_path: Path, name: str) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "history"
    victim.write_text("mine\n", encoding="utf-8")
    folder.mkdir()
    (folder / name).symlink_to(victim)
    run = record(program)
    assert run.code == (1 if name == "orders.csv" else 2)
    assert "is a symbolic link: use the file that it points to, or move it away" in run.stderr
    assert victim.read_text(encoding="utf-8") == "mine\n"


def test_links_in_place_of_helper_files_are_not_followed(program: Program, tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "history"
    victim.write_text("mine\n", encoding="utf-8")
    folder.mkdir()
    (folder / ".orders.csv.part").symlink_to(victim)
    assert record(program).code == 0
    (folder / ".dynamic-dynamodb.lock").unlink()
    (folder / ".dynamic-dynamodb.lock").symlink_to(victim)
    assert record(program).code == 2
    assert victim.read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("name", ["orders.csv", MANIFEST])
def test_a_pipe_does_not_block(program: Program, tmp_path: Path, name: str) -> None:
    (tmp_path / "history").mkdir()
    os.mkfifo(tmp_path / "history" / name)
    run = record(program)
    assert run.code == (1 if name == "orders.csv" else 2)
    assert "is not a regular file" in run.stderr


LONG = Target("t" * 255, "i" * 255)
TARGETS = [Target("t" * 255), LONG, Target("t" * 255, "i" * 254), Target("Orders"), Target("orders")]


def test_names_that_are_too_long_or_differ_in_case_only_get_distinct_files(tmp_path: Path) -> None:
    for _ in range(2):
        lines, failures = record_targets(TARGETS, History(), tmp_path, HOUR)
        assert failures == ()
        assert len(lines) == 5
    names = [path.name for path in tmp_path.glob("*.csv")]
    assert len({name.casefold() for name in names}) == 5
    assert max(map(len, names)) < 230
    assert [recording.target for recording in read_recordings(tmp_path, None)] == sorted(TARGETS)


def test_a_target_with_a_long_name_is_recognized_when_its_file_is_replayed_alone_or_gzipped(
    tmp_path: Path,
) -> None:
    record_targets([LONG], History(), tmp_path, HOUR)
    (path,) = tmp_path.glob("*.csv")
    (recording,) = read_recordings(path, None)
    assert recording.target == LONG
    (recording,) = read_recordings(path, Target("orders"))
    assert recording.target == ORDERS


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    record_targets([ORDERS], History(), tmp_path, HOUR)
    path = tmp_path / "orders.csv"
    path.chmod(0o640)
    record_targets([ORDERS], History(), tmp_path, HOUR)
    assert path.stat().st_mode & 0o777 == 0o640


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a directory, as another run does."""
    folder.mkdir()
    with (folder / ".dynamic-dynamodb.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_two_runs_do_not_write_into_one_directory_at_once(program: Program, tmp_path: Path) -> None:
    with locked(tmp_path / "history"):
        run = record(program)
    expected = f"another run of --record is writing to {tmp_path / 'history'}: try again when it has ended"
    assert (run.code, run.stderr, run.stdout) == (1, f"dynamic-dynamodb: {expected}\n", "")
    assert record(program).code == 0


def test_a_write_that_fails_leaves_the_file_unchanged_and_no_other_file(tmp_path: Path) -> None:
    def write() -> Iterator[str]:
        yield "half"
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "orders.csv").write_text("old", encoding="utf-8")
    with open_folder(tmp_path) as folder, pytest.raises(OSError):
        folder.replace("orders.csv", write())
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("orders.csv", "old")
    ]
