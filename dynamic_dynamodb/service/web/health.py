"""Answer whether the program moves, and whether it has what it needs from AWS."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.conditions import Level
from dynamic_dynamodb.check.report import Outcome
from dynamic_dynamodb.service.web.response import JSON, Response, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.pulse import Pulse

READY_INTERVALS: Final = 3
"""How many intervals the program stays ready without an answer of AWS."""
_UNHEALTHY: Final = "503 Service Unavailable"


def check_health(pulse: Pulse) -> Response:
    """Return 200 while the program moves, whatever AWS answers: else a supervisor restarts it."""
    stall = pulse.find_stall()
    return _answer(_judge(not stall, stall or "the program moves"))


def check_readiness(places: Mapping[str, Readiness], chosen: str = "") -> Response:
    """Return 200 if AWS answers in at least one place, or in the chosen one; with several, name each.

    A place that is denied is no reason to take the program away from the others.
    """
    if chosen and chosen not in places:
        return refuse("404 Not Found", f"place must be one of {', '.join(places)}")
    judged = {name: one.judge() for name, one in places.items() if chosen in ("", name)}
    if len(judged) == 1:
        return _answer(*judged.values())
    ready = sum(bool(one["ok"]) for one in judged.values())
    return _answer({**_judge(ready > 0, f"{ready} of {len(judged)} places are ready"), "places": judged})


@dataclass(slots=True)
class Readiness:
    """When AWS last returned a list of tables, and the metrics of a target, of a place, by the clock.

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

    def judge(self) -> Mapping[str, object]:
        """Return whether both have been had within the last three intervals, and the reason."""
        lacking = [
            what
            for what, when in (("list of tables", self._listed), ("metrics of any target", self._measured))
            if not self._is_fresh(when)
        ]
        if not lacking:
            return _judge(is_well=True, reason="tables can be listed, and their metrics fetched")
        reason = f"no {' and no '.join(lacking)} within {READY_INTERVALS} intervals"
        return _judge(is_well=False, reason=f"{reason}: {self._failure}" if self._failure else reason)

    def _is_fresh(self, when: float | None) -> bool:
        return when is not None and self.clock() - when <= READY_INTERVALS * self._longest_seconds


def _judge(is_well: bool, reason: str) -> Mapping[str, object]:  # noqa: FBT001 - private
    return {"ok": is_well, "reason": reason}


def _answer(judged: Mapping[str, object]) -> Response:
    body = json.dumps(judged) + "\n"
    return Response(body.encode(), JSON, "200 OK" if judged["ok"] else _UNHEALTHY)
