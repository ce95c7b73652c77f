"""The search climbs as high as the goal allows, on a bench whose throttling is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.results import Row, SideResult
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import MEAN_OF_BILLS, Alternative, TuneSettings
from dynamic_dynamodb.replay.tuning.levers import LADDERS, Limits
from dynamic_dynamodb.replay.tuning.search import Found, Search
from dynamic_dynamodb.scaling.costs import Cost, Prices
from dynamic_dynamodb.scaling.model import PerCapacity
from tests.replay.recordings import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dynamic_dynamodb.config.sections import Section

GOAL = 1.0
HEIGHTS = LADDERS["target"].heights
PATIENCES = LADDERS["target"].patiences
TOP = HEIGHTS[-1]
LIMITS = PerCapacity(Limits(1, 100), Limits(1, 100))
FREE = PerCapacity(0.0, 0.0)
SETTINGS = TuneSettings("target", MEAN_OF_BILLS, GOAL, Prices(FREE, FREE))


@dataclass
class FakeBench:
    """A bench on which a side meets the goal up to a height, by half, model and patience.

    The lower both sides stand and the longer the patience, the more a setting costs.
    """

    highest: Mapping[tuple[int, str, int], PerCapacity[int]] = field(default_factory=dict)
    has_writes: bool = True
    kept: int | None = None
    has_pauses: bool = False
    asked: list[tuple[int, str, int]] = field(default_factory=list)
    settings: TuneSettings = SETTINGS

    @property
    def halves(self) -> Any:
        whole = record(
            [60.0] * 59 + [0.0 if self.has_pauses else 60.0], [60.0] * 60 if self.has_writes else None
        )
        return (whole, whole)

    def replay(self, sections: Sequence[Section], half: int, physics: str, _: int) -> Row:
        typed = sections[0].typed
        patience = typed.decrease_lookback_period
        self.asked.append((half, physics, patience))
        highest = self.highest.get((half, physics, patience), PerCapacity(TOP, TOP))
        kept = self.kept
        if kept is not None:
            idle = typed.capacities.map(lambda side: side.allow_scaling_down_on_0_percent)
            highest = highest.combine(lambda most, lowers: most if lowers else int(kept), idle)
        heights = typed.capacities.map(lambda side: float(side.target_utilization or 0))
        throttled = heights.combine(lambda height, most: GOAL if height <= most else height, highest)
        cost = 1000 - sum(heights) + patience
        half_cost = Cost(cost / 2, cost / 2)
        return Row("x", throttled.map(lambda one: SideResult(100.0, 100.0, one, cost=half_cost)), 60)

    def find_failing(self, row: Row, _: int, __: str) -> set[Capacity]:
        return {one for one in Capacity if row.sides[one].throttled_percent > GOAL}

    def sum_up(self, name: str, rows: Mapping[tuple[int, str], Row]) -> Alternative:
        return Alternative(name, {}, not any(self.find_failing(row, *key) for key, row in rows.items()))


def search(bench: FakeBench) -> Found:
    """Search on a fake bench."""
    return Search(bench, LIMITS).run()  # type: ignore[arg-type]  # a fake


def everywhere(reads: int, writes: int, half: int = 0) -> dict[tuple[int, str, int], PerCapacity[int]]:
    """Return these highest heights for one half."""
    return {
        (half, physics, patience): PerCapacity(reads, writes)
        for physics, patience in product(PRESETS, PATIENCES)
    }


def test_each_side_climbs_as_high_as_its_goal_allows() -> None:
    found = search(FakeBench(everywhere(80, 65)))
    assert (found.rung.heights, found.rung.patience) == (PerCapacity(80, 65), 8)
    assert (found.lowered, found.failing) == (frozenset(), frozenset())
    assert found.alternative.meets_goal


def test_the_goal_holds_in_every_model() -> None:
    found = search(
        FakeBench({**everywhere(90, 90), **{(0, "ideal", one): PerCapacity(70, 75) for one in PATIENCES}})
    )
    assert found.rung.heights == PerCapacity(70, 75)


def test_the_cheapest_patience_is_chosen() -> None:
    found = search(FakeBench({**everywhere(60, 60), (0, "slow", 30): PerCapacity(95, 95)}))
    assert found.rung == (PerCapacity(60, 60), 8)
    longer = {(0, physics, 30): PerCapacity(95, 95) for physics in PRESETS}
    found = search(FakeBench({**everywhere(60, 60), **longer}))
    assert found.rung == (PerCapacity(95, 95), 30)


def test_the_second_half_lowers_a_side_until_it_meets_the_goal() -> None:
    found = search(FakeBench({**everywhere(90, 90), **everywhere(90, 75, half=1)}))
    assert found.rung.heights == PerCapacity(90, 75)
    assert (found.lowered, found.failing) == (frozenset({Capacity.WRITES}), frozenset())


def test_a_side_that_fails_at_the_lowest_height_is_reported() -> None:
    found = search(FakeBench(everywhere(80, 0)))
    assert found.rung.heights == PerCapacity(80, 60)
    assert found.failing == {Capacity.WRITES}
    assert not found.alternative.meets_goal


def test_a_side_with_pauses_keeps_its_capacity_in_them_if_it_misses_the_goal_otherwise() -> None:
    found = search(FakeBench(everywhere(0, 80), kept=75, has_pauses=True))
    assert (found.rung.heights, found.failing) == (PerCapacity(75, 80), frozenset())
    assert found.options["allow-scaling-down-reads-on-0-percent"] == "false"
    assert found.options["allow-scaling-down-writes-on-0-percent"] == "true"


def test_pauses_lower_a_side_if_that_meets_the_goal_or_keeping_it_does_not_either() -> None:
    for highest, kept in ((60, 75), (0, 0)):
        found = search(FakeBench(everywhere(highest, 80), kept=kept, has_pauses=True))
        assert found.options["allow-scaling-down-reads-on-0-percent"] == "true"
        assert found.failing == (set() if highest else {Capacity.READS})


def test_a_side_without_pauses_is_not_searched_again() -> None:
    found = search(FakeBench(everywhere(0, 80), kept=75))
    assert found.options["allow-scaling-down-reads-on-0-percent"] == "true"
    assert found.failing == {Capacity.READS}


def test_a_side_that_was_not_recorded_takes_no_part() -> None:
    bench = FakeBench(everywhere(85, 0), has_writes=False)
    found = search(bench)
    assert found.rung.heights.reads == 85
    assert found.options["enable-writes-up-scaling"] == "false"


def test_similar_patiences_take_few_replays() -> None:
    bench = FakeBench(everywhere(85, 80))
    search(bench)
    assert len(bench.asked) <= 21


def test_a_longer_patience_takes_one_replay_if_no_side_can_stand_higher_with_it() -> None:
    bench = FakeBench(everywhere(85, 80))
    search(bench)
    asked = [patience for half, _, patience in bench.asked if half == 0]
    assert [asked.count(patience) for patience in PATIENCES[1:]] == [1, 1, 1]


def test_a_longer_patience_is_searched_if_the_shorter_one_misses_the_goal() -> None:
    shortest = {(0, physics, PATIENCES[0]): PerCapacity(0, 60) for physics in PRESETS}
    found = search(FakeBench({**everywhere(60, 60), **shortest}))
    assert found.rung == (PerCapacity(60, 60), PATIENCES[1])
    assert not found.failing


HIGHEST = st.sampled_from([0, *HEIGHTS])


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from(list(PRESETS)), st.sampled_from(PATIENCES)),
        st.builds(PerCapacity, HIGHEST, HIGHEST),
    )
)
def test_what_is_found_meets_the_goal_in_both_halves_and_is_the_cheapest_or_says_so(
    highest: dict[tuple[int, str, int], PerCapacity[int]],
) -> None:
    found = search(FakeBench(highest))

    def find_highest(patience: int, halves: tuple[int, ...]) -> PerCapacity[int]:
        keys = [(half, physics, patience) for half in halves for physics in PRESETS]
        return PerCapacity.of(lambda one: min(highest.get(key, PerCapacity(TOP, TOP))[one] for key in keys))

    most = find_highest(found.rung.patience, (0, 1))
    for capacity in Capacity:
        assert found.rung.heights[capacity] == max(most[capacity], HEIGHTS[0])
        assert (capacity in found.failing) == (most[capacity] < HEIGHTS[0])
    firsts = {one: find_highest(one, (0,)) for one in PATIENCES}
    fair = [one for one, heights in firsts.items() if min(heights) >= HEIGHTS[0]]
    if fair:
        assert found.rung.patience == min(fair, key=lambda one: one - sum(firsts[one]))
