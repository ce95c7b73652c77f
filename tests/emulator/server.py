"""An HTTP server on the loopback interface that can cut answers off and reset connections."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.emulator.wire import Answer, Delivery, RawRequest

if TYPE_CHECKING:
    from collections.abc import Callable

CONTROL_PATH = "/_control/"

_ENDLESS = 1_000_000_000

# Closing with linger on and a time of 0 makes the kernel send RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """Serve each connection in its own thread, and keep track of open connections to end them at once."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(
        self, port: int, answer: Callable[[RawRequest], Answer], control: Callable[[str, bytes], Answer]
    ) -> None:
        self.answer = answer
        self.control = control
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def reset_on_close(self, connection: socket.socket) -> None:
        """Mark a connection to end with a reset."""
        with self._lock:
            self._to_reset.add(connection)

    def close_connections(self) -> None:
        """End all open connections, so that their threads end."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Remember a new connection before its thread starts."""
        if isinstance(request, socket.socket):
            with self._lock:
                self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection, with a reset if it is marked so."""
        if not isinstance(request, socket.socket):
            return
        with self._lock:
            self._open.discard(request)
            reset = request in self._to_reset
            self._to_reset.discard(request)
        if reset:
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that has disconnected; report any other error."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Read requests from one connection and write their answers."""

    server: Server
    protocol_version = "HTTP/1.1"
    # Small answers must not wait for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a call of AWS or of a control method."""
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client has ended while it sent the request
            self.close_connection = True
            return
        if self.path.startswith(CONTROL_PATH):
            self._send(self.server.control(self.path.removeprefix(CONTROL_PATH), body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.answer(RawRequest(self.path, headers, body, self.client_address[1])))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Print nothing; the request log has each request."""

    def _send(self, answer: Answer) -> None:
        self.close_connection = self.close_connection or answer.delivery is not Delivery.WHOLE
        if answer.delivery is Delivery.RESET:
            self.server.reset_on_close(self.connection)
        if answer.delivery in (Delivery.RESET, Delivery.CLOSE):
            return
        body = answer.body
        length = _ENDLESS if answer.delivery is Delivery.DRIP else len(body)
        headers = {**answer.headers, "Content-Length": str(length)}
        if answer.delivery is Delivery.SHORT:
            body = body[: len(body) // 2]
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        while answer.pause():
            self.wfile.write(body)
