"""Keep one status file for all places: merge what the keeper of each knows, and write it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.resilience import isolate
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.status.fold import quote_notices
from dynamic_dynamodb.service.status.places import describe_all, describe_place, merge

if TYPE_CHECKING:
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.service.status.file import StatusFile
    from dynamic_dynamodb.service.status.keeper import StatusKeeper
    from dynamic_dynamodb.service.status.snapshot import ProgramStatus, Status

WRITE_DELAY_SECONDS: Final = 2.0
"""How long reports of further places are waited for before the file is written."""
_SHARE_OF_INTERVAL: Final = 0.1
MOST_DELAY_SECONDS: Final = 10.0
_DELAY_OF_WRITES: Final = 10
"""A delay is at least as long as so many times the last writing: of many targets, it takes long."""


def find_write_delay(check_interval_seconds: float) -> float:
    """Return the delay for this interval: with short ones, the status would look overdue all the time."""
    return min(WRITE_DELAY_SECONDS, check_interval_seconds * _SHARE_OF_INTERVAL)


@dataclass(slots=True, eq=False)
class StatusBoard:
    """The status of all places of a configuration, each by its keeper, in one file.

    `status` is None before a check has ended. The checks of the places end in threads of their own: the file
    is written `delay_seconds` after a report, together with what other places have reported by then; later
    if writing takes long, at most after 10 s. With one place, it is written at once.
    """

    file: StatusFile
    keepers: tuple[StatusKeeper, ...]
    delay_seconds: float = WRITE_DELAY_SECONDS
    status: Status | None = None
    _written: Status | None = None
    _write_seconds: float = 0.0
    _timer: threading.Timer | None = None
    _has_read: bool = False
    _is_retired: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Have the keepers report here."""
        for keeper in self.keepers:
            keeper.board = self

    def continue_from(self, before: StatusBoard) -> None:
        """Take over what is known of the same places, as after a reload; they may have other names now."""
        if before.status is None:
            return
        for keeper in self.keepers:
            keeper.take_over(before.status)
        with self._lock:
            self.status = self._merge()

    def read(self) -> None:
        """Hand what an earlier run has left in the file to the keepers that know nothing yet; only once."""
        with self._lock:
            unknowing = () if self._has_read else [one for one in self.keepers if one.status is None]
            self._has_read = True
            earlier = self.file.read() if unknowing else None
            if earlier is not None:
                for keeper in unknowing:
                    keeper.take_over(earlier)

    def publish(self) -> None:
        """Merge what the keepers know, and see that it is written."""
        with self._lock:
            if self._is_retired:
                return
            self.status = self._merge()
            if len(self.keepers) > 1 and (self._timer is not None or self._start_timer()):
                return
        self._write()

    def flush(self) -> None:
        """Write what is not written yet."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        self._write()

    def retire(self) -> None:
        """Write what is not written yet, and nothing from now on: another configuration is in force."""
        self.flush()
        with self._lock:
            self._is_retired = True

    def describe_program(self) -> ProgramStatus:
        """Return what is known of the program before any check."""
        program = self.keepers[0].describe_program()
        if len(self.keepers) == 1:
            return program
        return describe_all(program, [describe_place(*one) for one in self._known.items()])

    @property
    def _known(self) -> dict[Place, Status | None]:
        return {one.settings.place: one.status for one in self.keepers}

    def _merge(self) -> Status | None:
        """Return what all keepers know; None if that is nothing."""
        first, known = self.keepers[0], self._known
        if len(known) == 1 or not any(known.values()):
            return first.status
        return merge(first.describe_program(), known, quote_notices(self.file.conditions.in_force))

    def _start_timer(self) -> bool:
        """Write the file after the delay, in a thread; return False if the system allows no further one."""
        longer = min(_DELAY_OF_WRITES * self._write_seconds, MOST_DELAY_SECONDS)
        timer = threading.Timer(max(self.delay_seconds, longer), self._write_later)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:
            return False
        self._timer = timer
        return True

    def _write_later(self) -> None:
        """Write in a thread of its own, in which nobody else would log what is unexpected."""
        failure = isolate("writing the status file", self._write)
        if failure is not None:
            LOGGER.error("%s", failure, exc_info=failure.__cause__)

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                self._timer, status, is_retired = None, self.status, self._is_retired
            if status is not None and status is not self._written and not is_retired:
                began = time.monotonic()
                self.file.write(status)
                self._written, self._write_seconds = status, time.monotonic() - began
