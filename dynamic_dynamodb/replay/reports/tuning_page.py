"""Write the advice of --tune as one HTML page."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb import __version__
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.reports.charts import (
    HEIGHT,
    Chart,
    Line,
    draw_axes,
    draw_chart,
    draw_marks,
    draw_times,
    write_legend,
)
from dynamic_dynamodb.replay.reports.page import (
    Cell,
    Heading,
    TargetRow,
    write_list,
    write_page,
    write_sums,
    write_table,
    write_targets,
)
from dynamic_dynamodb.replay.reports.text import capitalize
from dynamic_dynamodb.replay.reports.tuning import (
    describe_settings,
    list_reasons_to_doubt,
    name_alternative,
    rate_confidence,
    write_figures,
    write_sums_of_tables,
)
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.advice import Verb, add_up, list_class_changes
from dynamic_dynamodb.replay.tuning.alternatives import SHOWN_PHYSICS
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamic_dynamodb.replay.tuning.advice import Advice
    from dynamic_dynamodb.replay.tuning.alternatives import Alternative, TuneSettings

_LANE_HEIGHT: Final = HEIGHT // 20
_HEADINGS: Final = (
    Heading("Target", is_number=False),
    Heading("advice", is_number=False),
    Heading("$ saved"),
    Heading("now", is_number=False),
    Heading("$ now"),
    Heading("best", is_number=False),
    Heading("$ best"),
    Heading("throttled now"),
    Heading("throttled best"),
    Heading("confidence", is_number=False),
)


def write_tuning_report(advice: Sequence[Advice], settings: TuneSettings, remarks: Sequence[str] = ()) -> str:
    """Return the page; `remarks` are sentences on what was left out."""
    count = len(advice)
    title = f"What {count:,} tables and indexes should cost" if count > 1 else "What a target should cost"
    return write_page(title, _write_parts(advice, settings, remarks, title))


def _write_parts(
    advice: Sequence[Advice], settings: TuneSettings, remarks: Sequence[str], title: str
) -> Iterator[str]:
    before, after = add_up(advice)
    changed = sum(one.verb is not Verb.STAY for one in advice)
    verbs = Counter(one.verb.value for one in advice)
    share = f" ({100 * (before - after) / before:.0f} %)" if before else ""
    yield f"<header><h1>{escape(title)}</h1><p>Advice of Dynamic DynamoDB {__version__}.</p></header>"
    yield write_list((f"{remark}." for remark in remarks), "warnings")
    yield write_sums(
        (
            ("$ a month now", f"{before:,.2f}"),
            ("$ a month as advised", f"{after:,.2f}"),
            ("$ a month saved", f"{before - after:,.2f}{share}"),
            ("targets to change", f"{changed:,} of {len(advice):,}"),
        )
    )
    counts = "; ".join(f"{verb}: {count:,}" for verb, count in verbs.most_common())
    yield f"<p>{escape(counts)}.</p>"
    changes = (f"{one.table}: {one.sentence}." for one in list_class_changes(advice))
    yield write_list(changes, "verdict")
    yield from write_targets(
        "Dollars for 30 days; the highest saving first. Open a target to see its charts.",
        _HEADINGS,
        [_write_row(one) for one in sorted(advice, key=lambda one: -one.saving)],
    )
    sums = list(write_sums_of_tables(advice))
    if sums:
        yield "<details><summary>Tables with their indexes</summary>"
        yield write_list((f"{line}." for line in sums), "plain")
        yield "</details>"
    yield f"<footer><p>{escape(describe_settings(settings))}</p></footer>"


def _write_row(advice: Advice) -> TargetRow:
    tuned, present, best = advice.tuned, advice.present, advice.best
    is_known = tuned.present is not None
    cells = (
        Cell(advice.verb.value),
        Cell(f"{advice.saving:,.2f}", advice.saving),
        Cell(present.name if is_known else f"not known, {present.name}"),
        Cell(f"{advice.dollars_now:,.2f}", advice.dollars_now),
        Cell(name_alternative(best, tuned)),
        Cell(f"{advice.dollars:,.2f}", advice.dollars),
        _write_throttling(present),
        _write_throttling(best),
        Cell(rate_confidence(advice)),
    )
    return TargetRow(str(tuned.target), cells, "\n".join(_write_details(advice)))


def _write_throttling(alternative: Alternative) -> Cell:
    percent = alternative.throttled_percent
    return Cell(format_percent(percent), percent, "" if alternative.meets_goal else "over")


def _write_details(advice: Advice) -> Iterator[str]:
    tuned = advice.tuned
    yield f"<p>{tuned.days:.1f} days from {tuned.start:%Y-%m-%d %H:%M} UTC, replayed in two halves</p>"
    yield write_list((f"{capitalize(advice.sentence)}.",), "verdict")
    doubts = [f"{capitalize(reason)}." for reason in list_reasons_to_doubt(tuned)]
    yield write_list(doubts, "warnings")
    times = draw_times(tuned.start, round(tuned.days * MINUTES_PER_DAY))
    for capacity in Capacity:
        yield from _write_side(advice, capacity, times)
    shown = [tuned.found.alternative, *([tuned.present] if tuned.present else []), *tuned.baselines]
    yield from write_table(
        "Dollars for 30 days, hour-max / prorated, and the throttled share, by model of AWS",
        ("", *PRESETS),
        (
            (
                "ours" if one is advice.best else "",
                [Cell(name_alternative(one, tuned)), *map(Cell, write_figures(one))],
            )
            for one in shown
        ),
    )
    section = "\n".join(f"{name}: {given}" for name, given in tuned.found.options.items())
    summary = "Options of this section" if advice.uses_section else "Options of this section, not advised"
    yield f"<details><summary>{summary}</summary><pre>{escape(section)}</pre></details>"


def _write_side(advice: Advice, capacity: Capacity, times: str) -> Iterator[str]:
    """Yield the chart of a side: its load, what runs now, and what should run, if that is provisioned."""
    load = advice.tuned.load[capacity]
    if load is None:
        return
    lines, legend = [], [("mean", "average load"), ("peak", "peak minute")]
    is_changed = advice.best is not advice.present
    before = advice.present.outlines[capacity]
    if before is not None and is_changed:
        lines.append(Line("before", before))
        legend.append(("before", f"now: {escape(advice.present.name)}"))
    after_one = advice.best
    if after_one.outlines[capacity] is None and is_changed:  # requests have no capacity
        after_one = advice.tuned.found.alternative
    after = after_one.outlines[capacity]
    if after is not None:
        lines.append(Line("capacity", after))
        name = name_alternative(after_one, advice.tuned)
        whose = "best" if after_one is advice.best else "not advised"
        legend.append(("capacity", escape(f"{whose}: {name}" if is_changed else f"now and best: {name}")))
        legend.append(("band", "throttled by it"))
    lanes = ""
    if before is not None and is_changed:
        legend.append(("raised", "throttled now"))
        lanes = (
            f'<svg class="lane" viewBox="0 0 {len(load.mean)} {_LANE_HEIGHT}" preserveAspectRatio="none"'
            f' role="img" aria-label="throttling now"><g class="raised">'
            f"{draw_marks(before.is_throttled, _LANE_HEIGHT)}</g></svg>"
        )
    chart = Chart(load, tuple(lines))
    description = f"{capacity.value} of {advice.tuned.target}: load, capacity now and as advised"
    yield f"<h3>{capacity.singular.capitalize()} capacity units per second, model {SHOWN_PHYSICS}</h3>"
    yield write_legend(legend)
    yield draw_axes(chart, times, draw_chart(chart, escape(description)), lanes)
