"""Write a comparison as a table, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.comparison.verdict import describe_row_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.comparison import Comparison, TargetComparison
    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.comparison.verdict import Verdict
    from dynamic_dynamodb.replay.recordings.recording import Recording

NOTHING: Final = "-"
MOST_IN_FULL: Final = 10
"""More targets than these are not shown in full unless this is asked for."""
WATCHING_NOTE: Final = (
    "watching is what CloudWatch bills for the metrics of checks, or for the alarms of AWS target tracking."
)
BILLING_NOTE: Final = (
    "hour-max bills every hour at its highest capacity, prorated bills minute by minute; AWS does not"
    " document which of them applies when capacity changes within an hour."
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the comparison: its title in a terminal, its title on a page, and its text for a row."""

    title: str
    long_title: str
    write: Callable[[Row], str]


def _write_name(row: Row) -> str:
    """Return the name of a row; of a fixed value with its reads and writes."""
    if row.units is None:
        return row.name
    units = "/".join(
        f"{row.units[capacity]}" if row.sides[capacity].provisioned else NOTHING for capacity in Capacity
    )
    return f"{row.name} {units}"


def _write_optional(percent: float | None, digits: int = 0) -> str:
    return NOTHING if percent is None else f"{percent:.{digits}f} %"


_COST_COLUMNS: Final = (
    Column("", "", _write_name),
    Column("$ hour-max", "$ hour-max", lambda row: f"{row.cost.hour_max:,.2f}"),
    Column("$ prorated", "$ prorated", lambda row: f"{row.cost.prorated:,.2f}"),
    Column("$ watching", "$ watching", lambda row: f"{row.watching:,.2f}"),
)
_USE_COLUMNS: Final = (
    Column("throttled", "throttled", lambda row: format_percent(row.throttled_percent)),
    Column("units", "throttled units", lambda row: f"{row.throttled_units:,.0f}"),
    Column(
        "minutes",
        "minutes with throttling",
        lambda row: NOTHING if row.is_bound else f"{row.throttled_minutes:,}",
    ),
    Column("utilization", "utilization", lambda row: _write_optional(row.utilization_percent)),
    Column(
        "updates/day",
        "updates per day",
        lambda row: f"{row.updates_per_day:.1f}" if row.is_scheduled else NOTHING,
    ),
    Column(
        "refused",
        "refused decreases",
        lambda row: f"{row.refused_decreases:,}" if row.is_scheduled else NOTHING,
    ),
    Column("at max", "time at maximum", lambda row: _write_optional(row.at_max_percent, 1)),
)


def list_columns(billing: str) -> tuple[Column, ...]:
    """Return the columns of a comparison; the total has the cost by this way of billing, and watching."""
    total = Column("$ total", f"$ total, {billing}", lambda row: f"{row.total.by(billing):,.2f}")
    return (*_COST_COLUMNS, total, *_USE_COLUMNS)


def describe_recording(recording: Recording) -> str:
    """Return the target, the length, the period and the time of a recording."""
    return (
        f"{recording.target}: {recording.days:.1f} days of {recording.period}-minute data,"
        f" {recording.start:%Y-%m-%d %H:%M} to {recording.end:%Y-%m-%d %H:%M} UTC"
    )


def write_table(comparison: Comparison, *, is_complete: bool = False) -> str:
    """Return the rows of each target, and of all together, with warnings and verdicts.

    Of more than ten targets it has the ten worst, a line each; `is_complete` shows all of them in full.
    """
    return "\n".join(_write_lines(comparison, is_complete=is_complete))


def _write_lines(comparison: Comparison, *, is_complete: bool) -> Iterator[str]:
    settings, targets = comparison.settings, comparison.worst_first
    yield (
        f"physics {settings.physics_text}, billing {settings.billing}; dollars per 30 days, at the prices of"
        f" {settings.price_source}"
    )
    yield BILLING_NOTE
    yield WATCHING_NOTE
    for warning in comparison.warnings:
        yield f"warning: {warning}"
    if is_complete or len(targets) <= MOST_IN_FULL:
        for target in targets:
            yield ""
            yield describe_recording(target.recording)
            yield from (f"  warning: {warning}" for warning in target.warnings)
            yield from _write_rows(target.rows, list_columns(settings.billing))
            yield from _list_verdict(target.verdict)
    else:
        yield ""
        yield from _write_worst(targets, settings.billing)
    if len(targets) > 1:
        yield ""
        yield f"all {len(targets):,} targets"
        yield from _write_rows(comparison.total, list_columns(settings.billing))
        yield from _list_verdict(comparison.verdict)


def _list_verdict(verdict: Verdict) -> Iterator[str]:
    yield from (f"  - {sentence}" for sentence in verdict.sentences)


def _write_worst(targets: Sequence[TargetComparison], billing: str) -> Iterator[str]:
    """Yield a line for each of the worst targets."""
    shown = targets[:MOST_IN_FULL]
    lines = [
        ("", "$ total", "throttled", "$ cheapest", "cheapest option", "warnings"),
        *(
            (
                str(target.recording.target),
                f"{target.rows[0].total.by(billing):,.2f}",
                format_percent(target.rows[0].throttled_percent),
                f"{target.verdict.best.total.by(billing):,.2f}",
                describe_row_name(target.verdict.best),
                f"{len(target.warnings)}",
            )
            for target in shown
        ),
    ]
    yield f"the {len(shown)} worst of {len(targets):,} targets; --all shows every target in full"
    yield from _align(lines, left=(0, 4))


def capitalize(sentence: str) -> str:
    """Return a sentence with a capital first letter."""
    return sentence[0].upper() + sentence[1:]


def _write_rows(rows: Sequence[Row], columns: Sequence[Column]) -> Iterator[str]:
    titles = [column.title for column in columns]
    yield from _align([titles, *([column.write(row) for column in columns] for row in rows)])


def _align(lines: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    """Yield lines whose cells stand below each other, to the left in some columns."""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for cells in lines:
        padded = (
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        yield f"  {'  '.join(padded)}".rstrip()
