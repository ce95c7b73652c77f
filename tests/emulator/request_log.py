"""The record of every request the emulator received, in order."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.emulator.moments import UTC

if TYPE_CHECKING:
    from tests.emulator.wire import Call


@dataclass
class LoggedRequest:
    """One request; `ended` and `status` are None until it is answered.

    `parameters` are the decoded ones: the JSON body for DynamoDB, the queries for GetMetricData, the topic,
    subject and message for Publish. `account` is that of the access key. `error` is the code of the AWS error
    answered (None where moto answered it), `applied` whether the action took effect, which a fault may hide
    from the client. `connection` is the client's port, the same for all requests which reused one connection.
    The times are real ones, whatever set_clock() says.
    """

    number: int
    service: str
    action: str
    parameters: dict[str, Any]
    region: str
    access_key: str
    account: str
    protocol: str
    connection: int
    user_agent: str
    started: datetime
    faults: list[str]
    ended: datetime | None = None
    status: int | None = None
    error: str | None = None
    applied: bool = False


class RequestLog:
    """Collect the requests; safe for use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[LoggedRequest] = []

    def begin(self, call: Call, faults: list[str]) -> LoggedRequest:
        """Record a request that has just arrived, with the kinds of the faults that will hit it."""
        with self._changed:
            logged = LoggedRequest(
                number=len(self._requests) + 1,
                service=call.service,
                action=call.action,
                parameters=call.parameters,
                region=call.region,
                access_key=call.access_key,
                account=call.identity.account,
                protocol=call.protocol.name,
                connection=call.connection,
                user_agent=call.headers.get("user-agent", ""),
                started=datetime.now(UTC),
                faults=faults,
            )
            self._requests.append(logged)
            self._changed.notify_all()
            return logged

    def end(self, logged: LoggedRequest, status: int | None) -> None:
        """Complete the record of a request whose answer is ready."""
        with self._changed:
            logged.ended = datetime.now(UTC)
            logged.status = status
            self._changed.notify_all()

    def select(self, action: str | None) -> list[LoggedRequest]:
        """List the requests so far, or those of one action."""
        with self._changed:
            return [logged for logged in self._requests if action in (None, logged.action)]

    def wait(self, action: str | None, count: int, *, ended: bool, seconds: float) -> list[LoggedRequest]:
        """Wait until this many requests have arrived, or have ended too."""
        with self._changed:

            def enough() -> bool:
                chosen = self.select(action)
                return sum(logged.ended is not None or not ended for logged in chosen) >= count

            if not self._changed.wait_for(enough, seconds):
                message = f"{len(self.select(action))} of {count} requests {action or ''} after {seconds} s"
                raise TimeoutError(message)
            return self.select(action)
