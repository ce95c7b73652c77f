"""Request a circuit breaker over HTTP within a time limit, to learn whether capacity may be changed.

This module imports requests, which loads slowly: import it only for a configuration with a circuit breaker.
"""

from __future__ import annotations

from http import HTTPStatus
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

    from dynamic_dynamodb.check.resilience import CallBudget
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions

MOST_REDIRECTS: Final = 5
_SCHEMES: Final = ("http", "https")
_POOLS: Final = {scheme: bound_pool(pool) for scheme, pool in pool_classes_by_scheme.items()}


class HttpCircuitBreaker:
    """A service that answers a GET request with a 2xx status while capacity may be changed."""

    def __init__(self, most_connections: int, budget: CallBudget) -> None:
        """Keep at most `most_connections` open connections, one for each concurrent request."""
        self._budget = budget
        self._session = BoundedSession(most_connections)

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        """Return None if the circuit breaker is closed, else why it counts as open. Never raise."""
        if self._budget.is_exhausted(options.url):
            return "it has not answered for too long in this check"
        with self._budget.call(options.url, options.most_seconds) as call:
            try:
                status = self._request_status(options, target)
            except Exception as error:  # noqa: BLE001 - no error of any kind may count as closed
                call.fail_attempt()
                return f"it did not answer ({type(error).__name__})"
        is_closed = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return None if is_closed else f"it answered {status}"

    def _request_status(self, options: CircuitBreakerOptions, target: Target) -> int:
        headers = {"x-table-name": target.table}
        if target.index:
            headers["x-gsi-name"] = target.index
        if target.place:
            headers["x-place"] = target.place
        return self._session.get_status(
            options.url, headers, timeout=options.timeout_seconds, most_seconds=options.most_seconds
        )


class BoundedSession(Session):
    """A session that reads no bodies, keeps no cookies, and ends each request in time."""

    def __init__(self, most_connections: int) -> None:
        """Keep at most this many open connections."""
        super().__init__()
        self.stream = True  # only the status matters, and a body could be endless
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _BoundedAdapter(pool_maxsize=most_connections)
        for scheme in _SCHEMES:  # a redirect to any other scheme raises InvalidSchema
            self.mount(f"{scheme}://", adapter)

    def get_status(self, url: str, headers: Mapping[str, str], *, timeout: float, most_seconds: float) -> int:
        """Return the status of a GET request, after at most five redirects to http or https.

        It waits `timeout` seconds for the connection and for each piece of the answer, and `most_seconds` for
        everything together. Raises OSError, such as TimeoutError, and ValueError for an unusable URL.
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
        raise TooManyRedirects(f"more than {MOST_REDIRECTS} redirects")

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - as requests has it
        """Return None: requests would read the body of a redirect before it follows it."""
        return None

    def _redirect(self, request: PreparedRequest, answer: Response, location: str) -> PreparedRequest:
        """Return the request for the new location, without credentials if that is another host."""
        redirected = request.copy()
        redirected.prepare_url(urljoin(request.url or "", location), None)
        self.rebuild_auth(redirected, answer)  # type: ignore[no-untyped-call]  # requests has no types
        return redirected


class _BoundedAdapter(HTTPAdapter):
    """An adapter whose connections end at the deadline of the thread that uses them."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as requests has it
        super().init_poolmanager(*arguments, **named)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> PoolManager:  # noqa: ANN401 - likewise
        manager: PoolManager = super().proxy_manager_for(*arguments, **named)
        _bound(manager)
        return manager


def _bound(manager: PoolManager) -> None:
    """Let a manager make bounded connections, unless it makes a kind of its own, as for SOCKS."""
    if manager.pool_classes_by_scheme is pool_classes_by_scheme:
        manager.pool_classes_by_scheme = _POOLS
