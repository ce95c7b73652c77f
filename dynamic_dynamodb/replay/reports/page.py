"""Write a comparison as one HTML page without scripts, fonts or other files."""

from __future__ import annotations

from collections import Counter
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import __version__
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import get_traces
from dynamic_dynamodb.replay.comparison.verdict import is_within
from dynamic_dynamodb.replay.reports.charts import build_chart, draw_chart, draw_timeline, label_times
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
    from dynamic_dynamodb.replay.comparison.verdict import Verdict

MOST_CHANGES_SHOWN: Final = 500
MOST_NAMED: Final = 3
LEGEND: Final = (
    ("mean", "average load"),
    ("peak", "peak minute"),
    ("capacity", "provisioned"),
    ("band", "throttled"),
)
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
    several = f"{len(comparison.targets)} targets"
    title = f"Replay of {names if len(comparison.targets) <= MOST_NAMED else several}"
    parts = "\n".join(_write_parts(comparison, title))
    head = "\n".join(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_read_style()}</style>",
        )
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{parts}\n</body>\n</html>\n'


def _read_style() -> str:
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def _write_parts(comparison: Comparison, title: str) -> Iterator[str]:
    settings = comparison.settings
    yield f"<header><h1>{escape(title)}</h1>"
    yield (
        f"<p>What Dynamic DynamoDB {__version__} would have done with this load."
        f" Physics {escape(settings.physics_text)}, billing {settings.billing},"
        f" at most {settings.allowed_percent:g}&nbsp;% throttling allowed.</p>"
        "</header>"
    )
    yield from _list_warnings(comparison.warnings)
    if len(comparison.targets) > 1:
        yield f"<section><h2>All {len(comparison.targets)} targets</h2>"
        yield _list_verdict(comparison.verdict)
        yield from _write_rows(comparison.total, settings)
        yield "</section>"
    for target in comparison.targets:
        yield from _write_target(target, settings)
    yield (
        "<footer><p>Costs are in dollars per 30 days, at the prices of"
        f" {escape(settings.price_source)}."
        f" {capitalize(BILLING_NOTE)} {capitalize(WATCHING_NOTE)}"
        " The throttled share is that of reads or of writes, whichever is higher."
        " Under this model, no provisioned capacity that throttles at most"
        f" {settings.allowed_percent:g}&nbsp;% costs less than the lower bound.</p></footer>"
    )


def _write_target(target: TargetComparison, settings: Settings) -> Iterator[str]:
    recording, replayed = target.recording, target.replayed
    name, _, rest = describe_recording(recording).partition(": ")
    yield f"<section><h2>{escape(name)}</h2><p>{escape(rest)}</p>"
    yield _list_verdict(target.verdict)
    yield from _list_warnings(target.warnings)
    traces = get_traces(replayed.model)
    for capacity in Capacity:
        trace = traces[capacity]
        if trace is not None:
            yield from _write_side(target, capacity, trace)
    yield from _write_rows(target.rows, settings)
    yield from _write_changes(target)
    yield "</section>"


def _write_sentence(sentence: str) -> str:
    """Return a sentence as HTML in which no line breaks between a number and its percent sign."""
    return escape(sentence).replace(" %", "&nbsp;%")


def _list_verdict(verdict: Verdict) -> str:
    items = "".join(f"<li>{_write_sentence(sentence)}</li>" for sentence in verdict.sentences)
    return f'<ul class="verdict">{items}</ul>'


def _list_warnings(warnings: Sequence[str]) -> Iterator[str]:
    if warnings:
        items = "".join(f"<li>{_write_sentence(capitalize(warning))}.</li>" for warning in warnings)
        yield f'<ul class="warnings">{items}</ul>'


def _write_side(target: TargetComparison, capacity: Capacity, trace: Trace) -> Iterator[str]:
    recording, timeline = target.recording, target.replayed.timeline
    chart = build_chart(trace)
    throttled = sum(1 for one in trace.throttled if one)
    description = f"{capacity.value} of {recording.target}: {throttled:,} minutes with throttling"
    yield f"<h3>{capacity.singular.capitalize()} capacity units per second</h3>"
    yield _write_legend(LEGEND)
    ticks = "".join(
        f'<span style="bottom:{100 * tick / chart.top:.2f}%">{tick:,g}</span>' for tick in chart.ticks
    )
    labels = label_times(recording.start, recording.minutes)
    has_days = any(label.is_day for label in labels)
    times = "".join(
        f'<span{"" if label.is_day or not has_days else " class=hour"} style="left:{label.place:.2f}%">'
        f"{label.text}</span>"
        for label in labels
    )
    yield (
        f'<div class="figure"><div class="units">{ticks}</div><div>{draw_chart(chart, escape(description))}'
        f'<div class="times">{times}</div>{draw_timeline(timeline, capacity, recording.start)}</div></div>'
    )
    yield _write_legend(LANES_LEGEND)
    yield f"<p>{_count_reasons(timeline.codes[capacity])}</p>"


def _write_legend(entries: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<li><i class="{name}"></i>{text}</li>' for name, text in entries)
    return f'<ul class="legend">{items}</ul>'


def _count_reasons(codes: Sequence[int]) -> str:
    counts = Counter(code for code in codes if code != NOT_CHECKED)
    total = sum(counts.values())
    if not total:
        return "No check was made."
    shares = ((CODES[code].value, f"{100 * count / total:.1f}") for code, count in counts.most_common())
    shown = ", ".join(f"{code} {share}&nbsp;%" for code, share in shares if float(share))
    return f"{total:,} checks: {shown}."


def _write_rows(rows: Sequence[Row], settings: Settings) -> Iterator[str]:
    columns = list_columns(settings.billing)
    titles = (column.long_title.replace("$ ", "$&nbsp;").replace("-", "&#8209;") for column in columns)
    heads = "".join(f'<th scope="col">{title}</th>' for title in titles)
    yield '<div class="wide"><table><caption>Dollars per 30 days</caption>'
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for number, row in enumerate(rows):
        kind = "ours" if number == 0 else "bound" if row.is_bound else ""
        name, *cells = (column.write(row) for column in columns)
        over = "" if row.is_bound or is_within(row, settings.allowed_percent) else ' class="over"'
        rest = "".join(
            f"<td{over if column.title == 'throttled' else ''}>{cell}</td>"
            for column, cell in zip(columns[1:], cells, strict=True)
        )
        yield f'<tr class="{kind}"><th scope="row">{escape(name)}</th>{rest}</tr>'
    yield "</tbody></table></div>"


def _write_changes(target: TargetComparison) -> Iterator[str]:
    lines = target.replayed.timeline.write_lines()
    if lines:
        shown = "\n".join(escape(line) for line in lines[:MOST_CHANGES_SHOWN])
        more = len(lines) - MOST_CHANGES_SHOWN
        rest = f"\n… and {more:,} more; --format json prints all" if more > 0 else ""
        yield f"<details><summary>{len(lines):,} capacity changes with their reasons</summary>"
        yield f"<pre>{shown}{rest}</pre></details>"
