"""A file is not read before it has stayed the same for a while."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.reload import MOST_WAIT_SECONDS, STABLE_SECONDS, ReloadWait

if TYPE_CHECKING:
    from pathlib import Path

WALL = 1_700_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "own.conf"
    path.write_text("[table: x]\n")
    return path


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        pytest.param(0.0, 2.0, id="changed just now"),
        pytest.param(1.5, 0.5, id="a moment ago"),
        pytest.param(2.0, 0.0, id="long enough ago"),
        pytest.param(-3600.0, 2.0, id="in an hour, by a clock that was set back"),
    ],
)
def test_a_file_waits_until_its_last_change_is_two_seconds_old(path: Path, age: float, wait: float) -> None:
    os.utime(path, (WALL - age, WALL - age))
    assert ReloadWait(path, begun=0.0).find_seconds_left(0.0, WALL) == pytest.approx(wait)


def test_a_change_restarts_the_wait_and_an_unchanged_file_ends_it_whatever_the_clock(path: Path) -> None:
    future = WALL + 3600
    os.utime(path, (future, future))
    wait = ReloadWait(path, begun=0.0)
    waits = [wait.find_seconds_left(0.0, WALL), wait.find_seconds_left(1.5, WALL)]
    path.write_text("[table: x]\nmax-provisioned-reads: 1\n")
    os.utime(path, (future, future))
    waits += [wait.find_seconds_left(now, WALL) for now in (1.6, 3.5, 3.6)]
    assert waits == pytest.approx([2.0, 0.5, 2.0, 0.1, 0.0])
    assert not wait.is_timed_out


def test_the_wait_for_a_file_that_keeps_changing_times_out(path: Path) -> None:
    wait = ReloadWait(path, begun=0.0)
    now = 0.0
    while wait.find_seconds_left(now, WALL):
        now += STABLE_SECONDS / 2
        os.utime(path, (WALL + now, WALL + now))
    assert wait.is_timed_out
    assert MOST_WAIT_SECONDS < now <= MOST_WAIT_SECONDS + STABLE_SECONDS


@pytest.mark.parametrize("name", ["missing", None])
def test_a_missing_file_is_not_waited_for(tmp_path: Path, name: str | None) -> None:
    assert ReloadWait(tmp_path / name if name else None, begun=0.0).find_seconds_left(0.0, WALL) == 0.0
