"""The pages, by their paths, and what they show."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.service.status.format import render
from dynamic_dynamodb.service.status.selection import order
from dynamic_dynamodb.service.web.counters import Counters
from dynamic_dynamodb.service.web.health import Readiness, check_health
from dynamic_dynamodb.service.web.history import History
from dynamic_dynamodb.service.web.page import read_files, render_histories
from dynamic_dynamodb.service.web.response import JSON, Request, Response, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.pulse import Pulse
    from dynamic_dynamodb.service.status.keeper import StatusKeeper
    from dynamic_dynamodb.service.status.snapshot import Status
    from dynamic_dynamodb.service.web.response import Page

NOT_YET = "503 Service Unavailable"
NOT_MODIFIED = "304 Not Modified"
METRICS_SECONDS: Final = 5.0
"""How long metrics are served as rendered, unless a check ends: slow clients share one copy of megabytes."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """Metrics, rendered at the monotonic time `since`; in `body`, those of the targets begin at `start`."""

    status: Status | None
    reports: int
    since: float
    start: int
    body: bytes


@dataclass(slots=True)
class Site:
    """What the pages show; `keeper` is replaced by a reload.

    To add a path, add its page to `pages`. Pages are called in threads of the server.
    """

    pulse: Pulse
    readiness: Readiness = field(default_factory=Readiness)
    keeper: StatusKeeper | None = None
    history: History = field(default_factory=History)
    counters: Counters = field(default_factory=Counters)
    _files: Mapping[str, Response] = field(default_factory=read_files)
    _rendered: tuple[Status, Response] | None = None
    _renders: int = 0
    _measured: _Measured | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def pages(self) -> Mapping[str, Page]:
        """Return the pages by their paths."""
        return {
            **{path: _serve(file) for path, file in self._files.items()},
            "/history.json": self._show_histories,
            "/metrics": self._show_metrics,
            "/healthz": lambda _: check_health(self.pulse),
            "/readyz": lambda _: self.readiness.check(),
            "/status.json": self._show_status,
        }

    def show(self, keeper: StatusKeeper, interval_seconds: float) -> None:
        """Show the status that a configuration in force keeps from now on."""
        if self.keeper is not None and self.keeper.settings.region != keeper.settings.region:
            self.counters.forget_targets()
        self.keeper, self.readiness.interval_seconds = keeper, interval_seconds

    def observe(self, report: CheckReport, seconds: float) -> None:
        """Note what a report says about the service, and count what it says of the targets."""
        self.readiness.observe(report, seconds)
        self.counters.observe(report, seconds)
        if self.status is not None:
            self.counters.keep(self.status.targets)

    def record(self, _report: CheckReport, _seconds: float) -> None:
        """Add the status after a check to the history, which takes memory: only while pages are served."""
        if self.status is not None:
            self.history.record(self.status)

    @property
    def status(self) -> Status | None:
        """Return the status after the last check; None before the first."""
        return self.keeper.status if self.keeper is not None else None

    def _show_status(self, request: Request) -> Response:
        status = self.status
        if status is None:
            return refuse(NOT_YET, "no check has ended yet")
        with self._lock:  # that many clients do not render it at the same time
            if self._rendered is None or self._rendered[0] is not status:
                self._renders += 1
                self._rendered = (status, _render(status, self._renders))
            response = self._rendered[1]
        is_known = request.known == response.headers["ETag"]
        return replace(response, body=b"", status=NOT_MODIFIED) if is_known else response

    def _show_metrics(self, _: Request) -> Response:
        from dynamic_dynamodb.service.web.metrics import (  # noqa: PLC0415 - only who is asked loads the library
            CONTENT_TYPE,
            render_program,
            render_targets,
        )

        with self._lock:
            status, reports, now = self.status, self.counters.reports, time.monotonic()
            known = self._measured
            # The reports are counted a moment after the status has changed.
            is_current = known is not None and known.status is status and known.reports == reports
            if known is None or not is_current or now - known.since >= METRICS_SECONDS:
                targets: bytes | memoryview = b""
                if known is not None and is_current:
                    targets = memoryview(known.body)[known.start :]
                elif status is not None:
                    targets = render_targets(status, self.counters.copy_targets())
                program = self.keeper.describe_program() if self.keeper is not None else None
                first = render_program(program, status, self.counters)
                known = self._measured = _Measured(status, reports, now, len(first), first + targets)
        return Response(known.body, CONTENT_TYPE)

    def _show_histories(self, request: Request) -> Response:
        pieces = render_histories(self.history, request.query, datetime.now(timezone.utc))
        return Response(b"".join(pieces), JSON)


def _serve(file: Response) -> Page:
    return lambda _: file


def _render(status: Status, number: int) -> Response:
    """Return a status with the worst targets first; no other process gives it the same tag."""
    ordered = replace(status, targets=tuple(order(status.targets)))
    tag = f'"{status.program.started.isoformat()}-{number}"'
    return Response("".join(render(ordered)).encode(), JSON, headers={"ETag": tag})
