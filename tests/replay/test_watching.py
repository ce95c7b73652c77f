"""What CloudWatch bills for watching a table counts in every row, and may decide the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dynamic_dynamodb.check.ports import Registration
from dynamic_dynamodb.replay.comparison.baselines import BaselineSettings
from dynamic_dynamodb.replay.comparison.break_even import describe_on_demand, find_least_bill
from dynamic_dynamodb.replay.comparison.comparison import compare
from dynamic_dynamodb.replay.comparison.results import Row, SideResult
from dynamic_dynamodb.replay.comparison.target_tracking import run_tracking
from dynamic_dynamodb.replay.comparison.verdict import summarize
from dynamic_dynamodb.scaling.costs import Cost
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import load_flags, target_options
from tests.replay.configurations import configure, settings
from tests.replay.recordings import DAY, record, wave

if TYPE_CHECKING:
    from dynamic_dynamodb.config.loader import Configuration

TRACKING = "AWS target tracking 70 %"


def row(name: str, dollars: float, watching: float = 0, throttled: float = 0) -> Row:
    """Return a row of this cost that throttles some of 1,000 units."""
    side = SideResult(1000, 1000 - throttled, throttled, 2000, cost=Cost(dollars, 2 * dollars))
    return Row(name, PerCapacity(side, SideResult()), DAY, watching=watching)


def check_every(seconds: int) -> Configuration:
    """Return a configuration with this check-interval."""
    return replace(configure(), global_options=load_flags(check_interval=str(seconds)).global_options)


def test_each_row_has_what_cloudwatch_bills_and_its_total() -> None:
    found = compare(configure(), [record(wave(DAY, 5, 90), wave(DAY, 5, 30))], settings())
    watching = {one.name: one.watching for one in found.total}
    assert watching == pytest.approx(
        {
            "this configuration": 0.864,
            "AWS target tracking 70 %": 0.8,
            "AWS target tracking 80 %": 0.8,
            "AWS target tracking 90 %": 0.8,
            "on-demand": 0,
            "best fixed value": 0,
            "lower bound": 0,
        }
    )
    for one in found.total:
        assert one.total == Cost(one.cost.hour_max + one.watching, one.cost.prorated + one.watching)


@pytest.mark.parametrize("seconds", [20, 60, 120, 300])
def test_watching_costs_by_the_number_of_checks_also_of_those_that_a_replay_leaves_out(seconds: int) -> None:
    load = wave(DAY, 5, 90)
    found = compare(check_every(seconds), [record(load, load)], settings())
    assert found.total[0].watching == pytest.approx(0.864 * 60 / seconds, rel=0.01)


@pytest.mark.parametrize(
    ("options", "metrics"),
    [
        pytest.param({}, 2, id="defaults"),
        pytest.param({"throttled_reads_upper_threshold": "1"}, 3, id="a rule about throttled reads"),
        pytest.param({"enable_writes_autoscaling": "false"}, 1, id="reads only"),
        pytest.param(
            {
                "reads_target_utilization": "85",
                "reads_lower_threshold": "75",
                "reads_upper_threshold": "95",
                "throttled_writes_upper_threshold": "1",
            },
            4,
            id="a target utilization and a rule about throttled writes",
        ),
    ],
)
def test_watching_costs_by_the_metrics_that_the_options_need(options: dict[str, str], metrics: int) -> None:
    load = wave(DAY, 5, 90)
    found = compare(configure(**options), [record(load, load)], settings())
    assert found.total[0].watching == pytest.approx(metrics * 0.432)


def test_a_side_that_was_not_recorded_is_not_watched() -> None:
    found = compare(configure(), [record(wave(DAY, 5, 90))], settings())
    assert found.total[0].watching == pytest.approx(0.432)


def test_a_side_that_was_not_recorded_has_no_alarms() -> None:
    found = compare(configure(), [record(wave(DAY, 5, 90))], settings())
    assert next(one.watching for one in found.total if one.name == TRACKING) == pytest.approx(0.4)


def test_watching_of_all_targets_is_added_up() -> None:
    load = wave(DAY, 5, 90)
    targets = [record(load, load), record(load, load, target=Target("orders", "by-date"))]
    found = compare(configure(), targets, settings())
    assert [one.watching for one in found.total[:2]] == pytest.approx([2 * 0.864, 2 * 0.8])


def test_conditions_on_cost_are_about_the_total() -> None:
    recording = [record([60.0] * DAY, [60.0] * DAY)]
    total = compare(configure(), recording, settings()).total[0].total.hour_max
    for limit, fails in ((total - 0.01, True), (total + 0.01, False)):
        found = compare(configure(), recording, settings(fail_if=f"cost>{limit:.4f}"))
        assert (found.find_failure() is not None) == fails


def test_the_verdict_is_by_totals() -> None:
    rows = [row("this configuration", 4.0, 1.5), row(TRACKING, 4.5, 0.8), row("on-demand", 9)]
    assert summarize(rows, settings()).sentences[:2] == (
        "The cheapest option that throttles at most 0.1 % is AWS target tracking 70 % at $5.30 per 30 days.",
        "This configuration costs $5.50 (+4 %).",
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [row("this configuration", 2.0, 1.5), row(TRACKING, 2.5, 0.8), row("on-demand", 9)],
            "Watching costs $1.50 per 30 days, 43 % of the total; AWS target tracking 70 % is cheaper where"
            " capacity costs less than $2.80, as here ($2.00): use it, or a larger check-interval.",
            id="a small table",
        ),
        pytest.param(
            [row("this configuration", 8.0, 1.5), row(TRACKING, 10, 0.8), row("on-demand", 20)],
            "Watching costs $1.50 per 30 days, 16 % of the total; AWS target tracking 70 % is cheaper only"
            " where capacity costs less than $2.80; here it costs $8.00.",
            id="a table that is large enough",
        ),
        pytest.param(
            [row("this configuration", 2.0, 1.5), row(TRACKING, 2.0, 0.8), row("on-demand", 9)],
            "Watching costs $1.50 per 30 days, 43 % of the total, and saves nothing here: use a larger"
            " check-interval, or AWS target tracking 70 %.",
            id="a table at its minimum",
        ),
        pytest.param(
            [row("this configuration", 2.0, 1.5), row(TRACKING, 2.5, 0.8, throttled=99), row("on-demand", 6)],
            "Watching costs $1.50 per 30 days, 43 % of the total; on-demand is cheaper only where capacity"
            " costs less than $0.75; here it costs $2.00.",
            id="a table that target tracking throttles",
        ),
    ],
)
def test_the_verdict_says_below_which_bill_checks_are_not_worth_their_price(
    rows: list[Row], expected: str
) -> None:
    assert summarize(rows, settings(), check_interval=60).sentences[-1] == expected
    assert len(summarize(rows, settings(), check_interval=60).sentences) == 3


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [row("this configuration", 80.0, 1.5), row(TRACKING, 100, 0.8), row("on-demand", 200)],
            id="a large table",
        ),
        pytest.param(
            [row("this configuration", 2.0, 0.3), row(TRACKING, 2.5, 0.8), row("on-demand", 9)],
            id="checks that cost less than alarms",
        ),
    ],
)
def test_the_verdict_does_not_mention_watching_that_hardly_matters(rows: list[Row]) -> None:
    assert summarize(rows, settings(), check_interval=60) == summarize(rows, settings())


@pytest.mark.parametrize("scale", [0.5, 0.99, 1.01, 3])
def test_the_least_bill_is_where_the_totals_are_equal(scale: float) -> None:
    ours, tracking = row("this configuration", 8.0, 1.7), row(TRACKING, 10.0, 0.8)
    least = find_least_bill(ours, tracking, "hour-max")
    assert least is not None
    size = scale * least / 8.0
    assert (8 * size + 1.7 < 10 * size + 0.8) == (scale > 1)


@pytest.mark.parametrize(
    ("watching", "requests", "expected"),
    [
        pytest.param(0.0, 10.0, "less than 50 % of the capacity paid for is used; this", id="no watching"),
        pytest.param(2.0, 10.0, "less than 62 % of the capacity paid for is used; this", id="watching"),
        pytest.param(2.0, 4.0, "even if all of the capacity paid for is used", id="few requests"),
        pytest.param(2.0, 1.0, "even if all of the capacity paid for is used", id="very few requests"),
    ],
)
def test_watching_makes_on_demand_cheaper(watching: float, requests: float, expected: str) -> None:
    on_demand = replace(row("on-demand", requests), fully_used_dollars=5.0)
    (sentence,) = describe_on_demand([row("this configuration", 8.0, watching), on_demand], "hour-max")
    assert expected in sentence


def test_a_registration_with_aws_has_a_row_and_its_alarms() -> None:
    load = wave(DAY, 20, 200)
    recording = replace(
        record(load, load, provisioned=([300.0] * DAY, [300.0] * DAY)),
        registered=PerCapacity(Registration(40, 250, 65), Registration(1, 9)),
    )
    rows = {one.name: one for one in compare(configure(), [recording], settings()).total}
    registered = rows["AWS target tracking as registered"]
    assert registered.watching == rows["as recorded"].watching == pytest.approx(0.4)
    assert registered.sides.writes.provisioned == 60 * 300 * DAY, "writes have no target"
    assert registered.at_max_percent is not None
    assert 0 < registered.at_max_percent < 100
    alone = replace(recording, sides=PerCapacity(recording.sides.reads, None))
    limits = target_options(min_provisioned_reads="40", max_provisioned_reads="250").capacities
    conditions = BaselineSettings(settings().physics, settings().prices, PerCapacity(300, 300), limits)
    assert registered.sides.reads == run_tracking(alone, conditions, 65).sides.reads


def test_a_recording_without_a_known_target_has_no_row_for_it() -> None:
    recording = replace(
        record([60.0] * DAY, provisioned=([5.0] * DAY, None)),
        registered=PerCapacity(Registration(1, 9), None),
    )
    rows = {one.name: one for one in compare(configure(), [recording], settings()).total}
    assert "AWS target tracking as registered" not in rows
    assert rows["as recorded"].watching == 0
