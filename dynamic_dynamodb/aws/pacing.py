"""Spread calls for metrics over time, so that CloudWatch does not throttle those of a large fleet."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS_PER_SECOND: Final = 50
"""GetMetricData calls (CloudWatch service quotas; each quota is for one account and region)."""
STATISTICS_CALLS_PER_SECOND: Final = 400
"""GetMetricStatistics calls (the same page)."""
DATAPOINTS_PER_SECOND: Final = 180_000
"""Datapoints of GetMetricData calls that start within the last three hours (the same page).

AWS counts each minute of each metric that a call requests, whether or not it has a datapoint.
"""
OLDER_DATAPOINTS_PER_SECOND: Final = 396_000
"""Datapoints of calls that start earlier (the same page)."""
LONGEST_RECENT: Final = timedelta(hours=3, minutes=5)
"""A start up to this long ago counts as within three hours: clocks differ, and a call may wait."""
PERIOD_SECONDS: Final = 1.1
"""How long a call counts: longer than AWS's second, because calls do not arrive as evenly as they start."""


def find_share(metrics: int, minutes: int, age: timedelta) -> Fraction:
    """Return how much of a second's quotas a GetMetricData call takes that starts so long ago."""
    most = DATAPOINTS_PER_SECOND if age <= LONGEST_RECENT else OLDER_DATAPOINTS_PER_SECOND
    return max(Fraction(metrics * minutes, most), Fraction(1, CALLS_PER_SECOND))


class Pace:
    """Delays calls so that those of any second take no more than a second's quotas.

    Threads may share it. Calls that fit into the quotas of one second are not delayed.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Start without any call."""
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, Fraction]] = deque()
        self._taken = Fraction(0)

    def wait(self, share: Fraction) -> None:
        """Wait until a call may start that takes this share, at most 1, of a second's quotas."""
        with self._lock:
            now = self._clock()
            starts_at = max(now, self._calls[-1][0]) if self._calls else now
            while self._calls and (
                self._taken + share > 1 or self._calls[0][0] + PERIOD_SECONDS <= starts_at
            ):
                began, returned = self._calls.popleft()
                self._taken -= returned
                starts_at = max(starts_at, began + PERIOD_SECONDS)
            self._calls.append((starts_at, share))
            self._taken += share
        if starts_at > now:
            self._sleep(starts_at - now)
