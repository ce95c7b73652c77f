"""A comparison: its verdict, rows, warnings and progress."""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import termios
from dataclasses import replace
from pathlib import Path

import pytest

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.replay.comparison.comparison import compare, name_compared
from dynamic_dynamodb.replay.comparison.formatting import format_percent
from dynamic_dynamodb.replay.comparison.results import Row, SideResult
from dynamic_dynamodb.replay.comparison.settings import parse_physics
from dynamic_dynamodb.replay.comparison.verdict import Verdict, summarize
from dynamic_dynamodb.replay.progress import Progress, ProgressBar
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS, Physics
from dynamic_dynamodb.scaling.costs import Cost
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import section
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, START, record, spikes


def row(name: str, dollars: float, throttled: float = 0, *, reads: int | None = None) -> Row:
    """Return a row of this cost that throttles some of 1,000 units and uses half of its capacity."""
    side = SideResult(1000, 1000 - throttled, throttled, 2000, cost=Cost(dollars, dollars * 2))
    units = None if reads is None else PerCapacity(reads, 1)
    return Row(name, PerCapacity(side, SideResult()), DAY, units=units)


def summarize_with(ours: Row, *, demand: float, fixed: float) -> Verdict:
    """Return the verdict if on-demand and a fixed value have these prices."""
    on_demand = replace(row("on-demand", demand), fully_used_dollars=5)
    tracking = row("AWS target tracking 70 %", 1, throttled=500)
    bound = replace(row("lower bound", 0.5), is_bound=True)
    return summarize([ours, tracking, on_demand, row("best fixed value", fixed, reads=7), bound], settings())


CHEAPEST = """\
This configuration is the cheapest option that throttles at most 0.1 %: $10.00 per 30 days.
Next is a fixed 7 reads at $15.00 (+50 %).
On-demand is cheaper when less than 25 % of the capacity paid for is used; this configuration uses 50 %."""
DEARER = """\
The cheapest option that throttles at most 0.1 % is on-demand at $5.00 per 30 days.
This configuration costs $10.00 (+100 %).
On-demand is cheaper when less than 100 % of the capacity paid for is used; this configuration uses 50 %."""
THROTTLED = """\
This configuration throttles {}, more than the 0.1 % allowed, and costs $3.00 per 30 days.
The cheapest option within that limit is a fixed 7 reads at $4.00.
On-demand is cheaper when less than 100 % of the capacity paid for is used; this configuration uses 100 %."""


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        pytest.param(
            summarize_with(row("this configuration", 10), demand=20, fixed=15),
            CHEAPEST,
            id="this configuration is the cheapest",
        ),
        pytest.param(
            summarize_with(row("this configuration", 10), demand=5, fixed=15),
            DEARER,
            id="another is cheaper",
        ),
        pytest.param(
            summarize_with(row("this configuration", 3, throttled=2), demand=5, fixed=4),
            THROTTLED.format("0.20 %"),
            id="this configuration throttles too much",
        ),
        pytest.param(
            summarize_with(replace(row("this configuration", 3), worst_percent=2.0), demand=5, fixed=4),
            THROTTLED.format("up to 2.00 % on a target"),
            id="this configuration throttles one of several targets too much",
        ),
    ],
)
def test_the_verdict_names_the_cheapest_that_throttles_no_more_than_allowed(
    verdict: Verdict, text: str
) -> None:
    assert "\n".join(verdict.sentences) == text


@pytest.mark.parametrize(
    ("ours", "other", "sentence"),
    [
        pytest.param((10, 16), (10.8, 1), "8 % dearer, 16 times less throttled", id="less throttled"),
        pytest.param((10, 1), (8, 30), "20 % cheaper, 30 times more throttled", id="cheaper"),
        pytest.param((10, 20), (10, 15), "the same cost, 1.50 % throttled instead of 2.00 %", id="similar"),
        pytest.param((10, 20), (10, 20), "the same cost, as much throttled (2.00 %)", id="the same"),
        pytest.param((10, 5), (31, 0), "210 % dearer, 0 % throttled instead of 0.50 %", id="not throttled"),
        pytest.param((10, 0), (9.95, 5), "0.5 % cheaper, 0.50 % throttled instead of 0 %", id="throttled"),
        pytest.param((10, 0), (11, 0), "10 % dearer, nothing throttled either", id="nothing"),
        pytest.param((0, 0), (1, 0), "$1.00 instead of $0.00, nothing throttled either", id="from nothing"),
    ],
)
def test_the_verdict_compares_with_a_second_configuration(
    ours: tuple[float, float], other: tuple[float, float], sentence: str
) -> None:
    rows = [row("this configuration", *ours), row("other.conf", *other), row("on-demand", 99)]
    verdict = summarize(rows, settings(), check_interval=60, compared="other.conf")
    assert verdict.sentences[-1] == f"other.conf: {sentence}."
    assert len(verdict.sentences) == 3


def test_the_worst_targets_throttle_too_much_then_cost_too_much() -> None:
    steady = {name: [60.0 * units] * DAY for name, units in (("dear", 30), ("cheap", 1), ("over", 500))}
    recordings = [record(load, target=Target("orders", name)) for name, load in steady.items()]
    rules = configure(gsis=(section(".*", min_provisioned_reads="300", max_provisioned_reads="400"),))
    found = compare(rules, recordings, settings())
    assert [one.recording.target.index for one in found.worst_first] == ["over", "cheap", "dear"]
    assert [one.verdict.throttled_percent > 0 for one in found.worst_first] == [True, False, False]


@pytest.mark.parametrize("demand", [9.0, 9.999, 10.001, 11.0])
def test_the_verdict_and_the_dollars_agree_on_when_on_demand_is_cheaper(demand: float) -> None:
    verdict = summarize_with(row("this configuration", 10), demand=demand, fixed=15)
    even, used = (float(share) for share in re.findall(r"([\d.]+) %", verdict.sentences[-1]))
    assert (used < even) == (demand < 10)


def test_a_share_above_the_allowed_one_has_enough_decimals_to_show_it() -> None:
    verdict = summarize_with(row("this configuration", 3, throttled=1.001), demand=5, fixed=4)
    assert verdict.sentences[0].startswith(
        "This configuration throttles 0.1001 %, more than the 0.1 % allowed"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ideal", Physics()),
        ("slow", Physics(delay=2, update=2, burst=60, alarm=1)),
        ("no-burst", Physics(burst=0)),
        ("retry=0.5", Physics(retry=0.5)),
        ("slow, burst=0, retry=1", Physics(delay=2, update=2, burst=0, retry=1.0, alarm=1)),
        ("delay=0,update=5", Physics(delay=0, update=5)),
        ("slow,alarm=3", Physics(delay=2, update=2, burst=60, alarm=3)),
    ],
)
def test_physics_are_a_name_or_constants_or_both(text: str, expected: Physics) -> None:
    assert parse_physics(text) == expected


@pytest.mark.parametrize(
    "text", ["", "delay", "delay=x", "delay=1.5", "burst=9999", "retry=-1", "alarm=61", "ideal,slow"]
)
def test_other_physics_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        parse_physics(text)


def test_the_allowed_throttling_is_that_of_the_condition() -> None:
    assert settings().allowed_percent == 0.1
    assert settings(fail_if="cost>5, throttled > 2 %,throttled>=0.5").allowed_percent == 0.5
    assert settings(fail_if="throttled<1").allowed_percent == 0.1


def test_all_faults_of_flags_are_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(physics="x", start="x", fail_if="x")
    assert [fault.split()[0] for fault in caught.value.faults] == ["--physics", "--start", "--fail-if"]


@pytest.mark.parametrize("metric", ["at-max", "throttled"])
def test_a_condition_on_a_share_applies_to_each_target(metric: str) -> None:
    pegged = record([60.0 * 500] * DAY)
    free = record([60.0] * DAY, target=Target("orders", "by-date"))
    limited = configure(gsis=(section("by-date"),))
    found = compare(limited, [pegged, free], settings(fail_if=f"{metric}>59%"))
    assert found.find_failure() == f"{metric}>59% holds for orders"
    assert found.total[0].at_max_percent == found.targets[0].rows[0].at_max_percent
    assert found.targets[1].rows[0].at_max_percent is None


def test_a_compared_file_named_like_a_baseline_has_its_own_row() -> None:
    recordings = [record(spikes(600)), record(spikes(600), target=Target("orders", "by-date"))]
    name = name_compared(Path("somewhere/on-demand"))
    found = compare(configure(), recordings, settings(), other=(name, configure()))
    assert [one.name for one in found.total][:2] == ["this configuration", "file on-demand"]
    assert found.total[0].cost == found.total[1].cost
    assert name_compared(Path("b.conf")) == "b.conf"


def test_recordings_without_a_section_are_left_out_with_a_warning() -> None:
    recordings = [record([60.0] * 60), record([60.0] * 60, target=Target("users"))]
    found = compare(configure(), recordings, settings())
    assert found.warnings == ("the configuration has no section for users: left out",)
    assert [str(target.recording.target) for target in found.targets] == ["orders"]


def test_a_compared_file_without_a_matching_section_is_left_out_with_a_warning() -> None:
    other = replace(configure(), sections=())
    found = compare(configure(), [record([60.0] * 60)], settings(), other=("b.conf", other))
    assert found.warnings == ("b.conf has no section for orders: left out",)
    assert "b.conf" not in [one.name for one in found.total]


def test_an_index_is_replayed_without_its_table() -> None:
    recording = record(spikes(DAY), target=Target("orders", "by-date"))
    found = compare(configure(), [recording], settings())
    assert found.targets[0].rows[0].updates > 0
    assert found.targets[0].replayed.timeline.failure == ""


def test_recordings_years_apart_are_replayed_independently() -> None:
    old = record(spikes(600), start=START.replace(year=1998), target=Target("orders", "by-date"))
    new = record(spikes(600, seed=2))
    together = compare(configure(), [old, new], settings())
    alone = [compare(configure(), [one], settings()).targets[0].rows for one in (old, new)]
    assert [target.rows for target in together.targets] == alone


def test_recorded_capacity_has_a_row() -> None:
    recording = record([60.0] * DAY, provisioned=([2.0] * 700 + [4.0] * 740, None))
    rows = {one.name: one for one in compare(configure(), [recording], settings()).total}
    assert rows["as recorded"].updates == 1
    assert rows["as recorded"].utilization_percent == pytest.approx(100 * 1440 / (2 * 700 + 4 * 740))
    assert rows["as recorded"].throttled_units == 0


def test_costs_are_for_thirty_days_at_the_given_prices() -> None:
    found = compare(
        configure(enable_reads_autoscaling="false"),
        [record([60.0] * 2 * DAY, provisioned=([10.0] * 2 * DAY, None))],
        settings(price_read_capacity=0.5),
    )
    assert found.total[0].cost == Cost(10 * 24 * 30 * 0.5, 10 * 24 * 30 * 0.5)


def test_each_preset_leads_to_another_best_fixed_value() -> None:
    found = []
    for name in PRESETS:
        rows = compare(configure(), [record(spikes(600))], settings(physics=name)).total
        found += [one.units.reads for one in rows if one.units]
    assert found == sorted(set(found))


def test_progress_never_runs_backwards() -> None:
    shares: list[float] = []
    recordings = [record(spikes(600)), record(spikes(300), target=Target("orders", "by-date"))]
    compare(
        configure(), recordings, settings(), other=("b.conf", configure()), progress=Progress(shares.append)
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    _, second = Progress(shares.append).split((1, 1))
    assert second.split((1, 3)) == (Progress(shares.append, 0.5, 0.625), Progress(shares.append, 0.625, 1.0))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def draw_on_terminal(*, columns: int) -> str:
    """Draw half of a bar on a real terminal of this width."""
    reader, writer = os.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    with os.fdopen(reader, "rb", 0) as shown, os.fdopen(writer, "w", encoding="utf-8") as terminal:
        ProgressBar(terminal, "replaying", delay_seconds=0)(0.5)
        return shown.read(1000).decode()


def test_the_progress_bar_is_drawn_only_on_terminals_and_for_long_work() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        bar = ProgressBar(stream, "replaying", delay_seconds=0)
        bar(0.5)
        bar.clear()
    assert terminal.getvalue() == f"\rreplaying {'█' * 15}{'·' * 15}  50%\r\033[K"
    assert file.getvalue() == ""
    assert draw_on_terminal(columns=80) == f"\rreplaying {'█' * 15}{'·' * 15}  50%"
    assert draw_on_terminal(columns=24) == f"\rreplaying {'█' * 4}{'·' * 4}  50%"
    assert draw_on_terminal(columns=12) == "\r 50%"
    slow = Terminal()
    ProgressBar(slow, "replaying", delay_seconds=60)(0.5)
    assert slow.getvalue() == ""


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (0.0, "0 %"),
        (12.345, "12.35 %"),
        (0.0149, "0.01 %"),
        (0.0096, "0.01 %"),
        (0.004, "0.004 %"),
        (0.00004, "0.00004 %"),
    ],
)
def test_a_small_share_is_shown_with_its_first_digit(percent: float, text: str) -> None:
    assert format_percent(percent) == text
