"""No call of boto3 takes longer than its time limit, wherever it is held up."""

from __future__ import annotations

import gc
import re
import socket
import ssl
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from dynamic_dynamodb.aws.botocore_setup import bound_connections
from dynamic_dynamodb.aws.connections import bound_pool
from dynamic_dynamodb.aws.deadlines import bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


PAUSE_SECONDS = 0.02
MOST_SECONDS = 0.4
MUCH_LONGER = 10.0
"""How long a test waits before it gives up, so that a loaded machine breaks none."""
EMPTY = b'{"TableNames": []}'
JSON = b"content-type: application/x-amz-json-1.0\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + JSON + b"content-length: 18\r\n\r\n" + EMPTY


@dataclass
class Talk:
    """One connection, as the server sees it."""

    connection: socket.socket
    ended: threading.Event
    number: int = 1
    """The number of the request on this server."""

    def drip(self, piece: bytes) -> None:
        """Send a piece again and again, for much longer than the time limit."""
        until = time.monotonic() + 2 * MUCH_LONGER
        while not self.ended.wait(PAUSE_SECONDS) and time.monotonic() < until:
            self.connection.sendall(piece)
        self.ended.set()


def drip_a_header(talk: Talk) -> None:
    talk.connection.sendall(b"HTTP/1.1 200 OK\r\nx-long: ")
    talk.drip(b"x")


def drip_more_and_more_headers(talk: Talk) -> None:
    talk.drip(b"HTTP/1.1 100 Continue\r\nx-more: 1\r\n\r\n")


def drip_a_body(talk: Talk) -> None:
    talk.connection.sendall(b"HTTP/1.1 200 OK\r\n" + JSON + b"content-length: 999999\r\n\r\n")
    talk.drip(b" ")


def drip_a_last_body(talk: Talk) -> None:
    talk.connection.sendall(b"HTTP/1.1 200 OK\r\n" + JSON + b"connection: close\r\n\r\n")
    talk.drip(b" ")


def drip_chunks(talk: Talk) -> None:
    talk.connection.sendall(b"HTTP/1.1 200 OK\r\n" + JSON + b"transfer-encoding: chunked\r\n\r\n")
    talk.drip(b"1\r\n \r\n")


def answer_once_and_then_drip(talk: Talk) -> None:
    if talk.number == 1:
        talk.connection.sendall(OK)
    else:
        drip_a_body(talk)


def answer_late(talk: Talk) -> None:
    if talk.number > 1:
        talk.ended.wait(3 * MOST_SECONDS)
    talk.connection.sendall(OK)


@dataclass
class Server:
    """A server that answers every request in one way, encrypted if there is a context."""

    answer: Callable[[Talk], None]
    context: ssl.SSLContext | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    accepted: int = 0
    asked: int = 0

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Yield the address."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._start(self._accept, listener)
            try:
                yield f"127.0.0.1:{listener.getsockname()[1]}"
            finally:
                self.ended.set()
                for one in (listener, *self.connections):
                    with suppress(OSError):  # the client has ended it
                        one.shutdown(socket.SHUT_RDWR)
                for thread in self.threads:
                    thread.join(MUCH_LONGER)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        self.threads.append(threading.Thread(target=work, args=arguments))
        self.threads[-1].start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.accepted += 1
                self.connections.append(connection)
                self._start(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(connection)
            if self.context:
                connection = stack.enter_context(self.context.wrap_socket(connection, server_side=True))
            connection.settimeout(MUCH_LONGER)
            while _receive_request(connection) and not self.ended.is_set():
                self.asked += 1
                self.answer(Talk(connection, self.ended, self.asked))


def _receive_request(connection: socket.socket) -> bool:
    """Receive a whole request, which may come in pieces; return False if the client has gone."""
    received = b""
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if end and len(body) >= (int(length[1]) if length else 0):
            return True
        piece = connection.recv(65536)
        if not piece:
            return False
        received += piece


CLIENTS: list[Any] = []


def make_client(url: str, **settings: Any) -> Any:
    bound_connections()
    verify = settings.pop("verify", None)
    config = Config(
        connect_timeout=60, read_timeout=60, retries={"total_max_attempts": 1, "mode": "standard"}, **settings
    )
    session = boto3.Session(aws_access_key_id="AKID", aws_secret_access_key="none", region_name="us-east-1")
    CLIENTS.append(session.client("dynamodb", endpoint_url=url, verify=verify, config=config))
    return CLIENTS[-1]


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    while CLIENTS:
        CLIENTS.pop().close()
    gc.collect()  # so that a connection left open fails the test that left it


def assert_ends(client: Any, most_seconds: float = MOST_SECONDS) -> None:
    began = time.monotonic()
    with pytest.raises((TimeoutError, BotoCoreError)), bounded(most_seconds):
        client.list_tables()
    assert time.monotonic() - began < MUCH_LONGER


BODIES = (drip_a_header, drip_more_and_more_headers, drip_a_body, drip_a_last_body, drip_chunks)


@pytest.mark.parametrize("answer", BODIES)
def test_an_answer_that_drips_is_ended(answer: Callable[[Talk], None]) -> None:
    with Server(answer).serve() as address:
        assert_ends(make_client(f"http://{address}"))


def test_an_answer_on_a_connection_that_was_used_before_is_ended_too() -> None:
    server = Server(answer_once_and_then_drip)
    with server.serve() as address:
        client = make_client(f"http://{address}")
        with bounded(MUCH_LONGER):
            client.list_tables()
        assert_ends(client)
        assert server.accepted == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of this host and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.mark.parametrize("answer", [drip_a_header, drip_a_body, drip_a_last_body, answer_once_and_then_drip])
def test_an_encrypted_answer_that_drips_is_ended(certificate: Path, answer: Callable[[Talk], None]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with Server(answer, context).serve() as address:
        client = make_client(f"https://{address}", verify=str(certificate))
        if answer is answer_once_and_then_drip:
            with bounded(MUCH_LONGER):
                client.list_tables()
        assert_ends(client)


def test_a_handshake_that_drips_is_ended() -> None:
    def drip_a_record(talk: Talk) -> None:
        talk.connection.sendall(b"\x16\x03\x03\x40\x00")
        talk.drip(b"\x02")

    with Server(drip_a_record).serve() as address:
        assert_ends(make_client(f"https://{address}"))


@pytest.mark.parametrize("answer", [drip_a_header, drip_more_and_more_headers])
def test_a_proxy_that_drips_is_ended(answer: Callable[[Talk], None]) -> None:
    with Server(answer).serve() as address:
        assert_ends(make_client("https://nowhere.invalid", proxies={"https": f"http://{address}"}))


def test_an_encrypted_proxy_that_drips_is_ended(certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with Server(drip_a_header, context).serve() as address:
        proxies = {"https": f"https://{address}"}
        settings = {"proxies_config": {"proxy_ca_bundle": str(certificate)}}
        assert_ends(make_client("https://nowhere.invalid", proxies=proxies, **settings))


@contextmanager
def open_pool(
    name: str, port: int, resolver: Callable[[str, int], list[str]]
) -> Iterator[HTTPConnectionPool]:
    """Yield a pool of connections to a name whose addresses a resolver of the test returns."""
    pool = bound_pool(HTTPConnectionPool, resolver)(name, port, timeout=60, retries=False)
    with closing(pool):
        yield pool


def assert_request_ends(pool: HTTPConnectionPool) -> None:
    began = time.monotonic()
    with pytest.raises((TimeoutError, HTTPError)), bounded(MOST_SECONDS):
        pool.request("GET", "/")
    assert time.monotonic() - began < MUCH_LONGER


def test_a_name_whose_look_up_hangs_is_waited_for_in_the_bound_only_and_not_twice() -> None:
    ended, asked = threading.Event(), []

    def hang(name: str, port: int) -> list[str]:
        asked.append((name, port))
        ended.wait(MUCH_LONGER)
        raise socket.gaierror

    with open_pool("slow.invalid", 80, hang) as pool:
        for _ in range(2):
            assert_request_ends(pool)
    ended.set()
    assert asked == [("slow.invalid", 80)]


def test_many_addresses_that_do_not_answer_are_tried_in_the_bound_only() -> None:
    def find_many(_name: str, _port: int) -> list[str]:
        return [f"127.0.0.{last}" for last in range(1, 200)]

    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("0.0.0.0", 0))  # noqa: S104 - all addresses of the loopback interface
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(3):  # the queue of connections to be accepted is full then
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's way
            waiting.connect_ex(("127.0.0.1", port))
        assert_request_ends(stack.enter_context(open_pool("many.invalid", port, find_many)))


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    def find_two(_name: str, _port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    with Server(answer_once_and_then_drip).serve() as address:
        port = int(address.rpartition(":")[2])
        with open_pool("two.invalid", port, find_two) as pool, bounded(MUCH_LONGER):
            assert pool.request("GET", "/").json() == {"TableNames": []}


def test_a_connection_that_was_given_back_is_not_ended_for_its_next_user() -> None:
    server = Server(answer_late)
    answers: list[Any] = []
    with server.serve() as address:
        client = make_client(f"http://{address}")
        with bounded(MOST_SECONDS):
            client.list_tables()

            def ask_again() -> None:
                with bounded(MUCH_LONGER):
                    answers.append(client.list_tables()["TableNames"])

            other = threading.Thread(target=ask_again)
            other.start()
            other.join(MUCH_LONGER)  # past this thread's own deadline
        assert answers == [[]]
        assert server.accepted == 1


def test_what_is_computed_from_an_answer_is_not_bounded() -> None:
    with Server(answer_once_and_then_drip).serve() as address:
        client = make_client(f"http://{address}")
        with bounded(MOST_SECONDS):
            client.list_tables()
            time.sleep(1.5 * MOST_SECONDS)


def test_a_bound_within_another_does_not_lengthen_it() -> None:
    with Server(drip_a_body).serve() as address:
        client = make_client(f"http://{address}")
        began = time.monotonic()
        with pytest.raises(TimeoutError), bounded(MOST_SECONDS), bounded(10 * MUCH_LONGER):
            client.list_tables()
        assert time.monotonic() - began < MUCH_LONGER
