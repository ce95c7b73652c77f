"""Listen on an address, and serve an application from threads of its own."""

from __future__ import annotations

import logging
import resource
import socket
import time
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from dynamic_dynamodb.aws.deadlines import ALLOW_MORE
from dynamic_dynamodb.errors import ListenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamic_dynamodb.config.address import Address

SILENT_SECONDS: Final = 10
"""How long a client may take to send its request, and how long it may stop reading the answer."""
CROWDED_SECONDS: Final = 1
"""The same while more clients wait than may connect: one that sends its request at once has its turn."""
ANSWER_SECONDS: Final = 60
"""How long a connection lasts at most: a client that reads a byte now and then does not keep it."""
MOST_CONNECTIONS: Final = 1_000
_CLEANUP_SECONDS: Final = 1
_MOST_HEADER_BYTES: Final = 16_384
_BACKLOG: Final = 1_024
_END_SECONDS: Final = 2.0
_THREADS: Final = 4


class _Channel(HTTPChannel):  # type: ignore[misc]  # it has no types
    """A connection of waitress for one request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as waitress has them
        """Begin to wait for the request."""
        self.began = time.monotonic()
        super().__init__(*arguments, **named)

    def service(self) -> None:
        """Answer one request, and then close the connection.

        Hundreds of requests fit into one packet. If their answers are large, and the client does not read
        them, each would occupy a thread for as long as the client likes.
        """
        self.requests[0].headers["CONNECTION"] = "close"
        super().service()

    def is_overdue(self, now: float, wall_time: float, patience_seconds: float) -> bool:
        """Return whether the client has taken too long; `now` is monotonic time."""
        age = now - self.began
        if self.requests:
            return age > ANSWER_SECONDS
        if self.total_outbufs_len:
            return age > ANSWER_SECONDS or wall_time - self.last_activity > patience_seconds
        return age > patience_seconds


class _Server(TcpWSGIServer):  # type: ignore[misc]  # it has no types
    """Waitress, with an end for each connection."""

    channel_class = _Channel
    next_channel_cleanup: float
    is_closing = False

    def run(self) -> None:
        """Serve until `is_closing` is set and the trigger pulled."""
        while not self.is_closing:
            settings = self.adj
            self.asyncore.loop(
                settings.asyncore_loop_timeout, settings.asyncore_use_poll, map=self._map, count=1
            )

    def readable(self) -> bool:
        """Return whether to accept connections, and look for overdue ones even if the clock was set back."""
        self.next_channel_cleanup = min(self.next_channel_cleanup, time.time() + _CLEANUP_SECONDS)
        return bool(super().readable())

    def maintenance(self, now: float) -> None:
        """Close the connections that are overdue."""
        began = time.monotonic()
        patience_seconds = CROWDED_SECONDS if self.in_connection_overflow else SILENT_SECONDS
        for channel in self.active_channels.values():
            if channel.is_overdue(began, now, patience_seconds):
                channel.will_close = True


class WebServer:
    """An address that is listened on; `start` begins to answer."""

    def __init__(self, address: Address) -> None:
        """Bind the address; raise ListenError if that fails."""
        self.address = address
        try:
            self._socket = _bind(address)
        except OSError as error:
            reason = error.strerror or str(error)
            message = (
                f"cannot listen on {address}: {reason}: set listen to a free address of this machine, such as"
                f" 127.0.0.1:{address.port + 1}"
            )
            raise ListenError(message) from error
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def start(self, application: Callable[..., Any]) -> None:
        """Answer requests from now on; raise ListenError if the system allows no further thread."""
        logging.getLogger("waitress").setLevel(logging.ERROR)  # clients cannot fill the log
        settings = Adjustments(
            sockets=[self._socket],
            threads=_THREADS,
            asyncore_use_poll=True,  # select cannot wait for files above 1,024
            asyncore_loop_timeout=1,
            backlog=_BACKLOG,
            cleanup_interval=_CLEANUP_SECONDS,
            connection_limit=_find_connection_limit(),
            max_request_header_size=_MOST_HEADER_BYTES,
            max_request_body_size=1,  # a GET has none
            log_socket_errors=False,
            expose_tracebacks=False,
            ident="",
        )
        try:
            self._server = _Server(application, _sock=self._socket, adj=settings, bind_socket=False)
            self._thread = Thread(target=self._server.run, name="web", daemon=True)
            self._thread.start()
        except RuntimeError as error:
            self._socket.close()
            raise ListenError(f"cannot listen on {self.address}: {error}: {ALLOW_MORE}") from error

    def close(self) -> None:
        """Stop listening, and disconnect all clients."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            self._socket.close()
            return
        server.is_closing = True
        server.pull_trigger()
        thread.join(_END_SECONDS)
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=_END_SECONDS)
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.close()  # its trigger last: whoever still pulls it must not write to a file of somebody else


def _bind(address: Address) -> socket.socket:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, place = min(found, key=lambda one: one[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _find_connection_limit() -> int:
    """Return how many clients may connect: at least half of the files stay for calls of AWS."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, soft // 2)
