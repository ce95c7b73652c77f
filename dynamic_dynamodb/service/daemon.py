"""Start, stop and look at the daemon of an instance."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from daemon import DaemonContext

from dynamic_dynamodb.check.announcements import Announcer
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.logs import await_readers
from dynamic_dynamodb.service.pid_file import (
    DaemonState,
    DaemonStatus,
    PidFile,
    PidFileError,
    PidFileTakenError,
)
from dynamic_dynamodb.service.processes import has_ended
from dynamic_dynamodb.service.reload_notes import parse_note
from dynamic_dynamodb.service.signals import hold_reloads

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
STOP_WAIT_SECONDS: Final = 30.0
RESTART_WAIT_SECONDS: Final = 90.0
"""Longer than any call to AWS may take with its retries: a restart must not end with nothing running."""
RELOAD_WAIT_SECONDS: Final = 150.0
"""Longer than a check that meets trouble, and the wait for a file that is being written after it."""
_POLL_SECONDS: Final = 0.05
_UMASK: Final = 0o022
"""Keeps what the daemon makes from being written by others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did, and the exit code for it."""

    code: int
    sentence: str


Work = Callable[[Callable[[str], None], Callable[[], None], Callable[[str], None]], None]
"""What the daemon does. It is given what to call when it is ready, with what is wrong if anything is;
what to call before each check; and what keeps a line of text for commands that ask.
"""


def start(pid_file: PidFile, work: Work) -> Answer:
    """Start the daemon, and answer when it has begun its first check or failed before.

    Exit codes: 0 it runs, 1 it runs already or could not start, 2 its configuration cannot be used.
    """
    try:
        status = pid_file.look()
    except PidFileError as error:
        return Answer(1, str(error))
    if status.is_running:
        return Answer(1, f"already {_describe_running(status)}")
    said = _fork(pid_file, work)
    if not said:
        return Answer(1, "the daemon ended before its first check")
    is_replaced = status.state is DaemonState.STALE and said["code"] == 0
    stale = f"; a stale pid file was removed{_of(status)}" if is_replaced else ""
    return Answer(said["code"], f"{said['sentence']}{stale}")


def stop(pid_file: PidFile, wait_seconds: float = STOP_WAIT_SECONDS) -> Answer:
    """Stop the daemon, and answer when it has ended: 0; or when it does not end, or may not be stopped: 1."""
    try:
        status = pid_file.look()
        if status.state is DaemonState.NOT_RUNNING:
            return Answer(0, "not running")
        if status.state is DaemonState.STALE:
            pid_file.remove_stale()
            return Answer(0, f"not running; a stale pid file was removed{_of(status)}")
        if status.state is DaemonState.UNCONTROLLED or not status.pid:
            return Answer(1, _describe_running(status))
        with suppress(ProcessLookupError):  # it has ended by itself in between
            os.kill(status.pid, signal.SIGTERM)
        return _wait_for_end(status.pid, wait_seconds)
    except PermissionError:
        return Answer(1, f"pid {status.pid} belongs to another user: stop it as that user, or as root")
    except PidFileError as error:
        return Answer(1, str(error))


def reload(pid_file: PidFile, source: str, wait_seconds: float = RELOAD_WAIT_SECONDS) -> Answer:
    """Let the daemon read its configuration again, and answer what came of it: 0 it is in force, else 1.

    `source` is what the caller has found to be without faults: a daemon that reads another file is not asked.
    """
    try:
        status = pid_file.look()
        if status.state is not DaemonState.RUNNING or not status.pid or status.owner is None:
            return Answer(1, _describe_running(status) if status.is_running else "not running")
        before = parse_note(pid_file.read_note(status.owner))
        if before is None:
            return Answer(1, f"pid {status.pid} cannot be asked just now: it has begun only a moment ago")
        if before.source != source:
            return Answer(1, f"pid {status.pid} reads {before.source}, not {source}: it was not asked to")
        os.kill(status.pid, signal.SIGHUP)
        return _wait_for_reload(pid_file, status.pid, status.owner, before.begun, wait_seconds)
    except PermissionError:
        return Answer(1, f"pid {status.pid} belongs to another user: act as that user, or as root")
    except (PidFileError, ProcessLookupError) as error:
        return Answer(1, str(error))


def find_log(pid_file: PidFile) -> str:
    """Return where the daemon that runs logs to; an empty text if this user cannot know."""
    try:
        status = pid_file.look()
    except PidFileError:
        return ""
    note = parse_note(pid_file.read_note(status.owner)) if status.owner is not None else None
    return note.log if note else ""


def look(pid_file: PidFile) -> Answer:
    """Tell whether the daemon runs, with the exit codes of LSB init scripts: 0 yes, 3 no, 1 a stale file."""
    try:
        status = pid_file.look()
    except PidFileError as error:
        return Answer(1, str(error))
    if status.is_running:
        return Answer(0, _describe_running(status))
    if status.state is DaemonState.STALE:
        return Answer(1, f"not running, but there is a stale pid file {pid_file.path}{_of(status)}")
    return Answer(3, "not running")


def _describe_running(status: DaemonStatus) -> str:
    """Say that a daemon runs, and what to do if this user's commands cannot control it."""
    said = f"running with pid {status.pid}"
    if not status.pid:
        return "running where this command cannot see it (another container?)"
    if status.state is DaemonState.RUNNING:
        return said
    if os.geteuid() not in (0, status.owner):
        return f"{said}, which belongs to another user: act as that user, or as root"
    return f"{said}, without our lock, as a daemon of 2.5.1 does: end it with `kill {status.pid}` first"


def _of(status: DaemonStatus) -> str:
    return f" (pid {status.pid})" if status.pid is not None else ""


def _wait_for_end(pid: int, wait_seconds: float) -> Answer:
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        if has_ended(pid):
            return Answer(0, f"stopped (pid {pid})")
        time.sleep(_POLL_SECONDS)
    waits = "it is finishing an update, or waiting for AWS to answer"
    return Answer(1, f"pid {pid} has not ended within {wait_seconds:.0f} s: {waits}; its log says more")


def _wait_for_reload(pid_file: PidFile, pid: int, owner: int, begun: int, wait_seconds: float) -> Answer:
    """Wait for a reload that has begun after so many others: it has read what the caller has checked."""
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        note = parse_note(pid_file.read_note(owner))
        if note is not None and note.ended > begun:
            return Answer(0 if note.is_in_force else 1, f"{note.sentence} (pid {pid})")
        if has_ended(pid):
            return Answer(1, f"pid {pid} has ended before it read the configuration")
        time.sleep(_POLL_SECONDS)
    waits = "it is in a check, or the file is still being written"
    return Answer(1, f"pid {pid} has not answered within {wait_seconds:.0f} s: {waits}; its log says more")


def _fork(pid_file: PidFile, work: Work) -> dict[str, Any]:
    """Let a detached process work; give what it said before or when it was ready, {} for nothing."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        try:
            _become_daemon(pid_file, work, tell)
        finally:
            await_readers()
            os._exit(0)  # the caller's code is the parent's to go on with
    os.close(tell)
    with os.fdopen(hear, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(said)) if said else {}


def _become_daemon(pid_file: PidFile, work: Work, tell: int) -> None:
    """Detach and work; tell the waiting command once how that began."""
    is_told = False

    def say(code: int, sentence: str) -> None:
        nonlocal is_told
        if not is_told:
            os.write(tell, json.dumps({"code": code, "sentence": sentence}).encode())
            os.close(tell)
            is_told = True

    context = DaemonContext(
        detach_process=True,  # python-daemon would not detach under process 1
        umask=_UMASK,  # its own default is 0
        files_preserve=[tell],
        signal_map={},  # the service has its own
    )
    try:
        hold_reloads()
        context.open()
        pid_file.acquire()
        try:
            announcer = Announcer()
            work(
                lambda trouble: say(0, _describe_start(trouble)),
                lambda: _keep_alive(pid_file, announcer),
                pid_file.write_note,
            )
        finally:
            pid_file.release()
    except ConfigurationError as error:
        for fault in error.faults:
            LOGGER.error("the daemon ends: %s", fault)  # noqa: TRY400 - a sentence
        say(2, "; ".join(error.faults))
    except OSError as error:  # the system allows no process or thread
        LOGGER.error("the daemon ends: %s", error)  # noqa: TRY400 - a sentence
        say(1, str(error))
    except Exception as error:
        LOGGER.exception("the daemon ends")
        say(1, str(error) if isinstance(error, PidFileError) else f"{type(error).__name__}: {error}")


def _describe_start(trouble: str) -> str:
    started = f"started with pid {os.getpid()}"
    return f"{started}, but nothing can be checked yet: {trouble}" if trouble else started


def _keep_alive(pid_file: PidFile, announcer: Announcer) -> None:
    try:
        pid_file.keep_alive()
        announcer.say("pid file", "")
    except PidFileTakenError as error:
        LOGGER.error("ending, because another daemon has taken over: %s", error)  # noqa: TRY400 - a sentence
        signal.raise_signal(signal.SIGTERM)
    except (PidFileError, OSError) as error:
        announcer.say("pid file", str(error))
