"""Requests and answers inside the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.emulator.identities import Identity
    from tests.emulator.protocols import Protocol

_UNSIGNED_STS = "AssumeRoleWith"


class Delivery(Enum):
    """How an answer reaches the client."""

    WHOLE = "whole"
    SHORT = "short"  # the connection closes before the announced length was sent
    CLOSE = "close"  # the connection closes without an answer
    DRIP = "drip"  # the body comes again and again, and never ends
    RESET = "reset"  # the connection is reset (TCP RST) without an answer


@dataclass
class Answer:
    """An HTTP answer, or none, by `delivery`; a dripping one calls `pause` before each piece."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    pause: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class RawRequest:
    """An HTTP request as read from the connection; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Call:
    """One decoded call of an AWS action; the service has its name in the credential scope."""

    service: str
    action: str
    parameters: dict[str, Any]
    region: str
    access_key: str
    identity: Identity
    protocol: Protocol
    raw: RawRequest

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the HTTP headers, with names in lower case."""
        return self.raw.headers

    @property
    def connection(self) -> int:
        """Return the client's port."""
        return self.raw.connection


@dataclass(frozen=True)
class Scope:
    """The sender, by the Authorization header."""

    access_key: str = ""
    region: str = ""
    service: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Scope:
        """Read the credential scope of a Signature Version 4 header; empty for an unsigned request."""
        _, found, rest = headers.get("authorization", "").partition("Credential=")
        if not found:
            return cls()
        access_key, _, region, service, _ = rest.split(",", 1)[0].split("/")
        return cls(access_key, region, service)


def action_of(raw: RawRequest, parameters: Mapping[str, Any]) -> str:
    """Find the action where the protocol puts it: the target header or the form."""
    target = raw.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    return str(parameters.get("Action", ""))


def may_be_unsigned(action: str) -> bool:
    """Return whether AWS accepts the action without a signature."""
    return action.startswith(_UNSIGNED_STS)
