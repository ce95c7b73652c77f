"""Measure how long the pages of --report take, and how large they are: `make bench`."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.reports.replay_page import write_report
from dynamic_dynamodb.replay.reports.tuning_page import write_tuning_report
from dynamic_dynamodb.replay.tuning.advice import advise
from dynamic_dynamodb.scaling.model import Target
from tests.benchmarks.replay import DAYS, TO_TARGET
from tests.builders import section
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, record, spikes, wave
from tests.replay.tuning.test_tuner import SETTINGS, tune

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.replay.recordings.recording import Recording

TARGETS: Final = 1_000
FEWER_TARGETS: Final = 100
ALLOWED_SECONDS: Final = 10
"""Of one core, for the page of 1,000 targets."""
ALLOWED_MEGABYTES: Final = {("replay", FEWER_TARGETS): 1, ("tune", TARGETS): 5}


def make_recordings() -> list[Recording]:
    """Return four recordings of two weeks; the writes of one change too fast to follow."""
    return [
        record(
            wave(DAYS * DAY, 5 + number, 60 + 13 * number, seed=number),
            spikes(DAYS * DAY) if number == 0 else wave(DAYS * DAY, 2, 30 + number, seed=10 + number),
            target=Target("orders", f"index-{number}"),
        )
        for number in range(4)
    ]


def measure(name: str, targets: int, write: Callable[[], str]) -> bool:
    """Print the time and the size of a page, and return whether one is more than allowed."""
    begun = time.process_time()
    size = len(write().encode())
    seconds, allowed = time.process_time() - begun, ALLOWED_MEGABYTES.get((name, targets))
    limit = f"; allowed: {ALLOWED_SECONDS} s{f' and {allowed} MB' if allowed else ''}"
    print(f"--{name} --report of {targets:,} targets: {seconds:.1f} s, {size / 1e6:.2f} MB{limit}")
    return seconds > ALLOWED_SECONDS or (allowed is not None and size > allowed * 1e6)


def main() -> int:
    """Write pages of many targets, which are four again and again; return 1 if one exceeds a limit."""
    recordings, is_more = make_recordings(), False
    options = {name.replace("-", "_"): text for name, text in TO_TARGET.items()}
    compared = compare(configure(gsis=(section(".*", **options),)), recordings, settings())
    tuned = [tune(one) for one in recordings]
    for count in (FEWER_TARGETS, TARGETS):
        names = [Target("orders", f"index-{number:04}") for number in range(count)]
        targets = []
        for number, name in enumerate(names):
            target = compared.targets[number % len(recordings)]
            targets.append(replace(target, recording=replace(target.recording, target=name)))
        many = replace(compared, targets=tuple(targets))
        is_more |= measure("replay", count, lambda many=many: write_report(many))  # type: ignore[misc]
        found = [replace(tuned[number % len(tuned)], target=name) for number, name in enumerate(names)]
        advice = advise(found, SETTINGS)
        is_more |= measure("tune", count, lambda advice=advice: write_tuning_report(advice, SETTINGS))  # type: ignore[misc]
    return is_more


if __name__ == "__main__":
    sys.exit(main())
