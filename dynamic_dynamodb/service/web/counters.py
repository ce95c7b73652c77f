"""Count what the checks and calls of a place do, from the start of the program on."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.check.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.report import CheckReport, TargetReport
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.service.status.snapshot import TargetStatus

CHECK_BOUNDS_SECONDS: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
CALL_BOUNDS_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
"""An attempt ends after 15 s."""
OTHER: Final = "other"
_RESULTS: Final = ("complete", "with-failures", "cut-short", "failed")
"""What becomes of a check. Each is counted from 0 on: Prometheus does not see a count that begins at 1."""
_MOST_CODES: Final = 100


@dataclass(slots=True)
class Histogram:
    """How many durations are at most as long as each bound, and their sum in seconds."""

    bounds: tuple[float, ...]
    total: float = 0.0
    _counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start at zero; the last count is of what is longer than every bound."""
        self._counts = [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float) -> None:
        """Count a duration."""
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def accumulate(self) -> list[tuple[str, float]]:
        """Return the bounds as Prometheus writes them, each with how many durations it includes."""
        names = (*map(str, self.bounds), "+Inf")
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))


TargetChange = tuple[str, str, str]
"""Capacity, direction and code of the first reason."""


@dataclass(slots=True)
class TargetCounts:
    """What has happened to one target.

    `refusals` and `failures` are counted by AWS's error code.
    """

    changes: Counter[TargetChange] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class TargetSums:
    """A copy of what has happened to one target."""

    target: Target
    changes: tuple[tuple[TargetChange, int], ...]
    refusals: tuple[tuple[str, int], ...]
    failures: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Counters:
    """All counts of a place; hold `lock` to read them, and not for long: other threads wait to count.

    `checks` are counted by result, `calls` by action and error code, which is empty for success. A code
    beyond the first `_MOST_CODES` different ones is `other`: whoever answers in place of AWS chooses it.
    `began` is when counting began, in seconds since 1970.
    `last_success` is when the last check ended that was complete and in which nothing failed, in seconds
    since 1970; None before the first.
    """

    clock: Callable[[], float] = time.time
    began: float = field(init=False)
    lock: Lock = field(default_factory=Lock)
    checks: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_RESULTS, 0)))
    check_seconds: Histogram = field(default_factory=lambda: Histogram(CHECK_BOUNDS_SECONDS))
    last_success: float | None = None
    metrics_requested: int = 0
    targets: dict[Target, TargetCounts] = field(default_factory=lambda: defaultdict(TargetCounts))
    _codes: set[str] = field(default_factory=set)
    calls: dict[tuple[str, str], Histogram] = field(
        default_factory=lambda: defaultdict(lambda: Histogram(CALL_BOUNDS_SECONDS))
    )

    def __post_init__(self) -> None:
        """Begin to count."""
        self.began = self.clock()

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Count the report of a check that took some seconds."""
        with self.lock:
            self.checks[_find_result(report)] += 1
            self.check_seconds.observe(seconds)
            self.metrics_requested += report.metrics_requested
            if report.is_well:
                self.last_success = self.clock()
            for one in report.targets:
                if one.outcome in _COUNTED or one.error is not None:
                    self._count(one)

    @property
    def reports(self) -> int:
        """Return how many reports have been counted."""
        return self.checks.total()

    def count_attempt(self, attempt: Attempt) -> None:
        """Count an attempt of a call to AWS."""
        with self.lock:
            self.calls[attempt.action, self._bound(attempt.code)].observe(attempt.seconds)

    def copy_targets(self) -> tuple[TargetSums, ...]:
        """Return what has happened to the targets so far."""
        with self.lock:
            return tuple(
                TargetSums(
                    target,
                    tuple(one.changes.items()),
                    tuple(one.refusals.items()),
                    tuple(one.failures.items()),
                )
                for target, one in self.targets.items()
            )

    def copy_calls(self) -> tuple[tuple[str, str, list[tuple[str, float]], float], ...]:
        """Return action, error code, accumulated counts and seconds of the calls so far."""
        with self.lock:
            return tuple(
                (action, code, histogram.accumulate(), histogram.total)
                for (action, code), histogram in self.calls.items()
            )

    def _bound(self, code: str) -> str:
        if code not in self._codes and len(self._codes) >= _MOST_CODES:
            return OTHER
        self._codes.add(code)
        return code

    def keep(self, known: Iterable[TargetStatus]) -> None:
        """Forget the targets that are no longer known: the series of deleted ones end."""
        with self.lock:
            if self.targets:
                for target in self.targets.keys() - {one.target for one in known}:
                    del self.targets[target]

    def forget_targets(self) -> None:
        """Forget all targets: those of another place may have the same names."""
        with self.lock:
            self.targets.clear()

    def rename_place(self, label: str) -> None:
        """Count the same targets under another label of their place."""
        with self.lock:
            for target in tuple(self.targets):
                self.targets[target._replace(place=label)] = self.targets.pop(target)

    def _count(self, report: TargetReport) -> None:
        counts, error = self.targets[report.target], report.error
        if report.outcome is Outcome.FAILED:
            reason = report.skipped.code.value if report.skipped is not None else ""
            counts.failures[self._bound(error.code if error is not None else reason)] += 1
        elif error is not None:
            counts.refusals[self._bound(error.code)] += 1
        if report.outcome is Outcome.UPDATED and report.decision is not None:
            for side in report.decision.capacities:
                if side.is_change:
                    direction = "up" if side.is_raise else "down"
                    counts.changes[side.capacity.value, direction, side.reasons[0].code.value] += 1


_COUNTED: Final = (Outcome.UPDATED, Outcome.FAILED)


def _find_result(report: CheckReport) -> str:
    if report.error is not None:
        return "failed"
    if report.is_cut_short:
        return "cut-short"
    return "with-failures" if report.failures else "complete"
