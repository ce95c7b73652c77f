"""The web server answers what it should, and nothing else."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.service.web.response import Request, Response
from dynamic_dynamodb.service.web.server import WebServer
from tests.service.web.servers import ask, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamic_dynamodb.config.address import Address

LARGE = b"x" * 3_000_000


def fail(_: Request) -> Response:
    raise ValueError("odd")


@pytest.fixture
def address() -> Iterator[Address]:
    pages = {
        "/": lambda request: Response(f"{request.query} {request.accept}".encode()),
        "/large": lambda _: Response(LARGE),
        "/failing": fail,
    }
    with serve(pages) as address:
        yield address


def send(address: Address, raw: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes the connection."""
    with closing(socket.create_connection((address.host, address.port), timeout=30)) as client:
        client.sendall(raw)
        parts = []
        while part := client.recv(65_536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9109", 200),
        ("10.1.2.3", 200),
        ("[::1]:9109", 200),
        ("localhost", 200),
        ("LOCALHOST.:1", 200),
        ("Scaling.Example:9109", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.example:127.0.0.1", 403),
        ("127.0.0.1:x", 403),
        ("[evil]", 403),
        ("127.0.0.1, evil.example", 403),
        ("", 403),
    ],
)
def test_a_host_must_be_an_address_or_a_name_of_this_program(
    address: Address, host: str, status: int
) -> None:
    assert ask(address, Host=host).status == status


def test_a_page_gets_query_and_accepted_types(address: Address) -> None:
    assert ask(address, "/?a=%3C", Accept="text/plain").body == b"a=%3C text/plain"


def test_a_large_page_arrives_whole(address: Address) -> None:
    assert ask(address, "/large").body == LARGE


def test_head_returns_the_headers_of_get_without_a_body(address: Address) -> None:
    answer = ask(address, "/large", "HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", str(len(LARGE)))


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/nothing", "GET", 404),
        ("/../etc/passwd", "GET", 404),
        ("/%ff%00", "GET", 404),
        ("/", "POST", 405),
        ("/", "PUT", 405),
        ("/failing", "GET", 500),
    ],
)
def test_other_requests_are_refused(address: Address, path: str, method: str, status: int) -> None:
    answer = ask(address, path, method)
    assert answer.status == status
    assert b"odd" not in answer.body


@pytest.mark.parametrize("path", ["/", "/nothing", "/failing"])
def test_every_answer_forbids_to_keep_frame_or_load_anything(address: Address, path: str) -> None:
    headers = ask(address, path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", b"200", id="HTTP/1.0 without a host"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400", id="TLS"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n",
            b"413",
            id="a huge body",
        ),
    ],
)
def test_odd_requests_are_answered_and_their_connection_closed(
    address: Address, raw: bytes, status: bytes
) -> None:
    assert send(address, raw).split(b" ")[1] == status


def test_a_client_that_sends_huge_headers_is_disconnected(address: Address) -> None:
    with closing(socket.create_connection((address.host, address.port), timeout=30)) as client:
        client.sendall(b"GET / HTTP/1.0\r\nX: " + b"a" * 20_000)
        try:
            received = client.recv(65_536)
        except ConnectionResetError:  # it had more to say
            return
        assert b"431" in received


def test_a_port_in_use_is_a_sentence_with_another_one(address: Address) -> None:
    with pytest.raises(OSError, match=f"cannot listen on {address}: Address already in use: set listen to a"):
        WebServer(address)


def test_an_address_is_free_at_once_after_the_end() -> None:
    with serve({}) as address:
        assert ask(address).status == 404
    WebServer(address).close()
