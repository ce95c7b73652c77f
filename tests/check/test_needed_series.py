"""With only the series that rules need, a check decides what it would decide with all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from dynamic_dynamodb.errors import AwsError
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import PerCapacity, Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.target_options import ALL_SERIES, read_target_options
from dynamic_dynamodb.scaling.usage import MINUTE
from tests.builders import NOW, make_check, option_dict, section
from tests.check.fake_world import TOPIC, A, B, FakeWorld
from tests.fakes import FakeMetrics
from tests.scaling.test_properties import side_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamic_dynamodb.check.ports import Answers, MetricRequest
    from dynamic_dynamodb.check.report import CheckReport
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Target
    from tests.fakes import Load

NOON = NOW.replace(second=0)
READS_ONLY = {"enable_writes_autoscaling": "false"}
TO_ZERO = {"allow_scaling_down_reads_on_0_percent": "true"}


@dataclass
class AllMetrics(FakeMetrics):
    """CloudWatch that returns all series, whichever are needed."""

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Answer as if every series were needed."""
        everything = PerCapacity(ALL_SERIES, ALL_SERIES)
        return super().fetch([replace(request, needed=everything) for request in requests])


@dataclass
class CountedMetrics(FakeMetrics):
    """CloudWatch that counts how often it is asked."""

    fetches: int = 0

    def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
        """Count, and answer."""
        self.fetches += 1
        return super().fetch(requests)


def make_world(settings: Section, metrics: FakeMetrics) -> FakeWorld:
    """Return an account with two tables of 100 units and these metrics."""
    world = FakeWorld(settings)
    world.metrics.answers.clear()
    world.check = make_check(
        [settings], world.memory, tables=world.tables, notifier=world.notifier, metrics=metrics
    )
    return world


def minutes_ago(first: int, last: int, total: float = 6_000) -> dict[datetime, float]:
    """Return a sum for each minute that began so many minutes before noon, from the first to the last."""
    return {NOON - number * MINUTE: total for number in range(last, first + 1)}


def codes(report: CheckReport) -> list[Code]:
    """Return the last reason for the reads of each target."""
    decisions = [one.decision for one in report.targets]
    return [one.capacities.reads.reasons[-1].code for one in decisions if one is not None]


DATAPOINTS = st.dictionaries(
    st.integers(1, 20).map(lambda number: NOON - number * MINUTE),
    st.integers(0, 20_000).map(float),
    max_size=12,
)
RECENT = st.integers(1, 20).map(lambda last: minutes_ago(20, last))
SERIES: st.SearchStrategy[dict[datetime, float]] = DATAPOINTS | RECENT | st.just({})
LOADS: st.SearchStrategy[Load] = st.builds(PerCapacity, st.tuples(SERIES, SERIES), st.tuples(SERIES, SERIES))
MORE_OPTIONS = {
    "{0}_target_utilization": st.none() | st.integers(10, 100),
    "{0}_upper_alarm_threshold": st.sampled_from([0, 80]),
    "{0}_lower_alarm_threshold": st.sampled_from([0, 20]),
}


@st.composite
def sections(draw: st.DrawFn) -> Section:
    """Draw the options of a section for all tables."""
    options = option_dict(**TOPIC)
    for capacity in Capacity:
        drawn = draw(side_options()) | {name: draw(one) for name, one in MORE_OPTIONS.items()}
        options |= {name.format(capacity.value, capacity.singular): one for name, one in drawn.items()}
    period = draw(st.integers(1, 8))
    options |= {"lookback_period": period, "lookback_window_start": period + draw(st.integers(0, 8))}
    options["always_decrease_rw_together"] = draw(st.booleans())
    return replace(section(), options=options, typed=read_target_options(options))


def scaled_memories(world: FakeWorld, settings: Section) -> list[Memory]:
    """Return what is remembered of each capacity that is scaled."""
    return [
        memory
        for target in (A, B)
        for memory, options in zip(world.memory.get(target), settings.typed.capacities, strict=True)
        if options.enable_autoscaling
    ]


def has_needed_datapoint(metrics: FakeMetrics, answers: dict[Target, Load]) -> bool:
    """Return whether the first requests found a datapoint in a look-back window."""
    first = {request.target: request for request in reversed(metrics.requests)}
    return any(
        (needed.consumed and request.window.cut(consumed))
        or (needed.throttled and request.window.cut(throttled))
        for target, request in first.items()
        for (consumed, throttled), needed in zip(answers[target], request.needed, strict=True)
    )


@given(sections(), st.lists(st.tuples(LOADS, LOADS), min_size=1, max_size=2))
def test_the_series_that_no_rule_needs_change_no_decision(
    settings: Section, loads: list[tuple[Load, Load]]
) -> None:
    some, everything = FakeMetrics(), AllMetrics()
    by_some, by_everything = make_world(settings, some), make_world(settings, everything)
    for number, pair in enumerate(loads):
        answers: dict[Target, Load] = dict(zip((A, B), pair, strict=True))
        some.answers, everything.answers = {**answers}, {**answers}
        some.requests.clear()
        now = NOW + number * timedelta(seconds=20)
        found, expected = by_some.run(now), by_everything.run(now)
        # Without any datapoint among them, the needed series are zero: see the test below.
        is_asked_again = len(some.requests) > len(answers)
        assume(has_needed_datapoint(some, answers) or is_asked_again)
        event(f"asked for the other series: {is_asked_again}")
        assert [one.decision for one in found.targets] == [one.decision for one in expected.targets]
        assert found.messages == expected.messages
        assert scaled_memories(by_some, settings) == scaled_memories(by_everything, settings)
        assert found.metrics_requested == sum(one.metrics for one in some.requests)


@pytest.mark.parametrize(
    ("reads", "writes", "expected"),
    [
        pytest.param(
            {},
            (minutes_ago(15, 13), {}),
            Code.CONSUMED_BELOW_THRESHOLD,
            id="writes that end in the window",
        ),
        pytest.param(
            minutes_ago(15, 13, 300),
            (minutes_ago(15, 13), {}),
            Code.METRICS_LATE,
            id="reads that end like the writes",
        ),
        pytest.param(
            minutes_ago(15, 13, 300),
            (minutes_ago(15, 11), {}),
            Code.CONSUMED_BELOW_THRESHOLD,
            id="reads that end before the writes",
        ),
        pytest.param(
            minutes_ago(15, 13, 300),
            ({}, minutes_ago(11, 11, 1)),
            Code.CONSUMED_BELOW_THRESHOLD,
            id="reads that end before a throttled write",
        ),
    ],
)
def test_reads_are_late_only_if_no_other_series_is_up_to_date(
    reads: dict[datetime, float], writes: tuple[dict[datetime, float], dict[datetime, float]], expected: Code
) -> None:
    metrics = FakeMetrics()
    world = make_world(section("^a$", **READS_ONLY, **TO_ZERO), metrics)
    metrics.answers = {A: PerCapacity((reads, {}), writes)}
    assert codes(world.run()) == [expected]


def test_the_other_series_are_fetched_once_and_only_before_a_series_counts_as_late() -> None:
    metrics = FakeMetrics()
    world = make_world(section("^a$", **READS_ONLY), metrics)
    metrics.answers = {A: PerCapacity((minutes_ago(15, 11), {}), (minutes_ago(15, 11), {}))}
    assert world.run().metrics_requested == 1
    metrics.answers = {A: PerCapacity((minutes_ago(15, 13), {}), (minutes_ago(15, 13), {}))}
    metrics.requests.clear()
    assert world.run().metrics_requested == 4
    assert [request.metrics for request in metrics.requests] == [1, 3]
    metrics.answers = {}
    assert world.run().metrics_requested == 1


def test_nothing_is_fetched_again_if_rules_need_every_series() -> None:
    metrics = CountedMetrics()
    throttles = {"throttled_reads_upper_threshold": "1", "throttled_writes_upper_threshold": "1"}
    world = make_world(section("^a$", **throttles), metrics)
    metrics.answers = {A: PerCapacity((minutes_ago(15, 13, 300), {}), (minutes_ago(15, 13, 300), {}))}
    assert codes(world.run()) == [Code.METRICS_LATE]
    assert metrics.fetches == 1


def test_other_series_that_cannot_be_fetched_leave_what_is_known() -> None:
    @dataclass
    class NeededMetrics(FakeMetrics):
        def fetch(self, requests: Sequence[MetricRequest]) -> Answers:
            answers = super().fetch(requests)
            is_other = any(request.needed.writes.consumed for request in requests)
            error = AwsError("cloudwatch:GetMetricData", "InternalServiceFault")
            return dict.fromkeys(answers, error) if is_other else answers

    metrics = NeededMetrics()
    world = make_world(section("^a$", **READS_ONLY), metrics)
    metrics.answers = {A: PerCapacity((minutes_ago(15, 13, 300), {}), (minutes_ago(15, 11), {}))}
    assert codes(world.run()) == [Code.METRICS_LATE]


def test_an_outage_is_assumed_only_after_the_other_series_are_silent_too() -> None:
    tables = [A._replace(table=name) for name in "abc"]
    metrics = FakeMetrics()
    world = make_world(section(**READS_ONLY, **TO_ZERO), metrics)
    for table in tables:
        world.add(table)
    metrics.answers = {
        table: PerCapacity((minutes_ago(15, 11), {}), (minutes_ago(15, 11), {})) for table in tables
    }
    world.run()
    metrics.answers = {table: PerCapacity(({}, {}), (minutes_ago(15, 11), {})) for table in tables}
    assert codes(world.run()) == [Code.CONSUMED_BELOW_THRESHOLD] * 3
    metrics.answers = {}
    assert codes(world.run()) == [Code.METRICS_LATE] * 3


def test_a_target_without_rules_needs_no_metrics() -> None:
    metrics = FakeMetrics()
    world = make_world(section("^a$", enable_reads_autoscaling="false", **READS_ONLY), metrics)
    report = world.run()
    (target,) = report.targets
    assert (report.metrics_requested, codes(report)) == (0, [Code.AUTOSCALING_OFF])
    assert target.usage == PerCapacity(Usage(None, None, 0), Usage(None, None, 0))
