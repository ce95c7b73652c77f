"""Counts outlive a run in a state file, which several runs share and which is validated when read."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.account import LIMITS, add_idle, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program, Run

WAITING = "num-read-checks-before-scale-down: 99\nnum-write-checks-before-scale-down: 99\n"
COUNTING = everywhere(WAITING, with_indexes=False)
KILLS = 25
ADVICE = "set state-file to another path"
HEAD = '{"format": "dynamic-dynamodb counts, version 1"'
"""The beginning of a whole file, so that only what is meant to be wrong is wrong."""


@pytest.fixture
def state(program: Program) -> Path:
    """Return the path of the state file that the flags of `_check` name."""
    return program.folder / "counts.json"


def _check(program: Program, *flags: str, configuration: str = COUNTING) -> Run:
    return program.check(configuration, "--state-file", "counts.json", *flags)


def _count(run: Run, target: str = "idle") -> int:
    match = re.search(r"(\d+) of num-read-checks-before-scale-down 99", run.line_of(target))
    assert match is not None, run.stdout
    return int(match[1])


def test_simultaneous_runs_keep_each_others_counts(emulator: Emulator, program: Program, state: Path) -> None:
    tables = ("one", "two")
    for table in tables:
        add_idle(emulator, table)
        program.write(f"[table: ^{table}$]\n{LIMITS}{WAITING}", f"{table}.conf")

    def check(table: str) -> Run:
        return program.run("-c", f"{table}.conf", "--run-once", "--state-file", str(state))

    with ThreadPoolExecutor(2) as pool:
        rounds = [list(pool.map(check, tables)) for _ in range(3)]
    counts = [[_count(run, table) for run, table in zip(runs, tables, strict=True)] for runs in rounds]
    assert counts == [[1, 1], [2, 2], [3, 3]]


def test_one_file_holds_separate_counts_for_each_region(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    regions = ("us-east-1", "eu-west-1", "us-east-1", "eu-west-1")
    assert [_count(_check(program, "--region", region)) for region in regions] == [1, 1, 2, 2]


DAMAGED = {
    "empty": "",
    "cut off": "{0}, 'regions': {'us-east-1': {'idle': [1",
    "regions that are none": "{0}, 'regions': 7}",
    "failures that are none": "{0}, 'regions': {}, 'failures': 7}",
    "a failure without its fields": "{0}, 'regions': {}, 'failures': {'us-east-1': {'failing': [{}]}}}",
    "a deep nest": "{0}, 'regions': " + "[" * 100_000,
    "an endless count": "{0}, 'regions': {'us-east-1': {'idle': [Infinity, 0, '{1}']}}}",
    "a negative count": "{0}, 'regions': {'us-east-1': {'idle': [-3, 0, '{1}']}}}",
    "a count in words": "{0}, 'regions': {'us-east-1': {'idle': ['x', 0, '{1}']}}}",
    "too few fields": "{0}, 'regions': {'us-east-1': {'idle': [1]}}}",
    "a moment that is none": "{0}, 'regions': {'us-east-1': {'idle': [1, 1, 'then']}}}",
    "a moment of nowhere": "{0}, 'regions': {'us-east-1': {'idle': [1, 1, '{2}']}}}",
}
FOREIGN = {
    "garbage": "garbage",
    "no text": "\0\ufffe",
    "a list": "[]",
    "a number": "7",
    "another program's": '{"version": 1}',
    "a deep nest": "[" * 100_000,
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_one_warning_and_counts_start_at_zero(
    emulator: Emulator, program: Program, state: Path, kind: str
) -> None:
    add_idle(emulator)
    now = datetime.now().astimezone()
    text = DAMAGED[kind].replace("'", '"').replace("{0}", HEAD).replace("{1}", now.isoformat())
    state.write_text(text.replace("{2}", now.replace(tzinfo=None).isoformat()), encoding="utf-8")
    run = _check(program)
    assert (run.code, _count(run), len(run.warnings)) == (0, 1, 1)
    assert str(state) in run.warnings[0]
    assert _counts(state) == {1}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_program_is_one_warning_and_not_changed(
    emulator: Emulator, program: Program, state: Path, kind: str
) -> None:
    add_idle(emulator)
    state.write_text(FOREIGN[kind], encoding="utf-8")
    before = sorted(program.folder.iterdir())
    run = _check(program)
    assert (run.code, _count(run)) == (0, 1)
    assert run.warnings == [
        f"counts are not saved: {state} is not a state file of this program, and is left alone: {ADVICE}"
    ]
    assert state.read_text(encoding="utf-8") == FOREIGN[kind]
    others = {program.folder / "dynamic-dynamodb.conf", program.folder / ".local"}  # where the status is
    assert {*program.folder.iterdir()} == {*before, *others}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_a_file_of_another_user_in_a_shared_directory_is_not_used(
    emulator: Emulator, program: Program, state: Path
) -> None:
    add_idle(emulator)
    assert _count(_check(program)) == 1
    before = state.read_text(encoding="utf-8")
    os.chown(state, 65534, 65534)
    state.parent.chmod(0o1777)
    run = _check(program)
    whose = "belongs to another user, in a directory that other users can write to"
    assert run.warnings == [f"counts are not saved: {state} {whose}, and is left alone: {ADVICE}"]
    assert (run.code, _count(run)) == (0, 1)
    assert (state.read_text(encoding="utf-8"), state.stat().st_uid) == (before, 65534)


@pytest.mark.parametrize("flag", ["--state-file", "--log-file"])
@pytest.mark.parametrize("task", ["--run-once", "--check-config"])
def test_a_configuration_file_is_never_overwritten_with_counts(
    emulator: Emulator, program: Program, flag: str, task: str
) -> None:
    add_idle(emulator)
    path = program.write(COUNTING)
    before = sorted(program.folder.iterdir())
    run = program.run("-c", path, task, flag, path)
    assert run.code == 2
    assert f"{flag.lstrip('-')} {path} is the same file as the configuration" in run.stderr
    assert Path(path).read_text() == COUNTING
    assert sorted(program.folder.iterdir()) == before


def test_a_file_of_an_earlier_release_is_used(emulator: Emulator, program: Program, state: Path) -> None:
    add_idle(emulator)
    checked = datetime.now().astimezone().isoformat()
    state.write_text(f'{HEAD}, "regions": {{"us-east-1": {{"idle": [4, 4, "{checked}"]}}}}}}')
    run = _check(program)
    assert (_count(run), run.warnings) == (5, [])


def test_a_file_that_is_a_link_is_one_warning_and_counts_start_at_zero(
    emulator: Emulator, program: Program, state: Path
) -> None:
    add_idle(emulator)
    _check(program)
    target = state.rename(program.folder / "elsewhere.json")
    before = target.read_text()
    state.symlink_to(target)
    run = _check(program)
    assert (run.code, _count(run), len(run.warnings)) == (0, 1, 1)
    assert target.read_text() == before
    assert state.is_symlink()


def test_a_file_that_is_a_directory_is_one_warning(emulator: Emulator, program: Program, state: Path) -> None:
    add_idle(emulator)
    state.mkdir()
    run = _check(program)
    assert (run.code, _count(run)) == (0, 1)
    assert [str(state) in warning for warning in run.warnings] == [True]


@pytest.mark.parametrize(
    ("hours", "interval_and_count"),
    [
        pytest.param(0.9, ("60", 2), id="young enough"),
        pytest.param(1.1, ("60", 1), id="older than an hour"),
        pytest.param(2.9, ("3600", 2), id="younger than three intervals"),
        pytest.param(3.1, ("3600", 1), id="older than three intervals"),
        pytest.param(-2, ("60", 1), id="from the future"),
    ],
)
def test_a_count_is_used_while_its_check_is_recent(
    emulator: Emulator, program: Program, state: Path, hours: float, interval_and_count: tuple[str, int]
) -> None:
    add_idle(emulator)
    _check(program)
    _age(state, timedelta(hours=hours))
    interval, count = interval_and_count
    assert _count(_check(program, "--check-interval", interval)) == count


def test_entries_of_deleted_tables_are_removed(emulator: Emulator, program: Program, state: Path) -> None:
    add_idle(emulator, "idle")
    add_idle(emulator, "gone")
    _check(program)
    assert _names(state) == {"idle", "gone"}
    emulator.remove_table("gone")
    _check(program)
    assert _names(state) == {"idle"}


def test_entries_not_updated_for_a_day_are_removed(emulator: Emulator, program: Program, state: Path) -> None:
    add_idle(emulator, "idle")
    add_idle(emulator, "other")
    _check(program)
    _age(state, timedelta(hours=25))
    _check(program, configuration=f"[table: idle]\n{LIMITS}")
    assert _names(state) == {"idle"}


def test_a_dry_run_does_not_change_the_file(emulator: Emulator, program: Program, state: Path) -> None:
    add_idle(emulator)
    _check(program)
    before = state.read_bytes(), state.stat().st_mtime_ns, state.stat().st_ino
    _check(program, "--dry-run")
    assert (state.read_bytes(), state.stat().st_mtime_ns, state.stat().st_ino) == before


def test_the_state_directory_of_a_supervisor_is_used(emulator: Emulator, program: Program) -> None:
    add_idle(emulator)
    place = program.folder / "state"
    runs = [program.check(COUNTING, STATE_DIRECTORY=f"{place}:/proc") for _ in range(2)]
    assert [_count(run) for run in runs] == [1, 2]
    assert {path.name: path.stat().st_mode & 0o777 for path in place.iterdir()} == {
        "default.json": 0o600,
        "default.json.lock": 0o600,
        "default.status": 0o600,
        "default.status.lock": 0o600,
    }


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(
    emulator: Emulator, program: Program, state: Path
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    for number in range(20):
        add_idle(emulator, f"idle-{number:02}")
    _check(program)
    count, seen = 1, set()
    for kills in range(1, KILLS + 1):
        with program.start(COUNTING, "--run-once", "--state-file", "counts.json") as running:
            emulator.wait_for_requests("GetMetricData", count=kills + 1)
            time.sleep(chance.random() * 0.03)
            running.send(signal.SIGKILL)
            running.end()
        counts = _counts(state)
        assert counts in ({count}, {count + 1})
        seen.add(counts == {count})
        count = counts.pop()
    run = _check(program)
    assert (_count(run, "idle-00"), run.warnings) == (count + 1, [])
    assert seen == {True, False}


def _regions(state: Path) -> dict[str, dict[str, Any]]:
    regions: dict[str, dict[str, Any]] = json.loads(state.read_text())["regions"]
    return regions


def _names(state: Path) -> set[str]:
    return set(_regions(state)["us-east-1"])


def _counts(state: Path) -> set[int]:
    return {entry["reads"]["low_checks"] for entry in _regions(state)["us-east-1"].values()}


def _age(state: Path, age: timedelta) -> None:
    """Make every moment in the file earlier by this much."""
    state.write_text(
        re.sub(
            r"\d{4}-\d\d-\d\dT[^\"]+",
            lambda match: (datetime.fromisoformat(match[0]) - age).isoformat(),
            state.read_text(),
        )
    )
