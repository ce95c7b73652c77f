"""The emulator as a whole: the emulated account behind an HTTP server in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.emulator.dispatch import Dispatcher
from tests.emulator.server import Server

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

# How long stop() may take to be noticed; shorter only makes the idle server busier.
_POLL_SECONDS = 0.02


class Emulator(Dispatcher):
    """Serve AWS on a port of the loopback interface between start() and stop()."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def url(self) -> str:
        """Return the URL for AWS_ENDPOINT_URL."""
        if self._server is None:
            message = "the emulator is not started"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self) -> dict[str, str]:
        """Return environment variables with which an AWS SDK calls this emulator and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIDEMULATOR",
            "AWS_SECRET_ACCESS_KEY": "secret",  # a made-up key: signatures are not checked
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def start(self) -> None:
        """Listen and serve in a thread."""
        self._server = Server(self._port, self.answer, self.control)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End all calls that hang, close all connections and wait for all threads."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self.clear_faults()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None
