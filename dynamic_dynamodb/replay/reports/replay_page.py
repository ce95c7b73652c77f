"""Write a comparison as one HTML page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import __version__
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import get_traces
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.comparison.outlines import (
    outline_capacity,
    outline_load,
    outline_schedules,
    split_columns,
)
from dynamic_dynamodb.replay.comparison.verdict import describe_row_name, is_within
from dynamic_dynamodb.replay.reports.charts import (
    Chart,
    Line,
    draw_axes,
    draw_chart,
    draw_times,
    write_legend,
)
from dynamic_dynamodb.replay.reports.lanes import draw_timeline
from dynamic_dynamodb.replay.reports.page import (
    MOST_DETAILED,
    Cell,
    Heading,
    TargetRow,
    count_columns,
    write_list,
    write_page,
    write_sums,
    write_table,
    write_targets,
)
from dynamic_dynamodb.replay.reports.text import (
    BILLING_NOTE,
    WATCHING_NOTE,
    capitalize,
    describe_recording,
    list_columns,
)
from dynamic_dynamodb.replay.simulator.timeline import CODES, NOT_CHECKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.comparison.comparison import Comparison, TargetComparison
    from dynamic_dynamodb.replay.comparison.results import Row, Trace
    from dynamic_dynamodb.replay.comparison.settings import Settings

MOST_CHANGES_SHOWN: Final = 500
MOST_CHANGES_OF_MANY: Final = 20
"""Shown changes of a target if the page has many targets."""
MOST_NAMED: Final = 3
LEGEND: Final = (
    ("mean", "average load"),
    ("peak", "peak minute"),
    ("capacity", "provisioned"),
    ("band", "throttled"),
)
SCHEDULED_LEGEND: Final = (*LEGEND, ("scheduled", "a schedule is open"))
LANES_LEGEND: Final = (
    ("raised", "raised"),
    ("lowered", "lowered"),
    ("held", "held back"),
    ("waiting", "waiting for more low checks"),
    ("low", "cannot go lower"),
    ("steady", "steady"),
    ("unknown", "no load or no data"),
)


def write_report(comparison: Comparison) -> str:
    """Return the page."""
    names = ", ".join(str(target.recording.target) for target in comparison.targets)
    several = f"{len(comparison.targets):,} targets"
    title = f"Replay of {names if len(comparison.targets) <= MOST_NAMED else several}"
    return write_page(title, _write_parts(comparison, title))


def _write_parts(comparison: Comparison, title: str) -> Iterator[str]:
    settings, targets = comparison.settings, comparison.targets
    yield f"<header><h1>{escape(title)}</h1>"
    yield (
        f"<p>What Dynamic DynamoDB {__version__} would have done with this load."
        f" Physics {escape(settings.physics_text)}, billing {settings.billing},"
        f" at most {settings.allowed_percent:g}&nbsp;% throttling allowed.</p>"
        "</header>"
    )
    yield write_list(_end_sentences(comparison.warnings), "warnings")
    if len(targets) == 1:
        (target,) = targets
        name, _, rest = describe_recording(target.recording).partition(": ")
        yield f"<section><h2>{escape(name)}</h2><p>{escape(rest)}</p>"
        yield from _write_target(target, comparison)
        yield "</section>"
    else:
        yield from _write_overview(comparison)
        yield f"<section><h2>All {len(targets):,} targets together</h2>"
        yield from _write_rows(comparison.total, settings)
        yield "</section>"
    yield (
        "<footer><p>Costs are in dollars per 30 days, at the prices of"
        f" {escape(settings.price_source)}."
        f" {capitalize(BILLING_NOTE)} {capitalize(WATCHING_NOTE)}"
        " The throttled share is that of reads or of writes, whichever is higher."
        " Under this model, no provisioned capacity that throttles at most"
        f" {settings.allowed_percent:g}&nbsp;% costs less than the lower bound.</p></footer>"
    )


def _end_sentences(warnings: Sequence[str]) -> list[str]:
    return [f"{capitalize(warning)}." for warning in warnings]


def _write_overview(comparison: Comparison) -> Iterator[str]:
    """Yield the sums, and the table of all targets, the worst first."""
    billing, targets = comparison.settings.billing, comparison.worst_first
    ours = comparison.total[0]
    cheapest = sum(target.verdict.best.total.by(billing) for target in targets)
    failing = sum(target.verdict.throttled_percent > 0 for target in targets)
    sums = (
        ("$ with this configuration", f"{ours.total.by(billing):,.2f}"),
        ("$ with the cheapest for each target", f"{cheapest:,.2f}"),
        ("targets throttle more than allowed", f"{failing:,} of {len(targets):,}"),
        ("targets have warnings", f"{sum(bool(target.warnings) for target in targets):,}"),
    )
    yield write_sums(sums)
    yield write_list(comparison.verdict.sentences, "verdict")
    headings = (
        Heading("Target", is_number=False),
        Heading("$ total"),
        Heading("throttled"),
        Heading("cheapest option", is_number=False),
        Heading("$ cheapest"),
        Heading("$ above cheapest"),
        Heading("updates per day"),
        Heading("warnings"),
    )
    yield from write_targets(
        "Dollars per 30 days; the worst targets first. Open a target to see its charts.",
        headings,
        [_write_target_row(target, comparison) for target in targets],
    )


def _write_target_row(target: TargetComparison, comparison: Comparison) -> TargetRow:
    ours, verdict, settings = target.rows[0], target.verdict, comparison.settings
    total, best = ours.total.by(settings.billing), verdict.best.total.by(settings.billing)
    cells = (
        Cell(f"{total:,.2f}", total),
        Cell(
            format_percent(ours.throttled_percent),
            ours.throttled_percent,
            "over" if verdict.throttled_percent else "",
        ),
        Cell(describe_row_name(verdict.best)),
        Cell(f"{best:,.2f}", best),
        Cell(f"{verdict.excess:,.2f}", verdict.excess),
        Cell(f"{ours.updates_per_day:.1f}", ours.updates_per_day),
        Cell(f"{len(target.warnings)}", len(target.warnings)),
    )
    _, _, recorded = describe_recording(target.recording).partition(": ")
    details = (f"<p>{escape(recorded)}</p>", *_write_target(target, comparison))
    return TargetRow(str(target.recording.target), cells, "\n".join(details))


def _write_target(target: TargetComparison, comparison: Comparison) -> Iterator[str]:
    yield write_list(target.verdict.sentences, "verdict")
    yield write_list(_end_sentences(target.warnings), "warnings")
    count = len(comparison.targets)
    traces = get_traces(target.replayed.model)
    columns = split_columns(target.recording.minutes, count_columns(count))
    times = draw_times(target.recording.start, target.recording.minutes)
    for capacity in Capacity:
        trace = traces[capacity]
        if trace is not None:
            yield from _write_side(target, capacity, trace, columns, times)
    yield from _write_rows(target.rows, comparison.settings)
    most = MOST_CHANGES_SHOWN if count <= MOST_DETAILED else MOST_CHANGES_OF_MANY
    yield from _write_changes(target, most)


def _write_side(
    target: TargetComparison,
    capacity: Capacity,
    trace: Trace,
    columns: Sequence[tuple[int, int]],
    times: str,
) -> Iterator[str]:
    recording, timeline = target.recording, target.replayed.timeline
    line = Line("capacity", outline_capacity(trace, columns))
    is_scheduled = outline_schedules(target.replayed.section, recording.start, columns)
    chart = Chart(outline_load(trace.demand, columns), (line,), is_scheduled)
    throttled = format_percent(target.rows[0].sides[capacity].throttled_percent)
    description = f"{capacity.value} of {recording.target}: load and capacity, {throttled} throttled"
    yield f"<h3>{capacity.singular.capitalize()} capacity units per second</h3>"
    yield write_legend(SCHEDULED_LEGEND if is_scheduled else LEGEND)
    yield draw_axes(
        chart,
        times,
        draw_chart(chart, escape(description)),
        draw_timeline(timeline, capacity, recording.start, columns),
    )
    yield write_legend(LANES_LEGEND)
    yield f"<p>{_count_reasons(timeline.codes[capacity].tobytes())}</p>"


def _count_reasons(codes: bytes) -> str:
    counts = {code: codes.count(code) for code in set(codes) - {NOT_CHECKED}}
    total = sum(counts.values())
    if not total:
        return "No check was made."
    shares = (
        (CODES[code].value, f"{100 * counts[code] / total:.1f}")
        for code in sorted(counts, key=counts.__getitem__, reverse=True)
    )
    shown = ", ".join(f"{code} {share}&nbsp;%" for code, share in shares if float(share))
    return f"{total:,} checks: {shown}."


def _write_rows(rows: Sequence[Row], settings: Settings) -> Iterator[str]:
    columns = list_columns(settings.billing)
    yield from write_table(
        "Dollars per 30 days",
        [column.long_title for column in columns],
        (
            (
                "ours" if number == 0 else "bound" if row.is_bound else "",
                [Cell(column.write(row), kind=_find_kind(column.title, row, settings)) for column in columns],
            )
            for number, row in enumerate(rows)
        ),
    )


def _find_kind(title: str, row: Row, settings: Settings) -> str:
    is_over = title == "throttled" and not row.is_bound and not is_within(row, settings.allowed_percent)
    return "over" if is_over else ""


def _write_changes(target: TargetComparison, most: int) -> Iterator[str]:
    timeline = target.replayed.timeline
    count = len(timeline.changes)
    if count:
        shown = "\n".join(map(escape, timeline.write_lines(most)))
        rest = f"\n… and {count - most:,} more; --format json prints all" if count > most else ""
        yield f"<details><summary>{count:,} updates with their reasons</summary>"
        yield f"<pre>{shown}{rest}</pre></details>"
