"""Keep the status up to date: an observer of the checks that writes it after each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dynamic_dynamodb import __version__
from dynamic_dynamodb.service.status.age import identify_process
from dynamic_dynamodb.service.status.fold import Moment, continue_status
from dynamic_dynamodb.service.status.snapshot import ProgramStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.status.file import StatusFile
    from dynamic_dynamodb.service.status.snapshot import Mode, Status


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """What the status of a configuration says about the program.

    `started` is when the process began its work; `find_log` returns the log file in use.
    """

    instance: str
    mode: Mode
    is_dry_run: bool
    started: datetime
    region: str
    configuration_files: tuple[str, ...]
    interval_seconds: int | None
    find_log: Callable[[], Path | None]


@dataclass(slots=True)
class StatusKeeper:
    """Continues the status with each report, and writes it to its file.

    `status` is None before the first check; it then continues what the file has of an earlier run.
    """

    file: StatusFile
    settings: StatusSettings
    status: Status | None = None

    def continue_from(self, before: StatusKeeper) -> None:
        """Keep what is known of the same tables, as after a reload."""
        if before.status is not None and self._is_continued(before.status):
            self.status = before.status

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Continue the status with the report of a check that has just ended after these seconds."""
        ended = datetime.now(timezone.utc)
        started = (ended - timedelta(seconds=seconds)).replace(microsecond=0)
        before = self.status
        if before is None:
            before = self.file.read()
            if before is not None and not self._is_continued(before):
                before = None
        moment = Moment(started, seconds, self.settings.interval_seconds)
        self.status = continue_status(before, self.describe_program(), report, moment)
        self.file.write(self.status)

    def _is_continued(self, before: Status) -> bool:
        """Return whether a status is of the same region, and of a run that changes as much."""
        settings, program = self.settings, before.program
        return (program.region, program.dry_run) == (settings.region, settings.is_dry_run)

    def describe_program(self) -> ProgramStatus:
        """Return what is known of the program before any check."""
        settings, pid, log = self.settings, os.getpid(), self.settings.find_log()
        return ProgramStatus(
            version=__version__,
            pid=pid,
            process=identify_process(pid),
            instance=settings.instance,
            mode=settings.mode,
            dry_run=settings.is_dry_run,
            started=settings.started,
            region=settings.region,
            configuration_files=settings.configuration_files,
            log=None if log is None else str(log),
            interval_seconds=settings.interval_seconds,
        )
