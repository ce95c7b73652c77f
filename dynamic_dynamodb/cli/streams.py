"""Write to stdout and stderr so that broken ones are said once, or do no harm."""

from __future__ import annotations

import os
import select
import signal
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM

if TYPE_CHECKING:
    from typing import TextIO

_SIGNAL_EXIT_BASE: Final = 128
"""What shells add to a signal's number for the exit code of a program that it ended."""
_STANDARD_ERROR: Final = 2


class OutputError(Exception):
    """What was asked for cannot be written to stdout."""

    @property
    def sentence(self) -> str:
        """Say why; empty if the reader has gone, such as `head`, as nobody is to be told then."""
        if isinstance(self.__cause__, BrokenPipeError):
            return ""
        return f"the output cannot be written: {getattr(self.__cause__, 'strerror', '')}"

    @property
    def exit_code(self) -> int:
        """Return 141, as for any program that ends because its reader has gone, else 1."""
        return 1 if self.sentence else exit_code_of(signal.SIGPIPE)


def exit_code_of(number: int) -> int:
    """Return the exit code of a program that a signal ended."""
    return _SIGNAL_EXIT_BASE + number


def prepare_streams() -> None:
    """Let closed standard streams lead nowhere, so that nothing else gets their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, "r")
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the locale, no line may be lost


def write_result(text: str = "") -> None:
    """Write what was asked for to stdout, and what argparse has left there; raise OutputError."""
    try:
        if text:  # /dev/full refuses even an empty text
            sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        raise OutputError from error


def write_remark(text: str) -> None:
    """Write a line to stderr, with control characters made visible, if it can be written."""
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
    """Let go what a handler of a log has left in stdout and cannot be written: it is not a result."""
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)


def can_take(stream: TextIO) -> bool:
    """Tell whether a line could be written now without waiting for a reader."""
    return bool(select.select([], [stream.fileno()], [], 0)[1])


def silence(stream: TextIO) -> None:
    """Let what a stream still holds lead nowhere: Python would try to write it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
