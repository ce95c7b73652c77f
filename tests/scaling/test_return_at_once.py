"""When a schedule with return-at-once closes, the next decrease goes in one step to what demand needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.decision import NO_EVENTS, CapacityDecision, Decision, decide
from dynamic_dynamodb.scaling.memory import NO_MEMORY, Memory, find_ended_event, note_changes, note_events
from dynamic_dynamodb.scaling.model import PerCapacity
from dynamic_dynamodb.scaling.reasons import Code, Reason
from dynamic_dynamodb.scaling.schedules import Schedule
from dynamic_dynamodb.scaling.target_options import TargetOptions, read_target_options
from dynamic_dynamodb.scaling.times import Times
from tests.builders import NOW, TABLE, both, option_dict, target_options, usage

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT = Schedule("event", Times("*"), returns_at_once=True)
ENDED = PerCapacity("event", "")


NO_TEXTS: Mapping[str, str] = {}


def lower(
    percent: float,
    *,
    of: int = 400,
    events: PerCapacity[str] = ENDED,
    texts: Mapping[str, str] = NO_TEXTS,
) -> CapacityDecision:
    """Return the decision on reads of so many units after a schedule has closed."""
    decision = decide(
        TABLE,
        target_options(**texts),
        provisioned=both(of),
        usage=both(usage(percent, of=of)),
        counts=both(0),
        ended_events=events,
    )
    return decision.capacities.reads


@pytest.mark.parametrize(
    ("percent", "texts", "units", "sentence"),
    [
        pytest.param(
            10,
            {},
            67,
            (
                "10 % consumed is below reads-lower-threshold 30 %: down in one step after event,"
                " to make that 60 %"
            ),
            id="to the middle of the thresholds",
        ),
        pytest.param(
            10,
            {"min_provisioned_reads": "100"},
            100,
            (
                "10 % consumed is below reads-lower-threshold 30 %: down in one step after event,"
                " to min-provisioned-reads 100"
            ),
            id="to the minimum",
        ),
        pytest.param(
            29,
            {"decrease_reads_with": "90"},
            194,
            (
                "29 % consumed is below reads-lower-threshold 30 %: down in one step after event,"
                " to make that 60 %"
            ),
            id="not below what is consumed",
        ),
        pytest.param(
            10,
            {"decrease_consumed_reads_scale": "{20: 5}"},
            67,
            "10 % consumed: down in one step after event, to make that 60 %",
            id="by a scale",
        ),
        pytest.param(
            70,
            {"decrease_consumed_reads_scale": "{80: 5}"},
            380,
            "70 % consumed: down by 5 percent",
            id="a scale above the middle",
        ),
    ],
)
def test_the_first_decrease_after_an_event_goes_in_one_step(
    percent: float, texts: dict[str, str], units: int, sentence: str
) -> None:
    side = lower(percent, texts=texts)
    assert (side.proposed, side.sentence) == (units, sentence)


def test_without_an_event_a_decrease_goes_by_its_step() -> None:
    assert lower(10, events=NO_EVENTS).proposed == 200


@pytest.mark.parametrize(
    ("percent", "texts", "code"),
    [
        pytest.param(
            10, {"num_read_checks_before_scale_down": "3"}, Code.WAITING_FOR_CHECKS, id="low checks"
        ),
        pytest.param(40, {}, Code.STEADY, id="not low"),
        pytest.param(0, {}, Code.ZERO_CONSUMPTION, id="nothing consumed"),
        pytest.param(
            10, {"enable_reads_down_scaling": "false"}, Code.DOWN_SCALING_OFF, id="decreases are off"
        ),
        pytest.param(10, {"min_provisioned_reads": "400"}, Code.AT_MINIMUM, id="at the minimum"),
    ],
)
def test_what_holds_a_decrease_holds_this_one_too(percent: float, texts: dict[str, str], code: Code) -> None:
    side = lower(percent, texts=texts)
    assert (side.proposed, side.reasons[-1].code) == (400, code)


@given(
    percent=st.floats(0.1, 29.9),
    of=st.integers(1, 5000),
    minimum=st.integers(1, 200),
    upper=st.integers(40, 100),
)
def test_one_step_never_goes_below_what_is_consumed_or_the_minimum(
    percent: float, of: int, minimum: int, upper: int
) -> None:
    texts = {"min_provisioned_reads": str(minimum), "reads_upper_threshold": str(upper)}
    side = lower(percent, of=of, texts=texts)
    if side.is_decrease:
        assert side.proposed >= minimum
        assert side.proposed >= percent * of / 100
        assert side.proposed <= of


def open_event(*names: str) -> TargetOptions:
    """Return options of which an open schedule has set some."""
    return read_target_options(option_dict(), dict.fromkeys(names, EVENT))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["min_provisioned_reads"], PerCapacity("event", ""), id="reads"),
        pytest.param(["writes_target_utilization"], PerCapacity("", "event"), id="writes"),
        pytest.param(["sns_topic_arn"], PerCapacity("", ""), id="of no capacity"),
    ],
)
def test_an_event_concerns_the_capacities_whose_options_it_sets(names: list[str], expected: Any) -> None:
    memory = note_events(NO_MEMORY, open_event(*names))
    assert memory.map(lambda one: one.event) == expected
    closed = target_options()
    assert memory.combine(find_ended_event, closed.capacities) == expected


def test_an_event_that_is_open_has_not_ended() -> None:
    options = open_event("min_provisioned_reads")
    memory = note_events(NO_MEMORY, options)
    assert memory.combine(find_ended_event, options.capacities) == NO_EVENTS


def test_a_schedule_without_return_at_once_is_not_remembered() -> None:
    slow = replace(EVENT, returns_at_once=False)
    options = read_target_options(option_dict(), {"min_provisioned_reads": slow})
    assert note_events(NO_MEMORY, options) == NO_MEMORY


def change(proposed: int, code: Code) -> Decision:
    """Return a decision that changes reads of 400 units for a reason."""
    reads = CapacityDecision(Capacity.READS, 400, proposed, 0, (Reason(code, "why"),))
    writes = CapacityDecision(Capacity.WRITES, 400, 400, 0, (Reason(Code.STEADY, "why"),))
    return Decision(TABLE, PerCapacity(reads, writes))


@pytest.mark.parametrize(
    ("proposed", "code", "expected"),
    [
        pytest.param(67, Code.CONSUMED_BELOW_THRESHOLD, "", id="a decrease"),
        pytest.param(200, Code.ABOVE_MAXIMUM, "event", id="down to the maximum"),
        pytest.param(600, Code.CONSUMED_ABOVE_THRESHOLD, "event", id="a raise"),
    ],
)
def test_an_event_is_over_with_the_first_decrease_that_demand_allows(
    proposed: int, code: Code, expected: str
) -> None:
    memory = PerCapacity(Memory(event="event"), Memory(event="event"))
    noted = note_changes(memory, change(proposed, code), NOW)
    assert noted.map(lambda one: one.event) == PerCapacity(expected, "event")
