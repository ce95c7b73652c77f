"""Choose the command that the arguments name, and run it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.cli.result import ExitCode, Result, add_program_name, refuse
from dynamic_dynamodb.cli.streams import (
    OutputError,
    exit_code_of,
    report_output_error,
    silence,
    write_remark,
    write_result,
)
from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import OPTIONS, Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.config.sources import ConfigSources

_WITHOUT_TARGETS: Final = {"show-config", "print-completion", "print-example"}
"""Commands that need neither --config nor --table-name."""
_NOT_WITH_DAEMON: Final = {"init", "record", "replay", "tune"}
"""Commands that --daemon cannot be combined with: validation reports that as a fault."""
_FOREGROUND: Final = (False, "foreground", "fg")


def run_command(arguments: list[str]) -> int:
    """Run the command that the arguments name, print its result and return its exit code.

    Raises OutputError if the result cannot be printed.
    """
    try:
        flags = parse_command_line(arguments)
    except OSError as error:  # --help or --version cannot be written
        raise OutputError from error
    try:
        Path.cwd()
    except OSError as error:
        write_remark(
            f"{PROGRAM}: the working directory no longer exists ({error.strerror}): cd to another one first"
        )
        return ExitCode.FAILURE
    try:
        if flags.get("config"):
            flags["config"] = str(Path(str(flags["config"])).absolute())
        return _run(flags)
    except KeyboardInterrupt:  # the service has not begun to listen for signals
        silence(sys.stdout)  # the buffer may hold the line whose write has blocked
        return exit_code_of(signal.SIGINT)
    except ConfigurationError as error:
        return _print(refuse(flags, error.faults, error.source))
    except OSError as error:
        write_remark(f"{PROGRAM}: {error}")
        return ExitCode.FAILURE


def _run(flags: Mapping[str, str | bool]) -> int:
    """Choose the command, run it and return its exit code; raise ConfigurationError and OutputError."""
    from dynamic_dynamodb.config.sources import ConfigSources

    sources = ConfigSources(flags, dict(os.environ), Path.cwd())
    # Before --daemon: `--check-config --daemon stop` must not stop a daemon.
    command = _find_configuration_command(flags)
    if command is None and flags.get("daemon") in ("stop", "status") and not _NOT_WITH_DAEMON & flags.keys():
        from dynamic_dynamodb.cli.daemon import control_without_file

        return _print_done(control_without_file(sources))
    # Without --record, loading reports --all as a fault.
    is_for_all = "init" in flags or ("all" in flags and "replay" not in flags)
    needs_targets = command not in _WITHOUT_TARGETS and "tune" not in flags and not is_for_all
    if needs_targets and "config" not in flags and "table-name" not in flags:
        message = "nothing to do: set --config FILE, or --table-name, such as '^my_table$'"
        all_tables = "--all to record every table" if "record" in flags else "--init to write a first FILE"
        message += f", or {all_tables}"
        raise ConfigurationError(sources.examine().faults or (message,))
    if command is not None:
        from dynamic_dynamodb.cli.configuration import COMMANDS

        return _print(COMMANDS[command](sources))
    if "replay" in flags:
        from dynamic_dynamodb.cli.replay import replay

        return _print(replay(sources))
    if "tune" in flags:
        from dynamic_dynamodb.cli.tuning import tune

        return _print(tune(sources))
    return _run_with_aws(sources)


def _find_configuration_command(flags: Mapping[str, str | bool]) -> str | None:
    """Return the flag of the command to run if it is one of `COMMANDS`, which takes time to import."""
    if not any(option.group is Group.COMMANDS and option.name in flags for option in OPTIONS):
        return None
    from dynamic_dynamodb.cli.configuration import COMMANDS

    return next((name for name in COMMANDS if name in flags), None)


def _run_with_aws(sources: ConfigSources) -> int:
    """Propose a configuration, record, run the service, or start, restart or reload the daemon."""
    _format_early_log()
    configuration = sources.load()
    command = configuration.global_options["daemon"]
    if "init" in sources.flags:
        from dynamic_dynamodb.cli.proposal import propose

        return _print(propose(sources, configuration))
    if "record" in sources.flags:
        from dynamic_dynamodb.cli.replay import record

        return _print(record(sources, configuration))
    if command == "reload":
        from dynamic_dynamodb.cli.daemon import control

        return _print_done(control(sources, configuration.global_options))

    from dynamic_dynamodb.cli.service import check_start, run_detached, run_in_foreground

    if command in _FOREGROUND:
        return ExitCode.SUCCESS if run_in_foreground(sources, configuration) else ExitCode.FAILURE

    from dynamic_dynamodb.cli.daemon import control

    check_start(sources, configuration)
    for remark in add_program_name(configuration.warnings):  # the daemon has no terminal to write them to
        write_remark(remark)
    return _print_done(
        control(
            sources, configuration.global_options, lambda hooks: run_detached(sources, configuration, hooks)
        )
    )


def _print(result: Result) -> int:
    """Print a result, and return its exit code; raise OutputError."""
    for remark in result.remarks:
        write_remark(remark)
    try:
        if result.text:
            write_result(f"{result.text}\n")
    finally:
        for fault in result.faults:
            write_remark(fault)
    return result.code


def _print_done(result: Result) -> int:
    """Print what a command for the daemon did; its exit code stands even if nothing can be printed."""
    try:
        return _print(result)
    except OutputError as error:
        report_output_error(error)
        return result.code


def _format_early_log() -> None:
    """Put the program's name before what libraries log until the service has set up its log."""
    import logging

    from dynamic_dynamodb.service.log_formatters import TextFormatter

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(TextFormatter(f"{PROGRAM}: %(message)s"))
