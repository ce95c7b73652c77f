"""Run the service in this process: in the foreground, or detached as a daemon."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.aws.account import start_workers
from dynamic_dynamodb.cli.streams import can_take, drop_leftovers, exit_code_of, write_remark
from dynamic_dynamodb.service.logs import find_log_file, flush_logs, shut_down_logging
from dynamic_dynamodb.service.reload import DaemonNote, NoteKeeper
from dynamic_dynamodb.service.service import Service
from dynamic_dynamodb.service.signals import SignalRequests
from dynamic_dynamodb.service.supervisor import Watchdog, notify_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.config.loader import Configuration
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.daemon import DaemonHooks

_READER_STALL_SECONDS: Final = 60.0
"""How long the reader of a one-off run's log may read nothing before the rest of the log is dropped."""


def run_in_foreground(sources: ConfigSources, configuration: Configuration) -> bool:
    """Run the service, and return whether all went well."""
    return _run(sources, configuration, on_ready=lambda _: notify_ready(sources.environment))


def run_detached(sources: ConfigSources, configuration: Configuration, hooks: DaemonHooks) -> None:
    """Run the service as a daemon; its note says where it logs and how the last reload went."""
    notes = NoteKeeper(hooks.write_note, DaemonNote(sources.source))

    def note_log_and_report_ready(problem: str) -> None:
        notes.set_log(find_log_file())
        hooks.on_ready(problem)

    def note_log_and_check() -> None:
        notes.set_log(find_log_file())
        hooks.before_check()

    _run(sources, configuration, note_log_and_report_ready, note_log_and_check, notes)


def check_start(sources: ConfigSources, configuration: Configuration) -> None:
    """Raise ConfigurationError if the service could not start: before `restart` stops the old daemon."""
    try:
        with start_workers() as workers:
            Service(sources, SignalRequests(), workers).open(configuration)
    finally:
        shut_down_logging()  # the daemon does not inherit open log files


def _run(
    sources: ConfigSources,
    configuration: Configuration,
    on_ready: Callable[[str], None],
    before_check: Callable[[], None] | None = None,
    notes: NoteKeeper | None = None,
) -> bool:
    requests = SignalRequests()
    requests.listen(exit_now=_exit_now)
    with start_workers() as workers:
        service = Service(sources, requests, workers, before_check, notes=notes)
        watchdog = Watchdog(sources.environment, service.pulse)
        watchdog.start()
        try:
            is_well = service.run(configuration, on_ready)
        finally:
            watchdog.end()
    is_one_off = configuration.global_options["run_once"]
    if _await_slow_reader(requests) if is_one_off else flush_logs():
        drop_leftovers()
    return is_well


def _await_slow_reader(requests: SignalRequests) -> bool:
    """Wait until the log of a one-off run is read or a signal arrives; return whether it is read.

    At a terminal, a pager such as `less` may pause for any time. Elsewhere, as under cron, a reader that
    reads nothing for a minute must not delay the next run.
    """
    most_seconds = math.inf if sys.stderr.isatty() else _READER_STALL_SECONDS
    is_read = flush_logs(most_seconds, is_hurried=requests.is_stopping)
    if not is_read and can_take(sys.stderr):
        write_remark(f"{PROGRAM}: the end of the log is lost: it was not read in time")
    return is_read


def _exit_now(number: int) -> None:
    """Exit as after this signal, without waiting for threads in the middle of a call."""
    flush_logs()
    os._exit(exit_code_of(number))
