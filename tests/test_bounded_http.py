"""No answer over HTTP is waited for longer than was said, however it comes."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.bounded_http import BoundedSession
from dynamic_dynamodb.circuit_breaker import HttpCircuitBreaker
from dynamic_dynamodb.core.model import Target
from dynamic_dynamodb.core.sections import CircuitBreakerOptions
from dynamic_dynamodb.patience import Patience

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


def redirect_with_an_endless_body(connection: socket.socket, ended: threading.Event) -> None:
    """Redirect, and go on talking."""
    connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n\r\n")
    while not ended.wait(PAUSE_SECONDS):
        connection.sendall(b"more ")


def redirect_in_a_circle(connection: socket.socket, ended: threading.Event) -> None:
    """Take a while to send the asker round and round."""
    ended.wait(MOST_SECONDS / 4)
    connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")


def say_nothing(_: socket.socket, ended: threading.Event) -> None:
    """Take the question, and that is all."""
    ended.wait()


def agree(connection: socket.socket, _: threading.Event) -> None:
    """Answer at once."""
    connection.sendall(OK)


@contextmanager
def serve(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Answer every question like this; give the address."""
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


@pytest.mark.parametrize("answer", [drip, redirect_with_an_endless_body, redirect_in_a_circle])
def test_an_answer_that_never_ends_is_given_up(
    answer: Callable[[socket.socket, threading.Event], None],
) -> None:
    with serve(answer) as url, BoundedSession(1) as session, pytest.raises(TimeoutError):
        session.get_status(url, {}, timeout=60, most_seconds=MOST_SECONDS)


def test_silence_is_given_up_sooner() -> None:
    with serve(say_nothing) as url, BoundedSession(1) as session, pytest.raises(OSError, match="timed out"):
        session.get_status(url, {}, timeout=0.1, most_seconds=60)


def test_the_next_question_is_none_the_worse() -> None:
    with serve(drip) as bad, serve(agree) as good, BoundedSession(1) as session:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                session.get_status(bad, {}, timeout=60, most_seconds=0.1)
            assert session.get_status(good, {}, timeout=60, most_seconds=60) == 204


def break_off_a_compressed_redirect(connection: socket.socket, ended: threading.Event) -> None:
    """Redirect with a body that is neither whole nor what it says."""
    ended.wait(PAUSE_SECONDS)
    head = b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-encoding: gzip\r\ncontent-length: 500\r\n\r\n"
    connection.sendall(head + b"abcde")
    connection.shutdown(socket.SHUT_RDWR)


def test_a_breaker_that_answers_oddly_is_open_whatever_that_raises() -> None:
    with serve(break_off_a_compressed_redirect) as url:
        breaker = HttpCircuitBreaker(1, Patience())
        said = breaker.find_reason_to_stop(CircuitBreakerOptions(url, 500), Target("orders"))
    assert said is not None
    assert said.startswith("it did not answer (")


def test_an_unusable_address_is_no_time_out() -> None:
    with BoundedSession(1) as session, pytest.raises(ValueError, match="nowhere"):
        session.get_status("nowhere", {}, timeout=1, most_seconds=60)
