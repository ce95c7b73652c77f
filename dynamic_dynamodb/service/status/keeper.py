"""Keep the status of a place up to date: an observer of its checks."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

from dynamic_dynamodb import __version__
from dynamic_dynamodb.service.status.age import identify_process
from dynamic_dynamodb.service.status.fold import Moment, continue_status, find_account
from dynamic_dynamodb.service.status.places import find_part
from dynamic_dynamodb.service.status.snapshot import ProgramStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.service.status.snapshot import Mode, Status


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """What the status of a place says about the program.

    `started` is when the process began its work; `find_log` returns the log file in use.
    """

    instance: str
    mode: Mode
    is_dry_run: bool
    started: datetime
    place: Place
    configuration_files: tuple[str, ...]
    interval_seconds: int | None
    find_log: Callable[[], Path | None]


class Board(Protocol):
    """Where the keepers of all places publish."""

    status: Status | None

    def read(self) -> None:
        """Hand what an earlier run has left to the keepers that know nothing yet."""

    def publish(self) -> None:
        """Merge what the keepers know, and see that it is written."""


@dataclass(slots=True, eq=False)
class StatusKeeper:
    """Continues the status of a place with each report, and publishes it on the board that it belongs to.

    `status` is None before the first check, which continues what the status file has of an earlier run.
    `account` is None until a role or AWS has named it.
    """

    settings: StatusSettings
    status: Status | None = None
    board: Board | None = field(default=None, repr=False)
    account: str | None = None

    def __post_init__(self) -> None:
        """Take the account from the role, if there is one."""
        self.account = self.account or self.settings.place.owner or None

    def continue_from(self, before: StatusKeeper) -> None:
        """Take over what the keeper of an older configuration knows of the place, unless it is older."""
        if before.status is None:
            return
        if self.status is not None and self.status.check.started >= before.status.check.started:
            return
        self.take_over(before.status)
        if self.board is not None and self.board.status is not None:
            self.board.publish()

    def take_over(self, before: Status) -> None:
        """Continue what a status has of the place, if it is of a run that changes as much."""
        if before.program.dry_run == self.settings.is_dry_run:
            self.status = find_part(before, self.settings.place, self.account)
        if self.account is None and self.status is not None:
            self.account = self.status.program.account

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Continue the status with the report of a check that has just ended after these seconds."""
        ended = datetime.now(timezone.utc)
        started = (ended - timedelta(seconds=seconds)).replace(microsecond=0)
        found = find_account(report)
        if found is not None:
            self.account = found
        if self.board is not None:
            self.board.read()
        before = self.status
        if before is not None and before.program.account not in (None, self.account):
            before = None  # the credentials have turned out to be for another account
        moment = Moment(started, seconds, self.settings.interval_seconds)
        self.status = continue_status(before, self.describe_program(), report, moment)
        if self.board is not None:
            self.board.publish()

    def describe_program(self) -> ProgramStatus:
        """Return what is known of the program, the account after a check at the latest."""
        settings, pid, log = self.settings, os.getpid(), self.settings.find_log()
        return ProgramStatus(
            version=__version__,
            pid=pid,
            process=identify_process(pid),
            instance=settings.instance,
            mode=settings.mode,
            dry_run=settings.is_dry_run,
            started=settings.started,
            region=settings.place.region,
            account=self.account,
            configuration_files=settings.configuration_files,
            log=None if log is None else str(log),
            interval_seconds=settings.interval_seconds,
        )
