"""A daemon always has a log that can be found, even if none is configured."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import add_busy, everywhere
from tests.end_to_end.daemons import Daemon, wait_until
from tests.end_to_end.program import read_log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator
    from tests.end_to_end.program import Run

EACH_SECOND = "[global]\ncheck-interval: 1\n" + everywhere(with_indexes=False)
UNLIMITED = EACH_SECOND.replace("max-provisioned-writes", "# ")
STREAMS = """\
[loggers]
keys=root
[logger_root]
level=INFO
handlers={handlers}
[formatters]
keys=
[handlers]
keys=console
[handler_console]
class=StreamHandler
args=(sys.stdout,)
"""
NULL = STREAMS.format(handlers="console").replace("StreamHandler", "NullHandler").replace("sys.stdout,", "")
SPENDS = "line 7: [table: .*] has no max-provisioned-writes: writes, and their cost, can grow without limit"


def start(
    daemon: Daemon, configuration: str, *flags: str, command: str = "start", **environment: str | None
) -> Run:
    """Start it without naming a log."""
    path = daemon.program.write(configuration)
    return daemon.control(command, "-c", path, *flags, **environment)


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


def test_a_daemon_without_a_log_file_logs_in_its_state_directory_and_prints_the_path(
    emulator: Emulator, daemon: Daemon
) -> None:
    add_busy(emulator)
    run = start(daemon, EACH_SECOND)
    log = daemon.own_log
    said = daemon.says(f"started with pid {daemon.pid}; its log is {log}")
    assert (run.code, run.stdout, run.stderr) == (0, said, "")
    wait_until(lambda: "checked 1 target:" in log.read_text(), "a check")
    assert daemon.ask().stdout == daemon.says_running(daemon.pid, log)
    assert mode(log) == "600"
    assert mode(log.parent) == "700"
    assert daemon.control("stop").code == 0
    assert read_log(log.read_text())[-1] == "INFO stopped"
    assert daemon.ask().stdout == daemon.says("not running")
    assert sorted(path.suffix for path in log.parent.iterdir()) == [
        ".json",
        ".lock",
        ".lock",
        ".log",
        ".status",
    ]


@pytest.mark.parametrize("command", ["start", "restart"])
def test_warnings_are_printed_before_detaching_and_logged(daemon: Daemon, command: str) -> None:
    run = start(daemon, UNLIMITED, command=command)
    assert (run.code, run.stderr) == (0, f"dynamic-dynamodb: {SPENDS}\n")
    wait_until(lambda: f"WARNING {SPENDS}" in read_log(daemon.own_log.read_text()), "the warning")


def test_errors_after_the_start_are_logged(emulator: Emulator, daemon: Daemon) -> None:
    emulator.add_fault(code="AccessDeniedException", times=None)
    assert start(daemon, EACH_SECOND).code == 0
    wait_until(
        lambda: "ERROR dynamodb:ListTables failed" in "".join(read_log(daemon.own_log.read_text())), "it"
    )


@pytest.mark.parametrize("given", ["/dev/stdout", "/dev/stderr"])
def test_a_stream_that_a_daemon_does_not_have_is_replaced_by_its_own_log(daemon: Daemon, given: str) -> None:
    run = start(daemon, EACH_SECOND, "--log-file", given)
    assert (run.code, run.stdout) == (
        0,
        daemon.says(f"started with pid {daemon.pid}; its log is {daemon.own_log}"),
    )
    wait_until(lambda: "checked 0 targets" in daemon.own_log.read_text(), "a check")


@pytest.mark.parametrize("handlers", ["", "console"])
def test_a_log_config_file_with_streams_alone_is_replaced_by_its_own_log(
    daemon: Daemon, handlers: str
) -> None:
    log_config = daemon.program.write(STREAMS.format(handlers=handlers), "logging.conf")
    configuration = f"{EACH_SECOND}[logging]\nlog-config-file: {log_config}\n"
    said = f"started with pid {{}}; its log is {daemon.own_log}"
    run = start(daemon, configuration)
    assert (run.code, run.stdout) == (0, daemon.says(said.format(daemon.pid)))
    assert daemon.control("reload", "-c", daemon.program.write(configuration)).code == 0
    wait_until(lambda: daemon.own_log.read_text().count("checked 0 targets") > 1, "a check after a reload")
    assert daemon.ask().stdout == daemon.says_running(daemon.pid, daemon.own_log)


def test_a_log_config_file_that_writes_a_file_is_the_only_log(daemon: Daemon) -> None:
    log_config = daemon.program.write(NULL, "logging.conf")
    assert start(daemon, f"{EACH_SECOND}[logging]\nlog-config-file: {log_config}\n").code == 0
    assert not daemon.own_log.exists()


def test_a_configured_log_file_is_the_only_log(daemon: Daemon) -> None:
    pid = daemon.must_start(EACH_SECOND)
    daemon.wait_for("checked 0 targets")
    assert daemon.ask().stdout == daemon.says_running(pid)
    assert not daemon.own_log.exists()


def test_a_daemon_configured_not_to_log_does_not_log(daemon: Daemon) -> None:
    assert start(daemon, EACH_SECOND, "--log-file", "/dev/null").code == 0
    assert daemon.ask().stdout == daemon.says(f"running with pid {daemon.pid}")
    assert not daemon.own_log.exists()


def test_status_names_the_log_in_use_since_a_reload(daemon: Daemon) -> None:
    assert start(daemon, EACH_SECOND).code == 0
    new = daemon.program.folder / "new.log"
    daemon.program.write(f"{EACH_SECOND}[logging]\nlog-file: {new}\n")
    os.kill(daemon.pid, signal.SIGHUP)
    wait_until(lambda: new.exists() and "checked 0 targets" in new.read_text(), "a check in the new log")
    said = daemon.says_running(daemon.pid, new)
    wait_until(lambda: daemon.ask().stdout == said, "its place in the status")


def test_a_daemon_without_any_possible_log_reports_it_and_runs(emulator: Emulator, daemon: Daemon) -> None:
    add_busy(emulator)
    blocked = daemon.program.write("no folder", "blocked")
    run = start(daemon, EACH_SECOND, STATE_DIRECTORY=blocked)
    assert run.code == 0
    (line,) = read_log(run.stdout)
    why = f"{blocked} cannot be created: File exists"
    assert line == f"WARNING this daemon has no log: {why}: set log-file"
    assert run.stdout.endswith(daemon.says(f"started with pid {daemon.pid}"))
    emulator.wait_for_requests("UpdateTable", seconds=30)
    status = daemon.ask(STATE_DIRECTORY=blocked)
    assert status.stdout == daemon.says(f"running with pid {daemon.pid}")


def test_a_daemon_that_cannot_begin_logs_why(daemon: Daemon) -> None:
    run = start(daemon, EACH_SECOND, "--pid-file-dir", str(daemon.program.folder / "missing"))
    assert run.code == 1
    assert f"{daemon.program.folder / 'missing'}" in run.stderr
