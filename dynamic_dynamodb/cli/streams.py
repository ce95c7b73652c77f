"""Write to stdout and stderr, and handle streams that are closed, full or broken."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final, NoReturn

from dynamic_dynamodb import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_SIGNAL_EXIT_BASE: Final = 128
"""Shells add this to a signal's number for the exit code of a program that it ended."""
_STANDARD_ERROR: Final = 2
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class OutputError(Exception):
    """The result cannot be written to stdout."""

    @property
    def sentence(self) -> str:
        """Return the reason; empty if the reader has closed the pipe, as `head` does."""
        if isinstance(self.__cause__, BrokenPipeError):
            return ""
        return f"the output cannot be written: {getattr(self.__cause__, 'strerror', '')}"

    @property
    def exit_code(self) -> int:
        """Return 141, as for a program that SIGPIPE ended, if the reader has closed the pipe; else 1."""
        return 1 if self.sentence else exit_code_of(signal.SIGPIPE)


def exit_cleanly_on_signals() -> None:
    """Exit on SIGTERM and SIGHUP as they would, but end first what was started, such as other processes."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, _exit_cleanly)


@contextmanager
def defer_signals() -> Iterator[Callable[[], None]]:
    """Keep SIGINT, SIGTERM and SIGHUP from interrupting a block, and yield a function that acts on them.

    The function raises KeyboardInterrupt or SystemExit if one has arrived; the end of the block calls it too.
    """
    arrived: list[int] = []

    def act() -> None:
        if signal.SIGINT in arrived:
            raise KeyboardInterrupt
        if arrived:
            raise SystemExit(exit_code_of(arrived[0]))

    numbers = [one for one in _ENDING if signal.getsignal(one) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {one: signal.signal(one, lambda number, _: arrived.append(number)) for one in numbers}
    try:
        yield act
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    act()


def _exit_cleanly(number: int, _: object) -> NoReturn:
    raise SystemExit(exit_code_of(number))


def exit_code_of(number: int) -> int:
    """Return the exit code of a program that a signal ended."""
    return _SIGNAL_EXIT_BASE + number


def prepare_streams() -> None:
    """Open closed standard streams on /dev/null, so that no other file gets their descriptors."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, "r")
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # escape what the locale's encoding lacks


def write_result(text: str = "") -> None:
    """Write a result to stdout, after what argparse has left there; raise OutputError."""
    try:
        if text:  # /dev/full refuses even an empty text
            sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        raise OutputError from error


def write_remark(text: str) -> None:
    """Write a line to stderr, with control characters escaped; do nothing if it cannot be written."""
    try:
        if text:
            from dynamic_dynamodb.config.text import escape

            sys.stderr.write(f"{escape(text)}\n")
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def report_output_error(error: OutputError) -> int:
    """Write why a result could not be printed, and return the exit code."""
    if error.sentence:
        write_remark(f"{PROGRAM}: {error.sentence}")
    return error.exit_code


def drop_leftovers() -> None:
    """Drop log lines left in stdout that cannot be written: they are not a result."""
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)


def can_take(stream: TextIO) -> bool:
    """Return whether a line can be written without waiting for a reader."""
    return bool(select.select([], [stream.fileno()], [], 0)[1])


def silence(stream: TextIO) -> None:
    """Discard what a stream has buffered: Python would try to write it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
