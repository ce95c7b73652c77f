"""The fields of a JSON line beside its message; docs/logs.md documents them."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.aws.attempts import Attempt
from dynamic_dynamodb.check.conditions import Notice
from dynamic_dynamodb.check.report import TargetReport
from dynamic_dynamodb.config.sections import MOST_NAMED
from dynamic_dynamodb.service.log_lines import CheckSummary, Evidence, Recovery, SectionTargets
from dynamic_dynamodb.service.status.fold import find_decreases, find_percent, round_figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.scaling.decision import CapacityDecision
    from dynamic_dynamodb.scaling.model import Target
    from dynamic_dynamodb.scaling.usage import CapacitySeries, Series

_DIGITS: Final = 3
_DIGITS_OF_DOLLARS: Final = 6


@singledispatch
def list_fields(subject: object, now: datetime | None = None) -> dict[str, Any]:
    """Return the fields of a line about this subject; `now` is the time of its check.

    A value that is not known is None. Rates are in units a second.
    """
    del subject, now
    return {}


@list_fields.register(TargetReport)
def _(subject: TargetReport, now: datetime | None = None) -> dict[str, Any]:
    window, description, error = subject.window, subject.description, subject.error
    left, next_decrease = None, None
    if description is not None and now is not None:
        left, next_decrease = find_decreases(subject, description, now)
    sides = subject.decision.capacities if subject.decision else (None, None)
    reads, writes = (side and _list_capacity(subject, side) for side in sides)
    return {
        "event": subject.outcome.name.lower(),
        **_name(subject.target),
        "section": subject.section.title if subject.section else None,
        "reason": subject.skipped.code.value if subject.skipped else None,
        "error": error.code if error else None,
        "action": error.action if error else None,
        "free_decreases_left": left,
        "next_decrease": _write_time(next_decrease),
        "window_start": _write_time(window.start if window else None),
        "window_minutes": window.minutes if window else None,
        "reads": reads,
        "writes": writes,
    }


def _list_capacity(report: TargetReport, side: CapacityDecision) -> dict[str, Any]:
    usage = report.usage[side.capacity] if report.usage else None
    options = report.section.typed.capacities[side.capacity] if report.section else None
    consumed = round_figure(usage.consumed_per_second) if usage else None
    return {
        "provisioned": side.provisioned,
        "proposed": side.proposed,
        "held": side.held_units,
        "consumed": consumed,
        "consumed_percent": find_percent(consumed, side.provisioned),
        "throttled_events": round_figure(usage.throttled_events) if usage else None,
        "low_checks": side.count,
        "low_checks_needed": options.num_checks_before_scale_down if options else None,
        "minimum": options.min_provisioned if options else None,
        "maximum": options.max_provisioned if options else None,
        "reasons": [reason.code.value for reason in side.reasons],
    }


@list_fields.register(CheckSummary)
def _(subject: CheckSummary, now: datetime | None = None) -> dict[str, Any]:
    del now
    report: CheckReport = subject.report
    return {
        "event": "checked",
        "targets": len(report.targets),
        **{outcome.name.lower(): count for outcome, count in report.counts.items()},
        "failures": report.failures,
        "left_out": len(report.left_out),
        "metrics_requested": report.metrics_requested,
        "complete": report.error is None and not report.is_cut_short,
        "error": report.error.code if report.error else None,
        "seconds": round(subject.seconds, _DIGITS),
        **_list_costs(subject),
    }


def _list_costs(summary: CheckSummary) -> dict[str, Any]:
    hour, month = summary.cost, summary.cost.month
    return {
        "dollars_added_hour": round(hour.added, _DIGITS_OF_DOLLARS),
        "dollars_saved_hour": round(hour.saved, _DIGITS_OF_DOLLARS),
        "dollars_added_month": round(month.added, _DIGITS_OF_DOLLARS),
        "dollars_saved_month": round(month.saved, _DIGITS_OF_DOLLARS),
        "prices": summary.prices.source,
    }


@list_fields.register(Recovery)
def _(subject: Recovery, now: datetime | None = None) -> dict[str, Any]:
    del now
    topic = subject.notice.topic if subject.notice else None
    return {"event": "recovered", "topic": topic, **_count(subject.targets)}


@list_fields.register(Notice)
def _(subject: Notice, now: datetime | None = None) -> dict[str, Any]:
    del now
    return {"event": "notice", "topic": subject.topic}


@list_fields.register(SectionTargets)
def _(subject: SectionTargets, now: datetime | None = None) -> dict[str, Any]:
    del now
    return {"event": "section", "section": subject.section, **_count(subject.targets)}


@list_fields.register(Evidence)
def _(subject: Evidence, now: datetime | None = None) -> dict[str, Any]:
    del now
    report = subject.report
    window = report.window
    reads, writes = map(_list_sums, report.series or (None, None))
    return {
        "event": "metrics",
        **_name(report.target),
        "section": report.section.title if report.section else None,
        "window_start": _write_time(window.start if window else None),
        "window_minutes": window.minutes if window else None,
        "reads": reads,
        "writes": writes,
    }


def _list_sums(series: CapacitySeries | None) -> dict[str, Any] | None:
    if series is None:
        return None
    return {
        f"{name}_{figure}": found
        for name, one in (("consumed", series.consumed), ("throttled", series.throttled))
        for figure, found in (("sum", _sum(one)), ("minutes", one and one.reach))
    }


def _sum(series: Series | None) -> float | None:
    return round_figure(series.total) if series else None


@list_fields.register(Attempt)
def _(subject: Attempt, now: datetime | None = None) -> dict[str, Any]:
    del now
    return {
        "event": "call",
        "action": subject.action,
        "table": subject.table or None,
        "error": subject.code or None,
        "seconds": round(subject.seconds, _DIGITS),
        "request_id": subject.request_id or None,
    }


def _name(target: Target) -> dict[str, str | None]:
    return {"table": target.table, "index": target.index or None}


def _count(targets: Sequence[Target]) -> dict[str, Any]:
    return {"targets": len(targets), "names": [str(one) for one in targets[:MOST_NAMED]]}


def _write_time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
