"""Arguments in, exit code out: the only room that prints or exits."""

from __future__ import annotations

import logging
import os
import signal
import sys
from enum import IntEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.command_line import PROGRAM, parse_command_line
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.signals import survive_log_rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.inquiries import Answer

# Imports stand in the functions, so that --version, --help and --daemon stop need not wait for boto3,
# which takes most of the time of a start.
# ruff: noqa: PLC0415

_SIGNAL_EXIT_BASE: Final = 128
"""What shells add to a signal's number for the exit code of a program that it ended."""
_NOT_WRITABLE_BY_OTHERS: Final = 0o022
_STANDARD_ERROR: Final = 2
_MOST_FAULTS: Final = 100
_ALONE: Final = {"show-config", "print-completion", "print-example"}
"""Flags that answer something without a file, too."""
_TASKS: Final = {"record", "replay"}
"""Flags that do not go with a daemon; the configuration's faults say so."""
_FOREGROUND: Final = (False, "foreground", "fg")


class ExitCode(IntEnum):
    """What the exit code tells scripts."""

    ALL_WELL = 0
    TARGET_FAILED = 1
    UNUSABLE_CONFIGURATION = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code."""
    survive_log_rotation()
    _prepare_streams()
    os.umask(os.umask(_NOT_WRITABLE_BY_OTHERS) | _NOT_WRITABLE_BY_OTHERS)
    flags = parse_command_line(list(sys.argv[1:] if arguments is None else arguments))
    if flags.get("config"):
        flags["config"] = str(Path(str(flags["config"])).absolute())
    try:
        code = _run(flags)
        sys.stdout.flush()
    except OSError as error:
        # Nobody takes the output any more; without this Python would complain again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"{PROGRAM}: the output cannot be written: {error}", file=sys.stderr)
        return ExitCode.TARGET_FAILED
    except KeyboardInterrupt:
        return _SIGNAL_EXIT_BASE + signal.SIGINT  # before the service listens to it
    except ConfigurationError as error:
        return _refuse(flags, error.faults, error.source)
    return code


def _refuse(flags: Mapping[str, str | bool], faults: Sequence[str], source: str = "") -> int:
    """Print what is wrong with the configuration, or with another source."""
    is_file_at_fault = "config" in flags and not all(fault.startswith("--") for fault in faults)
    unusable = source or (flags["config"] if is_file_at_fault else "the command line")
    print(f"{PROGRAM}: {unusable} cannot be used:", file=sys.stderr)
    for fault in faults[:_MOST_FAULTS]:
        print(f"  {fault}", file=sys.stderr)
    if len(faults) > _MOST_FAULTS:
        print(f"  … and {len(faults) - _MOST_FAULTS} more", file=sys.stderr)
    return ExitCode.UNUSABLE_CONFIGURATION


def _prepare_streams() -> None:
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


def _run(flags: Mapping[str, str | bool]) -> int:
    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.inquiries import INQUIRIES

    circumstances = Circumstances(flags, dict(os.environ), Path.cwd())
    # First of all, because who only asks must not stop a daemon.
    asked = next((flag for flag in INQUIRIES if flag in flags), None)
    if asked is None and flags.get("daemon") in ("stop", "status") and not _TASKS & flags.keys():
        return _control_by_flags(flags)
    if "config" not in flags and "table-name" not in flags and asked not in _ALONE:
        message = "nothing to do: give a file with --config, or a table with --table-name '^my_table$'"
        raise ConfigurationError((message,))
    if asked is not None:
        return _answer(INQUIRIES[asked](circumstances), flags)
    if "replay" in flags:
        return _replay(circumstances)
    configuration = circumstances.load()
    options = configuration.global_options
    if "record" in flags:
        return _record(circumstances, configuration)
    if options["daemon"] in _FOREGROUND:
        from dynamic_dynamodb.supervisor import tell_ready

        is_well = _serve(circumstances, configuration, lambda _: tell_ready(circumstances.environment))
        return ExitCode.ALL_WELL if is_well else ExitCode.TARGET_FAILED

    _try(circumstances, configuration)

    def work(on_ready: Callable[[str], None], before_check: Callable[[], None]) -> None:
        _serve(circumstances, configuration, on_ready, before_check)

    return _control(options, work)


def _answer(answer: Answer, flags: Mapping[str, str | bool]) -> int:
    """Print an answer on stdout, so that it can be redirected, and remarks on stderr."""
    for remark in answer.remarks:
        print(f"{PROGRAM}: {remark}", file=sys.stderr)
    if answer.text:
        print(answer.text)
    return _refuse(flags, answer.faults) if answer.faults else ExitCode.ALL_WELL


def _replay(circumstances: Circumstances) -> int:
    """Print what would have been, and tell whether the condition of --fail-if held."""
    from dynamic_dynamodb.replay.command import replay
    from dynamic_dynamodb.replay.progress import ProgressBar

    progress = ProgressBar(sys.stderr, "replaying")
    try:
        outcome = replay(circumstances, progress)
    finally:
        progress.clear()
    for remark in outcome.remarks:
        print(f"{PROGRAM}: {remark}", file=sys.stderr)
    print(outcome.text)
    if outcome.failure is None:
        return ExitCode.ALL_WELL
    print(f"{PROGRAM}: {outcome.failure}", file=sys.stderr)
    return ExitCode.TARGET_FAILED


def _record(circumstances: Circumstances, configuration: Configuration) -> int:
    """Record every matching target, and say what came of each."""
    from dynamic_dynamodb.replay.progress import ProgressBar
    from dynamic_dynamodb.replay.recorder import record

    progress = ProgressBar(sys.stderr, "recording", patience_seconds=0)
    try:
        outcome = record(circumstances, configuration, progress)
    finally:
        progress.clear()
    for remark in (*configuration.warnings, *outcome.failures):
        print(f"{PROGRAM}: {remark}", file=sys.stderr)
    for line in outcome.lines:
        print(line)
    return ExitCode.TARGET_FAILED if outcome.failures else ExitCode.ALL_WELL


def _serve(
    circumstances: Circumstances,
    configuration: Configuration,
    on_ready: Callable[[str], None] | None = None,
    before_check: Callable[[], None] | None = None,
) -> bool:
    """Run the service in this process; tell whether all went well."""
    from dynamic_dynamodb.service import Service
    from dynamic_dynamodb.signals import Wishes
    from dynamic_dynamodb.wiring import start_workers

    wishes = Wishes()
    wishes.listen(end_at_once=_end_at_once)
    with start_workers() as workers:
        return Service(circumstances, wishes, workers, before_check).run(configuration, on_ready)


def _try(circumstances: Circumstances, configuration: Configuration) -> None:
    """Raise ConfigurationError now if the service could not begin, before an old daemon is stopped for it."""
    from dynamic_dynamodb.logs import shut_down_logging
    from dynamic_dynamodb.service import Service
    from dynamic_dynamodb.signals import Wishes
    from dynamic_dynamodb.wiring import start_workers

    try:
        with start_workers() as workers:
            Service(circumstances, Wishes(), workers).open(configuration)
    finally:
        shut_down_logging()  # the daemon begins without files of this process


def _end_at_once(number: int) -> None:
    """End without waiting for the threads in their calls."""
    logging.shutdown()
    os._exit(_SIGNAL_EXIT_BASE + number)


def _control_by_flags(flags: Mapping[str, str | bool]) -> int:
    """Look at no file, whose faults must not keep anyone from stopping what runs by an older one."""
    from dynamic_dynamodb.config.loader import load

    own = {name: given for name, given in flags.items() if name in ("daemon", "instance", "pid-file-dir")}
    return _control(load(own, {}).global_options)


def _control(options: Mapping[str, Any], work: Callable[..., None] | None = None) -> int:
    """Start, stop, restart or look at the daemon, and say what came of it."""
    from dynamic_dynamodb import daemon
    from dynamic_dynamodb.circumstances import Circumstances
    from dynamic_dynamodb.pid_file import PidFile

    pid_file = PidFile(Circumstances({}, {}, Path.cwd()).find_pid_path(options), options["instance"])
    command, code = options["daemon"], 0
    answers = []
    if command == "stop":
        answers.append(daemon.stop(pid_file))
    if command == "restart":
        answers.append(daemon.stop(pid_file, daemon.RESTART_WAIT_SECONDS))
    if command == "status":
        answers.append(daemon.look(pid_file))
    if work is not None and all(answer.code == 0 for answer in answers):
        answers.append(daemon.start(pid_file, work))
    for answer in answers:
        code = answer.code
        stream = sys.stderr if code in (1, 2) else sys.stdout
        print(f"{PROGRAM} ({options['instance']}): {answer.sentence}", file=stream)
    return code
