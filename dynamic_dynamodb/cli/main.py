"""Arguments in, exit code out: the only room that prints or exits."""

from __future__ import annotations

import gc
import math
import os
import signal
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dynamic_dynamodb.cli.streams import (
    OutputError,
    can_take,
    drop_leftovers,
    exit_code_of,
    prepare_streams,
    silence,
    write_remark,
    write_result,
)
from dynamic_dynamodb.config.flags import PROGRAM, parse_command_line
from dynamic_dynamodb.config.values import escape
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.signals import survive_log_rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dynamic_dynamodb.cli.configuration import Answer
    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.reload_notes import ReloadNotes
    from dynamic_dynamodb.service.signals import SignalRequests

# Imports stand in the functions, so that --version, --help and --daemon stop need not wait for boto3,
# which takes most of the time of a start.
# ruff: noqa: PLC0415

_NOT_WRITABLE_BY_OTHERS: Final = 0o022
_GARBAGE_EACH_OBJECTS: Final = 50_000
"""Objects made before Python looks for garbage; with its own 700 that takes a tenth of a start."""
_READER_STALL_SECONDS: Final = 60.0
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
    gc.set_threshold(_GARBAGE_EACH_OBJECTS)
    prepare_streams()
    os.umask(os.umask(_NOT_WRITABLE_BY_OTHERS) | _NOT_WRITABLE_BY_OTHERS)
    try:
        try:
            code = _act(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            write_remark("")  # what argparse has printed, and Python would complain about when it ends
            write_result()
    except OutputError as error:
        if error.sentence:
            write_remark(f"{PROGRAM}: {error.sentence}")
        code = error.exit_code
    _end_beside_stuck_logs(code)
    return code


def _act(arguments: list[str]) -> int:
    """Do what the arguments ask for, and give the exit code; raise OutputError."""
    try:
        flags = parse_command_line(arguments)
    except OSError as error:
        raise OutputError from error
    try:
        Path.cwd()
    except OSError as error:
        write_remark(f"{PROGRAM}: the working directory is gone ({error.strerror}): cd to another one first")
        return ExitCode.TARGET_FAILED
    try:
        if flags.get("config"):
            flags["config"] = str(Path(str(flags["config"])).absolute())
        return _run(flags)
    except KeyboardInterrupt:  # before the service listens to it
        silence(sys.stdout)  # whose reader may be why
        return exit_code_of(signal.SIGINT)
    except ConfigurationError as error:
        return _refuse(flags, error.faults, error.source)
    except OSError as error:
        write_remark(f"{PROGRAM}: {error}")
        return ExitCode.TARGET_FAILED


def _refuse(flags: Mapping[str, str | bool], faults: Sequence[str], source: str = "") -> int:
    """Print what is wrong with the configuration, or with another source."""
    is_file_at_fault = "config" in flags and not all(fault.startswith("--") for fault in faults)
    unusable = source or (flags["config"] if is_file_at_fault else "the command line")
    write_remark(f"{PROGRAM}: {unusable} cannot be used:")
    for fault in faults[:_MOST_FAULTS]:
        write_remark(f"  {fault}")
    if len(faults) > _MOST_FAULTS:
        write_remark(f"  … and {len(faults) - _MOST_FAULTS} more")
    return ExitCode.UNUSABLE_CONFIGURATION


def _run(flags: Mapping[str, str | bool]) -> int:
    from dynamic_dynamodb.cli.configuration import INQUIRIES
    from dynamic_dynamodb.config.sources import ConfigSources

    sources = ConfigSources(flags, dict(os.environ), Path.cwd())
    # First of all, because who only asks must not stop a daemon.
    asked = next((flag for flag in INQUIRIES if flag in flags), None)
    if asked is None and flags.get("daemon") in ("stop", "status") and not _TASKS & flags.keys():
        return _control_by_flags(flags)
    if "config" not in flags and "table-name" not in flags and asked not in _ALONE:
        message = "nothing to do: give a file with --config, or a table with --table-name '^my_table$'"
        raise ConfigurationError((message,))
    if asked is not None:
        return _answer(INQUIRIES[asked](sources), flags)
    if "replay" in flags:
        return _replay(sources)
    _show_early_warnings()
    configuration = sources.load()
    options = configuration.global_options
    if "record" in flags:
        return _record(sources, configuration)
    if options["daemon"] in _FOREGROUND:
        from dynamic_dynamodb.service.signals import notify_ready

        is_well = _serve(sources, configuration, lambda _: notify_ready(sources.environment))
        return ExitCode.ALL_WELL if is_well else ExitCode.TARGET_FAILED

    return _command(sources, configuration)


def _command(sources: ConfigSources, configuration: Configuration) -> int:
    """Start, restart or reload a daemon by a configuration without faults."""
    options = configuration.global_options
    if options["daemon"] == "reload":
        return _control(options, source=sources.source)
    _try(sources, configuration)
    for warning in configuration.warnings:  # the daemon has no terminal to say them
        write_remark(f"{PROGRAM}: {warning}")
    return _control(options, lambda *calls: _serve_detached(sources, configuration, *calls))


def _answer(answer: Answer, flags: Mapping[str, str | bool]) -> int:
    """Print an answer on stdout, so that it can be redirected, and remarks on stderr."""
    for remark in answer.remarks:
        write_remark(f"{PROGRAM}: {remark}")
    if answer.text:
        write_result(f"{answer.text}\n")
    return _refuse(flags, answer.faults) if answer.faults else ExitCode.ALL_WELL


def _replay(sources: ConfigSources) -> int:
    """Print what would have been, and tell whether the condition of --fail-if held."""
    from dynamic_dynamodb.cli.replay import replay
    from dynamic_dynamodb.replay.progress import ProgressBar

    progress = ProgressBar(sys.stderr, "replaying")
    try:
        outcome = replay(sources, progress)
    finally:
        progress.clear()
    for remark in outcome.remarks:
        write_remark(f"{PROGRAM}: {remark}")
    write_result(f"{outcome.text}\n")
    if outcome.failure is None:
        return ExitCode.ALL_WELL
    write_remark(f"{PROGRAM}: {outcome.failure}")
    return ExitCode.TARGET_FAILED


def _record(sources: ConfigSources, configuration: Configuration) -> int:
    """Record every matching target, and say what came of each."""
    from dynamic_dynamodb.replay.progress import ProgressBar
    from dynamic_dynamodb.replay.recordings.recorder import record

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, _leave)
    progress = ProgressBar(sys.stderr, "recording", patience_seconds=0)
    try:
        outcome = record(sources, configuration, progress)
    finally:
        progress.clear()
    for remark in (*configuration.warnings, *outcome.failures):
        write_remark(f"{PROGRAM}: {remark}")
    for line in outcome.lines:
        write_result(f"{escape(line)}\n")
    return ExitCode.TARGET_FAILED if outcome.failures else ExitCode.ALL_WELL


def _leave(number: int, _: object) -> NoReturn:
    """End as the signal would, but not before what was begun is cleaned up, such as a credential_process."""
    raise SystemExit(exit_code_of(number))


def _serve(
    sources: ConfigSources,
    configuration: Configuration,
    on_ready: Callable[[str], None] | None = None,
    before_check: Callable[[], None] | None = None,
    notes: ReloadNotes | None = None,
) -> bool:
    """Run the service in this process; tell whether all went well."""
    from dynamic_dynamodb.aws.account import start_workers
    from dynamic_dynamodb.service.logs import await_readers
    from dynamic_dynamodb.service.service import Service
    from dynamic_dynamodb.service.signals import SignalRequests

    requests = SignalRequests()
    requests.listen(exit_now=_exit_now)
    with start_workers() as workers:
        service = Service(sources, requests, workers, before_check, notes=notes)
        is_well = service.run(configuration, on_ready)
    is_one_off = configuration.global_options["run_once"]
    if _await_slow_reader(requests) if is_one_off else await_readers():
        drop_leftovers()
    return is_well


def _serve_detached(
    sources: ConfigSources,
    configuration: Configuration,
    on_ready: Callable[[str], None],
    before_check: Callable[[], None],
    write_note: Callable[[str], None],
) -> None:
    """Run the service as a daemon, and keep noted where it logs and what came of reloads."""
    from dynamic_dynamodb.service.logs import find_log_file
    from dynamic_dynamodb.service.reload_notes import ReloadNote, ReloadNotes

    notes = ReloadNotes(write_note, ReloadNote(sources.source))

    def begin(trouble: str) -> None:
        notes.tell_log(find_log_file())
        on_ready(trouble)

    def show_life() -> None:
        notes.tell_log(find_log_file())
        before_check()

    _serve(sources, configuration, begin, show_life, notes)


def _show_early_warnings() -> None:
    """Let warnings from before logging is set up, as of a recording, look like all remarks."""
    import logging

    from dynamic_dynamodb.service.log_formatters import TextFormatter

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(TextFormatter(f"{PROGRAM}: %(message)s"))


def _await_slow_reader(requests: SignalRequests) -> bool:
    """Wait until the log of a one-off run is read, unless a signal comes; tell whether it is.

    A person at a terminal, as with `less`, may take any time. Where nobody sits, as with cron, a reader that
    takes nothing for a minute must not keep the next run out.
    """
    from dynamic_dynamodb.service.logs import await_readers

    patience = math.inf if sys.stderr.isatty() else _READER_STALL_SECONDS
    is_read = await_readers(patience, is_hurried=requests.is_stopping)
    if not is_read and can_take(sys.stderr):
        write_remark(f"{PROGRAM}: the end of the log is lost: nobody took it in time")
    return is_read


def _try(sources: ConfigSources, configuration: Configuration) -> None:
    """Raise ConfigurationError now if the service could not begin, before an old daemon is stopped for it."""
    from dynamic_dynamodb.aws.account import start_workers
    from dynamic_dynamodb.service.logs import shut_down_logging
    from dynamic_dynamodb.service.service import Service
    from dynamic_dynamodb.service.signals import SignalRequests

    try:
        with start_workers() as workers:
            Service(sources, SignalRequests(), workers).open(configuration)
    finally:
        shut_down_logging()  # the daemon begins without files of this process


def _exit_now(number: int) -> None:
    """End without waiting for the threads in their calls."""
    from dynamic_dynamodb.service.logs import await_readers

    await_readers()
    os._exit(exit_code_of(number))


def _end_beside_stuck_logs(code: int) -> None:
    """End here if somebody does not take the log: Python's own end would wait for it."""
    logs = sys.modules.get(
        "dynamic_dynamodb.service.logs"
    )  # which takes a moment to import, and may not be needed
    if logs is not None and not logs.await_readers(0):
        os._exit(code)


def _control_by_flags(flags: Mapping[str, str | bool]) -> int:
    """Look at no file, whose faults must not keep anyone from stopping what runs by an older one."""
    from dynamic_dynamodb.config.loader import load

    own = {name: given for name, given in flags.items() if name in ("daemon", "instance", "pid-file-dir")}
    return _control(load(own, {}).global_options)


def _control(options: Mapping[str, Any], work: Callable[..., None] | None = None, source: str = "") -> int:
    """Start, stop, restart, reload or look at the daemon, and say what came of it."""
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service import daemon
    from dynamic_dynamodb.service.pid_file import PidFile

    here = ConfigSources({}, dict(os.environ), Path.cwd())
    pid_file = PidFile(here.find_pid_path(options), options["instance"])
    command, code = options["daemon"], 0
    answers = []
    if command == "stop":
        answers.append(daemon.stop(pid_file))
    if command == "restart":
        answers.append(daemon.stop(pid_file, daemon.RESTART_WAIT_SECONDS))
    if command == "reload":
        answers.append(daemon.reload(pid_file, source))
    if command == "status":
        answers.append(daemon.look(pid_file))
    if work is not None and all(answer.code == 0 for answer in answers):
        answers.append(daemon.start(pid_file, work))
    for answer in answers:
        code = answer.code
        log = daemon.find_log(pid_file) if answer is answers[-1] and code == 0 else ""
        # At a start it is news only if nobody has named the place.
        is_news = command == "status" or log == str(here.find_own_log(options["instance"]))
        _say(
            options["instance"], f"{answer.sentence}{f'; its log is {log}' if log and is_news else ''}", code
        )
    return code


def _say(instance: str, sentence: str, code: int) -> None:
    """Print what a command for the daemon did, which its exit code tells even if that cannot be written."""
    line = f"{PROGRAM} ({instance}): {sentence}"
    if code in (ExitCode.TARGET_FAILED, ExitCode.UNUSABLE_CONFIGURATION):
        write_remark(line)
        return
    try:
        write_result(f"{escape(line)}\n")
    except OutputError as error:
        write_remark(f"{PROGRAM}: {error.sentence}" if error.sentence else "")
