"""A status file is replaced as a whole; what another program put in its place stays, with one sentence."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.service.status import file as status_file
from dynamic_dynamodb.service.status.file import (
    MissingStatusError,
    StatusFile,
    UnreadableStatusError,
    read_status,
)
from dynamic_dynamodb.service.status.format import render
from tests.service.status.builders import status, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamic_dynamodb.service.status.snapshot import Status

SOME = status(target())
ADVICE = "and is left alone: set status-file to another path"


@pytest.fixture
def file(tmp_path: Path) -> StatusFile:
    return StatusFile(tmp_path / "state" / "default.status", Conditions())


def sentences(file: StatusFile) -> list[str]:
    return [notice.sentence for notice in file.conditions.in_force]


def test_a_written_status_can_be_read_by_its_owner_only(file: StatusFile) -> None:
    file.write(SOME)
    assert (sentences(file), file.read(), read_status(file.path)) == ([], SOME, SOME)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in file.path.parent.iterdir()) == [
        "default.status",
        "default.status.lock",
    ]


def make_link(path: Path) -> None:
    (path.parent / "precious").write_text("precious")
    path.symlink_to(path.parent / "precious")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(make_link, "is a symbolic link", id="a link"),
        pytest.param(os.mkdir, "is not a regular file", id="a directory"),
        pytest.param(os.mkfifo, "is not a regular file", id="a fifo"),
        pytest.param(
            lambda path: path.write_text("mine"),
            "is not a status file of this program",
            id="another program's",
        ),
        pytest.param(
            lambda path: path.write_text("".join(render(SOME)).replace('"version":1', '"version":9')),
            "has version 9 of the format, not 1",
            id="another version's",
        ),
    ],
)
def test_what_is_not_ours_stays_and_is_one_sentence(
    file: StatusFile, make: Callable[[Path], None], why: str
) -> None:
    file.path.parent.mkdir()
    make(file.path)
    before = {path.name: path.lstat() for path in file.path.parent.iterdir()}
    assert file.find_obstacle() == f"the status is not saved: {file.path} {why}, {ADVICE}"
    for _ in range(2):
        assert file.read() is None
        file.write(SOME)
        assert sentences(file) == [f"the status is not saved: {file.path} {why}, {ADVICE}"]
    after = {path.name: path.lstat() for path in file.path.parent.iterdir()}
    assert {name: (one.st_ino, one.st_size, one.st_mtime_ns) for name, one in after.items()} == {
        name: (one.st_ino, one.st_size, one.st_mtime_ns) for name, one in before.items()
    }
    with pytest.raises(UnreadableStatusError, match=why):
        read_status(file.path)


@pytest.mark.parametrize("left", ["", "".join(render(SOME))[:200]], ids=["empty", "cut off"])
def test_a_damaged_file_of_ours_is_replaced_with_one_sentence(file: StatusFile, left: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(left)
    assert file.read() is None
    file.write(SOME)
    (sentence,) = sentences(file)
    assert sentence.startswith(f"the last changes are not known: {file.path} is damaged: ")
    file.write(SOME)
    assert (sentences(file), read_status(file.path)) == ([], SOME)


def test_a_file_that_a_killed_process_left_half_written_is_replaced(file: StatusFile) -> None:
    file.path.parent.mkdir()
    file.path.with_name("default.status.new").write_text("".join(render(SOME))[:50])
    file.write(SOME)
    assert (sentences(file), read_status(file.path)) == ([], SOME)


def test_a_directory_that_cannot_be_made_is_a_sentence_until_it_can(file: StatusFile) -> None:
    file.path.parent.write_text("in the way")
    assert "cannot be written: Not a directory" in file.find_obstacle()
    file.write(SOME)
    (sentence,) = sentences(file)
    assert sentence == f"the status is not saved: {file.path} cannot be written: Not a directory"
    file.path.parent.unlink()
    file.write(SOME)
    assert sentences(file) == []


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[tuple[StatusFile, threading.Event]]:
    """Yield a file whose file system does not answer until the event is set."""
    answered = threading.Event()

    class _Hanging(type(tmp_path)):  # type: ignore[misc]  # the class depends on the system
        def with_name(self, name: str) -> Path:
            if name.endswith(".lock"):
                answered.wait()
            return tmp_path / name

    yield StatusFile(_Hanging(tmp_path / "default.status"), Conditions(), wait_seconds=0.2), answered
    answered.set()


def test_a_file_system_that_does_not_answer_delays_no_further_check(
    hanging: tuple[StatusFile, threading.Event],
) -> None:
    file, answered = hanging
    late = (
        f"the status is not saved: {file.path} cannot be written: its file system has not answered for 0.2 s"
    )
    file.write(SOME)
    assert sentences(file) == [late]
    first = file.running
    file.write(SOME)  # does not wait: the first is not done
    assert (file.running, sentences(file)) == (first, [late])
    answered.set()
    assert first is not None
    first.result(10)
    file.write(SOME)
    assert sentences(file) == []


def test_a_status_that_is_too_large_to_be_read_is_not_written(file: StatusFile) -> None:
    huge = status(target(section="x" * status_file.MOST_BYTES))
    file.write(huge)
    assert sentences(file) == [
        f"the status is not saved: {file.path} cannot be written: it would be larger than 50 MB"
    ]
    assert [path.name for path in file.path.parent.iterdir()] == ["default.status.lock"]


def test_a_file_that_is_too_large_is_not_read(file: StatusFile) -> None:
    file.write(SOME)
    with file.path.open("ab") as opened:
        opened.truncate(status_file.MOST_BYTES + 1)
    with pytest.raises(UnreadableStatusError, match="it is larger than 50 MB"):
        read_status(file.path)


def test_a_file_that_does_not_exist_is_a_sentence(file: StatusFile) -> None:
    with pytest.raises(MissingStatusError, match=f"there is no status: {file.path} does not exist"):
        read_status(file.path)


def test_a_file_that_this_user_cannot_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "not a directory" / "default.status"
    path.parent.write_text("")
    with pytest.raises(UnreadableStatusError, match=r"the status cannot be read: .*: Not a directory"):
        read_status(path)


def test_concurrent_writers_leave_a_whole_status_of_one(file: StatusFile) -> None:
    statuses = [status(*[target(f"table-{number}") for number in range(size)]) for size in (1, 400)]

    def write_often(one: Status) -> None:
        for _ in range(5):
            replace(file).write(one)

    threads = [threading.Thread(target=write_often, args=(one,)) for one in statuses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_status(file.path) in statuses
    assert sorted(path.name for path in file.path.parent.iterdir()) == [
        "default.status",
        "default.status.lock",
    ]
