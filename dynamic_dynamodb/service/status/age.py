"""Find out how old a status is, and whether the process that wrote it still runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.scaling.guards import FREE_DECREASES_PER_DAY
from dynamic_dynamodb.scaling.model import value
from dynamic_dynamodb.service.processes import find_process, is_hidden
from dynamic_dynamodb.service.status.snapshot import Mode

if TYPE_CHECKING:
    from dynamic_dynamodb.service.status.snapshot import CheckStatus, ProgramStatus, Status, TargetStatus

LEAST_GRACE: Final = timedelta(minutes=1)
"""How long after its time a check may still be under way; longer if the last one took long."""
LONGEST_BETWEEN_RUNS: Final = timedelta(hours=1)
"""After this long without a run from cron, counts of low checks may have expired, and a status is old."""
_CLOCK_TOLERANCE: Final = timedelta(minutes=1)
_PID_NAMESPACE: Final = Path("/proc/self/ns/pid")
_UNITS: Final = (("days", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1)))
_LEAST_OF_UNIT: Final = 2


class Writer(Enum):
    """What is known about the process that wrote a status."""

    RUNNING = "running"
    ENDED = "ended"
    HIDDEN = "hidden"
    """It cannot be seen from here, as in another container."""


@value
class Age:
    """How old a status is: since the end of the last check, and since the next one should have begun.

    `until_next` is None if there is no next check. Of several places, these are those of the place that was
    checked the longest ago, and of the one that is due first; `places` has the age of each by its name.
    """

    writer: Writer
    since_check: timedelta
    until_next: timedelta | None
    warnings: tuple[str, ...] = ()
    places: tuple[tuple[str, Age], ...] = ()

    @property
    def warning(self) -> str | None:
        """Return why the status should have been replaced by now; None if it is not old."""
        return "; ".join(self.warnings) or None

    @property
    def overdue(self) -> timedelta | None:
        """Return how long ago the next check was due; None if it is not due yet, or if there is none."""
        return None if self.until_next is None or self.until_next > timedelta() else -self.until_next


def identify_process(pid: int) -> str:
    """Return a text that no other process has; empty if the system does not tell."""
    process = find_process(pid)
    return f"{process.fingerprint}@{_find_namespace()}" if process and process.fingerprint else ""


def find_writer(program: ProgramStatus) -> Writer:
    """Return whether the process that wrote a status still runs."""
    identity, _, namespace = program.process.partition("@")
    if namespace != _find_namespace() and identity:
        return Writer.HIDDEN
    process = find_process(program.pid)
    if process is None:
        return Writer.HIDDEN if is_hidden(program.pid) else Writer.ENDED
    is_same = process.fingerprint == identity and bool(process.arguments)
    return Writer.RUNNING if is_same else Writer.ENDED


def find_age(status: Status, writer: Writer, now: datetime) -> Age:
    """Return how old a status is, with a warning if it, or that of a place, should have been replaced."""
    program = status.program
    places = tuple(
        (one.name, _find_age(program, one.check, writer, now))
        for one in status.places
        if one.check is not None
    )
    if not places:
        return _find_age(program, status.check, writer, now)
    ages = [age for _, age in places]
    oldest = max(ages, key=lambda one: one.since_check)
    warnings = oldest.warnings
    if writer is not Writer.ENDED and program.mode is not Mode.ONCE:
        warnings = tuple(f"{name}: {one}" for name, age in places for one in age.warnings)
    until_next = min((one.until_next for one in ages if one.until_next is not None), default=None)
    return Age(writer, oldest.since_check, until_next, warnings, places)


def _find_age(program: ProgramStatus, check: CheckStatus, writer: Writer, now: datetime) -> Age:
    took = timedelta(seconds=check.seconds)
    since_check = now - check.started - took
    until_next = None if check.next is None or writer is Writer.ENDED else check.next - now
    warning = ""
    if since_check < -_CLOCK_TOLERANCE:
        warning = f"it is {format_duration(-since_check)} ahead of the clock of this machine"
    elif writer is Writer.ENDED and program.mode is not Mode.ONCE:
        warning = f"as of {format_duration(since_check)} ago, by a process that has ended"
    elif program.mode is Mode.ONCE and since_check > LONGEST_BETWEEN_RUNS:
        warning = f"as of {format_duration(since_check)} ago, by a single run"
    elif until_next is not None and -until_next > max(LEAST_GRACE, 2 * took):
        due = f"the next check was due {format_duration(-until_next)} ago"
        warning = f"as of {format_duration(since_check)} ago; {due}"
    return Age(writer, since_check, until_next, (warning,) if warning else ())


def renew_decreases(target: TargetStatus, now: datetime) -> TargetStatus:
    """Return a target with the decreases that AWS allows now: time has passed since AWS described it."""
    if target.free_decreases_left is None or target.described is None:
        return target
    is_another_day = target.described.astimezone(timezone.utc).date() < now.astimezone(timezone.utc).date()
    if is_another_day:  # AWS counts each UTC day
        return replace(target, free_decreases_left=FREE_DECREASES_PER_DAY, next_decrease=None)
    is_over = target.next_decrease is not None and target.next_decrease <= now
    return replace(target, next_decrease=None) if is_over else target


def format_duration(duration: timedelta) -> str:
    """Return a duration in the largest unit of which there are at least two, such as `3 h` or `90 s`."""
    for name, unit in _UNITS:
        if duration >= _LEAST_OF_UNIT * unit:
            return f"{duration // unit} {name}"
    return f"{max(0, duration // timedelta(seconds=1))} s"


def _find_namespace() -> str:
    """Return what distinguishes the processes of this container from those of others; empty if unknown."""
    try:
        return str(_PID_NAMESPACE.stat().st_ino)
    except OSError:
        return ""
