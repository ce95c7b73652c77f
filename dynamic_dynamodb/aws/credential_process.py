"""Run a profile's credential_process so that it can be killed, together with its child processes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_OUTPUT_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 65_536
_POLL_SECONDS: Final = 0.1
"""How often to look whether the process has ended."""
_REAPING_SECONDS: Final = 1.0


class PlainError(Exception):
    """Why there are no credentials, in a complete sentence without secrets."""


class CredentialProcess(subprocess.Popen[bytes]):
    """A credential_process in a session of its own, with a deadline on the monotonic clock.

    Its stderr is discarded, because it may hold secrets.
    """

    def __init__(self, arguments: Sequence[str], *, deadline: float) -> None:
        """Start the process; raise OSError if that fails."""
        super().__init__(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._deadline = deadline
        self._began = time.monotonic()

    def communicate(self, *_: object, **__: object) -> tuple[bytes, bytes]:
        """Return its stdout, and an empty stderr; raise PlainError if the process fails."""
        try:
            output = self._read()
            self.wait(max(0.0, self._deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            self.kill_group()
            seconds = time.monotonic() - self._began
            message = f"it did not end within {seconds:.0f} s and was killed"
            raise PlainError(message) from None
        if self.returncode:
            how = f"exit code {self.returncode}" if self.returncode > 0 else f"signal {-self.returncode}"
            hint = "run it by hand without a terminal; its stderr is not shown, as it may hold secrets"
            message = f"it ended with {how} ({hint})"
            raise PlainError(message)
        return output, b""

    def kill_group(self) -> None:
        """Kill the process and its children."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.wait(_REAPING_SECONDS)

    def _read(self) -> bytes:
        """Read stdout until it is closed, or until the process has ended, as a child may hold stdout open.

        Raises TimeoutError at the deadline, and PlainError for too much output.
        """
        assert self.stdout is not None  # noqa: S101 - it is a pipe
        output = b""
        with self.stdout:
            while len(output) <= MOST_OUTPUT_BYTES:
                has_ended = self.poll() is not None  # checked first: then all of its output is there
                left = self._deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                if not select.select([self.stdout], [], [], min(left, _POLL_SECONDS))[0]:
                    if has_ended:
                        return output
                    continue
                chunk = os.read(self.stdout.fileno(), _CHUNK_BYTES)
                if not chunk:
                    return output
                output += chunk
        self.kill_group()
        message = f"it printed more than {MOST_OUTPUT_BYTES:,} bytes and was killed"
        raise PlainError(message)
