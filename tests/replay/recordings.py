"""Make recordings and their load for tests, without files."""

from __future__ import annotations

import math
import random
from array import array
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dynamic_dynamodb.replay.recordings.recording import NO_GAPS, Recording, SideRecording
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 3, 2, tzinfo=timezone.utc)
ORDERS = Target("orders")
DAY = 1440


def record(
    reads: Sequence[float] | None,
    writes: Sequence[float] | None = None,
    *,
    target: Target = ORDERS,
    start: datetime = START,
    provisioned: tuple[Sequence[float] | None, Sequence[float] | None] = (None, None),
) -> Recording:
    """Return a recording of these units a minute, and these provisioned units."""
    sides = [
        None if consumed is None else SideRecording(array("d", consumed), 0.0, _column(units))
        for consumed, units in zip((reads, writes), provisioned, strict=True)
    ]
    minutes = len(reads if reads is not None else writes or ())
    return Recording(target, start, minutes, 1, PerCapacity(*sides), PerCapacity(NO_GAPS, NO_GAPS))


def _column(units: Sequence[float] | None) -> array[float] | None:
    return None if units is None else array("d", units)


def wave(minutes: int, low: float, high: float, *, seed: int = 1, noise: float = 0.2) -> list[float]:
    """Return a daily wave between two rates in units a second, with noise, as whole units a minute."""
    rng = random.Random(seed)  # noqa: S311 - load, not keys
    middle, swing = (high + low) / 2, (high - low) / 2
    return [
        round(
            60 * (middle - swing * math.cos(2 * math.pi * minute / DAY)) * rng.uniform(1 - noise, 1 + noise)
        )
        for minute in range(minutes)
    ]


def spikes(minutes: int, *, seed: int = 1, quiet: float = 10, loud: float = 300) -> list[float]:
    """Return a low load with busy stretches, and some minutes without load."""
    rng = random.Random(seed)  # noqa: S311 - load, not keys
    rate = quiet
    load = []
    for _ in range(minutes):
        if rng.random() < 0.04:
            rate = rng.choice((0, quiet, loud * rng.random()))
        load.append(float(round(60 * rate * rng.uniform(0.8, 1.2))))
    return load
