"""A file is not read before it has stayed the same for a while."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.settling import MOST_SECONDS, STABLE_SECONDS, Settling

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
    assert Settling(path, begun=0.0).find_wait(0.0, WALL) == pytest.approx(wait)


def test_a_change_restarts_the_wait_and_an_unchanged_file_ends_it_whatever_the_clock(path: Path) -> None:
    future = WALL + 3600
    os.utime(path, (future, future))
    settling = Settling(path, begun=0.0)
    waits = [settling.find_wait(0.0, WALL), settling.find_wait(1.5, WALL)]
    path.write_text("[table: x]\nmax-provisioned-reads: 1\n")
    os.utime(path, (future, future))
    waits += [settling.find_wait(now, WALL) for now in (1.6, 3.5, 3.6)]
    assert waits == pytest.approx([2.0, 0.5, 2.0, 0.1, 0.0])
    assert not settling.is_given_up


def test_the_wait_for_a_file_that_keeps_changing_times_out(path: Path) -> None:
    settling = Settling(path, begun=0.0)
    now = 0.0
    while settling.find_wait(now, WALL):
        now += STABLE_SECONDS / 2
        os.utime(path, (WALL + now, WALL + now))
    assert settling.is_given_up
    assert MOST_SECONDS < now <= MOST_SECONDS + STABLE_SECONDS


@pytest.mark.parametrize("name", ["missing", None])
def test_a_missing_file_is_not_waited_for(tmp_path: Path, name: str | None) -> None:
    assert Settling(tmp_path / name if name else None, begun=0.0).find_wait(0.0, WALL) == 0.0
