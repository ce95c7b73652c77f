"""The two ways in which the services put calls and answers on the wire: JSON and query/XML."""

from __future__ import annotations

import json
import uuid
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.emulator import query
from tests.emulator.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.errors import ServiceError

_DYNAMODB_SHAPES = "com.amazonaws.dynamodb.v20120810#"
_COMMON_SHAPES = "com.amazon.coral.validate#"


class Protocol:
    """Translate between bytes and Python for one service; the base class holds what all protocols share."""

    name = ""

    def __init__(self, service: str) -> None:
        self.service = service

    def decode(self, body: bytes) -> dict[str, Any]:
        """Read the parameters of a call."""
        raise NotImplementedError

    def encode(self, action: str, result: Mapping[str, Any]) -> Answer:
        """Write the answer of a call that succeeded."""
        raise NotImplementedError

    def encode_error(self, error: ServiceError) -> Answer:
        """Write the answer of a call that failed."""
        raise NotImplementedError

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> Answer:
        return Answer(status, body, {"x-amzn-RequestId": str(uuid.uuid4()), **headers})


class JsonProtocol(Protocol):
    """Speak JSON 1.0 or 1.1, which differ only in the content type; CloudWatch speaks it with recent SDKs."""

    name = "json"

    def __init__(self, service: str, headers: Mapping[str, str]) -> None:
        super().__init__(service)
        self._content_type = headers.get("content-type", "")
        self._query_mode = headers.get("x-amzn-query-mode") == "true"

    def decode(self, body: bytes) -> dict[str, Any]:
        """Read the JSON object of the body."""
        decoded: dict[str, Any] = json.loads(body or b"{}")
        return decoded

    def encode(self, action: str, result: Mapping[str, Any]) -> Answer:
        """Write a JSON object, moments as seconds since 1970."""
        del action
        return self._json(200, result)

    def encode_error(self, error: ServiceError) -> Answer:
        """Write the shape's name as __type and the message, if there is one."""
        body = {"__type": self._shape(error.code)}
        if error.message is not None:
            body["message"] = error.message
        answer = self._json(error.status, body)
        if self._query_mode:
            # A service that once spoke query repeats the code it had there.
            answer.headers["x-amzn-query-error"] = f"{error.code};{query.fault_of(error)}"
        return answer

    def _json(self, status: int, content: Mapping[str, Any]) -> Answer:
        body = json.dumps(content, default=_json_moment).encode()
        headers = {"Content-Type": self._content_type}
        if self.service == "dynamodb":
            headers["x-amz-crc32"] = str(zlib.crc32(body))
        return self._answer(status, body, headers)

    def _shape(self, code: str) -> str:
        if self.service != "dynamodb":
            return code
        return (_COMMON_SHAPES if code == "ValidationException" else _DYNAMODB_SHAPES) + code


class QueryProtocol(Protocol):
    """Speak form parameters in and XML out, as SNS and STS do, and CloudWatch with old SDKs."""

    name = "query"

    def decode(self, body: bytes) -> dict[str, Any]:
        """Read the nested parameters from the dotted names of the form."""
        return query.decode(body)

    def encode(self, action: str, result: Mapping[str, Any]) -> Answer:
        """Write the result element inside the response element."""
        return self._xml(200, query.encode(action, result))

    def encode_error(self, error: ServiceError) -> Answer:
        """Write an ErrorResponse element."""
        return self._xml(error.status, query.encode_error(error))

    def _xml(self, status: int, body: bytes) -> Answer:
        return self._answer(status, body, {"Content-Type": "text/xml"})


def protocol_of(service: str, headers: Mapping[str, str]) -> Protocol:
    """Choose the protocol that the request's content type names."""
    content_type = headers.get("content-type", "")
    if "json" in content_type:
        return JsonProtocol(service, headers)
    return QueryProtocol(service)


def _json_moment(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    message = f"cannot write {value!r} as JSON"
    raise TypeError(message)
