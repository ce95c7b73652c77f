"""Recognize the process of a daemon of 2.5.1 or later, and its port, by what the kernel reports."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROC: Final = Path("/proc")
_HIGHEST_PID: Final = 2**31 - 1
_INTERPRETER: Final = re.compile(r"(python|pypy)[\w.-]*")
_OPTION_WITH_VALUE: Final = re.compile(r"-[A-Za-z0-9]*?([cmQWX])(.*)", re.DOTALL)
"""Python's own options that take a value; -Q is Python 2's."""
_PROGRAM: Final = re.compile(r"dynamic[-_]dynamodb(\.(py|pyz|pex))?")
_MODULES: Final = ("dynamic_dynamodb", "dynamic_dynamodb.__main__")
_DETACHING: Final = ("start", "restart")
"""The commands that write a pid file; `foreground` does not."""
_ELAPSED: Final = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)")
_PS_SECONDS: Final = 5
_LISTENING: Final = "0A"
"""The state of a listening socket in /proc/net/tcp (proc(5))."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the kernel describes it. `started` is in seconds of Unix time, by the current clock.

    `fingerprint` distinguishes it from earlier and later processes with its pid; it is empty if unknown.
    A zombie process has no arguments.
    """

    parent: int
    owner: int
    arguments: tuple[str, ...]
    started: float
    fingerprint: str


def find_process(pid: int) -> Process | None:
    """Return a process; None if it does not exist or is hidden from this user."""
    if not 0 < pid <= _HIGHEST_PID:
        return None
    try:
        return _read_proc(pid) if (_PROC / "self" / "stat").exists() else _ask_ps(pid)
    except (OSError, ValueError, LookupError, subprocess.SubprocessError):
        return None  # it may end in the meantime


def find_daemon(pid: int, instance: str) -> Process | None:
    """Return the process if it is a daemon of this instance, but not this process or an ancestor."""
    process = find_process(pid)
    if process is None or not is_daemon(process.arguments, instance) or _is_own_or_ancestor(pid):
        return None
    return process


def is_hidden(pid: int) -> bool:
    """Return whether a process exists that this user cannot see."""
    if find_process(pid) is not None or not 0 < pid <= _HIGHEST_PID:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def has_ended(pid: int) -> bool:
    """Return whether the process has ended, or is hidden from this user."""
    process = find_process(pid)
    return process is None or not process.arguments


def listens_on(pid: int, port: int) -> bool | None:
    """Return whether a process listens on a TCP port; None if this user cannot see it."""
    try:
        opened = list((_PROC / str(pid) / "fd").iterdir())
        listeners = _find_listeners(port)
    except OSError:  # another user's process, one that has ended, or a system without /proc
        return None
    return any(_read_link(one) in listeners for one in opened)


def is_daemon(arguments: Sequence[str], instance: str) -> bool:
    """Return whether these are the arguments of a daemon of this instance, of 2.5.1 or later."""
    flags = _find_flags(list(arguments))
    if flags is None:
        return False
    parser = _Parser(add_help=False)
    parser.add_argument("--daemon")
    parser.add_argument("--instance", default="default")
    try:
        given, _ = parser.parse_known_args(flags)
    except ValueError:
        return False
    return given.daemon in _DETACHING and given.instance == instance


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _find_flags(words: list[str]) -> list[str] | None:
    """Return the arguments after the program's name; None for another program."""
    if not words:
        return None
    if _INTERPRETER.fullmatch(Path(words[0]).name):
        words = words[1:]
        while words and words[0].startswith("-"):
            option = _OPTION_WITH_VALUE.fullmatch(words.pop(0))
            if option is None:
                continue
            value = option[2] or (words.pop(0) if words else "")
            if option[1] == "c":
                return None
            if option[1] == "m":
                return words if value in _MODULES else None
    is_ours = bool(words) and _PROGRAM.fullmatch(Path(words[0]).name) is not None
    return words[1:] if is_ours else None


def _find_listeners(port: int) -> set[str]:
    """Return the sockets that listen on a TCP port, as the links of open files name them."""
    tables = (_PROC / "net" / name for name in ("tcp", "tcp6"))  # a kernel without IPv6 has one
    lines = (
        line.split() for one in tables if one.exists() for line in one.read_text("ascii").splitlines()[1:]
    )
    return {
        f"socket:[{inode}]"
        for _, local, _, state, _, _, _, _, _, inode, *_ in lines
        if state == _LISTENING and int(local.rpartition(":")[2], 16) == port
    }


def _read_link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # it was closed in the meantime
        return ""


def _is_own_or_ancestor(pid: int) -> bool:
    current = os.getpid()
    while current and current != pid:
        process = find_process(current)
        current = process.parent if process else 0
    return current == pid


def _read_proc(pid: int) -> Process | None:
    folder = _PROC / str(pid)
    lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    if int(facts["Tgid"]) != pid:
        return None  # a thread has a directory too
    ticks = int(
        (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    )
    words = (folder / "cmdline").read_bytes().split(b"\0")[:-1]
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return Process(
        parent=int(facts["PPid"]),
        owner=int(facts["Uid"].split()[1]),  # the effective one, which owns the files it creates
        arguments=tuple(map(os.fsdecode, words)),
        started=time.time() - age,
        fingerprint=str(ticks),
    )


def _ask_ps(pid: int) -> Process | None:
    """Run POSIX's ps, for systems without /proc such as macOS; it cannot show spaces within an argument."""
    columns = [word for name in ("ppid", "uid", "etime", "args") for word in ("-o", f"{name}=")]
    run = subprocess.run(  # noqa: S603 - its only variable is a number
        ["ps", "-ww", *columns, "-p", str(pid)],  # noqa: S607 - the path of ps depends on the system
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        timeout=_PS_SECONDS,
    )
    parent, owner, elapsed, *arguments = run.stdout.split()
    days, hours, minutes, seconds = (int(part or 0) for part in _split_elapsed(elapsed))
    age = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return Process(int(parent), int(owner), tuple(arguments), time.time() - age, fingerprint="")


def _split_elapsed(elapsed: str) -> tuple[str | None, ...]:
    match = _ELAPSED.fullmatch(elapsed)
    if match is None:
        raise ValueError(f"not an elapsed time: {elapsed}")
    return match.groups()
