"""Write the advice of --tune as JSON or CSV, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.reports.csv_text import write_rows
from dynamic_dynamodb.replay.reports.data import name_target
from dynamic_dynamodb.replay.reports.tuning import list_reasons_to_doubt, rate_confidence
from dynamic_dynamodb.replay.tuning.advice import add_up, list_class_changes
from dynamic_dynamodb.replay.tuning.results import write_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.replay.tuning.advice import Advice
    from dynamic_dynamodb.replay.tuning.alternatives import TuneSettings
    from dynamic_dynamodb.scaling.model import Target


def write_tuning_json(
    advice: Sequence[Advice], settings: TuneSettings, places: Sequence[Place], remarks: Sequence[str] = ()
) -> str:
    """Return everything that was found; what is not known is null, as is the region of several places."""
    before, after = add_up(advice)
    shown = {
        "region": places[0].region if len(places) == 1 else None,
        "levers": settings.levers,
        "billing": settings.billing,
        "prices": settings.price_source,
        "allowed_throttled_percent": settings.limit_percent,
        "left_out": list(remarks),
        "total": {"dollars_now": before, "dollars": after, "saving": before - after},
        "table_classes": [
            {**_name_table(one.table), "table_class": one.table_class.value, "saving": one.saving}
            for one in list_class_changes(advice)
        ],
        "targets": [
            {**write_result(one.tuned, has_charts=False), **_describe(one), "doubts": _list_doubts(one)}
            for one in advice
        ],
    }
    return json.dumps(shown, indent=2, allow_nan=False)


def write_tuning_csv(advice: Sequence[Advice]) -> str:
    """Return a line for each target; what is not known is blank."""
    rows = [
        {
            **_describe(one),
            "days": one.tuned.days,
            "options": "; ".join(f"{name}: {given}" for name, given in one.tuned.found.options.items()),
            "doubts": "; ".join(_list_doubts(one)),
        }
        for one in advice
    ]
    return write_rows(rows)


def _name_table(table: Target) -> dict[str, str | None]:
    """Return the fields of a table's name."""
    return {name: given for name, given in name_target(table).items() if name != "index"}


def _list_doubts(advice: Advice) -> list[str]:
    return list_reasons_to_doubt(advice.tuned)


def _describe(advice: Advice) -> dict[str, Any]:
    """Return the fields that JSON and CSV have in common.

    If what runs now is not known, `saving` is compared with AWS target tracking, as `compared_with` says.
    """
    tuned, present, best = advice.tuned, advice.present, advice.best
    is_known = tuned.present is not None
    units = {
        capacity: best.units[capacity] if best.units is not None and tuned.is_recorded[capacity] else None
        for capacity in Capacity
    }
    return {
        **name_target(tuned.target),
        "advice": advice.verb.value,
        "sentence": advice.sentence,
        "confidence": rate_confidence(advice),
        "now": present.name if is_known else None,
        "dollars_now": round(advice.dollars_now, 6) if is_known else None,
        "throttled_percent_now": round(present.throttled_percent, 6) if is_known else None,
        "compared_with": present.name,
        "best": best.name,
        "dollars": round(advice.dollars, 6),
        "throttled_percent": round(best.throttled_percent, 6),
        "saving": round(advice.saving, 6),
        **{f"fixed_{capacity.value}": units[capacity] for capacity in Capacity},
    }
