"""Arguments in, exit code out: the only room that prints or exits."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.config.command_line import PROGRAM, parse_command_line
from dynamic_dynamodb.errors import AwsError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from dynamic_dynamodb.config.loader import Configuration


class ExitCode(IntEnum):
    """What the exit code tells scripts."""

    ALL_WELL = 0
    TARGET_FAILED = 1
    UNUSABLE_CONFIGURATION = 2


LOGGER: Final = logging.getLogger("dynamic-dynamodb")
_SIGNAL_EXIT_BASE: Final = 128
"""What shells add to a signal's number for the exit code of a program that it ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    flags = parse_command_line(list(sys.argv[1:] if arguments is None else arguments))
    try:
        return _run(flags)
    except ConfigurationError as error:
        source = flags.get("config", "the command line")
        print(f"{PROGRAM}: {source} cannot be used:", file=sys.stderr)
        for fault in error.faults:
            print(f"  {fault}", file=sys.stderr)
        return ExitCode.UNUSABLE_CONFIGURATION


def _run(flags: Mapping[str, str | bool]) -> int:
    # Imported here, so that --version and --help need not wait for what they do not use.
    from dynamic_dynamodb.config.loader import load  # noqa: PLC0415

    configuration = load(flags, os.environ)
    if flags.get("show-config"):
        return _show(configuration)
    _refuse_unusable(flags)
    return _check(configuration)


def _refuse_unusable(flags: Mapping[str, str | bool]) -> None:
    if "config" not in flags and "table-name" not in flags:
        message = "nothing to do: give a file with --config, or a table with --table-name '^my_table$'"
        raise ConfigurationError((message,))


def _show(configuration: Configuration) -> int:
    from dynamic_dynamodb.config.render import render_configuration  # noqa: PLC0415 - as in _run

    for warning in configuration.warnings:
        print(f"{PROGRAM}: {warning}", file=sys.stderr)
    print(render_configuration(configuration))
    return ExitCode.ALL_WELL


def _check(configuration: Configuration) -> int:
    # As in _run: boto3 takes most of the time of a start.
    from dynamic_dynamodb.config.findings import find_credential_faults  # noqa: PLC0415
    from dynamic_dynamodb.logs import set_up_logging  # noqa: PLC0415
    from dynamic_dynamodb.schedule import Schedule  # noqa: PLC0415
    from dynamic_dynamodb.wiring import build_loop  # noqa: PLC0415

    options = configuration.global_options
    faults = tuple(find_credential_faults(options))
    if faults:
        raise ConfigurationError(faults)
    set_up_logging(configuration.logging_options, is_dry_run=options["dry_run"])
    for warning in configuration.warnings:
        LOGGER.warning("%s", warning)
    stop = _stop_on_signals()
    try:
        with build_loop(configuration, stop.is_set) as loop:
            schedule = Schedule(loop, stop)
            if options["run_once"]:
                return ExitCode.ALL_WELL if schedule.run_once() else ExitCode.TARGET_FAILED
            schedule.run_until_stopped(options["check_interval"])
    except AwsError as error:
        raise ConfigurationError((str(error),)) from error
    LOGGER.info("stopped")
    return ExitCode.ALL_WELL


def _stop_on_signals() -> threading.Event:
    """Let Ctrl-C and SIGTERM finish the update in hand; a second Ctrl-C ends at once."""
    stop = threading.Event()

    def finish(number: int, _frame: FrameType | None) -> None:
        stop.set()
        # In a thread, because the signal may have come in the middle of another line.
        name = signal.Signals(number).name
        threading.Thread(target=LOGGER.info, args=("%s: finishing the update in hand", name)).start()
        signal.signal(signal.SIGINT, end_at_once)

    def end_at_once(number: int, _frame: FrameType | None) -> None:
        logging.shutdown()
        os._exit(_SIGNAL_EXIT_BASE + number)  # any softer end would wait for the threads in their calls

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, finish)
    return stop
