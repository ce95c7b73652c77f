"""Each name belongs to the first section that matches it."""

from __future__ import annotations

import time

import pytest

from dynamic_dynamodb.config.expressions import MatchBudget
from dynamic_dynamodb.config.sections import match_sections
from tests.builders import HARD_EXPRESSION, HARD_NAME, section


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("^orders$", "orders"), ("orders", "orders"), ("^a.b-c_d$", "a.b-c_d"), (".*", None), ("^a|b$", None)],
)
def test_an_expression_that_is_only_a_name_is_recognized(pattern: str, expected: str | None) -> None:
    assert section(pattern).plain_name == expected


def test_a_name_belongs_to_the_first_section_that_matches_from_its_start() -> None:
    first, second, unused = section("^or"), section("orders"), section("^rs$")
    matches = match_sections((first, second, unused), ["orders", "other"], MatchBudget(time.perf_counter))
    assert matches.sections == {"orders": first}
    assert matches.doubled == {"orders": (first, second)}
    assert matches.unused == (unused,)


def test_a_name_that_takes_too_long_belongs_to_no_section_and_is_tried_once() -> None:
    before, slow, after = section("^b"), section(HARD_EXPRESSION), section(".*")
    matches = match_sections((before, slow, after), [HARD_NAME, "b", "c"], MatchBudget(time.perf_counter))
    assert matches.sections == {"b": before, "c": after}
    assert matches.undecided == {HARD_NAME: slow}
    assert matches.unused == ()


def test_a_name_that_matches_before_the_slow_section_keeps_its_section() -> None:
    first, slow = section("^a"), section(HARD_EXPRESSION)
    matches = match_sections((first, slow), [HARD_NAME], MatchBudget(time.perf_counter))
    assert (matches.sections, matches.undecided) == ({HARD_NAME: first}, {})
