"""What is made of a replay: verdict, warnings, timeline, progress."""

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
from dynamic_dynamodb.replay.comparison.costs import Cost
from dynamic_dynamodb.replay.comparison.results import Row, SideResult
from dynamic_dynamodb.replay.comparison.settings import parse_physics
from dynamic_dynamodb.replay.comparison.verdict import summarize
from dynamic_dynamodb.replay.progress import Progress, ProgressBar
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS, Physics
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import section
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, START, record, spikes


def row(name: str, dollars: float, throttled: float = 0, *, reads: int | None = None) -> Row:
    """Give a row of this cost, which throttles this many of 1,000 units; it is used by half."""
    side = SideResult(1000, 1000 - throttled, throttled, 2000)
    units = None if reads is None else PerCapacity(reads, 1)
    return Row(name, PerCapacity(side, SideResult()), Cost(dollars, dollars * 2), DAY, units=units)


def summarize_rows(ours: Row, *, demand: float, fixed: float, tracking: Row) -> str:
    """Judge against rivals of these prices."""
    on_demand = replace(row("on-demand", demand), fully_used_dollars=5)
    rows = [ours, tracking, on_demand, row("best fixed value", fixed, reads=7)]
    bound = replace(row("clairvoyant bound", 0.5), is_bound=True)
    return summarize([*rows, bound], settings())


CHEAP_BUT_THROTTLED = row("AWS target tracking 70 %", 1, throttled=500)


def test_the_verdict_is_for_this_configuration_if_it_is_the_cheapest_that_fits() -> None:
    assert summarize_rows(row("ours", 10), demand=20, fixed=15, tracking=CHEAP_BUT_THROTTLED) == (
        "this configuration is the cheapest that throttles no more than 0.1 %: $10.00 per 30 days; next is a"
        " fixed 7 reads, $15.00 (+50 %); on-demand costs $20.00 (+100 %); on-demand is better where less than"
        " 25 % of what is paid for is used, and of this configuration 50 % is used."
    )


def test_the_verdict_is_for_another_if_that_is_cheaper() -> None:
    said = summarize_rows(row("ours", 10), demand=5, fixed=15, tracking=CHEAP_BUT_THROTTLED)
    assert said.startswith(
        "on-demand is the cheapest that throttles no more than 0.1 %: $5.00 per 30 days; this configuration"
        " costs $10.00 (+100 %); a fixed 7 reads costs $15.00 (+200 %); on-demand is better where less than"
        " 100 % of what is paid for is used, and of this configuration 50 % is used."
    )


@pytest.mark.parametrize("demand", [9.0, 9.999, 10.001, 11.0])
def test_the_verdict_and_the_dollars_agree_on_when_on_demand_is_better(demand: float) -> None:
    said = summarize_rows(row("ours", 10), demand=demand, fixed=15, tracking=CHEAP_BUT_THROTTLED)
    match = re.search(r"less than ([\d.]+) % of what is paid for .* configuration ([\d.]+) % is used", said)
    assert match is not None
    even, used = map(float, match.groups())
    assert (used < even) == (demand < 10)


def test_a_share_above_the_wanted_one_looks_so() -> None:
    said = summarize_rows(row("ours", 3, throttled=1.001), demand=5, fixed=4, tracking=CHEAP_BUT_THROTTLED)
    assert said.startswith("this configuration throttles 0.1001 %, more than the 0.1 % wanted")


def test_the_verdict_says_when_this_configuration_throttles_too_much() -> None:
    said = summarize_rows(row("ours", 3, throttled=2), demand=5, fixed=4, tracking=CHEAP_BUT_THROTTLED)
    assert said.startswith(
        "this configuration throttles 0.20 %, more than the 0.1 % wanted, at $3.00 per 30 days; the cheapest"
        " that does not is a fixed 7 reads, $4.00; "
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ideal", Physics()),
        ("slow", Physics(delay=2, update=2, burst=60)),
        ("no-burst", Physics(burst=0)),
        ("retry=0.5", Physics(retry=0.5)),
        ("slow, burst=0, retry=1", Physics(delay=2, update=2, burst=0, retry=1.0)),
        ("delay=0,update=5", Physics(delay=0, update=5)),
    ],
)
def test_physics_are_a_name_or_constants_or_both(text: str, expected: Physics) -> None:
    assert parse_physics(text) == expected


@pytest.mark.parametrize(
    "text", ["", "delay", "delay=x", "delay=1.5", "burst=9999", "retry=-1", "ideal,slow"]
)
def test_other_physics_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        parse_physics(text)


def test_the_wanted_throttling_is_what_the_condition_says() -> None:
    assert settings().allowed_percent == 0.1
    assert settings(fail_if="cost>5, throttled > 2 %,throttled>=0.5").allowed_percent == 0.5
    assert settings(fail_if="throttled<1").allowed_percent == 0.1


def test_all_faults_of_the_flags_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(physics="x", start="x", fail_if="x")
    assert [fault.split()[0] for fault in caught.value.faults] == ["--physics", "--start", "--fail-if"]


@pytest.mark.parametrize("metric", ["at-max", "throttled"])
def test_a_condition_on_a_share_is_for_each_target(metric: str) -> None:
    pegged = record([60.0 * 500] * DAY)
    free = record([60.0] * DAY, target=Target("orders", "by-date"))
    limited = configure(gsis=(section("by-date"),))
    found = compare(limited, [pegged, free], settings(fail_if=f"{metric}>59%"))
    assert found.find_failure() == f"{metric}>59% holds for orders"
    assert found.total[0].at_max_percent == found.targets[0].rows[0].at_max_percent
    assert found.targets[1].rows[0].at_max_percent is None


def test_a_file_to_compare_that_is_called_like_a_rival_keeps_its_own_row() -> None:
    recordings = [record(spikes(600)), record(spikes(600), target=Target("orders", "by-date"))]
    name = name_compared(Path("somewhere/on-demand"))
    found = compare(configure(), recordings, settings(), other=(name, configure()))
    assert [one.name for one in found.total][:2] == ["this configuration", "file on-demand"]
    assert found.total[0].cost == found.total[1].cost
    assert name_compared(Path("b.conf")) == "b.conf"


def test_recordings_without_a_section_are_left_out_with_a_word() -> None:
    recordings = [record([60.0] * 60), record([60.0] * 60, target=Target("users"))]
    found = compare(configure(), recordings, settings())
    assert found.warnings == ("the configuration has no section for users: left out",)
    assert [str(target.recording.target) for target in found.targets] == ["orders"]


def test_a_file_to_compare_that_knows_no_target_is_left_out_with_a_word() -> None:
    other = replace(configure(), sections=())
    found = compare(configure(), [record([60.0] * 60)], settings(), other=("b.conf", other))
    assert found.warnings == ("b.conf has no section for orders: left out",)
    assert "b.conf" not in [one.name for one in found.total]


def test_an_index_is_replayed_without_its_table() -> None:
    recording = record(spikes(DAY), target=Target("orders", "by-date"))
    found = compare(configure(), [recording], settings())
    assert found.targets[0].rows[0].updates > 0
    assert found.targets[0].replayed.timeline.failure == ""


def test_recordings_years_apart_are_replayed_as_if_alone() -> None:
    old = record(spikes(600), start=START.replace(year=1998), target=Target("orders", "by-date"))
    new = record(spikes(600, seed=2))
    together = compare(configure(), [old, new], settings())
    alone = [compare(configure(), [one], settings()).targets[0].rows for one in (old, new)]
    assert [target.rows for target in together.targets] == alone


def test_what_was_really_provisioned_is_a_row_of_its_own() -> None:
    recording = record([60.0] * DAY, provisioned=([2.0] * 700 + [4.0] * 740, None))
    rows = {one.name: one for one in compare(configure(), [recording], settings()).total}
    assert rows["as recorded"].updates == 1
    assert rows["as recorded"].utilisation_percent == pytest.approx(100 * 1440 / (2 * 700 + 4 * 740))
    assert rows["as recorded"].throttled_units == 0


def test_money_is_for_thirty_days_at_the_given_prices() -> None:
    found = compare(
        configure(enable_reads_autoscaling="false"),
        [record([60.0] * 2 * DAY, provisioned=([10.0] * 2 * DAY, None))],
        settings(price_read_capacity=0.5),
    )
    assert found.total[0].cost == Cost(10 * 24 * 30 * 0.5, 10 * 24 * 30 * 0.5)


def test_presets_are_told_apart_by_what_a_fixed_value_must_be() -> None:
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
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def draw_on_terminal(*, columns: int) -> str:
    """Draw half of a bar on a real terminal of this width."""
    reader, writer = os.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    with os.fdopen(reader, "rb", 0) as shown, os.fdopen(writer, "w", encoding="utf-8") as terminal:
        ProgressBar(terminal, "replaying", patience_seconds=0)(0.5)
        return shown.read(1000).decode()


def test_the_progress_bar_is_for_terminals_and_for_long_work_only() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        bar = ProgressBar(stream, "replaying", patience_seconds=0)
        bar(0.5)
        bar.clear()
    assert terminal.getvalue() == f"\rreplaying {'█' * 15}{'·' * 15}  50%\r\033[K"
    assert file.getvalue() == ""
    assert draw_on_terminal(columns=80) == f"\rreplaying {'█' * 15}{'·' * 15}  50%"
    assert draw_on_terminal(columns=24) == f"\rreplaying {'█' * 4}{'·' * 4}  50%"
    assert draw_on_terminal(columns=12) == "\r 50%"
    patient = Terminal()
    ProgressBar(patient, "replaying", patience_seconds=60)(0.5)
    assert patient.getvalue() == ""
