"""A request and its response, as the pages see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A GET or HEAD of a path. `query` is what follows its question mark, not decoded.

    `known` is the ETag of the response that the client has; empty if it has none.
    """

    path: str
    query: str = ""
    accept: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. `headers` are those beside the ones that every response has."""

    body: bytes
    content_type: str = TEXT
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)


Page = Callable[[Request], Response]


def refuse(status: str, sentence: str, **headers: str) -> Response:
    """Return a sentence for whoever asked; headers are named with underscores."""
    return Response(
        f"{sentence}\n".encode(),
        TEXT,
        status,
        {name.replace("_", "-"): text for name, text in headers.items()},
    )
