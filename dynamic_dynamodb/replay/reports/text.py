"""Write a comparison as a table for people, and as CSV and JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.verdict import format_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.comparison import Comparison, TargetComparison
    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.scaling.decision import Decision

NOTHING: Final = "-"
BILLING_REMARK: Final = (
    "AWS does not say how it bills an hour in which the capacity changed: hour-max takes its highest value,"
    " prorated each minute's."
)


def _format_optional(percent: float | None, digits: int = 0) -> str:
    return NOTHING if percent is None else f"{percent:.{digits}f} %"


def format_name(row: Row) -> str:
    """Name a row, a fixed value with its units."""
    if row.units is None:
        return row.name
    units = "/".join(
        f"{row.units[capacity]}" if row.sides[capacity].provisioned else NOTHING for capacity in Capacity
    )
    return f"{row.name} {units}"


COLUMNS: Final[tuple[tuple[str, Callable[[Row], str]], ...]] = (
    ("", format_name),
    ("$ hour-max", lambda row: f"{row.cost.hour_max:,.2f}"),
    ("$ prorated", lambda row: f"{row.cost.prorated:,.2f}"),
    ("throttled", lambda row: format_percent(row.throttled_percent)),
    ("units", lambda row: f"{row.throttled_units:,.0f}"),
    ("minutes", lambda row: NOTHING if row.is_bound else f"{row.throttled_minutes:,}"),
    ("utilisation", lambda row: _format_optional(row.utilisation_percent)),
    ("updates/day", lambda row: f"{row.updates_per_day:.1f}" if row.is_scheduled else NOTHING),
    ("refused", lambda row: f"{row.refused_decreases:,}" if row.is_scheduled else NOTHING),
    ("at max", lambda row: _format_optional(row.at_max_percent, 1)),
)
"""The comparison's columns: money, the throttled share of the side that fared worse, throttled units,
minutes in which any were, and how the capacity was used."""


def describe_recording(recording: Recording) -> str:
    """Say what was replayed."""
    return (
        f"{recording.target}: {recording.days:.1f} days of {recording.period}-minute data,"
        f" {recording.start:%Y-%m-%d %H:%M} to {recording.end:%Y-%m-%d %H:%M} UTC"
    )


def write_table(comparison: Comparison) -> str:
    """Write the comparison of each target, and of all, with warnings and verdicts."""
    return "\n".join(_write_lines(comparison))


def _write_lines(comparison: Comparison) -> Iterator[str]:
    settings = comparison.settings
    yield f"physics {settings.physics_text}, billing {settings.billing}; dollars per 30 days"
    yield BILLING_REMARK
    for warning in comparison.warnings:
        yield f"warning: {warning}"
    for target in comparison.targets:
        yield ""
        yield describe_recording(target.recording)
        yield from (f"  warning: {warning}" for warning in target.warnings)
        yield from _write_rows(target.rows)
        yield f"  {capitalize(target.verdict)}"
    if len(comparison.targets) > 1:
        yield ""
        yield f"all {len(comparison.targets)} targets"
        yield from _write_rows(comparison.total)
        yield f"  {capitalize(comparison.verdict)}"


def capitalize(sentence: str) -> str:
    """Let it begin with a capital."""
    return sentence[0].upper() + sentence[1:]


def _write_rows(rows: Sequence[Row]) -> Iterator[str]:
    lines = [[title for title, _ in COLUMNS], *([tell(row) for _, tell in COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *cells in lines:
        rest = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {name.ljust(widths[0])}  {rest}".rstrip()


def describe_row(row: Row) -> dict[str, Any]:
    """Give a row as fields for programs."""
    return {
        "name": row.name,
        "cost_hour_max": round(row.cost.hour_max, 6),
        "cost_prorated": round(row.cost.prorated, 6),
        "throttled_percent": round(row.throttled_percent, 6),
        "throttled_units": row.throttled_units,
        "throttled_minutes": None if row.is_bound else row.throttled_minutes,
        "utilisation_percent": _round(row.utilisation_percent),
        "updates": row.updates if row.is_scheduled else None,
        "updates_per_day": round(row.updates_per_day, 3) if row.is_scheduled else None,
        "refused_decreases": row.refused_decreases if row.is_scheduled else None,
        "at_max_percent": _round(row.at_max_percent),
        **{
            f"{what}_{capacity.value}": _pick(row, capacity, what)
            for capacity in Capacity
            for what in ("demand", "served", "throttled", "from_burst", "fixed")
        },
    }


def _pick(row: Row, capacity: Capacity, what: str) -> float | None:
    if what == "fixed":
        return row.units[capacity] if row.units and row.sides[capacity].provisioned else None
    found: float = getattr(row.sides[capacity], what)
    return found


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def write_csv(comparison: Comparison) -> str:
    """Write one line for each target and rival; the lines of all targets together name no table."""
    out = io.StringIO()
    rows = [
        {"table": target.recording.target.table, "index": target.recording.target.index, **describe_row(row)}
        for target in comparison.targets
        for row in target.rows
    ]
    if len(comparison.targets) > 1:
        rows += [{"table": "", "index": "", **describe_row(row)} for row in comparison.total]
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def write_json(comparison: Comparison) -> str:
    """Write everything, with every change and its reasons."""
    shown = {
        "physics": comparison.settings.physics_text,
        "billing": comparison.settings.billing,
        "wanted_throttled_percent": comparison.settings.allowed_percent,
        "warnings": comparison.warnings,
        "targets": [_describe_target(target) for target in comparison.targets],
        "total": [describe_row(row) for row in comparison.total],
        "verdict": capitalize(comparison.verdict),
    }
    return json.dumps(shown, indent=2)


def _describe_target(target: TargetComparison) -> dict[str, Any]:
    recording = target.recording
    return {
        "table": recording.target.table,
        "index": recording.target.index or None,
        "start": f"{recording.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{recording.end:%Y-%m-%dT%H:%M:%SZ}",
        "period_minutes": recording.period,
        **{f"gap_minutes_{capacity.value}": recording.gaps[capacity].minutes for capacity in Capacity},
        "warnings": target.warnings,
        "verdict": capitalize(target.verdict),
        "rows": [describe_row(row) for row in target.rows],
        "changes": [
            {"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}", **_describe_change(decision)}
            for moment, decision in target.replayed.timeline.changes
        ],
    }


def _describe_change(decision: Decision) -> dict[str, Any]:
    return {
        side.capacity.value: {
            "from": side.provisioned,
            "to": side.proposed,
            "reasons": [reason.code.value for reason in side.reasons],
            "sentence": ", but ".join(reason.sentence for reason in side.reasons),
        }
        for side in decision.capacities
        if side.is_change
    }


FORMATS: Final = {"table": write_table, "json": write_json, "csv": write_csv}
