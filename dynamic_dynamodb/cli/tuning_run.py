"""Run the tasks of --tune: keep results as they come, show progress, and stop on a signal."""

from __future__ import annotations

import os
import re
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb import PROGRAM
from dynamic_dynamodb.cli.streams import defer_signals, write_remark
from dynamic_dynamodb.config.text import shorten
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.progress import ProgressBar, describe_time
from dynamic_dynamodb.replay.tuning.advice import add_up, advise
from dynamic_dynamodb.replay.tuning.cluster import OPEN_SCHEME, ClusterError, tune_on_cluster
from dynamic_dynamodb.replay.tuning.kept_results import DIRECTORY, KeptResults
from dynamic_dynamodb.replay.tuning.processes import tune_in_processes
from dynamic_dynamodb.replay.tuning.tuner import Tuned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dynamic_dynamodb.replay.tuning.alternatives import TuneSettings
    from dynamic_dynamodb.replay.tuning.tuner import Failed, Task

_ADDRESS: Final = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}", re.ASCII)


def check_scheduler(options: Mapping[str, Any], flags: Mapping[str, object]) -> None:
    """Raise ConfigurationError if --scheduler is not an address, or comes with --workers."""
    address = options["scheduler"]
    if address is None:
        return
    if not _ADDRESS.fullmatch(address):
        raise ConfigurationError(
            (f"--scheduler must be an address such as tls://10.0.0.5:8786, got {shorten(address)}",)
        )
    if "workers" in flags:
        raise ConfigurationError(
            ("--workers and --scheduler exclude each other: the cluster has workers of its own",)
        )


def run_tasks(
    tasks: Sequence[Task], options: Mapping[str, Any], settings: TuneSettings, *, are_kept: bool
) -> list[Tuned | Failed]:
    """Return the result of each task: a kept one if there is one, else from this machine or the cluster.

    Raises ClusterError if the cluster cannot be used, OSError if no process can be started. SIGINT, SIGTERM
    and SIGHUP end all processes.
    """
    progress = _Progress(len(tasks), settings)
    kept = KeptResults(progress.remark)
    with defer_signals() as act_on_signals:

        def on_tick() -> None:
            act_on_signals()
            progress.draw()

        left = list(tasks)
        if are_kept:
            left = list(_find_missing(tasks, kept, progress, act_on_signals))
            _describe_kept(tasks, left, kept, progress)
        try:
            for result in _choose_runner(options, progress)(left, on_tick=on_tick):
                if isinstance(result, Tuned):
                    kept.keep(result)
                progress.add(result)
        except (KeyboardInterrupt, SystemExit, ClusterError):
            if kept.number:
                progress.remark(
                    f"stopped: the results of {kept.number:,} of {len(tasks):,} targets are kept; run the"
                    " same command again to go on"
                )
            raise
        finally:
            progress.bar.clear()
    return progress.results


def _find_missing(
    tasks: Sequence[Task], kept: KeptResults, progress: _Progress, act_on_signals: Callable[[], None]
) -> Iterator[Task]:
    """Yield the tasks without a kept result, and add the kept results of the others."""
    for task in tasks:
        act_on_signals()
        tuned = kept.find(task)
        if tuned is None:
            yield task
        else:
            progress.add(tuned, is_new=False)


def _describe_kept(
    tasks: Sequence[Task], left: Sequence[Task], kept: KeptResults, progress: _Progress
) -> None:
    if known := len(tasks) - len(left):
        directory = tasks[0].source.files[0].parent / DIRECTORY
        progress.remark(
            f"{known:,} of {len(tasks):,} targets are tuned already: their results are in {directory}"
        )
    for sentence in kept.describe():
        progress.remark(sentence)


def _choose_runner(
    options: Mapping[str, Any], progress: _Progress
) -> Callable[..., Iterator[Tuned | Failed]]:
    address = options["scheduler"]
    if address is None:
        return partial(tune_in_processes, workers=options["workers"] or _count_cores())
    if address.startswith(OPEN_SCHEME):
        progress.remark(
            f"--scheduler {address}: anyone who reaches a tcp:// scheduler can run code on its workers and on"
            " this machine; use tls:// unless the network is trusted"
        )
    return partial(tune_on_cluster, address=address)


def _count_cores() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Progress:
    """The results so far, and a bar with targets done, saving found and time left."""

    def __init__(self, targets: int, settings: TuneSettings) -> None:
        self.results: list[Tuned | Failed] = []
        self.bar = ProgressBar(sys.stderr, "", delay_seconds=0)
        self._targets = targets
        self._settings = settings
        self._saving = 0.0
        self._new = 0
        self._begun = time.monotonic()

    def add(self, result: Tuned | Failed, *, is_new: bool = True) -> None:
        """Add a result; the time left is estimated from new ones."""
        self.results.append(result)
        self._new += is_new
        if isinstance(result, Tuned):
            before, after = add_up(advise([result], self._settings))
            self._saving += before - after

    def draw(self) -> None:
        """Redraw the bar."""
        done = len(self.results)
        parts = [f"tuning {done:,}/{self._targets:,}"]
        if self._saving > 0:
            parts.append(f"saving ${self._saving:,.2f} a month")
        if self._new:
            left = (time.monotonic() - self._begun) / self._new * (self._targets - done)
            parts.append(f"{describe_time(left)} left")
        self.bar.label = ", ".join(parts)
        self.bar(done / self._targets)

    def remark(self, sentence: str) -> None:
        """Write a sentence to stderr, not behind the bar."""
        self.bar.clear()
        write_remark(f"{PROGRAM}: {sentence}")
