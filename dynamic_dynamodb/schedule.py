"""Run checks: once, or from start to start until told to stop."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.announcements import Announcer

if TYPE_CHECKING:
    import threading

    from dynamic_dynamodb.loop import Loop

LOGGER: Final = logging.getLogger("dynamic-dynamodb")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A loop, and the event that ends it; it is waited on between checks."""

    loop: Loop
    stop: threading.Event

    def run_once(self) -> bool:
        """Run one check and tell whether all went well."""
        started = time.monotonic()
        report = self.loop.check(datetime.now(timezone.utc))
        LOGGER.info("%s, in %.1f s", report, time.monotonic() - started)
        return report.failures == 0

    def run_until_stopped(self, interval_seconds: int) -> None:
        """Run checks, each `interval_seconds` after the start of the one before it.

        A check that takes longer is said once, and the next one starts at once.
        An error of a whole check is logged when it changes, and the next check comes.
        """
        announcer = Announcer()
        while not self.stop.is_set():
            started = time.monotonic()
            self._check(announcer)
            taken = time.monotonic() - started
            slow = (
                f"a check took longer than check-interval {interval_seconds} s"
                if taken > interval_seconds
                else ""
            )
            announcer.warn("slow", slow)
            self.stop.wait(max(0.0, interval_seconds - taken))

    def _check(self, announcer: Announcer) -> None:
        try:
            self.run_once()
        except Exception as error:
            # Whatever went wrong, the next check may go well, and silence would cost more.
            announcer.warn("error", f"a check failed: {type(error).__name__}: {error}")
            LOGGER.debug("the error of this check", exc_info=True)
        else:
            announcer.warn("error", "")
