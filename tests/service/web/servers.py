"""Serve pages on a free port of loopback, and ask for them."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamic_dynamodb.config.address import Address
from dynamic_dynamodb.service.web.application import Application
from dynamic_dynamodb.service.web.server import WebServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.service.web.response import Page


@dataclass(frozen=True)
class Answer:
    """What a client received."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def find_free_address() -> Address:
    """Return an address of loopback that nothing listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return Address(f"127.0.0.1:{found.getsockname()[1]}")


def ask(address: Address, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    """Send one request, and return its answer."""
    with closing(http.client.HTTPConnection(address.host, address.port, timeout=30)) as client:
        client.request(method, path, headers=headers)
        answer = client.getresponse()
        return Answer(answer.status, answer.read(), dict(answer.getheaders()))


@contextmanager
def serve(pages: Mapping[str, Page]) -> Iterator[Address]:
    """Serve pages for as long as the context lasts."""
    server = WebServer(find_free_address())
    server.start(Application(pages, "scaling.example"))
    try:
        yield server.address
    finally:
        server.close()
