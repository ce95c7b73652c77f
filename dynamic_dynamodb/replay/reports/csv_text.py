"""Write rows as CSV that a spreadsheet shows as text and numbers, and never runs as formulas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.text import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORMULA_STARTS: Final = ("=", "+", "-", "@")


def write_rows(rows: Sequence[dict[str, Any]]) -> str:
    """Return a heading and a line for each row; all rows have the fields of the first one."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _quote_formula(value) for name, value in row.items()} for row in rows)
    return out.getvalue().rstrip("\n")


def _quote_formula(value: object) -> object:
    """Return text that a spreadsheet would take for a formula with ' in front; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = escape(value)  # a line break would begin another row
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
