"""The settings of a search are valid options, and its sections match one target."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.validation import find_target_faults, warn_of_target
from dynamic_dynamodb.options import Scope, options_in
from dynamic_dynamodb.replay.simulator.simulator import find_section
from dynamic_dynamodb.replay.tuning.levers import LADDERS, Limits, Rung, build_sections
from dynamic_dynamodb.scaling.model import PerCapacity, Target

EXAMPLE = Path(__file__).parents[3] / "example-dynamic-dynamodb.conf"
LIMITS = PerCapacity(Limits(5, 2000), Limits(5, 1000))
YES, NO = True, False
BOTH = PerCapacity(YES, YES)
ORDERS = Target("orders")


def test_the_middle_of_the_ladder_is_the_recommended_configuration() -> None:
    example = load({"config": str(EXAMPLE)}, {})
    recommended = find_section(example.sections, Target("my_cheap_table"))
    options = LADDERS["target"].write(Rung(PerCapacity(85, 85), 15), LIMITS, BOTH)
    (built,) = build_sections(ORDERS, options)
    assert recommended is not None
    assert built.typed == recommended.typed


@pytest.mark.parametrize("levers", LADDERS)
def test_every_setting_has_neither_faults_nor_warnings(levers: str) -> None:
    ladder = LADDERS[levers]
    for reads, writes, patience in product(ladder.heights, ladder.heights, ladder.patiences):
        rung = Rung(PerCapacity(reads, writes), patience)
        (built,) = build_sections(ORDERS, ladder.write(rung, LIMITS, BOTH))
        found = [*find_target_faults("x", built.options), *warn_of_target("x", built.options)]
        assert found == [], rung


def test_existing_levers_are_options_of_the_old_version() -> None:
    ladder = LADDERS["existing"]
    rung = Rung(PerCapacity(60, 60), 5)
    old = {option.name for option in options_in(Scope.TARGET) if not option.since}
    assert set(ladder.write(rung, LIMITS, BOTH)) <= old


def test_a_side_that_was_not_recorded_is_not_scaled() -> None:
    options = LADDERS["target"].write(Rung(PerCapacity(85, 60), 15), LIMITS, PerCapacity(YES, NO))
    (built,) = build_sections(ORDERS, options)
    writes = built.typed.capacities.writes
    assert (writes.enable_up_scaling, writes.enable_down_scaling) == (False, False)
    assert built.typed.capacities.reads.target_utilization == 85


NAMES = st.text("ab.-_", min_size=3, max_size=6)


@given(NAMES, NAMES, NAMES)
def test_sections_match_their_own_target_only(table: str, index: str, other: str) -> None:
    options = LADDERS["target"].write(Rung(PerCapacity(85, 85), 15), LIMITS, BOTH)
    sections = build_sections(Target(table, index), options)
    assert find_section(sections, Target(table, index)) is sections[0].gsis[0]
    assert (find_section(sections, Target(other)) is not None) == (other == table)
    assert (find_section(sections, Target(table, other)) is not None) == (other == index)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="reads-upper-treshold"):
        build_sections(ORDERS, {"reads-upper-treshold": "90"})
