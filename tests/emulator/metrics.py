"""An indexed store of metrics with one Sum per minute, found by namespace, name and exact dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.emulator.moments import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = "AWS/DynamoDB"
TABLE_DIMENSION = "TableName"
INDEX_DIMENSION = "GlobalSecondaryIndexName"


@dataclass(frozen=True)
class MetricKey:
    """Identify one series; the order of the dimensions has no meaning, their exact set has."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, table: str, index: str | None, metric: str) -> MetricKey:
        """Build the key of a metric of a table or of one of its indexes."""
        dimensions = {(TABLE_DIMENSION, table)}
        if index is not None:
            dimensions.add((INDEX_DIMENSION, index))
        return cls(NAMESPACE, metric, frozenset(dimensions))


@dataclass(frozen=True)
class Window:
    """Span the seconds since 1970 from start (inclusive) to end (exclusive), cut into periods from the start.

    `visible` is the moment up to which minutes are published: a later minute is not there yet.
    """

    start: int
    end: float
    period: int
    visible: float


class MetricStore:
    """Keep the Sums by series and minute."""

    def __init__(self) -> None:
        self._series: dict[MetricKey, dict[int, float]] = {}

    def put(self, key: MetricKey, sums: Mapping[int, float]) -> None:
        """Set the Sums of some minutes, given as seconds since 1970; other minutes keep theirs."""
        self._series.setdefault(key, {}).update(sums)

    def remove(self, table: str | None) -> None:
        """Forget the metrics of one table and its indexes, or all."""
        gone = [key for key in self._series if table is None or (TABLE_DIMENSION, table) in key.dimensions]
        for key in gone:
            del self._series[key]

    def read(self, key: MetricKey, window: Window) -> list[tuple[int, float]]:
        """List the periods that have data, oldest first; a period without data is absent, not 0."""
        series = self._series.get(key)
        if series is None:
            return []
        if window.period == MINUTE:
            minutes = range(window.start, math.ceil(min(window.end, window.visible - MINUTE + 1)), MINUTE)
            return [(minute, series[minute]) for minute in minutes if minute in series]
        found: list[tuple[int, float]] = []
        start = window.start
        while start < window.end:
            total = _total(series, range(start, start + window.period, MINUTE), window.visible)
            if total is not None:
                found.append((start, total))
            start += window.period
        return found


def _total(series: Mapping[int, float], minutes: Iterable[int], visible: float) -> float | None:
    sums = [series[minute] for minute in minutes if minute in series and minute + MINUTE <= visible]
    return sum(sums) if sums else None
