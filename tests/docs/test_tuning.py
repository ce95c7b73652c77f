"""The section in the page on tuning is one that --tune can find."""

from __future__ import annotations

from dynamic_dynamodb.options import OPTIONS
from dynamic_dynamodb.replay.tuning.advice import HOPELESS_PERCENT, LEAST_SAVING
from dynamic_dynamodb.replay.tuning.alternatives import DEFAULT_LIMIT_PERCENT
from dynamic_dynamodb.replay.tuning.levers import LADDERS, Limits, Rung
from dynamic_dynamodb.replay.tuning.table_class import ClassChange
from dynamic_dynamodb.scaling.costs import TableClass
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")


def test_the_section_on_the_page_is_one_of_the_ladder() -> None:
    both = PerCapacity(*(True, True))
    limits = PerCapacity(Limits(1, 660), Limits(1, 142))
    options = LADDERS["target"].write(Rung(PerCapacity(85, 80), 8), limits, both)
    lines = ["[table: ^orders$]", *(f"{name}: {given}" for name, given in options.items())]
    assert "\n".join(("```ini", *lines, "```")) in TEXT


def test_the_page_has_the_numbers_of_the_program() -> None:
    ladder = LADDERS["target"]
    *others, longest = map(str, ladder.patiences)
    low, high = ladder.heights[0], ladder.heights[-1]
    assert f"from {low} to {high} % in steps of {ladder.heights[1] - low}" in TEXT
    assert f"of {', '.join(others)} and {longest} minutes" in TEXT
    assert f"or {DEFAULT_LIMIT_PERCENT} % if that is more" in TEXT
    assert f"throttles more than {HOPELESS_PERCENT} %" in TEXT
    assert f"nothing saves {100 * LEAST_SAVING:.0f} %" in TEXT
    existing = LADDERS["existing"]
    assert f"thresholds from {existing.heights[0]} to {existing.heights[-1]} %" in TEXT
    assert f"{existing.patiences[0]} to {existing.patiences[-1]} low checks" in TEXT


def test_the_page_shows_the_advice_on_a_class_as_it_is_printed() -> None:
    change = ClassChange(Target("archive"), TableClass.INFREQUENT_ACCESS, 500, 125, 30, 50, 37.4)
    assert f"archive: {change.sentence}\n" in TEXT


def test_the_page_uses_every_flag_of_tune() -> None:
    flags = [option.flags[0] for option in OPTIONS if "tune" in option.needs and option.name[:5] != "price"]
    assert [flag for flag in flags if flag not in TEXT] == ["--as", "--start"]
