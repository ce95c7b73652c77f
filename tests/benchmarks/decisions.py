"""Measure how long decisions for many targets take: `make bench`."""

from __future__ import annotations

import sys
import time
from typing import Final

from dynamic_dynamodb.check.notifications import write_alarms
from dynamic_dynamodb.scaling.decision import decide
from dynamic_dynamodb.scaling.guards import Facts, guard
from dynamic_dynamodb.scaling.model import Description, PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, CapacitySeries, UsageEstimator, find_freshest, find_window
from tests.builders import NOW, target_options

TARGETS: Final = 10_000
ALLOWED_SECONDS: Final = 1.0
LOADS_PERCENT: Final = (5, 50, 95)


def main() -> int:
    """Decide on many targets; return 1 if that takes too long."""
    options = target_options(
        max_provisioned_reads="500",
        max_provisioned_writes="500",
        increase_throttled_by_provisioned_reads_scale="{1: 10, 5: 50}",
        maintenance_windows="22:00-06:00",
        reads_upper_alarm_threshold="80",
    )
    window = find_window(options, NOW)
    minutes = [window.start + number * MINUTE for number in range(window.minutes)]
    series = [CapacitySeries.of(window, dict.fromkeys(minutes, load * 60.0), {}) for load in LOADS_PERCENT]
    answers = [
        (Target(f"table-{number:05}"), PerCapacity(series[number % 3], series[number % 2]))
        for number in range(TARGETS)
    ]
    provisioned, counts = PerCapacity(100, 100), PerCapacity(0, 0)
    started = time.perf_counter()
    freshest = max(last for _, answer in answers if (last := find_freshest(window, answer)))
    changes = 0
    for target, answer in answers:
        usage = answer.map(UsageEstimator(window, now=NOW, freshest=freshest).estimate)
        decision = decide(target, options, provisioned=provisioned, usage=usage, counts=counts)
        facts = Facts(Description(target, provisioned, "ACTIVE", "ACTIVE"), options, usage, NOW)
        changes += guard(decision, facts).is_change
        write_alarms(target, options, provisioned=provisioned, usage=usage)
    taken = time.perf_counter() - started
    print(f"{TARGETS} targets: decided in {taken:.2f} s, {changes} changes; allowed: {ALLOWED_SECONDS} s")
    return taken > ALLOWED_SECONDS


if __name__ == "__main__":
    sys.exit(main())
