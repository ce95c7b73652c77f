"""Connections of urllib3 that keep to the deadline of the thread that uses them.

Resolving a name, trying its addresses, a proxy's response, the TLS handshake, and the answer all count.
Both botocore and requests use urllib3.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from dynamic_dynamodb.aws.deadlines import attach, detach, find_deadline

Resolver = Callable[[str, int], list[str]]
"""Returns the addresses of a name for a port."""

_resolving: Final[dict[tuple[str, int], Future[list[str]]]] = {}
_resolving_lock: Final = threading.Lock()


def resolve(name: str, port: int, flags: int = 0) -> list[str]:
    """Return the addresses of a name."""
    found = socket.getaddrinfo(name.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM, flags=flags)
    return [str(address[0]) for *_, address in found]


class BoundedConnection(HTTPConnection):
    """A mixin for connections that attaches each of their sockets to the deadline."""

    resolver: Resolver = staticmethod(resolve)
    _sock: Any = None

    @property
    def sock(self) -> Any:  # noqa: ANN401 - http.client has a plain attribute
        """Return the socket, plain or encrypted; None without a connection."""
        return self._sock

    @sock.setter
    def sock(self, one: Any) -> None:  # noqa: ANN401 - likewise
        # Set to the plain socket, then to the one encrypted for a proxy, then to the one for the server.
        self._sock = one
        self._attach()

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - urllib3 and botocore differ
        """Send a request; the connection may be one that was used before."""
        self._attach()
        super().request(*arguments, **named)

    def _tunnel(self) -> None:
        """Have a proxy connect; then check the deadline: a truncated response looks complete."""
        super()._tunnel()
        self._attach()

    def _attach(self) -> None:
        one = self._sock
        while one is not None and not isinstance(one, socket.socket):
            one = one.socket  # urllib3's TLS within TLS
        if one is not None:
            attach(one)

    def _new_conn(self) -> socket.socket:
        """Connect to one address after the other until the deadline."""
        deadline = find_deadline()
        if deadline is None:
            return super()._new_conn()
        name, timeout = self._dns_host, self.timeout
        error: Exception = NewConnectionError(self, f"{name} has no address")
        try:
            for address in _find_addresses(self, name, self.port, deadline.find_remaining()):
                remaining = deadline.find_remaining()
                self.host, self.timeout = address, min(timeout or remaining, remaining)
                try:
                    return super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError) as failure:
                    error = failure
        finally:
            self.host, self.timeout = name, timeout
        raise error


class BoundedPool(HTTPConnectionPool):
    """A mixin for pools: a connection that is returned no longer belongs to this thread."""

    def _put_conn(self, conn: Any) -> None:  # noqa: ANN401 - urllib3 keeps the type to itself
        detach()
        super()._put_conn(conn)


def bound_pool(pool: type[HTTPConnectionPool], resolver: Resolver = resolve) -> type[HTTPConnectionPool]:
    """Return a subclass of a pool whose connections keep to deadlines and find addresses with `resolver`."""
    own = {"resolver": staticmethod(resolver)}
    connection = type("BoundedConnection", (BoundedConnection, pool.ConnectionCls), own)
    return type("BoundedPool", (BoundedPool, pool), {"ConnectionCls": connection})


def _find_addresses(connection: BoundedConnection, name: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a name, resolved in a separate thread: a resolution cannot be interrupted."""
    try:
        return resolve(name, port, socket.AI_NUMERICHOST)
    except OSError:
        pass  # not an address but a name
    try:
        return _start_resolving(name, port, connection.resolver).result(seconds)
    except NotYet as error:
        raise ConnectTimeoutError(connection, f"resolving {name} timed out") from error
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, f"{name} cannot be resolved: {error}") from error


def _start_resolving(name: str, port: int, resolver: Resolver) -> Future[list[str]]:
    """Resolve a name, unless that is under way already."""
    with _resolving_lock:
        found = _resolving.get((name, port))
        if found is not None:
            return found
        future = _resolving[name, port] = Future()

    def set_addresses() -> None:
        try:
            future.set_result(resolver(name, port))
        except (OSError, UnicodeError) as error:
            future.set_exception(error)
        finally:
            with _resolving_lock:
                del _resolving[name, port]

    try:
        threading.Thread(target=set_addresses, name=f"resolve {name}", daemon=True).start()
    except RuntimeError:
        set_addresses()  # the system allows no more threads
    return future
