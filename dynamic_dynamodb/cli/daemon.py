"""Carry out --daemon: start, stop, restart or reload the daemon of an instance, or report its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.cli.result import ExitCode, Result
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.errors import ListenError
from dynamic_dynamodb.service import daemon
from dynamic_dynamodb.service.pid_file import PidFile
from dynamic_dynamodb.service.processes import listens_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.config.address import Address
    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.daemon import Work

_FAILURES: tuple[int, ...] = (ExitCode.FAILURE, ExitCode.UNUSABLE_CONFIGURATION)


def control_without_file(sources: ConfigSources) -> Result:
    """Stop the daemon or report its status by the flags alone.

    The configuration is not read: its faults must not keep anyone from stopping a daemon.
    """
    if sources.flags["daemon"] == "stop":
        return control(sources, _read_flags(sources, "daemon", "instance", "pid-file-dir"))
    from dynamic_dynamodb.cli.status import show_status

    options = _read_flags(sources, "daemon", "instance", "pid-file-dir", "status-file", "format")
    return show_status(sources, options, daemon.find_daemon(_open_pid_file(sources, options)))


def control(sources: ConfigSources, options: Mapping[str, Any], work: Work | None = None) -> Result:
    """Carry out the command in `options`; a daemon that it starts runs `work`."""
    command, instance = options["daemon"], options["instance"]
    pid_file = _open_pid_file(sources, options)
    results = []
    if command == "stop":
        results.append(daemon.stop(pid_file))
    if command == "restart":
        results.append(_stop_for_restart(pid_file, options["listen"]))
    if command == "reload":
        results.append(daemon.reload(pid_file, sources.source))
    if work is not None and all(result.code == ExitCode.SUCCESS for result in results):
        results.append(daemon.start(pid_file, work))
    lines = [f"{PROGRAM} ({instance}): {result.sentence}" for result in results]
    code = results[-1].code
    if code in _FAILURES:
        *done, fault = lines
        return Result("\n".join(map(escape, done)), faults=(fault,), code=code)
    log = daemon.find_log(pid_file) if code == ExitCode.SUCCESS else ""
    # A start names the log only if the configuration does not.
    if log and log == str(sources.find_own_log(instance)):
        lines[-1] += f"; its log is {log}"
    return Result("\n".join(map(escape, lines)), code=code)


def _stop_for_restart(pid_file: PidFile, address: Address | None) -> daemon.CommandResult:
    """Stop the daemon unless the next one could not listen on its address."""
    if address is not None and not _may_be_served(pid_file, address):
        from dynamic_dynamodb.service.web.server import WebServer

        try:
            WebServer(address).close()
        except ListenError as error:
            return daemon.CommandResult(ExitCode.FAILURE, str(error))
    return daemon.stop(pid_file, daemon.RESTART_WAIT_SECONDS)


def _may_be_served(pid_file: PidFile, address: Address) -> bool:
    """Return whether the running daemon may listen on this port, which is then free once it has stopped."""
    status = daemon.find_daemon(pid_file).status
    if status is None or not status.is_running or status.pid is None:
        return False
    return listens_on(status.pid, address.port) is not False


def _read_flags(sources: ConfigSources, *names: str) -> Mapping[str, Any]:
    """Return the options by some flags alone; raise ConfigurationError if one of them is not valid."""
    return load({name: given for name, given in sources.flags.items() if name in names}, {}).global_options


def _open_pid_file(sources: ConfigSources, options: Mapping[str, Any]) -> PidFile:
    return PidFile(sources.find_pid_path(options), options["instance"])
