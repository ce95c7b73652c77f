"""A preload of `dask worker`: the worker is killed as soon as it begins a task."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from distributed import WorkerPlugin

if TYPE_CHECKING:
    from distributed import Worker


class KilledAtWork(WorkerPlugin):  # type: ignore[misc]  # Dask has no types
    """Kill the process when a task of this program begins."""

    def transition(self, key: str, _start: str, finish: str, **_: object) -> None:
        if finish == "executing" and str(key).startswith("tune_remotely"):
            os.kill(os.getpid(), signal.SIGKILL)


async def dask_setup(worker: Worker) -> None:
    """Add the plugin, as Dask calls it."""
    await worker.plugin_add(plugin=KilledAtWork())
