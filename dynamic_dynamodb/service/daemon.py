"""Start, stop, reload and find the daemon of an instance."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from daemon import DaemonContext

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.check_log import ChangeLog
from dynamic_dynamodb.service.daemon_status import DaemonState, DaemonStatus
from dynamic_dynamodb.service.instance_files import PidFileError
from dynamic_dynamodb.service.logs import flush_logs
from dynamic_dynamodb.service.pid_file import PidFile, PidFileTakenError
from dynamic_dynamodb.service.processes import has_ended
from dynamic_dynamodb.service.reload import DaemonNote, parse_note
from dynamic_dynamodb.service.signals import hold_reloads

STOP_WAIT_SECONDS: Final = 30.0
RESTART_WAIT_SECONDS: Final = 90.0
"""Longer than any AWS call takes with its retries, so that a restart does not leave nothing running."""
RELOAD_WAIT_SECONDS: Final = 150.0
"""Longer than a slow check, and the wait for a file that is still being written."""
_POLL_SECONDS: Final = 0.05
_UMASK: Final = 0o022
"""Other users cannot write the files that the daemon creates."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command: its exit code, and a sentence to print."""

    code: int
    sentence: str


@dataclass(frozen=True, slots=True)
class DaemonAnswer(CommandResult):
    """Whether a daemon runs; `status` is None if this user cannot see it, and `note` if there is none."""

    status: DaemonStatus | None = None
    note: DaemonNote | None = None


@dataclass(frozen=True, slots=True)
class DaemonHooks:
    """What the work of a daemon calls.

    `on_ready` is called when the first check begins, with what cannot be checked yet, and why, else with
    an empty text; `before_check` before each check; `write_note` to keep a line for other commands.
    """

    on_ready: Callable[[str], None]
    before_check: Callable[[], None]
    write_note: Callable[[str], None]


Work = Callable[[DaemonHooks], None]


def start(pid_file: PidFile, work: Work) -> CommandResult:
    """Start the daemon, and return when its first check has begun or it has failed.

    Exit codes: 0 started, 1 it already runs or could not start, 2 its configuration cannot be used.
    """
    try:
        status = pid_file.find_status()
    except PidFileError as error:
        return CommandResult(1, str(error))
    if status.is_running:
        return CommandResult(1, f"already {_describe_running(status)}")
    report = _fork(pid_file, work)
    if not report:
        return CommandResult(1, "the daemon ended before its first check: see its log")
    was_stale = status.state is DaemonState.STALE and report["code"] == 0
    stale = f"; a stale pid file was removed{_describe_pid(status)}" if was_stale else ""
    return CommandResult(report["code"], f"{report['sentence']}{stale}")


def stop(pid_file: PidFile, wait_seconds: float = STOP_WAIT_SECONDS) -> CommandResult:
    """Stop the daemon; the exit code is 0 when it has ended, 1 if it does not or must not be stopped."""
    try:
        status = pid_file.find_status()
        if status.state is DaemonState.NOT_RUNNING:
            return CommandResult(0, "not running")
        if status.state is DaemonState.STALE:
            pid_file.remove_stale()
            return CommandResult(0, f"not running; a stale pid file was removed{_describe_pid(status)}")
        if status.state is DaemonState.UNCONTROLLED or not status.pid:
            return CommandResult(1, _describe_running(status))
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(status.pid, signal.SIGTERM)
        return _wait_for_end(status.pid, wait_seconds)
    except PermissionError:
        return CommandResult(1, f"pid {status.pid} belongs to another user: stop it as that user, or as root")
    except PidFileError as error:
        return CommandResult(1, str(error))


def reload(pid_file: PidFile, source: str, wait_seconds: float = RELOAD_WAIT_SECONDS) -> CommandResult:
    """Reload the daemon, and return when that has ended: 0 if its new configuration is in force, else 1.

    `source` is the configuration that the caller has validated; a daemon that uses another one is left alone.
    """
    try:
        status = pid_file.find_status()
        if status.state is not DaemonState.RUNNING or not status.pid or status.owner is None:
            return CommandResult(1, _describe_running(status) if status.is_running else "not running")
        before = parse_note(pid_file.read_note(status.owner))
        if before is None:
            return CommandResult(1, f"pid {status.pid} has only just started: try again")
        if before.source != source:
            return CommandResult(1, f"pid {status.pid} uses {before.source}, not {source}: not reloaded")
        os.kill(status.pid, signal.SIGHUP)
        return _wait_for_reload(pid_file, status.pid, status.owner, before.begun, wait_seconds)
    except PermissionError:
        return CommandResult(1, f"pid {status.pid} belongs to another user: act as that user, or as root")
    except (PidFileError, ProcessLookupError) as error:
        return CommandResult(1, str(error))


def find_log(pid_file: PidFile) -> str:
    """Return the path of the running daemon's log file; empty if it has none or this user cannot see it."""
    note = find_daemon(pid_file).note
    return note.log if note else ""


def find_daemon(pid_file: PidFile) -> DaemonAnswer:
    """Return whether the daemon runs, with LSB's exit codes: 0 running, 3 not running, 1 a stale pid file."""
    try:
        status = pid_file.find_status()
    except PidFileError as error:
        return DaemonAnswer(1, str(error))
    if status.is_running:
        note = parse_note(pid_file.read_note(status.owner)) if status.owner is not None else None
        return DaemonAnswer(0, _describe_running(status), status, note)
    if status.state is DaemonState.STALE:
        stale = f"not running, but there is a stale pid file {pid_file.path}{_describe_pid(status)}"
        return DaemonAnswer(1, stale, status)
    return DaemonAnswer(3, "not running", status)


def _describe_running(status: DaemonStatus) -> str:
    """Return a sentence about a running daemon, with what to do if this user's commands cannot control it."""
    if not status.pid:
        return "running where this command cannot see it (in another container?)"
    running = f"running with pid {status.pid}"
    if status.state is DaemonState.RUNNING:
        return running
    if os.geteuid() not in (0, status.owner):
        return f"{running}, which belongs to another user: act as that user, or as root"
    return f"{running} but without a lock, like a daemon of 2.5.1: stop it with `kill {status.pid}` first"


def _describe_pid(status: DaemonStatus) -> str:
    return f" (pid {status.pid})" if status.pid is not None else ""


def _wait_for_end(pid: int, wait_seconds: float) -> CommandResult:
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        if has_ended(pid):
            return CommandResult(0, f"stopped (pid {pid})")
        time.sleep(_POLL_SECONDS)
    reason = "it is finishing an update or waiting for AWS"
    return CommandResult(1, f"pid {pid} has not stopped within {wait_seconds:.0f} s: {reason}; see its log")


def _wait_for_reload(
    pid_file: PidFile, pid: int, owner: int, begun: int, wait_seconds: float
) -> CommandResult:
    """Wait for the end of a reload after the first `begun`: it has read what the caller has validated."""
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        note = parse_note(pid_file.read_note(owner))
        if note is not None and note.ended > begun:
            return CommandResult(0 if note.is_in_force else 1, f"{note.sentence} (pid {pid})")
        if has_ended(pid):
            return CommandResult(1, f"pid {pid} has stopped before it read the configuration")
        time.sleep(_POLL_SECONDS)
    reason = "a check still runs, or the file is still being written"
    return CommandResult(1, f"pid {pid} has not reloaded within {wait_seconds:.0f} s: {reason}; see its log")


def _fork(pid_file: PidFile, work: Work) -> dict[str, Any]:
    """Run `work` in a detached process, and return the report of its start; {} if it ended before."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            _become_daemon(pid_file, work, writer)
        finally:
            flush_logs()
            os._exit(0)  # only the parent goes on with the caller's code
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        report = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(report)) if report else {}


def _become_daemon(pid_file: PidFile, work: Work, writer: int) -> None:
    """Detach and run `work`; report once to the waiting command whether it started."""
    is_reported = False

    def report(code: int, sentence: str) -> None:
        nonlocal is_reported
        if not is_reported:
            os.write(writer, json.dumps({"code": code, "sentence": sentence}).encode())
            os.close(writer)
            is_reported = True

    context = DaemonContext(
        detach_process=True,  # python-daemon would not detach under process 1
        umask=_UMASK,  # its own default is 0
        files_preserve=[writer],
        signal_map={},  # the service has its own
    )
    try:
        hold_reloads()
        context.open()
        pid_file.acquire()
        try:
            changes = ChangeLog()
            hooks = DaemonHooks(
                on_ready=lambda problem: report(0, _describe_start(problem)),
                before_check=lambda: _keep_alive(pid_file, changes),
                write_note=pid_file.write_note,
            )
            work(hooks)
        finally:
            pid_file.release()
    except ConfigurationError as error:
        for fault in error.faults:
            LOGGER.error("daemon stopped: %s", fault)  # noqa: TRY400 - a sentence
        report(2, "; ".join(error.faults))
    except OSError as error:  # the system allows no process or thread
        LOGGER.error("daemon stopped: %s", error)  # noqa: TRY400 - a sentence
        report(1, str(error))
    except Exception as error:
        LOGGER.exception("daemon stopped")
        report(1, str(error) if isinstance(error, PidFileError) else f"{type(error).__name__}: {error}")


def _describe_start(problem: str) -> str:
    started = f"started with pid {os.getpid()}"
    return f"{started}, but {problem}" if problem else started


def _keep_alive(pid_file: PidFile, changes: ChangeLog) -> None:
    try:
        pid_file.keep_alive()
        changes.update("pid file", None)
    except PidFileTakenError as error:
        LOGGER.error("stopping: another daemon has taken over: %s", error)  # noqa: TRY400 - a sentence
        signal.raise_signal(signal.SIGTERM)
    except (PidFileError, OSError) as error:
        changes.update("pid file", str(error))
