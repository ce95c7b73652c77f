"""What capacity, requests, metrics and alarms cost."""

from __future__ import annotations

import pytest

from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.scaling.costs import Prices, TableClass, price_alarms, price_metrics, read_prices
from dynamic_dynamodb.scaling.model import PerCapacity


@pytest.mark.parametrize(
    ("metrics", "minutes", "dollars"),
    [
        pytest.param(4 * 1440, 1440, 1.728, id="four metrics a minute"),
        pytest.param(2 * 1440 * 30, 1440 * 30, 0.864, id="two metrics a minute"),
        pytest.param(4 * 288, 1440, 0.3456, id="four metrics every five minutes"),
        pytest.param(0, 1440, 0, id="none"),
    ],
)
def test_metrics_cost_a_cent_a_thousand(metrics: int, minutes: int, dollars: float) -> None:
    assert price_metrics(metrics, minutes) == pytest.approx(dollars)


def test_target_tracking_has_four_alarms_a_side() -> None:
    assert [price_alarms(sides) for sides in (0, 1, 2)] == pytest.approx([0, 0.4, 0.8])


@pytest.mark.parametrize(
    ("table_class", "prices"),
    [
        pytest.param(
            TableClass.STANDARD,
            Prices(PerCapacity(0.00013, 0.00065), PerCapacity(0.125, 0.625), 0.25),
            id="standard",
        ),
        pytest.param(
            TableClass.INFREQUENT_ACCESS,
            Prices(PerCapacity(0.00016, 0.00081), PerCapacity(0.155, 0.78), 0.10),
            id="standard-ia",
        ),
    ],
)
def test_each_table_class_has_prices_of_its_own(table_class: TableClass, prices: Prices) -> None:
    assert read_prices(DEFAULT_DOLLARS, table_class) == prices
