"""Write a comparison as JSON or CSV, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.reports.csv_text import write_rows

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.comparison.comparison import Comparison, TargetComparison
    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.scaling.decision import Decision
    from dynamic_dynamodb.scaling.model import Target


def write_csv(comparison: Comparison) -> str:
    """Return a line for each target and row; those of all targets together have a blank table."""
    rows = [
        {**name_target(target.recording.target, ""), **describe_row(row)}
        for target in comparison.targets
        for row in target.rows
    ]
    if len(comparison.targets) > 1:
        blank = dict.fromkeys(name_target(comparison.targets[0].recording.target), "")
        rows += [{**blank, **describe_row(row)} for row in comparison.total]
    return write_rows(rows)


def write_json(comparison: Comparison) -> str:
    """Return everything, with every change and its reasons."""
    shown = {
        "physics": comparison.settings.physics_text,
        "billing": comparison.settings.billing,
        "prices": comparison.settings.price_source,
        "allowed_throttled_percent": comparison.settings.allowed_percent,
        "warnings": comparison.warnings,
        "targets": [_describe_target(target) for target in comparison.targets],
        "total": [describe_row(row) for row in comparison.total],
        "verdict": " ".join(comparison.verdict.sentences),
    }
    return json.dumps(shown, indent=2)


def name_target(target: Target, no_index: str | None = None) -> dict[str, str | None]:
    """Return the table and the index of a target, after its place if there are several."""
    place = {"place": target.place} if target.place else {}
    return {**place, "table": target.table, "index": target.index or no_index}


def describe_row(row: Row) -> dict[str, Any]:
    """Return the fields of a row."""
    return {
        "name": row.name,
        "cost_hour_max": round(row.cost.hour_max, 6),
        "cost_prorated": round(row.cost.prorated, 6),
        "watching": round(row.watching, 6),
        "total_hour_max": round(row.total.hour_max, 6),
        "total_prorated": round(row.total.prorated, 6),
        "throttled_percent": round(row.throttled_percent, 6),
        "throttled_units": row.throttled_units,
        "throttled_minutes": None if row.is_bound else row.throttled_minutes,
        "utilization_percent": _round(row.utilization_percent),
        "updates": row.updates if row.is_scheduled else None,
        "updates_per_day": round(row.updates_per_day, 3) if row.is_scheduled else None,
        "refused_decreases": row.refused_decreases if row.is_scheduled else None,
        "at_max_percent": _round(row.at_max_percent),
        **{
            f"{field}_{capacity.value}": _pick(row, capacity, field)
            for capacity in Capacity
            for field in ("demand", "served", "throttled", "from_burst", "fixed")
        },
    }


def _pick(row: Row, capacity: Capacity, field: str) -> float | None:
    if field == "fixed":
        return row.units[capacity] if row.units and row.sides[capacity].provisioned else None
    number: float = getattr(row.sides[capacity], field)
    return number


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def _describe_target(target: TargetComparison) -> dict[str, Any]:
    recording = target.recording
    return {
        **name_target(recording.target),
        "start": f"{recording.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{recording.end:%Y-%m-%dT%H:%M:%SZ}",
        "period_minutes": recording.period,
        **{f"gap_minutes_{capacity.value}": recording.gaps[capacity].minutes for capacity in Capacity},
        "warnings": target.warnings,
        "verdict": " ".join(target.verdict.sentences),
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
