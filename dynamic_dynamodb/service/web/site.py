"""The pages, by their paths, and what they show."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from dynamic_dynamodb.service.status.format import render
from dynamic_dynamodb.service.status.selection import order
from dynamic_dynamodb.service.web.counters import Counters
from dynamic_dynamodb.service.web.health import Readiness, check_health, check_readiness
from dynamic_dynamodb.service.web.history import History
from dynamic_dynamodb.service.web.page import read_files, render_histories
from dynamic_dynamodb.service.web.response import JSON, Request, Response, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.aws.attempts import Attempt
    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.service.pulse import Pulse
    from dynamic_dynamodb.service.status.board import StatusBoard
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


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """What the reports of a place add up to; it goes on after a reload."""

    counters: Counters = field(default_factory=Counters)
    readiness: Readiness = field(default_factory=Readiness)


@dataclass(slots=True)
class Site:
    """What the pages show; `board` is replaced by a reload.

    To add a path, add its page to `pages`. Pages are called in threads of the server, and reports come in
    threads of their places. `records` are by the label of the place; an empty one is that of the only place,
    or else of the program itself, which looks up credentials.
    """

    pulse: Pulse
    board: StatusBoard | None = None
    history: History = field(default_factory=History)
    records: dict[str, PlaceRecord] = field(default_factory=lambda: {"": PlaceRecord()})
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
            "/readyz": self._show_readiness,
            "/status.json": self._show_status,
        }

    def show(self, board: StatusBoard, interval_seconds: float) -> None:
        """Show the status of a configuration in force from now on.

        A place that goes on keeps its counters and its history, though its label may be another one.
        """
        left, earlier = dict(self.records), [*self._keepers]
        records, labels = dict[str, PlaceRecord](), dict[str, str]()
        for keeper in board.keepers:
            label = keeper.settings.place.label
            same = [one for one in earlier if _is_same(one, keeper)]
            before = min(same, key=lambda one: one.settings.place.label != label, default=None)
            old_label = label if before is None else before.settings.place.label
            record = records[label] = left.pop(old_label) if old_label in left else PlaceRecord()
            record.readiness.interval_seconds = interval_seconds
            if before is None:
                record.counters.forget_targets()
            else:
                earlier.remove(before)
                labels[old_label] = label
                record.counters.rename_place(label)
        if "" not in records:
            records[""] = left[""] if "" in left else PlaceRecord()
        self.history.keep(labels)
        self.records, self.board = records, board

    def observe(self, keeper: StatusKeeper, report: CheckReport, seconds: float) -> None:
        """Note what the report of a place says about the service, and count what it says of the targets."""
        record = self._find_record(keeper)
        if record is None:
            return
        record.readiness.observe(report, seconds)
        record.counters.observe(report, seconds)
        if keeper.status is not None:
            record.counters.keep(keeper.status.targets)

    def record(self, keeper: StatusKeeper, _report: CheckReport, _seconds: float) -> None:
        """Add the status of a place to the history, which takes memory: only while pages are served."""
        if keeper.status is not None and self._find_record(keeper) is not None:
            self.history.record(keeper.status, keeper.settings.place.label)

    def count_attempt(self, label: str, attempt: Attempt) -> None:
        """Count an attempt of a call to AWS in the place with this label."""
        record = self.records.get(label)
        if record is None:  # a reload is just adding the place
            record = self.records.setdefault(label, PlaceRecord())
        record.counters.count_attempt(attempt)

    def _find_record(self, keeper: StatusKeeper) -> PlaceRecord | None:
        """Return the record that a report belongs to; None if a reload has removed its place meanwhile."""
        label = keeper.settings.place.label
        is_shown = any(one.settings.place.label == label and _is_same(one, keeper) for one in self._keepers)
        return self.records.get(label) if is_shown else None

    @property
    def status(self) -> Status | None:
        """Return the status after the last check of any place; None before the first."""
        return self.board.status if self.board is not None else None

    def _show_readiness(self, request: Request) -> Response:
        chosen = dict(parse_qsl(request.query)).get("place", "")
        places, records = [one.settings.place for one in self._keepers], self.records
        found = {one.name: records[one.label].readiness for one in places if one.label in records}
        return check_readiness(found or {"": records[""].readiness}, chosen)

    @property
    def _keepers(self) -> tuple[StatusKeeper, ...]:
        return self.board.keepers if self.board is not None else ()

    @property
    def _counters(self) -> Mapping[str, Counters]:
        """Return the counters of the places by their labels."""
        labels, records = ("", *(one.settings.place.label for one in self._keepers)), self.records
        return {label: records[label].counters for label in labels if label in records}

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
            status, counters, now = self.status, self._counters, time.monotonic()
            reports = sum(one.reports for one in counters.values())
            known = self._measured
            # The reports are counted a moment after the status has changed.
            is_current = known is not None and known.status is status and known.reports == reports
            if known is None or not is_current or now - known.since >= METRICS_SECONDS:
                targets: bytes | memoryview = b""
                if known is not None and is_current:
                    targets = memoryview(known.body)[known.start :]
                elif status is not None:
                    sums = [one for place in counters.values() for one in place.copy_targets()]
                    targets = render_targets(status, sums)
                program = self.board.describe_program() if self.board is not None else None
                first = render_program(program, status, counters)
                known = self._measured = _Measured(status, reports, now, len(first), first + targets)
        return Response(known.body, CONTENT_TYPE)

    def _show_histories(self, request: Request) -> Response:
        pieces = render_histories(self.history, request.query, datetime.now(timezone.utc))
        return Response(b"".join(pieces), JSON)


def _is_same(one: StatusKeeper, other: StatusKeeper) -> bool:
    """Return whether two keepers are of the same region and account, as far as the accounts are known."""
    first, second = one.settings.place, other.settings.place
    accounts = {one.account, other.account} - {None}
    is_same_account = len(accounts) == 1 or (not accounts and first.account == second.account)
    return first.region == second.region and is_same_account


def _serve(file: Response) -> Page:
    return lambda _: file


def _render(status: Status, number: int) -> Response:
    """Return a status with the worst targets first; no other process gives it the same tag."""
    ordered = replace(status, targets=tuple(order(status.targets)))
    tag = f'"{status.program.started.isoformat()}-{number}"'
    return Response("".join(render(ordered)).encode(), JSON, headers={"ETag": tag})
