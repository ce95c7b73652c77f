"""Ask the operator's own service whether Dynamic DynamoDB may work."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamic_dynamodb.check.resilience import CallBudget
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.target_options import CircuitBreakerOptions
    from dynamic_dynamodb.service.bounded_http import BoundedSession


class HttpCircuitBreaker:
    """A service that answers GET with any 2xx while all is well."""

    def __init__(self, most_connections: int, patience: CallBudget) -> None:
        """Allow as many connections as there are threads that ask."""
        self._patience = patience
        self._most_connections = most_connections

    def find_reason_to_stop(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        """Ask it; give None if it is closed, else what it answered. Never raise."""
        if self._patience.is_exhausted(options.url):
            return "it has not answered for too long in this check"
        with self._patience.call(options.url) as call:
            try:
                return self._ask(options, target)
            except Exception as error:  # noqa: BLE001 - whatever an odd answer leads to, it is no yes
                call.fail_attempt()
                return f"it did not answer ({type(error).__name__})"

    @cached_property
    def _session(self) -> BoundedSession:
        # It loads slowly, and most configurations have no circuit breaker.
        from dynamic_dynamodb.service.bounded_http import BoundedSession  # noqa: PLC0415

        return BoundedSession(self._most_connections)

    def _ask(self, options: CircuitBreakerOptions, target: Target) -> str | None:
        headers = {"x-table-name": target.table}
        if target.index:
            headers["x-gsi-name"] = target.index
        status = self._session.get_status(
            options.url, headers, timeout=options.timeout_seconds, most_seconds=options.most_seconds
        )
        is_closed = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return None if is_closed else f"it answered {status}"
