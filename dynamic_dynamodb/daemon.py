"""Start, stop and look at the daemon of an instance."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from daemon import DaemonContext

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.pid_file import DaemonState, DaemonStatus, PidFile, PidFileError, PidFileTakenError

LOGGER: Final = logging.getLogger("dynamic-dynamodb")
STOP_WAIT_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.05
_UMASK: Final = 0o022
"""Keeps what the daemon makes from being written by others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did, and the exit code for it."""

    code: int
    sentence: str


Work = Callable[[Callable[[], None], Callable[[], None]], None]
"""What the daemon does; it is given what to call when it is ready, and before each check."""


def start(pid_file: PidFile, work: Work) -> Answer:
    """Start the daemon, and answer when it has begun its first check or failed before.

    Exit codes: 0 it runs, 1 it runs already or could not start, 2 its configuration cannot be used.
    """
    try:
        status = pid_file.look()
    except PidFileError as error:
        return Answer(1, str(error))
    if status.state is DaemonState.RUNNING:
        return Answer(1, f"already running with pid {status.pid}")
    said = _fork(pid_file, work)
    if not said:
        return Answer(1, "the daemon ended before its first check")
    stale = f"; a stale pid file was removed{_of(status)}" if status.state is DaemonState.STALE else ""
    return Answer(said["code"], f"{said['sentence']}{stale}")


def stop(pid_file: PidFile) -> Answer:
    """Stop the daemon, and answer when it has ended: 0; or when it does not end, or may not be stopped: 1."""
    try:
        status = pid_file.look()
        if status.state is DaemonState.NOT_RUNNING:
            return Answer(0, "not running")
        if status.state is DaemonState.STALE:
            pid_file.remove_stale()
            return Answer(0, f"not running; a stale pid file was removed{_of(status)}")
        if status.pid is None:
            return Answer(1, f"running, but {pid_file.path} does not say as which process")
        os.kill(status.pid, signal.SIGTERM)
        return _wait_for_end(pid_file, status.pid)
    except (PidFileError, PermissionError) as error:
        return Answer(1, str(error))


def look(pid_file: PidFile) -> Answer:
    """Tell whether the daemon runs, with the exit codes of LSB init scripts: 0 yes, 3 no, 1 a stale file."""
    try:
        status = pid_file.look()
    except PidFileError as error:
        return Answer(1, str(error))
    if status.state is DaemonState.RUNNING:
        return Answer(0, f"running with pid {status.pid}")
    if status.state is DaemonState.STALE:
        return Answer(1, f"not running, but there is a stale pid file {pid_file.path}{_of(status)}")
    return Answer(3, "not running")


def _of(status: DaemonStatus) -> str:
    return f" (pid {status.pid})" if status.pid is not None else ""


def _wait_for_end(pid_file: PidFile, pid: int) -> Answer:
    deadline = time.monotonic() + STOP_WAIT_SECONDS
    while time.monotonic() < deadline:
        if pid_file.look() != DaemonStatus(DaemonState.RUNNING, pid):
            return Answer(0, f"stopped (pid {pid})")
        time.sleep(_POLL_SECONDS)
    waits = "it is finishing an update, or waiting for AWS to answer"
    return Answer(1, f"pid {pid} has not ended within {STOP_WAIT_SECONDS:.0f} s: {waits}; its log says more")


def _fork(pid_file: PidFile, work: Work) -> dict[str, Any]:
    """Let a detached process work; give what it said before or when it was ready, {} for nothing."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        try:
            _become_daemon(pid_file, work, tell)
        finally:
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
        context.open()
        pid_file.acquire()
        try:
            work(lambda: say(0, f"started with pid {os.getpid()}"), lambda: _keep_alive(pid_file))
        finally:
            pid_file.release()
    except ConfigurationError as error:
        say(2, "; ".join(error.faults))
    except Exception as error:
        LOGGER.exception("the daemon ends")
        say(1, str(error) if isinstance(error, PidFileError) else f"{type(error).__name__}: {error}")


def _keep_alive(pid_file: PidFile) -> None:
    try:
        pid_file.keep_alive()
    except PidFileTakenError as error:
        LOGGER.error("ending, because another daemon has taken over: %s", error)  # noqa: TRY400 - a sentence
        signal.raise_signal(signal.SIGTERM)
    except PidFileError as error:
        LOGGER.warning("%s", error)
