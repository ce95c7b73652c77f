"""A service that the circuit breaker requests, as an operator would run it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Service:
    """The operator's service: it answers with `status`, or not at all if that is None."""

    status: int | None
    port: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://robot:geheim@127.0.0.1:{self.port}/ok"

    def headers(self, name: str) -> list[str]:
        """Return one header of each request, sorted."""
        return sorted(question.get(name, "") for question in self.asked)


@contextmanager
def serve(status: int | None) -> Iterator[Service]:
    service = Service(status)
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append({name.lower(): text for name, text in self.headers.items()})
            if service.status is None:
                ended.wait()
                return
            self.send_response(service.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            ended.set()
            server.shutdown()
            thread.join()
