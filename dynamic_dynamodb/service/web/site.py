"""The pages, by their paths, and what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from dynamic_dynamodb.service.status.format import render
from dynamic_dynamodb.service.web.health import Readiness, check_health
from dynamic_dynamodb.service.web.response import JSON, Request, Response, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.pulse import Pulse
    from dynamic_dynamodb.service.status.keeper import StatusKeeper
    from dynamic_dynamodb.service.status.snapshot import Status
    from dynamic_dynamodb.service.web.response import Page

NOT_YET = "503 Service Unavailable"


@dataclass(slots=True)
class Site:
    """What the pages show; `keeper` is replaced by a reload.

    To add a path, add its page to `pages`. Pages are called in threads of the server.
    """

    pulse: Pulse
    readiness: Readiness = field(default_factory=Readiness)
    keeper: StatusKeeper | None = None
    _rendered: tuple[Status, bytes] | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def pages(self) -> Mapping[str, Page]:
        """Return the pages by their paths."""
        return {
            "/healthz": lambda _: check_health(self.pulse),
            "/readyz": lambda _: self.readiness.check(),
            "/status.json": self._show_status,
        }

    def show(self, keeper: StatusKeeper, interval_seconds: float) -> None:
        """Show the status that a configuration in force keeps from now on."""
        self.keeper, self.readiness.interval_seconds = keeper, interval_seconds

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Note what a report says about the service."""
        self.readiness.observe(report, seconds)

    @property
    def status(self) -> Status | None:
        """Return the status after the last check; None before the first."""
        return self.keeper.status if self.keeper is not None else None

    def _show_status(self, _: Request) -> Response:
        status = self.status
        if status is None:
            return refuse(NOT_YET, "no check has ended yet")
        with self._lock:  # that many clients do not render it at the same time
            if self._rendered is None or self._rendered[0] is not status:
                self._rendered = (status, "".join(render(status)).encode())
            return Response(self._rendered[1], JSON)
