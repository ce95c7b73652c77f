"""Counts of low checks last from check to check, and in a file from process to process."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.conditions import Conditions
from dynamic_dynamodb.check.state import AccountMemory, find_life, find_spacing
from dynamic_dynamodb.config.sources import find_state_file
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.service.state_file import StateFile
from tests.builders import NOW, low_checks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

ADVICE = "set state-file to another path"
A, B, INDEX = Target("a"), Target("b"), Target("a", "by-date")
HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "default.json"


def leave(
    path: Path, *targets: Target, count: int = 2, now: datetime = NOW, region: str = "eu-west-1"
) -> None:
    """Run a check that leaves counts of these targets."""
    store = AccountMemory(file=StateFile(path, region))
    store.begin(now)
    for target in targets:
        store.put(target, low_checks(count))
    store.commit()


def found(path: Path, target: Target, *, now: datetime = NOW, region: str = "eu-west-1") -> int:
    """Start a check in a new process, and return a target's count."""
    store = AccountMemory(file=StateFile(path, region))
    store.begin(now)
    return store.get(target).reads.low_checks


THREE = {"low_checks": 3}


def test_counts_outlive_the_process(path: Path) -> None:
    leave(path, A, INDEX)
    assert list(json.loads(path.read_text())["regions"]["eu-west-1"]) == ["a", "a/by-date"]
    assert [found(path, target) for target in (A, INDEX, B)] == [2, 2, 0]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("seconds", "found", "kept"),
    [
        pytest.param(1, 1, 2, id="a SIGHUP"),
        pytest.param(149, 1, 2, id="still too soon"),
        pytest.param(150, 2, 3, id="half an interval"),
        pytest.param(-1, 1, 2, id="a clock put back"),
    ],
)
def test_a_check_too_soon_after_another_does_not_count(seconds: int, found: int, kept: int) -> None:
    store = AccountMemory(spacing=find_spacing(300))
    store.begin(NOW)
    store.put(A, low_checks(2))
    store.begin(NOW + timedelta(seconds=seconds))
    assert store.get(A) == low_checks(found)
    store.put(A, low_checks(found + 1))
    store.begin(NOW + timedelta(seconds=300))
    assert store.get(A) == low_checks(kept)


def test_a_check_too_soon_can_reset_a_count_and_many_of_them_do_not_delay_the_next() -> None:
    store = AccountMemory(spacing=find_spacing(300))
    counted = []
    for number in range(8):
        store.begin(NOW + timedelta(seconds=140 * number))
        count = store.get(A).reads.low_checks + 1
        store.put(A, low_checks(count))
        counted.append(count)
    assert counted == [1, 1, 1 + 1, 2, 3, 3, 4, 4]
    store.put(A, low_checks(0))
    assert store.get(A) == low_checks(0)


def test_a_count_reset_by_a_check_too_soon_is_reset_in_the_file_too(path: Path) -> None:
    store = AccountMemory(spacing=find_spacing(300), file=StateFile(path, "eu-west-1"))
    for seconds, count in ((0, 2), (1, 0)):
        store.begin(NOW + timedelta(seconds=seconds))
        store.put(A, low_checks(count))
        store.commit()
    assert found(path, A, now=NOW + timedelta(seconds=2)) == 0


def test_checks_from_cron_count_however_close_they_are(path: Path) -> None:
    for number in (1, 2):
        leave(path, A, count=number, now=NOW + timedelta(seconds=number))
    assert found(path, A, now=NOW + timedelta(seconds=3)) == 2


def test_the_whole_memory_outlives_the_process(path: Path) -> None:
    memory = PerCapacity(Memory(2, NOW), Memory(0, None))
    store = AccountMemory(file=StateFile(path, "eu-west-1"))
    store.begin(NOW)
    store.put(A, memory)
    store.commit()
    again = AccountMemory(file=StateFile(path, "eu-west-1"))
    again.begin(NOW + 2 * HOUR)
    assert again.get(A) == PerCapacity(Memory(0, NOW), Memory(0, None))
    again.begin(NOW)
    assert again.get(A) == memory


@pytest.mark.parametrize(
    ("version", "entry"),
    [
        pytest.param(1, [2, 1, NOW.isoformat()], id="lists, as in earlier files"),
        pytest.param(
            2,
            {
                "checked": NOW.isoformat(),
                "reads": {"low_checks": 2, "of_a_later_version": [1]},
                "writes": {"low_checks": 1},
                "of_a_later_version": None,
            },
            id="with more than is known",
        ),
    ],
)
def test_files_of_other_versions_are_read(path: Path, version: int, entry: object) -> None:
    path.parent.mkdir()
    written = f"dynamic-dynamodb counts, version {version}"
    path.write_text(json.dumps({"format": written, "regions": {"eu-west-1": {"a": entry}}}))
    store = AccountMemory(file=StateFile(path, "eu-west-1"))
    store.begin(NOW)
    assert store.get(A) == low_checks(2, 1)


@pytest.mark.parametrize("name", ["a/by-date", "a:by-date"])
def test_both_spellings_of_an_index_are_read(path: Path, name: str) -> None:
    path.parent.mkdir()
    entry = {"checked": NOW.isoformat(), "reads": {"low_checks": 2}, "writes": {"low_checks": 1}}
    text = {"format": "dynamic-dynamodb counts, version 2", "regions": {"eu-west-1": {name: entry}}}
    path.write_text(json.dumps(text))
    store = AccountMemory(file=StateFile(path, "eu-west-1"))
    store.begin(NOW)
    assert store.get(INDEX) == low_checks(2, 1)


def test_a_raise_by_a_check_right_after_another_is_remembered(path: Path) -> None:
    store = AccountMemory(spacing=find_spacing(300), file=StateFile(path, "eu-west-1"))
    for seconds, raised in ((0, None), (1, NOW)):
        store.begin(NOW + timedelta(seconds=seconds))
        store.put(A, PerCapacity(Memory(2, raised), Memory()))
    assert store.get(A) == PerCapacity(Memory(1, NOW), Memory())


def test_processes_of_one_instance_do_not_erase_each_other(path: Path) -> None:
    leave(path, A)
    leave(path, B, count=1)
    leave(path, A, count=3, region="us-east-1")
    assert [found(path, A), found(path, B), found(path, A, region="us-east-1")] == [2, 1, 3]


@pytest.mark.parametrize(("age", "expected"), [(HOUR, 2), (HOUR + timedelta(seconds=1), 0), (-2 * HOUR, 0)])
def test_a_count_starts_at_0_after_a_long_time_without_a_check(
    path: Path, age: timedelta, expected: int
) -> None:
    leave(path, A)
    assert found(path, A, now=NOW + age) == expected


@pytest.mark.parametrize(("interval", "expected"), [(60, HOUR), (1200, HOUR), (3600, 3 * HOUR)])
def test_counts_are_valid_for_three_intervals_but_at_least_an_hour(
    interval: int, expected: timedelta
) -> None:
    assert find_life(interval) == expected


def test_entries_not_checked_for_a_day_are_removed(path: Path) -> None:
    leave(path, A)
    leave(path, B, now=NOW + timedelta(hours=24))
    assert '"a"' in path.read_text()
    leave(path, B, now=NOW + timedelta(hours=24, seconds=1))
    assert '"a"' not in path.read_text()


def test_entries_of_a_deleted_table_are_removed_at_once(path: Path) -> None:
    leave(path, A, INDEX, B)
    store = AccountMemory(file=StateFile(path, "eu-west-1"))
    store.begin(NOW)
    store.keep_only(["b"])
    store.commit()
    assert [found(path, target) for target in (A, INDEX, B)] == [0, 0, 2]


def test_without_commit_nothing_is_written(path: Path) -> None:
    store = AccountMemory(file=StateFile(path, "eu-west-1"))
    store.begin(NOW)
    store.put(A, low_checks(2))
    assert not path.exists()
    store.begin(NOW + timedelta(minutes=5))
    assert store.get(A) == low_checks(2)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param('{"format": "dynamic-dynamodb counts, version 1", "reg', id="cut off"),
        pytest.param('{"format": "dynamic-dynamodb counts, version 9", "regions": {}}', id="of a later form"),
        pytest.param(
            '{"format": "dynamic-dynamodb counts, version 1", "regions": {"eu-west-1": {"a": [1, -1, "x"]}}}',
            id="nonsense inside",
        ),
        pytest.param('{"format": "dynamic-dynamodb counts, version 1", "\udcff', id="no text"),
    ],
)
def test_a_damaged_state_file_is_a_condition_and_is_replaced(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content.encode(errors="surrogateescape"))
    conditions = Conditions()
    store = AccountMemory(file=StateFile(path, "eu-west-1", conditions))
    store.begin(NOW)
    store.begin(NOW)
    (warning,) = conditions.in_force
    assert warning.sentence.startswith(f"counts start at zero: {path} is damaged: ")
    store.put(A, low_checks(1))
    store.commit()
    assert found(path, A) == 1


@pytest.mark.parametrize(
    ("version", "damaged"),
    [
        pytest.param(2, '{"a": {"checked": 7}}', id="an entry"),
        pytest.param(2, '"text"', id="no entries"),
        pytest.param(2, "null", id="nothing"),
        pytest.param(1, '{"a": [1, -1, "x"]}', id="an entry of an earlier form"),
        pytest.param(1, "[]", id="no entries of an earlier form"),
    ],
)
def test_what_is_damaged_in_one_region_concerns_no_other(path: Path, version: int, damaged: str) -> None:
    other = {
        1: f'{{"a": [3, 3, "{NOW.isoformat()}"]}}',
        2: json.dumps({"a": {"checked": NOW.isoformat(), **dict.fromkeys(("reads", "writes"), THREE)}}),
    }
    path.parent.mkdir()
    path.write_text(
        f'{{"format": "dynamic-dynamodb counts, version {version}",'
        f' "regions": {{"eu-west-1": {other[version]}, "us-east-1": {damaged}}}}}'
    )
    conditions = [Conditions(), Conditions()]
    good, bad = (
        AccountMemory(file=StateFile(path, region, each))
        for region, each in zip(("eu-west-1", "us-east-1"), conditions, strict=True)
    )
    for store, count in ((good, 3), (bad, 0)):
        store.begin(NOW)
        assert store.get(A) == low_checks(count)
        store.put(A, low_checks(count + 1))
        store.commit()
    assert not conditions[0].in_force
    (warning,) = conditions[1].in_force
    assert warning.sentence.startswith("counts start at zero: ")
    for store, count in ((good, 4), (bad, 1)):
        store.begin(NOW)
        assert store.get(A) == low_checks(count)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("[global]\nregion: eu-west-1\n", id="a configuration"),
        pytest.param('{"format": "other", "regions": {}}', id="another program's"),
        pytest.param("[]", id="another shape"),
        pytest.param("{", id="one character"),
        pytest.param("\udcff\udcfe", id="no text"),
        pytest.param("\n" * 1000, id="blank lines"),
    ],
)
@pytest.mark.parametrize("name", ["default.json", "default.json.new"])
def test_a_foreign_file_is_a_condition_and_is_left_alone(path: Path, content: str, name: str) -> None:
    path.parent.mkdir()
    foreign = path.with_name(name)
    foreign.write_bytes(content.encode(errors="surrogateescape"))
    assert check_twice(path) == [
        f"counts are not saved: {foreign} is not a state file of this program, and is left alone: {ADVICE}"
    ]
    assert foreign.read_bytes() == content.encode(errors="surrogateescape")
    assert not path.exists() or foreign == path


def check_twice(path: Path) -> list[str]:
    """Run two checks of one process, of which the second must know what the first has left.

    Return the conditions that both have found.
    """
    conditions, found = Conditions(), []
    store = AccountMemory(file=StateFile(path, "eu-west-1", conditions))
    for count in (1, 2):
        store.begin(NOW)
        assert store.get(A) == low_checks(count - 1)
        store.put(A, low_checks(count))
        store.commit()
        found.append([notice.sentence for notice in conditions.in_force])
    assert found[0] == found[1]
    return found[1]


def make_link(path: Path) -> None:
    """Link to a good state file elsewhere."""
    elsewhere = path.with_name("elsewhere.json")
    leave(elsewhere, A)
    elsewhere.with_name("elsewhere.json.lock").unlink()
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(make_link, "a symbolic link", id="link"),
        pytest.param(os.mkfifo, "not a regular file", id="FIFO"),
        pytest.param(Path.mkdir, "not a regular file", id="directory"),
        pytest.param(lambda path: path.symlink_to("/dev/null"), "a symbolic link", id="link to a device"),
    ],
)
def test_a_path_that_is_not_a_regular_file_is_left_alone_and_nothing_is_written_beside_it(
    path: Path, make: Callable[[Path], None], why: str
) -> None:
    path.parent.mkdir()
    make(path)
    before = {one: one.lstat().st_ino for one in path.parent.iterdir()}
    (warning,) = check_twice(path)
    assert {one: one.lstat().st_ino for one in path.parent.iterdir()} == before
    assert warning.startswith(f"counts are not saved: {path} is {why}, and is left alone")


def test_nothing_is_written_beside_a_foreign_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("[global]\n")
    check_twice(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_state_file_that_cannot_be_written_is_one_condition(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    conditions = Conditions()
    store = AccountMemory(file=StateFile(tmp_path / "file" / "default.json", "eu-west-1", conditions))
    for _ in range(2):
        store.begin(NOW)
        store.put(A, low_checks(1))
        store.commit()
    assert len(conditions.in_force) == 1
    assert store.get(A) == low_checks(1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/dd:/other"}, Path("/var/lib/dd/blue.json")),
        ({"XDG_STATE_HOME": "/home/a/state"}, Path("/home/a/state/dynamic-dynamodb/blue.json")),
        ({}, Path.home() / ".local/state/dynamic-dynamodb/blue.json"),
    ],
)
def test_an_instance_has_its_file_where_state_belongs(environment: dict[str, str], expected: Path) -> None:
    assert find_state_file("blue", environment) == expected
