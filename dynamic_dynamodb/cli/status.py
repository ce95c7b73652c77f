"""Show the status of an instance: whether its daemon runs, and what its last check found."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.cli.result import ExitCode, Result
from dynamic_dynamodb.config.flags import SHOWN
from dynamic_dynamodb.config.sources import add_dry_run
from dynamic_dynamodb.config.text import escape
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.service.daemon_status import DaemonState
from dynamic_dynamodb.service.processes import find_process
from dynamic_dynamodb.service.status.age import Age, find_age, find_writer, renew_decreases
from dynamic_dynamodb.service.status.file import MissingStatusError, UnreadableStatusError, read_status
from dynamic_dynamodb.service.status.format import NAME, VERSION, to_json
from dynamic_dynamodb.service.status.selection import order, select
from dynamic_dynamodb.service.status.text import write_details, write_header, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.config.sources import ConfigSources
    from dynamic_dynamodb.service.daemon import DaemonAnswer
    from dynamic_dynamodb.service.status.snapshot import Status

_STATES: Final = {
    DaemonState.RUNNING: "running",
    DaemonState.UNCONTROLLED: "running",
    DaemonState.STALE: "stale",
    DaemonState.NOT_RUNNING: "not-running",
}
_PRIVATE: Final = "its status is shown to its user only: act as that user, or as root"
_FIRST: Final = "there is no status yet: the first check has not ended"
_OLDER: Final = "there is no status: this version of the daemon writes none"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A status with the chosen targets, the worst first; the notes are about what it does not show."""

    notes: tuple[str, ...]
    status: Status | None = None
    age: Age | None = None


def show_status(sources: ConfigSources, options: Mapping[str, Any], answer: DaemonAnswer) -> Result:
    """Return a status as text or JSON, with the exit code of the answer about the daemon.

    Raises ConfigurationError if there is no such format, or if an expression is not valid.
    """
    if options["format"] == "csv":
        raise ConfigurationError(("--format csv requires --replay: use table or json",), "the command line")
    names, now = str(sources.flags.get(SHOWN, "")).splitlines(), datetime.now(timezone.utc)
    try:
        status = _find_status(sources, options, answer)
    except UnreadableStatusError as error:
        shown = _Shown((str(error),))
    else:
        age = find_age(status, find_writer(status.program), now)
        places = [one.name for one in status.places]
        targets, missing = select(order(status.targets), names, places)
        notes = (*_note_other_writer(status, answer), *missing)
        renewed = tuple(renew_decreases(target, now) for target in targets)
        shown = _Shown(notes, replace(status, targets=renewed), age)
    line = f"{PROGRAM} ({options['instance']}): {answer.sentence}"
    faults = (line,) if answer.code == ExitCode.FAILURE else ()
    if options["format"] == "json":
        return Result(_render_json(shown, options["instance"], answer), faults=faults, code=answer.code)
    log = f"; its log is {answer.note.log}" if answer.code == 0 and answer.note and answer.note.log else ""
    lines = [] if faults else [escape(f"{line}{log}")]
    if shown.status is not None or not faults:
        lines += _render_text(shown, now, is_detailed=bool(names))
    return Result("\n".join(lines), faults=faults, code=answer.code)


def _find_status(sources: ConfigSources, options: Mapping[str, Any], answer: DaemonAnswer) -> Status:
    """Return the status that the daemon, or else this user's last run, wrote; raise UnreadableStatusError."""
    daemon = answer.status
    owner = None if daemon is None else daemon.owner
    is_of_another = owner not in (None, os.geteuid()) and daemon is not None and daemon.is_running
    noted = answer.note.status if answer.note else ""
    if "status-file" not in sources.flags:
        if noted:
            return _read(Path(noted), answer)
        if is_of_another:
            raise UnreadableStatusError(_OLDER if os.geteuid() == 0 else _PRIVATE)
    path = _find_path(sources, options)
    try:
        real = _read(path, answer)
    except UnreadableStatusError as error:
        with suppress(UnreadableStatusError):
            return _read(add_dry_run(path), answer)
        raise error from None
    if daemon is not None and daemon.is_running and daemon.pid != real.program.pid:
        with suppress(UnreadableStatusError):
            dry = _read(add_dry_run(path), answer)
            return dry if dry.program.pid == daemon.pid else real
    return real


def _read(path: Path, answer: DaemonAnswer) -> Status:
    daemon = answer.status
    trusted = () if daemon is None or daemon.owner is None else (daemon.owner,)
    try:
        return read_status(path, *trusted)
    except MissingStatusError as error:
        if daemon is None or not daemon.is_running:
            raise
        is_older = daemon.state is DaemonState.UNCONTROLLED or (answer.note and not answer.note.status)
        raise MissingStatusError(_OLDER if is_older else _FIRST) from error


def _find_path(sources: ConfigSources, options: Mapping[str, Any]) -> Path:
    """Return the status file by the flags, or else by the configuration file if it can be read."""
    if "config" in sources.flags:
        try:
            return sources.find_status_path({**sources.load_leniently().global_options, "dry_run": False})
        except ConfigurationError:
            pass  # its faults must not hide the status
    return sources.find_status_path(options)


def _note_other_writer(status: Status, answer: DaemonAnswer) -> Iterator[str]:
    """Yield a note if the daemon that runs is not the process that wrote the status."""
    daemon, pid = answer.status, status.program.pid
    if daemon is None or not daemon.is_running or daemon.pid in (None, pid):
        return
    process = find_process(daemon.pid) if daemon.pid else None
    if process is not None and process.started < status.program.started.timestamp():
        yield f"this is the status of another run of this instance, pid {pid}"
    else:
        yield f"the first check of pid {daemon.pid} has not ended; this is the status of an earlier process"


def _render_text(shown: _Shown, now: datetime, *, is_detailed: bool) -> Iterator[str]:
    yield from map(escape, shown.notes)
    if shown.status is None or shown.age is None:
        return
    yield from write_header(shown.status, shown.age, now)
    if shown.status.targets:
        yield ""
        yield from write_table(shown.status, now)
        if is_detailed:
            yield from write_details(shown.status.targets, now)


def _render_json(shown: _Shown, instance: str, answer: DaemonAnswer) -> str:
    daemon, age = answer.status, shown.age
    content = {
        "format": NAME,
        "version": VERSION,
        "daemon": {
            "instance": instance,
            "state": "unknown" if daemon is None else _STATES[daemon.state],
            "pid": None if daemon is None else daemon.pid,
            "sentence": answer.sentence,
        },
        "notes": shown.notes,
        "age": age and _describe_age(age),
        "status": shown.status,
    }
    return to_json(content, indent=2)


def _describe_age(age: Age) -> Mapping[str, object]:
    described = {"writer": age.writer.value, **_describe_one_age(age)}
    places = {name: _describe_one_age(one) for name, one in age.places}
    return {**described, "places": places} if places else described


def _describe_one_age(age: Age) -> Mapping[str, object]:
    overdue = age.overdue
    return {
        "seconds": round(age.since_check.total_seconds()),
        "overdue_seconds": None if overdue is None else round(overdue.total_seconds()),
        "warning": age.warning,
    }
