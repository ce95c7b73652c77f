"""Two runs of one instance that scale the same region warn of each other; neither is refused."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.presence import Presence
from tests.end_to_end.account import everywhere
from tests.end_to_end.daemons import Daemon, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.program import Program, Run

EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)
WARNING = "another run also scales us-east-1 as instance default (pid"


def _warnings(run: Run) -> list[str]:
    return [line for line in run.log if WARNING in line]


def _marks(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.run")]


def test_two_attached_runs_warn_of_each_other(program: Program) -> None:
    with program.start(EACH_SECOND) as first:
        first.wait_for("checked 0 targets")
        with program.start(EACH_SECOND) as second:
            second.wait_for(f"WARNING {WARNING} {first.pid})")
            first.wait_for(f"WARNING {WARNING} {second.pid})")
            runs = [second.end(signal.SIGTERM)]
        runs.append(first.end(signal.SIGTERM))
    assert [len(_warnings(run)) for run in runs] == [1, 1], "each says it once"
    assert [run.code for run in runs] == [0, 0]
    assert _marks(program.folder) == []


def test_a_run_from_cron_warns_of_the_daemon(program: Program, daemon: Daemon) -> None:
    pid = daemon.must_start(EACH_SECOND)
    daemon.wait_for("checked 0 targets")
    run = program.check(EACH_SECOND)
    assert run.code == 0
    assert [line.partition("(")[2].partition(")")[0] for line in _warnings(run)] == [f"pid {pid}"]


def test_runs_that_scale_nothing_or_elsewhere_are_not_warned_of(program: Program, daemon: Daemon) -> None:
    daemon.must_start(EACH_SECOND)
    Daemon(program, "other").must_start(EACH_SECOND)
    with program.start(EACH_SECOND, "--dry-run") as dry, program.start(EACH_SECOND, "-r", "eu-west-1") as far:
        for running in (dry, far):
            running.wait_for("checked 0 targets", count=2)
        runs = [running.end(signal.SIGTERM) for running in (dry, far)]
        daemon.wait_for("checked 0 targets", count=3)
    assert [_warnings(run) for run in runs] == [[], []]
    assert not [line for line in daemon.log if WARNING in line]


def test_a_killed_run_is_not_warned_of(program: Program) -> None:
    with program.start(EACH_SECOND) as killed:
        killed.wait_for("checked 0 targets")
        killed.send(signal.SIGKILL)
        wait_until(lambda: len(_marks(program.folder)) == 1, "what is left behind")
    with program.start(EACH_SECOND) as running:
        running.wait_for("checked 0 targets", count=2)
        run = running.end(signal.SIGTERM)
    assert _warnings(run) == []
    assert _marks(program.folder) == []


def test_an_unwritable_directory_prevents_only_the_warning(program: Program) -> None:
    run = program.check(EACH_SECOND, "--state-file", "/proc/none/state.json")
    assert run.code == 0


def test_only_its_owner_can_open_the_marker_of_a_run(program: Program) -> None:
    with program.start(EACH_SECOND) as running:
        running.wait_for("checked 0 targets")
        modes = [path.stat().st_mode & 0o777 for path in program.folder.rglob("*.run")]
        own = [path for path in program.folder.rglob("*.run") if f".{running.pid}-" in path.name]
        assert (modes, len(own), own[0].stat().st_uid) == ([0o600], 1, os.geteuid())
        running.end(signal.SIGTERM)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_a_marker_of_another_user_is_ignored_and_not_changed(tmp_path: Path) -> None:
    presence = Presence()
    presence.enter(tmp_path / "default.json", "us-east-1")
    planted = tmp_path / "default.json.us-east-1.1-ab.run"
    planted.touch()
    os.chown(planted, 65534, 65534)
    with planted.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert presence.find_others() == []
    presence.leave()
    assert [*tmp_path.iterdir()] == [planted]
