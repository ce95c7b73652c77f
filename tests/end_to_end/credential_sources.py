"""A server in place of a source of credentials: the metadata service, a container's endpoint, STS."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.program import Program

SECRET = "SecretOfTheStandIn/0123456789+abcdefghij"
TOKEN = "TokenOfTheStandIn/0123456789+ABCDEFGHIJKLMNOPQRSTUVWXYZ=="
NO_KEYS: dict[str, str | None] = {
    "AWS_ACCESS_KEY_ID": None,
    "AWS_SECRET_ACCESS_KEY": None,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Nothing to be found, unless the test adds it."""


@dataclass
class Source:
    """A server that gives the same answer to every GET and POST, and keeps the paths of requests.

    With `is_hanging` it does not answer until the test ends, with `is_dripping` its answer goes on
    until then.
    """

    url: str = ""
    status: int = 200
    body: str = ""
    is_hanging: bool = False
    is_dripping: bool = False
    asked: list[str] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    ended: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: str, status: int = 200) -> None:
        """Answer with this from now on."""
        self.status, self.body, self.is_hanging = status, body, False

    def wait_until_asked(self, times: int, seconds: float = 30) -> None:
        """Wait for this many requests."""
        with self.news:
            if not self.news.wait_for(lambda: len(self.asked) >= times, seconds):
                pytest.fail(f"not asked {times} times within {seconds} s, but {self.asked}")

    @property
    def as_metadata_service(self) -> dict[str, str | None]:
        """Return the environment in which this is the metadata service."""
        return NO_KEYS | {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url}

    @property
    def as_container_endpoint(self) -> dict[str, str | None]:
        """Return the environment in which this is a container's endpoint."""
        return NO_KEYS | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}/credentials"}


SSO_PROFILE = (
    "sso_session = own",
    "sso_account_id = 123456789012",
    "sso_role_name = scaler",
    "[sso-session own]",
    "sso_region = us-east-1",
    "sso_start_url = https://own.awsapps.com/start",
)


def write_sso_token(program: Program) -> None:
    """Write what `aws sso login` would leave for the session of `SSO_PROFILE`."""
    cache = program.folder / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "of-the-session", "expiresAt": "2099-01-01T00:00:00Z"}
    name = hashlib.sha1(b"own", usedforsecurity=False).hexdigest()  # by which boto3 finds the session's
    (cache / f"{name}.json").write_text(json.dumps(token), encoding="utf-8")


def use_profile(program: Program, *lines: str) -> dict[str, str | None]:
    """Write the default profile of AWS's configuration file, and return an environment with nothing else."""
    return NO_KEYS | {"AWS_CONFIG_FILE": program.write("\n".join(("[default]", *lines, "")), "aws-config")}


def write_credentials(key: str, *, seconds: float = 3600) -> str:
    """Return credentials in the format of the metadata service and of a container's endpoint."""
    expires = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": key,
            "SecretAccessKey": SECRET,
            "Token": TOKEN,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


def write_process_credentials(key: str, *, seconds: float | None = None) -> str:
    """Return credentials in the format of a credential_process."""
    printed = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": SECRET}
    if seconds is not None:
        printed["Expiration"] = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()
    return json.dumps(printed)


def refuse_role(action: str) -> str:
    """Return the response with which STS refuses a role."""
    return (
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        f"<Message>Not authorized to perform {action}</Message></Error></ErrorResponse>"
    )


def grant_role(key: str) -> str:
    """Return the response with which STS hands out the credentials of a role."""
    return (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
        f"<SessionToken>{TOKEN}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


class _Handler(BaseHTTPRequestHandler):
    source: Source

    def do_PUT(self) -> None:
        """Return a session token of the metadata service."""
        self._drip()
        self._send(200, "session")

    def do_GET(self) -> None:
        self._answer("role" if self.path.endswith("/security-credentials/") else None)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(None)

    def _answer(self, name: str | None) -> None:
        source = self.source
        with source.news:
            source.asked.append(self.path)
            source.news.notify_all()
        if source.is_hanging:
            source.ended.wait(60)
        self._drip()
        is_name = name is not None and source.status == 200
        self._send(source.status, name if is_name and name else source.body)

    def _drip(self) -> None:
        if self.source.is_dripping:
            self.send_response(200)
            self.flush_headers()
            with suppress(OSError):
                while not self.source.ended.wait(0.05):
                    self.wfile.write(b"x-more: 1\r\n")

    def _send(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""


@contextmanager
def open_source() -> Iterator[Source]:
    """Start a source that answers 404 at first."""
    source = Source(status=404)
    handler = type("Handler", (_Handler,), {"source": source})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is not an error here
        source.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield source
        finally:
            source.ended.set()
            server.shutdown()
            thread.join()
