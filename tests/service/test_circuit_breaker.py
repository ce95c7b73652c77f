"""An HTTP request to a circuit breaker ends in time, whatever the server does."""

from __future__ import annotations

import gzip
import resource
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from requests.exceptions import InvalidSchema, TooManyRedirects

from dynamic_dynamodb.check.ports import NoCircuitBreaker
from dynamic_dynamodb.check.resilience import CallBudget
from dynamic_dynamodb.scaling.model import Target
from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
from dynamic_dynamodb.service.circuit_breaker import BoundedSession, HttpCircuitBreaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
PAUSE_SECONDS = 0.02
MOST_SECONDS = 0.3


def drip(connection: socket.socket, ended: threading.Event) -> None:
    """Send a header without end, byte by byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-long: ")
    while not ended.wait(PAUSE_SECONDS):
        connection.sendall(b"x")


def drip_in_redirections(connection: socket.socket, ended: threading.Event) -> None:
    """Redirect in a header without an end."""
    connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /")
    while not ended.wait(PAUSE_SECONDS):
        connection.sendall(b"x")


def redirect_in_a_circle(connection: socket.socket, ended: threading.Event) -> None:
    """Redirect to the same page, slowly, without end."""
    ended.wait(MOST_SECONDS / 4)
    connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")


def say_nothing(_: socket.socket, ended: threading.Event) -> None:
    """Read the request and answer nothing."""
    ended.wait()


def agree(connection: socket.socket, _: threading.Event) -> None:
    """Answer at once."""
    connection.sendall(OK)


@contextmanager
def serve(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Answer every request with this function; return the URL."""
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(4096) and not ended.is_set():
                answer(connection, ended)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=talk, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads.append(threading.Thread(target=accept))
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)


@pytest.mark.parametrize("answer", [drip, drip_in_redirections, redirect_in_a_circle])
def test_an_endless_answer_times_out(
    answer: Callable[[socket.socket, threading.Event], None],
) -> None:
    with serve(answer) as url, BoundedSession(1) as session, pytest.raises(TimeoutError):
        session.get_status(url, {}, timeout=60, most_seconds=MOST_SECONDS)


def test_no_answer_times_out_sooner() -> None:
    with serve(say_nothing) as url, BoundedSession(1) as session, pytest.raises(OSError, match="timed out"):
        session.get_status(url, {}, timeout=0.1, most_seconds=60)


def test_a_timeout_does_not_affect_the_next_request() -> None:
    with serve(drip) as bad, serve(agree) as good, BoundedSession(1) as session:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                session.get_status(bad, {}, timeout=60, most_seconds=0.1)
            assert session.get_status(good, {}, timeout=60, most_seconds=60) == 204


@dataclass
class Site:
    """A site with an answer for each path; it records requests and the bytes that it sent."""

    answers: dict[str, tuple[int, dict[str, str]]]
    body: bytes = b""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent_bytes: int = 0

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Return the address."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): text for name, text in self.headers.items()}
                site.asked.append((self.path, headers))
                status, answer = site.answers[self.path]
                self.send_response(status)
                for name, text in answer.items():
                    self.send_header(name, text)
                self.end_headers()
                with suppress(OSError):
                    for _ in range(1000 if site.body else 0):
                        self.wfile.write(site.body)
                        site.sent_bytes += len(site.body)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()


def ask(session: BoundedSession, url: str) -> int:
    return session.get_status(url, {"x-table-name": "orders"}, timeout=10, most_seconds=20)


def test_no_body_is_read_not_even_of_a_redirect() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    site = Site(
        {"/": (302, {"location": "/ok", "content-encoding": "gzip"}), "/ok": (200, {})}, body=bomb * 60
    )
    with site.serve() as url, BoundedSession(1) as session:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        assert ask(session, f"{url}/") == 200
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 5
    assert [path for path, _ in site.asked] == ["/", "/ok"]
    assert site.sent_bytes < 2 * 500 * len(site.body), "what the sockets hold, and no more"


def test_five_redirects_are_followed_and_not_a_sixth() -> None:
    chain = {f"/{number}": (307, {"location": f"/{number - 1}"}) for number in range(1, 7)}
    site = Site({**chain, "/0": (204, {})})
    with site.serve() as url, BoundedSession(1) as session:
        assert ask(session, f"{url}/5") == 204
        with pytest.raises(TooManyRedirects):
            ask(session, f"{url}/6")


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "file:///etc/hostname", "gopher:x", "javascript:1"])
def test_only_redirects_to_http_are_followed(location: str) -> None:
    with Site({"/": (302, {"location": location})}).serve() as url, BoundedSession(1) as session:
        with pytest.raises(InvalidSchema):
            ask(session, f"{url}/")
        breaker = HttpCircuitBreaker(1, CallBudget())
        said = breaker.find_reason_to_stop(CircuitBreakerOptions(f"{url}/", 9000), Target("orders"))
    assert said == "it did not answer (InvalidSchema)"


def test_cookies_are_neither_kept_nor_sent() -> None:
    cookie = {"set-cookie": "track=1; Path=/"}
    site = Site({"/": (302, {"location": "/ok", **cookie}), "/ok": (200, cookie)})
    with site.serve() as url, BoundedSession(1) as session:
        for _ in range(2):
            assert ask(session, f"{url}/") == 200
        assert list(session.cookies) == []
    assert [headers.get("cookie") for _, headers in site.asked] == [None] * 4


def test_credentials_are_not_sent_to_another_host() -> None:
    other = Site({"/": (200, {})})
    with other.serve() as elsewhere:
        site = Site({"/": (302, {"location": "/on"}), "/on": (302, {"location": f"{elsewhere}/"})})
        with site.serve() as url, BoundedSession(1) as session:
            assert ask(session, f"{url.replace('//', '//robot:geheim@')}/") == 200
    assert ["authorization" in headers for _, headers in site.asked] == [True, True]
    assert ["authorization" in headers for _, headers in other.asked] == [False]
    assert [headers["x-table-name"] for _, headers in other.asked] == ["orders"]


def answer_something_else(connection: socket.socket, ended: threading.Event) -> None:
    """Answer what is not HTTP."""
    ended.wait(PAUSE_SECONDS)
    connection.sendall(b"220 mail.example ready\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def test_an_invalid_answer_of_any_kind_means_that_the_breaker_is_open() -> None:
    with serve(answer_something_else) as url:
        breaker = HttpCircuitBreaker(1, CallBudget())
        said = breaker.find_reason_to_stop(CircuitBreakerOptions(url, 500), Target("orders"))
    assert said is not None
    assert said.startswith("it did not answer (")


def test_an_unusable_url_is_a_value_error() -> None:
    with BoundedSession(1) as session, pytest.raises(ValueError, match="nowhere"):
        session.get_status("nowhere", {}, timeout=1, most_seconds=60)


def test_without_an_adapter_a_circuit_breaker_counts_as_open() -> None:
    said = NoCircuitBreaker().find_reason_to_stop(
        CircuitBreakerOptions("http://localhost/", 500), Target("a")
    )
    assert said == "it cannot be asked"


def test_the_http_library_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, dynamic_dynamodb.cli.service; print('requests' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
