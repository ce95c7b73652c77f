"""The advice is the cheapest alternative that meets the goal, for a table with all its indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.replay.comparison.baselines import FIXED, ON_DEMAND, RECORDED, RECORDED_ON_DEMAND
from dynamic_dynamodb.replay.comparison.target_tracking import name_tracking
from dynamic_dynamodb.replay.reports.tuning import write_advice
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.advice import advise
from dynamic_dynamodb.replay.tuning.alternatives import (
    MEAN_OF_BILLS,
    SECTION,
    Alternative,
    Figures,
    TuneSettings,
)
from dynamic_dynamodb.replay.tuning.levers import Rung
from dynamic_dynamodb.replay.tuning.search import Found
from dynamic_dynamodb.replay.tuning.tuner import Tuned
from dynamic_dynamodb.scaling.costs import Cost, Prices
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.replay.recordings import START

if TYPE_CHECKING:
    from collections.abc import Mapping

FREE = PerCapacity(0.0, 0.0)
SETTINGS = TuneSettings("target", MEAN_OF_BILLS, 0.01, Prices(FREE, FREE))
TRACKING = name_tracking(70)


def alternative(
    name: str, dollars: float, throttled: float = 0.0, *, meets_goal: bool = True, units: Any = None
) -> Alternative:
    """Return an alternative that costs this by the mean of both bills, in every model."""
    figures = Figures(Cost(dollars + 1, dollars - 1), throttled)
    return Alternative(name, dict.fromkeys(PRESETS, figures), meets_goal, units)


def tuned(  # noqa: PLR0913 - one for each alternative
    section: Alternative | float = 80,
    *,
    target: str = "orders",
    present: Alternative | None = None,
    on_demand: float = 300,
    tracking: Alternative | float = 110,
    fixed: float | None = None,
) -> Tuned:
    """Return what was found for a target."""
    tracked = tracking if isinstance(tracking, Alternative) else alternative(TRACKING, tracking)
    baselines = [tracked, alternative(ON_DEMAND, on_demand)]
    if fixed is not None:
        baselines.append(alternative(FIXED, fixed, units=PerCapacity(12, 3)))
    ours = section if isinstance(section, Alternative) else alternative(SECTION, section, 0.02)
    rung = Rung(PerCapacity(85, 85), 15)
    both = PerCapacity(*(True, True))
    return Tuned(
        Target.parse(target), "", START, 14.0, both, Found(rung, {}, ours), present, tuple(baselines), ()
    )


NOW = alternative(RECORDED, 100, 0.05)
BAD_NOW = alternative(RECORDED, 60, 3, meets_goal=False)
BY_REQUEST = alternative(RECORDED_ON_DEMAND, 300)
MISSES = alternative(SECTION, 80, 2, meets_goal=False)

CASES: Mapping[str, tuple[Tuned, str]] = {
    "section": (
        tuned(present=NOW),
        "use this section: saves $20.00 a month (20 %), throttles 0.02 % instead of 0.05 %",
    ),
    "saves-too-little": (
        tuned(95.5, present=NOW),
        "stay as it is: no change saves 5 % of $100.00 a month",
    ),
    "saves-just-enough": (
        tuned(95, present=NOW),
        "use this section: saves $5.00 a month (5 %), throttles 0.02 % instead of 0.05 %",
    ),
    "throttles-now": (
        tuned(present=BAD_NOW),
        "use this section: costs $20.00 a month more, throttles 0.02 % instead of 3.00 %",
    ),
    "unknown": (
        tuned(),
        (
            "use this section: saves $30.00 a month (27 %), but throttles 0.02 % instead of 0 % of AWS target"
            " tracking 70 %; what runs now is not known"
        ),
    ),
    "fixed": (
        tuned(fixed=50, present=NOW),
        (
            "use fixed capacity of 12 reads and 3 writes: saves $50.00 a month (50 %), throttles 0 %"
            " instead of 0.05 %"
        ),
    ),
    "on-demand": (
        tuned(on_demand=10, present=NOW),
        "go on-demand: saves $90.00 a month (90 %), throttles 0 % instead of 0.05 %",
    ),
    "stay-on-demand": (
        tuned(on_demand=10, present=alternative(RECORDED_ON_DEMAND, 10)),
        "stay as it is: no change saves 5 % of $10.00 a month",
    ),
    "little-for-a-mode": (
        tuned(297, tracking=400, present=BY_REQUEST),
        "stay as it is: no change saves 5 % of $300.00 a month",
    ),
    "provisioned": (
        tuned(present=BY_REQUEST),
        (
            "go provisioned and use this section: saves $220.00 a month (73 %), but throttles 0.02 % instead"
            " of 0 %; stay on-demand if that is too much"
        ),
    ),
    "provisioned-that-throttles-no-more-than-allowed": (
        tuned(alternative(SECTION, 80, 0.01), present=BY_REQUEST),
        "go provisioned and use this section: saves $220.00 a month (73 %), throttles 0.01 % instead of 0 %",
    ),
    "target-tracking": (
        tuned(120, present=alternative(RECORDED, 150)),
        "use AWS target tracking 70 %: saves $40.00 a month (27 %), throttles 0 % instead of 0 %",
    ),
    "a-little-dearer-than-target-tracking": (
        tuned(115, present=alternative(RECORDED, 150)),
        "use this section: saves $35.00 a month (23 %), but throttles 0.02 % instead of 0 %",
    ),
    "target-tracking-if-unknown": (
        tuned(120),
        "use AWS target tracking 70 %: nothing cheaper throttles as little; what runs now is not known",
    ),
    "section-misses": (
        tuned(MISSES, present=BAD_NOW),
        "use AWS target tracking 70 %: costs $50.00 a month more, throttles 0 % instead of 3.00 %",
    ),
    "section-misses-and-on-demand-is-cheaper": (
        tuned(MISSES, present=BAD_NOW, on_demand=105),
        "go on-demand: costs $45.00 a month more, throttles 0 % instead of 3.00 %",
    ),
    "hopeless": (
        tuned(tracking=alternative(TRACKING, 110, 21), present=NOW),
        (
            "go on-demand: costs $200.00 a month more, throttles 0 % instead of 0.05 %; the load"
            " changes too fast for any rule that follows it"
        ),
    ),
}


@pytest.mark.parametrize(("found", "sentence"), CASES.values(), ids=CASES)
def test_the_advice_says_what_to_do_and_why(found: Tuned, sentence: str) -> None:
    assert [one.sentence for one in advise([found], SETTINGS)] == [sentence]


def test_the_billing_mode_is_that_of_a_table_with_its_indexes() -> None:
    table = tuned(20, present=alternative(RECORDED, 30), on_demand=10)
    index = tuned(20, target="orders/by-date", present=alternative(RECORDED, 30), on_demand=100)
    assert list(write_advice(advise([index, table], SETTINGS))) == [
        "orders: use this section: saves $10.00 a month (33 %), but throttles 0.02 % instead of 0 %",
        "orders/by-date: use this section: saves $10.00 a month (33 %), but throttles 0.02 % instead of 0 %",
        "orders with its indexes: $60.00 a month now, $40.00 as advised: saves $20.00 a month (33 %)",
    ]


def test_one_hopeless_index_takes_its_table_to_on_demand() -> None:
    index = tuned(target="orders/by-date", tracking=alternative(TRACKING, 110, 30), present=NOW)
    other = tuned(target="users", present=NOW)
    lines = list(write_advice(advise([tuned(present=NOW), index, other], SETTINGS)))
    assert [line.split(":")[1].strip() for line in lines] == [
        "go on-demand",
        "go on-demand",
        "use this section",
        "$200.00 a month now, $600.00 as advised",
        "$300.00 a month now, $680.00 as advised",
    ]
