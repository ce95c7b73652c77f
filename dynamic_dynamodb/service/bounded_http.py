"""Ask for the status that a GET over HTTP leads to, and for nothing else, in a bounded time."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from requests import PreparedRequest, Request, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import TooManyRedirects
from urllib3.poolmanager import pool_classes_by_scheme

from dynamic_dynamodb.aws.connections import bound_pool
from dynamic_dynamodb.aws.deadlines import bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.poolmanager import PoolManager

MOST_REDIRECTS: Final = 5
_SCHEMES: Final = ("http", "https")
_POOLS: Final = {scheme: bound_pool(pool) for scheme, pool in pool_classes_by_scheme.items()}


class _Adapter(HTTPAdapter):
    """Make connections that can be ended."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as requests has it
        super().init_poolmanager(*arguments, **named)
        _let_end(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> PoolManager:  # noqa: ANN401 - likewise
        manager: PoolManager = super().proxy_manager_for(*arguments, **named)
        _let_end(manager)
        return manager


def _let_end(manager: PoolManager) -> None:
    """Have connections made that can be ended, unless it makes its own kind, as for SOCKS."""
    if manager.pool_classes_by_scheme is pool_classes_by_scheme:
        manager.pool_classes_by_scheme = _POOLS


class BoundedSession(Session):
    """Read no bodies, keep no cookies, and wait for nothing longer than was said."""

    def __init__(self, most_connections: int) -> None:
        """Allow so many connections at a time."""
        super().__init__()
        self.stream = True  # the status is all that counts, and a body could go on for ever
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _Adapter(pool_maxsize=most_connections)
        for scheme in _SCHEMES:  # a redirection to anything else is an InvalidSchema
            self.mount(f"{scheme}://", adapter)

    def get_status(self, url: str, headers: Mapping[str, str], *, timeout: float, most_seconds: float) -> int:
        """Give the status that a GET leads to, at most five redirections to http or https followed.

        It waits `timeout` seconds for a connection and for each piece of the answer, and `most_seconds`
        for all of it. Raises OSError, TimeoutError among them, and ValueError for an unusable URL.
        """
        request = self.prepare_request(Request("GET", url, headers=headers))
        with bounded(most_seconds):
            for _ in range(MOST_REDIRECTS + 1):
                settings = self.merge_environment_settings(request.url or url, {}, None, None, None)
                with self.send(request, timeout=timeout, allow_redirects=False, **settings) as answer:
                    location = super().get_redirect_target(answer)
                    if location is None:
                        return answer.status_code
                    request = self._redirect(request, answer, location)
        raise TooManyRedirects(f"more than {MOST_REDIRECTS} redirections")

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - as requests has it
        """Find none: requests would read the body of the redirection before it follows it."""
        return None

    def _redirect(self, request: PreparedRequest, answer: Response, location: str) -> PreparedRequest:
        """Ask the same elsewhere; credentials go to no other host."""
        url = urljoin(request.url or "", location)
        redirected = request.copy()
        redirected.prepare_url(url, None)
        self.rebuild_auth(redirected, answer)  # type: ignore[no-untyped-call]  # requests has none
        return redirected
