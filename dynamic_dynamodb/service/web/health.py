"""Answer whether the program moves, and whether it has what it needs from AWS."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.service.web.response import JSON, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.pulse import Pulse

READY_INTERVALS: Final = 3
"""How many intervals the program stays ready without an answer of AWS."""
_UNHEALTHY: Final = "503 Service Unavailable"


def check_health(pulse: Pulse) -> Response:
    """Return 200 while the program moves, whatever AWS answers: else a supervisor restarts it."""
    stall = pulse.find_stall()
    return _answer(not stall, stall or "the program moves")


@dataclass(slots=True)
class Readiness:
    """When AWS last returned a list of tables, and the metrics of a target, by the clock.

    A check that needs no metrics, as of quiet tables only, counts as one that got them.
    """

    clock: Callable[[], float] = time.monotonic
    interval_seconds: float = 0.0
    _longest_seconds: float = 0.0
    """Of the interval and the last check, which may take longer."""
    _listed: float | None = None
    _measured: float | None = None
    _failure: str = ""

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Note what a check could get, which took these seconds."""
        now = self.clock()
        self._longest_seconds = max(self.interval_seconds, seconds)
        failed = [one for one in report.targets if one.outcome is Outcome.FAILED]
        if report.error is not None:
            self._failure = str(report.error)
            return
        if not report.is_list_missing:
            self._listed = now
        if any(one.decision is not None for one in report.targets) or not failed:
            self._measured = now
        sentences = [one.sentence for one in report.notices if one.level is Level.ERROR]
        sentences += [str(one) for one in failed if one.error or one.skipped]
        self._failure = sentences[0] if sentences else ""

    def check(self) -> Response:
        """Return 200 if both have been had within the last three intervals."""
        lacking = [
            what
            for what, when in (("list of tables", self._listed), ("metrics of any target", self._measured))
            if not self._is_fresh(when)
        ]
        if not lacking:
            return _answer(True, "tables can be listed, and their metrics fetched")  # noqa: FBT003
        reason = f"no {' and no '.join(lacking)} within {READY_INTERVALS} intervals"
        return _answer(False, f"{reason}: {self._failure}" if self._failure else reason)  # noqa: FBT003

    def _is_fresh(self, when: float | None) -> bool:
        return when is not None and self.clock() - when <= READY_INTERVALS * self._longest_seconds


def _answer(is_well: bool, reason: str) -> Response:  # noqa: FBT001 - private
    body = json.dumps({"ok": is_well, "reason": reason}) + "\n"
    return Response(body.encode(), JSON, "200 OK" if is_well else _UNHEALTHY)
