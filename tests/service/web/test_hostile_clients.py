"""Clients that are slow, silent or hostile do not keep others from an answer."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.web.response import Response
from dynamic_dynamodb.service.web.server import SILENT_SECONDS
from tests.end_to_end.daemons import wait_until
from tests.service.web.servers import ask, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.config.address import Address

HOST = b"Host: localhost\r\n"
LARGE = b"x" * 4_000_000
MANY_REQUESTS = 100
READ_AT_ONCE = 8_192
MORE_THAN_THREADS = 8
SLOW = 20
SLOW_REQUESTS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: local",
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
    b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n",
)
"""Nothing, half of the headers, no body, no chunk, and a client that reads no answer."""
WAIT_SECONDS = SILENT_SECONDS + 20


@pytest.fixture
def address() -> Iterator[Address]:
    with serve({"/": lambda _: Response(b"well"), "/large": lambda _: Response(LARGE)}) as address:
        yield address


@contextmanager
def hold(address: Address, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Yield connections that have sent these bytes, and do not read."""
    with ExitStack() as stack:
        clients = []
        for _ in range(number):
            clients.append(stack.enter_context(socket.create_connection((address.host, address.port))))
            clients[-1].settimeout(WAIT_SECONDS)
            clients[-1].sendall(sent)
        yield clients


def read_to_the_end(client: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    parts = []
    with suppress(ConnectionResetError):
        while part := client.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def find_codes(answer: bytes) -> list[str]:
    """Return the codes of all status lines."""
    return re.findall(r"^HTTP/1\.[01] (\d{3}) ", answer.decode("latin-1"), re.MULTILINE)


def test_clients_that_send_many_requests_and_read_no_answer_occupy_no_thread(address: Address) -> None:
    with hold(address, MORE_THAN_THREADS, (b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n") * MANY_REQUESTS):
        assert ask(address).body == b"well"


@pytest.mark.parametrize("path", [b"/", b"/large"])
def test_a_connection_gets_one_answer(address: Address, path: bytes) -> None:
    request = b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    with hold(address, 1, request * MANY_REQUESTS) as (client,):
        assert find_codes(read_to_the_end(client)) == ["200"]


def test_slow_clients_are_disconnected_and_others_answered_meanwhile(address: Address) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(hold(address, SLOW, sent)) for sent in SLOW_REQUESTS]
        (dripping,) = stack.enter_context(hold(address, 1, b"GET / HTTP/1.1\r\nX: "))
        assert ask(address).body == b"well"

        def is_closed() -> bool:
            try:
                dripping.send(b"x")
            except OSError:
                return True
            return False

        wait_until(is_closed, "the end of a connection that sends a byte now and then", WAIT_SECONDS)
        assert ask(address).body == b"well"
        for clients in slow:
            for client in clients:
                read_to_the_end(client)  # fails if the server keeps the connection


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", ["403"], id="two hosts"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: a\r\n\r\n", ["403"], id="two hosts, turned"
        ),
        pytest.param(b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", ["403"], id="a foreign absolute URL"),
        pytest.param(b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", ["400"], id="a space before a colon"),
        pytest.param(b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", ["400"], id="a path that is not UTF-8"),
        pytest.param(b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", ["404"], id="dots"),
        pytest.param(b"GET //// HTTP/1.1\r\n" + HOST + b"\r\n", ["200"], id="slashes, which are one"),
        pytest.param(b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", ["404"], id="an asterisk"),
        pytest.param(b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n", ["405"], id="CONNECT"),
        pytest.param(b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", ["405"], id="TRACE"),
        pytest.param(b"get / HTTP/1.1\r\n" + HOST + b"\r\n", ["400"], id="a method in lower case"),
        pytest.param(b"GET /\r\n\r\n", ["200"], id="HTTP/0.9"),
        pytest.param(b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", ["200"], id="a version that is unknown"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: a\nY: b\r\n\r\n", ["400"], id="a bare line feed"),
        pytest.param(
            b"GET / HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ["413"],
            id="two lengths",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n" + b"x" * 9_000,
            ["413"],
            id="a huge chunk",
        ),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", ["431"], id="a huge path"),
    ],
)
def test_malformed_requests_get_one_answer_and_no_page(
    address: Address, sent: bytes, codes: list[str]
) -> None:
    with hold(address, 1, b"") as (client,):
        with suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(sent)
        received = find_codes(read_to_the_end(client))
    if len(sent) < READ_AT_ONCE or received:  # else it may be reset while it still sends
        assert received == codes
    assert ask(address).body == b"well"
