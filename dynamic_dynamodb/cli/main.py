"""Run the program from its arguments to its exit code."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import VERSION_LINE
from dynamic_dynamodb.cli.streams import (
    OutputError,
    prepare_streams,
    report_output_error,
    write_remark,
    write_result,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_WRITABLE_BY_OTHERS: Final = 0o022
_GARBAGE_EACH_OBJECTS: Final = 50_000
"""New objects between two runs of the garbage collector. Python's default, 700, takes a tenth of a start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program, and return its exit code."""
    _survive_log_rotation()
    gc.set_threshold(_GARBAGE_EACH_OBJECTS)
    atexit.register(gc.freeze)  # Python would search everything for garbage at exit: a fifth of a short run
    prepare_streams()
    os.umask(os.umask(_NOT_WRITABLE_BY_OTHERS) | _NOT_WRITABLE_BY_OTHERS)
    try:
        try:
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            write_remark("")  # flush what argparse has printed: Python would complain about it at exit
            write_result()
    except OutputError as error:
        code = report_output_error(error)
    _exit_past_stuck_logs(code)
    return code


def _survive_log_rotation() -> None:
    """Ignore SIGUSR1 and SIGUSR2, which log rotation sends, until the service listens to them."""
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which child processes would inherit


def _run(arguments: list[str]) -> int:
    """Run the command that the arguments name, and return its exit code; raise OutputError."""
    if arguments == ["--version"]:  # most of the time would go into imports that it does not need
        write_result(f"{VERSION_LINE}\n")
        return 0

    from dynamic_dynamodb.cli.commands import run_command

    return run_command(arguments)


def _exit_past_stuck_logs(code: int) -> None:
    """Exit here if a log's reader has stalled: Python would wait for it at exit."""
    logs = sys.modules.get("dynamic_dynamodb.service.logs")  # not imported if nothing was logged
    if logs is not None and not logs.flush_logs(0):
        os._exit(code)
