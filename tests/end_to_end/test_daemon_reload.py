"""`--daemon reload` reports its result, and signals no daemon about a file with faults."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import LIMITS, add_busy
from tests.end_to_end.daemons import wait_until

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.daemons import Daemon

FIRST = f"[table: first]\n{LIMITS}"
BOTH = f"{FIRST}[table: second]\n{LIMITS}"
BAD = f"{FIRST}reads-upper-threshold: lots\n"


@pytest.fixture(autouse=True)
def _tables(emulator: Emulator) -> None:
    add_busy(emulator, "first")
    add_busy(emulator, "second")


def _write(daemon: Daemon, text: str) -> tuple[str, str]:
    """Write the file that the daemon reads, and return the flags that name it."""
    return "-c", daemon.program.write(text, f"{daemon.instance}.conf")


def test_a_new_configuration_is_used_when_reload_returns(daemon: Daemon) -> None:
    pid = daemon.must_start(FIRST)
    run = daemon.control("reload", *_write(daemon, BOTH))
    said = daemon.says(f"the new configuration is in force (pid {pid})")
    assert (run.code, run.stdout, run.stderr) == (0, said, "")
    daemon.wait_for("second: updated")


def test_reload_prints_the_limits_that_it_lowers(daemon: Daemon) -> None:
    pid = daemon.must_start(BOTH)
    run = daemon.control("reload", *_write(daemon, FIRST))
    lowered = "lower than before: [table: second] is gone"
    assert run.stdout == daemon.says(f"the new configuration is in force; {lowered} (pid {pid})")


def test_reload_does_not_signal_the_daemon_about_a_file_with_faults(daemon: Daemon) -> None:
    daemon.must_start(FIRST)
    daemon.wait_for("checked 1 target:")
    before = daemon.log
    run = daemon.control("reload", *_write(daemon, BAD))
    assert (run.code, run.stdout) == (2, "")
    assert "reads-upper-threshold" in run.stderr
    assert daemon.log == before


def test_reload_prints_why_the_daemon_rejects_a_configuration(daemon: Daemon) -> None:
    daemon.must_start(FIRST, "--log-file", str(_make_folder(daemon) / "own.log"))
    (daemon.program.folder / "logs" / "own.log").unlink()
    (daemon.program.folder / "logs").rmdir()
    run = daemon.control("reload", *_write(daemon, BOTH))
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith(daemon.says("reload failed, keeping the old configuration: ").rstrip("\n"))
    assert "own.log" in run.stderr


def test_the_result_of_another_reload_is_not_reported(daemon: Daemon) -> None:
    """A reload that began before the file was checked is not a result for this file."""
    pid = daemon.must_start(FIRST)
    _write(daemon, f"{FIRST}reads-upper-threshold: 95\n")
    os.kill(pid, signal.SIGHUP)
    daemon.wait_for("configuration reloaded")
    run = daemon.control("reload", *_write(daemon, BOTH))
    assert run.code == 0
    daemon.wait_for("second: updated")


def test_reload_does_not_signal_a_daemon_with_another_file(daemon: Daemon) -> None:
    pid = daemon.must_start(FIRST)
    other = daemon.program.write(BOTH, "other.conf")
    run = daemon.control("reload", "-c", other)
    own = Path(other).with_name("default.conf")
    assert (run.code, run.stderr) == (
        1,
        daemon.says(f"pid {pid} uses {own}, not {other}: not reloaded"),
    )
    assert not [line for line in daemon.log if "read again" in line]


def test_reload_reports_that_nothing_runs(daemon: Daemon) -> None:
    run = daemon.control("reload", *_write(daemon, FIRST))
    assert (run.code, run.stderr) == (1, daemon.says("not running"))


def test_reload_fails_if_the_daemon_ends_instead(daemon: Daemon) -> None:
    pid = daemon.must_start(FIRST)
    os.kill(pid, signal.SIGSTOP)
    flags = _write(daemon, FIRST)
    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(daemon.control, "reload", *flags)
        wait_until(lambda: _has_pending(pid, signal.SIGHUP), "a signal")
        daemon.kill()
        run = reload.result()
    said = daemon.says(f"pid {pid} has stopped before it read the configuration")
    assert (run.code, run.stdout, run.stderr) == (1, "", said)


def _has_pending(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = next(line for line in lines if line.startswith("ShdPnd:")).split()[1]
    return bool(int(pending, 16) >> (number - 1) & 1)


def _make_folder(daemon: Daemon) -> Path:
    folder = daemon.program.folder / "logs"
    folder.mkdir()
    return folder
