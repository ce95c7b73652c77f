"""AWS's query protocol: parameters in a form, answers in XML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.emulator.errors import ServiceError

_SERVER_ERRORS = 500


def decode(body: bytes) -> dict[str, Any]:
    """Read a form with names such as Dimensions.member.1.Name into nested dicts and lists."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        *parents, last = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def encode(action: str, result: Mapping[str, Any]) -> bytes:
    """Write the XML of a result."""
    members = _element(f"{action}Result", result)
    return f"<{action}Response>{members}<ResponseMetadata/></{action}Response>".encode()


def encode_error(error: ServiceError) -> bytes:
    """Write the XML of an error, without Message if it has none."""
    content = {"Type": fault_of(error), "Code": error.code}
    if error.message is not None:
        content["Message"] = error.message
    return f"<ErrorResponse>{_element('Error', content)}</ErrorResponse>".encode()


def fault_of(error: ServiceError) -> str:
    """Return "Sender" or "Receiver": whose mistake an error is."""
    return "Receiver" if error.status >= _SERVER_ERRORS else "Sender"


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"} and isinstance(value["member"], dict):
        return [_lists(value["member"][position]) for position in sorted(value["member"], key=int)]
    return {name: _lists(member) for name, member in value.items()}


def _element(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        content = "".join(_element(member, inner) for member, inner in value.items())
    elif isinstance(value, (list, tuple)):
        content = "".join(_element("member", inner) for inner in value)
    elif isinstance(value, datetime):
        content = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif isinstance(value, bool):
        content = str(value).lower()
    else:
        content = escape(str(value))
    return f"<{name}>{content}</{name}>"
