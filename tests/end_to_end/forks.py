"""Start the program by a fork of an interpreter that has imported it already: imports are most of a start.

A fork is a process of its own, with its own environment, directory, streams and signals. It ends as any
interpreter does, up to the point where all that is left to do is to free memory: that takes a third of a
short run, and a fork does it only on request. `python -m tests.end_to_end.forks` is the interpreter that
forks: it has no threads, and it ends with the process that started it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dynamic_dynamodb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
_MOST_BYTES = 1 << 17
_exit_codes: list[int] = []
"""The exit code of this process, if it is a fork that need not free its memory."""


class Fork:
    """A process that runs a module as `python -m` does; the part of subprocess.Popen that tests need."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        frees_memory: bool = False,
    ) -> None:
        request = {
            "words": [module, *arguments],
            "folder": str(folder),
            "environment": {**environment},
            "frees_memory": frees_memory,
        }
        self._end, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        (read_output, output), (read_errors, errors) = os.pipe(), os.pipe()
        self.stdout = os.fdopen(read_output, encoding="utf-8")
        self.stderr = os.fdopen(read_errors, encoding="utf-8")
        with end:
            socket.send_fds(_start_server(), [json.dumps(request).encode()], [end.fileno(), output, errors])
        os.close(output)
        os.close(errors)
        self.pid = int(self._end.recv(_MOST_BYTES))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once there is one; negative for a signal."""
        if self.returncode is None:
            if not select.select([self._end], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
            self.returncode = int(self._end.recv(_MOST_BYTES))
            self._end.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and the server has reaped it
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


@functools.cache
def _start_server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.forks", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # as forks have it
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.communicate()

    atexit.register(end)
    return ours


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for each request and send its process's number and exit code; return the request in the fork."""
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for ready in select.select([requests.fileno(), *running], [], [])[0]:
            if ready in running:
                pid, end = running.pop(ready)
                os.close(ready)
                _, status = os.waitpid(pid, 0)
                _send(end, os.waitstatus_to_exitcode(status))
                end.close()
                continue
            text, descriptors, *_ = socket.recv_fds(requests, _MOST_BYTES, 3)
            if not text:
                return None
            pid = os.fork()
            if not pid:
                for end_of_another in running:
                    os.close(end_of_another)
                    running[end_of_another][1].close()
                requests.close()
                _use_streams(*descriptors)
                return dict(json.loads(text))
            end = socket.socket(fileno=descriptors[0])
            for descriptor in descriptors[1:]:
                os.close(descriptor)
            _send(end, pid)
            running[os.pidfd_open(pid)] = pid, end


def _send(end: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # the process that asked has ended
        end.send(str(number).encode())


def _use_streams(end: int, output: int, errors: int) -> None:
    os.dup2(output, 1)
    os.dup2(errors, 2)
    for descriptor in (end, output, errors):
        os.close(descriptor)


def run(request: dict[str, Any]) -> None:
    """Run the requested module in this process, and end it."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    time.tzset()
    sys.argv = request["words"]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if not request["frees_memory"] and isinstance(error.code, int):
            _exit_codes.append(error.code)
        raise


def _exit_at_once() -> None:
    """Exit with the code of a fork that need not free its memory, once all is written."""
    with contextlib.suppress(OSError, ValueError):  # which the interpreter reports
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for code in _exit_codes:
            os._exit(code)


def _load_service_models() -> None:
    """Let botocore read what it keeps in memory about the services: that is most of making a client."""
    # Not at the top: what they import, such as logging, must register its exit functions after ours.
    from botocore.credentials import CredentialResolver  # noqa: PLC0415

    from dynamic_dynamodb.aws.botocore_setup import make_clients  # noqa: PLC0415
    from dynamic_dynamodb.check.resilience import Timeouts  # noqa: PLC0415

    make_clients(
        dict.fromkeys(("dynamodb", "cloudwatch", "sns", "application-autoscaling", "pricing"), "us-east-1"),
        profile=None,
        credential_provider=CredentialResolver([]),
        timeouts=Timeouts(),
        most_connections=1,
    )


def main() -> None:
    """Import the program, then fork for the process that holds the other end of the socket."""
    atexit.register(_exit_at_once)  # before all others, so that it is called after them
    for module in pkgutil.walk_packages(dynamic_dynamodb.__path__, "dynamic_dynamodb."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    _load_service_models()
    gc.freeze()  # so that forks share what is here
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        run(request)


if __name__ == "__main__":
    main()
