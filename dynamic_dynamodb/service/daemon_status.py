"""Find out whether the daemon of an instance runs, from its lock file or from its pid file.

A running daemon holds a lock, which ends with the process, however it ends. The lock is on a file beside the
pid file that only its owner can open, because everyone who can open a file can lock it.
The pid in a file counts only if the file and the process have the same owner.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.private_files import open_safely
from dynamic_dynamodb.service.instance_files import (
    PidFileError,
    name_user,
    open_regular,
    read_holder,
    try_lock,
)
from dynamic_dynamodb.service.processes import find_daemon, find_process, is_hidden

if TYPE_CHECKING:
    from pathlib import Path

_CLOCK_TOLERANCE_SECONDS: Final = 1.0
"""By how much the kernel's times of a process and of a file may differ."""


class DaemonState(Enum):
    """Whether the daemon of an instance runs, and whether its commands can control it."""

    RUNNING = "running"
    UNCONTROLLED = "running, but without the lock"
    STALE = "stale"
    NOT_RUNNING = "not running"


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The state of a daemon, its pid if it is known, and its user.

    An uncontrolled daemon is one of version 2.5.1, or of another user, whose lock file cannot be opened.
    """

    state: DaemonState
    pid: int | None = None
    owner: int | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a daemon runs, controlled or not."""
        return self.state in (DaemonState.RUNNING, DaemonState.UNCONTROLLED)


def find_lock_holder(lock_path: Path, instance: str) -> DaemonStatus | None:
    """Return the running daemon that holds the lock; None if there is none, or if it cannot be trusted."""
    try:
        descriptor = open_safely(lock_path, os.O_RDONLY)
    except OSError:
        return None  # it does not exist, or it is another user's
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or try_lock(descriptor, lock_path, shared=True):
            return None
        pid, fingerprint = read_holder(descriptor)
    finally:
        os.close(descriptor)
    if pid and _is_holder(pid, fingerprint, found.st_uid, instance):
        return DaemonStatus(DaemonState.RUNNING, pid, found.st_uid)
    # The holder is a process that we cannot see. Only a file of our own proves that it is a daemon.
    is_own = found.st_uid == os.geteuid()
    return DaemonStatus(DaemonState.RUNNING, None, found.st_uid) if is_own else None


def read_pid_file(path: Path, instance: str) -> DaemonStatus:
    """Return the status by the pid in the file alone; raise PidFileError if this user cannot see it."""
    try:
        descriptor = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return DaemonStatus(DaemonState.NOT_RUNNING)
    try:
        pid, _ = read_holder(descriptor)
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not pid:
        return DaemonStatus(DaemonState.STALE)
    process = find_daemon(pid, instance)
    is_writer = (
        process is not None
        and process.owner == found.st_uid
        and process.started <= found.st_mtime + _CLOCK_TOLERANCE_SECONDS
    )
    if is_writer:
        return DaemonStatus(DaemonState.UNCONTROLLED, pid, found.st_uid)
    if found.st_uid != os.geteuid() and is_hidden(pid):
        whose = f"the pid file {path} belongs to {name_user(found.st_uid)}"
        raise PidFileError(f"{whose}, and this user cannot see whether pid {pid} is a daemon: ask as root")
    return DaemonStatus(DaemonState.STALE, pid, found.st_uid)


def _is_holder(pid: int, fingerprint: str, owner: int, instance: str) -> bool:
    """Return whether the process has written the lock file.

    The fingerprint proves it only in a file of this user: another user could write any fingerprint.
    """
    process = find_process(pid)
    if process is None or process.owner != owner:
        return False
    is_same = bool(fingerprint) and process.fingerprint == fingerprint and owner == os.geteuid()
    return is_same or find_daemon(pid, instance) is not None
