"""Tune targets on the workers of a Dask cluster; one that dies costs its tasks only, which others take over.

Dask distributes the tasks, and runs a task again if its worker dies. It is imported when it is used: it is
an optional dependency.
"""

from __future__ import annotations

import logging
import pickle
import sys
import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamic_dynamodb import PROGRAM, __version__
from dynamic_dynamodb.replay.recordings.files import RecordingError, open_regular
from dynamic_dynamodb.replay.tuning.tuner import Failed, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from distributed import Client, Future

    from dynamic_dynamodb.replay.tuning.tuner import Task, Tuned

OPEN_SCHEME: Final = "tcp://"
"""The scheme of schedulers that ask nobody who they are."""
_TICK_SECONDS: Final = 0.1
_CONNECT_SECONDS: Final = 10
_WITHOUT_WORKERS_SECONDS: Final = 30
"""Longer without a worker ends the run."""
_LOOK_SECONDS: Final = 2


class ClusterError(Exception):
    """A cluster cannot be used; the message is a sentence."""


class Environment(NamedTuple):
    """What a process of the cluster runs, and why it cannot read a recording; empty if it can."""

    program: str
    python: str
    fault: str = ""


def examine(file: Path | None = None) -> Environment:
    """Return the environment of this process: a function to be run on a worker."""
    fault = ""
    if file is not None:
        try:
            open_regular(file).close()
        except (OSError, RecordingError) as error:
            fault = f"cannot read {file}: {getattr(error, 'strerror', error)}"
    return Environment(__version__, "{}.{}".format(*sys.version_info), fault)


def tune_remotely(packed: bytes, program: str) -> Tuned | Failed:
    """Tune one target: a function to be run on a worker.

    Raises ValueError if the worker has another version of the program, which may have other tasks.
    """
    if program != __version__:
        raise ValueError(f"its worker has {PROGRAM} {__version__}, not {program}")
    return tune(pickle.loads(packed))  # noqa: S301 - whoever reaches a worker can run code on it anyway


def tune_on_cluster(
    tasks: Sequence[Task], address: str, on_tick: Callable[[], None]
) -> Iterator[Tuned | Failed]:
    """Yield the result of each task as it comes; raise ClusterError if the cluster cannot be used.

    `on_tick` is called in between, and may raise an exception to end the run.
    """
    try:
        import distributed  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise ClusterError(
            f"--scheduler requires Dask ({error}): pip install '{PROGRAM}[cluster]'"
        ) from error
    with _silence(), _connect(address) as client:
        try:
            _check(client, tasks[0].source.files[0], address, on_tick)
            left = {
                client.submit(tune_remotely, pickle.dumps(task), __version__, pure=False): task
                for task in tasks
            }
            done = distributed.as_completed(left, loop=client.loop)
            for future in _wait(client, done, address, on_tick):
                yield _read(future, left.pop(future), address)
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"--scheduler {address}: the connection was lost: {error}") from error


def _wait(client: Client, done: Any, address: str, on_tick: Callable[[], None]) -> Iterator[Future[Any]]:  # noqa: ANN401 - Dask has no types
    """Yield futures as they are done; raise ClusterError if there is no worker for too long."""
    seen = looked = time.monotonic()
    while not done.is_empty():
        on_tick()
        yield from (batch := done.next_batch(block=False))
        now = time.monotonic()
        if batch:
            seen = looked = now
        elif now - looked >= _LOOK_SECONDS:
            looked = now
            if client.nthreads():
                seen = now
            elif now - seen >= _WITHOUT_WORKERS_SECONDS:
                raise ClusterError(
                    f"--scheduler {address} has no workers left: start some, and run this again"
                )
        else:
            time.sleep(_TICK_SECONDS)


def _read(future: Future[Any], task: Task, address: str) -> Tuned | Failed:
    """Return the result of a task; raise ClusterError if the connection was lost."""
    if future.status == "finished":
        result: Tuned | Failed = future.result()
        return result
    if future.status != "error":
        raise ClusterError(f"--scheduler {address}: the connection was lost")
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return Failed(
            task.target, f"{error.allowed_failures + 1} workers died with it, perhaps for lack of memory"
        )
    return Failed(task.target, f"{type(error).__name__}: {error}")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what Dask logs and warns about from the terminal: faults are sentences of ours."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _connect(address: str) -> Iterator[Client]:
    from distributed import Client  # noqa: PLC0415 - an optional dependency

    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False, name=PROGRAM)
    except Exception as error:  # Dask raises errors of many kinds
        raise ClusterError(_explain(address, error)) from error
    try:
        yield client
    finally:
        with suppress(Exception):  # it has ended by itself
            client.close(_CONNECT_SECONDS)


def _explain(address: str, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    cause: BaseException | None = error
    while cause is not None:  # the system's own reason is the shortest
        reason = getattr(cause, "strerror", None) or reason
        cause = cause.__cause__
    advice = "check the address, and that `dask scheduler` runs there"
    if not address.startswith(OPEN_SCHEME):
        advice += ", and the certificates in distributed.comm.tls of Dask's configuration"
        if isinstance(error, TypeError):  # Dask has no context to make a connection with
            reason = "there are no certificates"
    return f"--scheduler {address} cannot be reached: {reason}; {advice}"


def _check(client: Client, file: Path, address: str, on_tick: Callable[[], None]) -> None:
    """Raise ClusterError unless all processes run what this one does, and workers can read a recording."""
    faults = list(find_faults({"the scheduler": _examine_scheduler(client)}))
    if not faults:
        faults = list(find_faults(_examine_workers(client, file, address, on_tick)))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise ClusterError(f"--scheduler {address} cannot be used: {faults[0]}{more}")


def _examine_scheduler(client: Client) -> Environment | Exception:
    try:
        environment: Environment = client.run_on_scheduler(examine)
    except ImportError as error:
        return error
    return environment


def _examine_workers(
    client: Client, file: Path, address: str, on_tick: Callable[[], None]
) -> dict[str, Environment | Exception]:
    deadline = time.monotonic() + _WITHOUT_WORKERS_SECONDS
    while not client.nthreads():
        on_tick()
        if time.monotonic() > deadline:
            raise ClusterError(
                f"--scheduler {address} has no workers: start some with `dask worker {address}`"
            )
        time.sleep(_TICK_SECONDS)
    found: dict[str, Environment | Exception] = client.run(examine, file, on_error="return")
    return {f"worker {worker}": environment for worker, environment in found.items()}


def find_faults(environments: Mapping[str, Environment | Exception]) -> Iterator[str]:
    """Yield a sentence for each process that differs from this one, or cannot read the recordings."""
    own = examine()
    for name, one in environments.items():
        if isinstance(one, Exception):
            yield f"{name} cannot run {PROGRAM} ({one}): install {PROGRAM}[cluster] {own.program} there"
        elif one.program != own.program:
            yield f"{name} has {PROGRAM} {one.program}, and this is {own.program}: install the same version"
        elif one.python != own.python:
            yield f"{name} has Python {one.python}, and this is {own.python}: use the same version"
        elif one.fault:
            yield f"{name} {one.fault}; all workers must see the recordings at the same path"
