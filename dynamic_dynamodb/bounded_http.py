"""Bound how long an answer over HTTP may take in all, however often a byte of it comes.

The time-out of requests is for each piece: an answer that drips in byte by byte never exceeds it.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import pool_classes_by_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3.poolmanager import PoolManager
    from urllib3.response import HTTPResponse


class _Question:
    """The sockets that a question uses, one after the other if it is redirected, and its end."""

    def __init__(self) -> None:
        """Begin without one."""
        self.sockets: list[socket.socket] = []
        self.is_over = False

    def use(self, one: socket.socket) -> None:
        """Note a socket; raise TimeoutError if it is too late for another."""
        self.sockets.append(one)
        if self.is_over:
            raise TimeoutError

    def end(self) -> None:
        """End what is being waited for: to the one who waits it is as if the server had hung up."""
        self.is_over = True
        for one in self.sockets:
            with suppress(OSError):  # it has hung up by itself
                one.shutdown(socket.SHUT_RDWR)


_asked = threading.local()


def _note(connection: HTTPConnection) -> None:
    question: _Question | None = getattr(_asked, "question", None)
    if question is not None and connection.sock is not None:
        question.use(connection.sock)


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 does
        _note(self)
        return super().getresponse()


class _TlsConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 does
        _note(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS: Final = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """Make connections that can be ended."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as requests has it
        super().init_poolmanager(*arguments, **named)
        _let_end(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> PoolManager:  # noqa: ANN401 - likewise
        manager: PoolManager = super().proxy_manager_for(*arguments, **named)
        _let_end(manager)
        return manager


def _let_end(manager: PoolManager) -> None:
    """Have connections made that can be ended, unless it makes its own kind, as for SOCKS."""
    if manager.pool_classes_by_scheme is pool_classes_by_scheme:
        manager.pool_classes_by_scheme = _POOLS


class BoundedSession(Session):
    """Ask for nothing but the status, and wait for nothing longer than was said."""

    def __init__(self, most_connections: int) -> None:
        """Allow so many connections at a time."""
        super().__init__()
        adapter = _Adapter(pool_maxsize=most_connections)
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)

    def get_status(self, url: str, headers: Mapping[str, str], *, timeout: float, most_seconds: float) -> int:
        """Give the status that a GET leads to, redirections followed.

        It waits `timeout` seconds for a connection and for each piece of the answer, and `most_seconds`
        for all of it. Raises OSError, TimeoutError among them, and ValueError for an unusable URL.
        """
        # stream: the status is all that counts, and a body could go on for ever
        with (
            _bounded(most_seconds),
            self.get(url, headers=headers, timeout=timeout, stream=True) as answer,
        ):
            return answer.status_code


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Let what this thread asks take so long; raise TimeoutError if that is why it failed."""
    question = _Question()
    timer = threading.Timer(seconds, question.end)
    timer.daemon = True
    _asked.question = question
    try:
        timer.start()
        yield
    except OSError as error:
        if question.is_over:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        _asked.question = None
    if question.is_over:
        raise TimeoutError  # half a header looks like a whole one
