"""Answer requests: choose the page by its path, and refuse what must not be answered."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.address import is_ip_address
from dynamic_dynamodb.service import LOGGER
from dynamic_dynamodb.service.web.response import Request, Response, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dynamic_dynamodb.service.web.response import Page

_METHODS: Final = ("GET", "HEAD")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every response: nothing is kept, framed, sniffed, or loaded from elsewhere."""
_BLOCK_BYTES: Final = 32_768


class Application:
    """A WSGI application with a page for each of some paths.

    A page is a function from a `Request` to a `Response`, called in a thread of the server.
    A browser names the host that it was sent to: to keep other sites from reading the pages through a name
    of theirs that leads here (DNS rebinding), a name must be localhost or `own_name`.
    """

    def __init__(self, pages: Mapping[str, Page], own_name: str) -> None:
        """Serve these pages by their paths."""
        self._pages = pages
        self._own_names = {"localhost", own_name.lower()}

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
    ) -> Iterable[bytes]:
        """Answer one request."""
        response = self._answer(environ)
        headers = {
            "Content-Type": response.content_type,
            "Content-Length": str(len(response.body)),
            **_HEADERS,
            **response.headers,
        }
        start_response(response.status, list(headers.items()))
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        # The server sends from it as the client reads; other bodies it would copy for each client.
        content: Iterable[bytes] = environ["wsgi.file_wrapper"](BytesIO(response.body), _BLOCK_BYTES)
        return content

    def _answer(self, environ: Mapping[str, Any]) -> Response:
        if not self._is_own_host(environ.get("HTTP_HOST")):
            return refuse("403 Forbidden", "use the address, localhost, or the name that `listen` has")
        if environ["REQUEST_METHOD"] not in _METHODS:
            return refuse(
                "405 Method Not Allowed", "only GET and HEAD are answered", Allow=", ".join(_METHODS)
            )
        request = Request(
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_IF_NONE_MATCH", ""),
        )
        page = self._pages.get(request.path)
        if page is None:
            return refuse("404 Not Found", f"there are: {' '.join(self._pages)}")
        try:
            return page(request)
        except Exception:  # of any kind: the next request may succeed
            LOGGER.exception("%s cannot be served", request.path)
            return refuse("500 Internal Server Error", "see the log of the program")

    def _is_own_host(self, host: str | None) -> bool:
        """Return whether a Host header names this program; HTTP/1.0, which no browser speaks, needs none."""
        if host is None:
            return True
        if host.startswith("["):
            name, _, port = host[1:].partition("]")
            port = port.removeprefix(":")
        else:
            name, _, port = host.partition(":")
        if port and not (port.isascii() and port.isdigit()):
            return False
        return is_ip_address(name) or name.lower().removesuffix(".") in self._own_names
