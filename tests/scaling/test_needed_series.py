"""Only the series that rules read are fetched, and what was not fetched is not zero."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.model import Usage
from dynamic_dynamodb.scaling.target_options import ALL_SERIES, NeededSeries
from dynamic_dynamodb.scaling.usage import NO_DATAPOINTS, CapacitySeries, Series, UsageEstimator
from tests.builders import NOW, target_options
from tests.scaling.test_usage import FRESH_WINDOW, OLD_WINDOW, at, series

NOTHING = NeededSeries(consumed=False, throttled=False)
CONSUMED = NeededSeries(consumed=True, throttled=False)


@pytest.mark.parametrize("capacity", Capacity)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, CONSUMED, id="defaults"),
        pytest.param({"throttled_{0}_upper_threshold": "1"}, ALL_SERIES, id="throttled threshold"),
        pytest.param(
            {
                "throttled_{0}_upper_threshold": "1",
                "enable_{0}_up_scaling": "false",
            },
            ALL_SERIES,
            id="throttled threshold without up-scaling, which still prevents decreases",
        ),
        pytest.param(
            {"increase_throttled_by_provisioned_{0}_scale": "{1: 5}"},
            ALL_SERIES,
            id="scale by throttled events and provisioned units",
        ),
        pytest.param(
            {"increase_throttled_by_consumed_{0}_scale": "{1: 5}"},
            ALL_SERIES,
            id="scale by throttled events and consumption",
        ),
        pytest.param(
            {"increase_throttled_by_consumed_{0}_scale": "{1: 5}", "enable_{0}_up_scaling": "false"},
            CONSUMED,
            id="scale of raises without up-scaling",
        ),
        pytest.param({"increase_consumed_{0}_scale": "{1: 5}"}, CONSUMED, id="scale by consumption"),
        pytest.param({"{0}_target_utilization": "70"}, ALL_SERIES, id="target utilization"),
        pytest.param({"{0}_upper_alarm_threshold": "90"}, CONSUMED, id="alarm"),
        pytest.param(
            {"enable_{0}_up_scaling": "false", "enable_{0}_down_scaling": "false"},
            CONSUMED,
            id="neither up-scaling nor down-scaling, which leaves minimum and maximum",
        ),
        pytest.param({"enable_{0}_autoscaling": "false"}, NOTHING, id="no autoscaling"),
        pytest.param(
            {"enable_{0}_autoscaling": "false", "{0}_upper_alarm_threshold": "90"},
            CONSUMED,
            id="no autoscaling, but a high alarm",
        ),
        pytest.param(
            {"enable_{0}_autoscaling": "false", "{0}_lower_alarm_threshold": "10"},
            CONSUMED,
            id="no autoscaling, but a low alarm",
        ),
        pytest.param(
            {
                "enable_{0}_autoscaling": "false",
                "{0}_target_utilization": "70",
                "throttled_{0}_upper_threshold": "1",
                "increase_throttled_by_consumed_{0}_scale": "{1: 5}",
            },
            NOTHING,
            id="no autoscaling, whatever the rules",
        ),
    ],
)
def test_rules_decide_which_series_are_fetched(
    capacity: Capacity, options: dict[str, str], expected: NeededSeries
) -> None:
    texts = {name.format(capacity.value): text for name, text in options.items()}
    needed = target_options(**texts).needed_series
    (other,) = (one for one in Capacity if one is not capacity)
    assert (needed[capacity], needed[other]) == (expected, CONSUMED)


def test_a_series_that_was_not_fetched_is_not_one_without_datapoints() -> None:
    consumed = series(m15=300, m11=300)
    assert CapacitySeries.of(OLD_WINDOW, consumed, None) == CapacitySeries(Series(600, 5), None)
    assert CapacitySeries.of(OLD_WINDOW, consumed, {}) == CapacitySeries(Series(600, 5), NO_DATAPOINTS)
    both = CapacitySeries.of(OLD_WINDOW, consumed, series(m12=3))
    assert both.select(CONSUMED) == CapacitySeries.of(OLD_WINDOW, consumed, None)
    assert both.select(CONSUMED.others) == CapacitySeries.of(OLD_WINDOW, None, series(m12=3))
    assert both.select(NOTHING) == CapacitySeries(None, None)
    assert both.select(ALL_SERIES) == both


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(CapacitySeries(None, None), Usage(None, None, 0), id="nothing was fetched"),
        pytest.param(
            CapacitySeries.of(OLD_WINDOW, series(m15=300, m11=300), None),
            Usage(Fraction(2), None, 0),
            id="only consumption was fetched",
        ),
        pytest.param(
            CapacitySeries.of(OLD_WINDOW, series(m15=300), None),
            Usage(Fraction(5), None, 0, is_late=True, known_floor_per_second=Fraction(1)),
            id="only late consumption was fetched",
        ),
    ],
)
def test_usage_is_unknown_where_nothing_was_fetched(found: CapacitySeries, expected: Usage) -> None:
    assert UsageEstimator(OLD_WINDOW, now=NOW, freshest=at(15)).estimate(found) == expected


def test_young_minutes_without_datapoints_are_not_late() -> None:
    estimator = UsageEstimator(FRESH_WINDOW, now=NOW, freshest=at(4))
    young = CapacitySeries.of(FRESH_WINDOW, series(m5=300, m4=300), None)
    assert estimator.estimate(young) == Usage(Fraction(5), None, 0)
