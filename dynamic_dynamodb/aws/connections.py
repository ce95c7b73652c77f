"""Make connections of urllib3 that keep to the deadline of the thread that uses them.

Looking up a name, trying its addresses, what a proxy says first, encryption, and the answer: all of it
counts. boto3 and requests both go by urllib3.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from dynamic_dynamodb.aws.deadlines import find_deadline, hold, release

_lookups: Final[dict[tuple[str, int], Future[list[str]]]] = {}
_lookups_lock: Final = threading.Lock()


class BoundedConnection(HTTPConnection):
    """A mixin for connections: it notes each socket that is waited for."""

    _sock: Any = None

    @property
    def sock(self) -> Any:  # noqa: ANN401 - http.client has a plain attribute
        """Give the socket, plain or encrypted; None without a connection."""
        return self._sock

    @sock.setter
    def sock(self, one: Any) -> None:  # noqa: ANN401 - likewise
        # It is set to the plain socket, then to the one encrypted for a proxy, then to that for the server.
        self._sock = one
        self._hold()

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - urllib3 and botocore differ
        """Send a request; the connection may be one that was used before."""
        self._hold()
        super().request(*arguments, **named)

    def _tunnel(self) -> None:
        """Have a proxy connect; half of its answer, after which it was ended, looks like a whole one."""
        super()._tunnel()
        self._hold()

    def _hold(self) -> None:
        one = self._sock
        while one is not None and not isinstance(one, socket.socket):
            one = one.socket  # urllib3's encryption within encryption
        if one is not None:
            hold(one)

    def _new_conn(self) -> socket.socket:
        """Connect to one address after the other for as long as there is time."""
        deadline = find_deadline()
        if deadline is None:
            return super()._new_conn()
        name, timeout = self._dns_host, self.timeout
        error: Exception = NewConnectionError(self, f"{name} has no address")
        try:
            for address in _find_addresses(self, name, self.port, deadline.take_time()):
                remaining = deadline.take_time()
                self.host, self.timeout = address, min(timeout or remaining, remaining)
                try:
                    return super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError) as failure:
                    error = failure
        finally:
            self.host, self.timeout = name, timeout
        raise error


class BoundedPool(HTTPConnectionPool):
    """A mixin for pools: a connection that comes back is no longer this thread's."""

    def _put_conn(self, conn: Any) -> None:  # noqa: ANN401 - urllib3 keeps the type to itself
        release()
        super()._put_conn(conn)


def bound_pool(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    """Make a class of pools that is like another, with connections that keep to deadlines."""
    connection = type("BoundedConnection", (BoundedConnection, pool.ConnectionCls), {})
    return type("BoundedPool", (BoundedPool, pool), {"ConnectionCls": connection})


def _find_addresses(connection: HTTPConnection, name: str, port: int, seconds: float) -> list[str]:
    """Look a name up, in a thread of its own, because nothing else ends a look-up that takes too long."""
    try:
        return _look_up(name, port, socket.AI_NUMERICHOST)
    except OSError:
        pass  # not an address but a name
    try:
        return _begin_to_look_up(name, port).result(seconds)
    except NotYet as error:
        raise ConnectTimeoutError(connection, f"looking up {name} timed out") from error
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, f"{name} cannot be looked up: {error}") from error


def _begin_to_look_up(name: str, port: int) -> Future[list[str]]:
    """Have a name looked up, but not a second time while that takes."""
    with _lookups_lock:
        found = _lookups.get((name, port))
        if found is not None:
            return found
        future = _lookups[name, port] = Future()

    def look_up() -> None:
        try:
            future.set_result(_look_up(name, port))
        except (OSError, UnicodeError) as error:
            future.set_exception(error)
        finally:
            with _lookups_lock:
                del _lookups[name, port]

    try:
        threading.Thread(target=look_up, name=f"look up {name}", daemon=True).start()
    except RuntimeError:
        look_up()  # the system allows no more threads
    return future


def _look_up(name: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(name.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM, flags=flags)
    return [str(address[0]) for *_, address in found]
