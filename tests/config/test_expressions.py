"""Expressions match as with Python's re, and in bounded time."""

from __future__ import annotations

import re
import time
import warnings

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynamic_dynamodb.config.expressions import MatchBudget, compile_expression
from tests.builders import HARD_EXPRESSION, HARD_NAME

ATOMS = (
    "a", "b", "A", "-", "_", r"\.", ".", "[ab]", "[^ab]", "[a-z]", "[]a]", "[[a]", "[a&&b]", "[a--b]",
    "[[:alpha:]]", r"\w", r"\d", r"\b", "^", "$", "|", "(", "(?:", "(?=", "(?!", "(?<!", "(?P<x>", "(?P=x)",
    "(?i:", "(?i)", "(?x)", ")", "*", "+", "?", "*?", "+?", "{2}", "{1,}", "{,2}", "{,}", "{}", "{a}", "{e}",
    "{e<=1}", "{i<=1,e<=1}", "{", "}", r"\1", r"\x61", r"\N{DIGIT ONE}", "#", "(?#c)",
)  # fmt: skip
NAMES = ("a", "b", "aab", "A", "a-b", "a_b", "a.b", "ba1", "aaaab", "abab", "p-a-1", "orders")


def new_budget(seconds: float = 2.0) -> MatchBudget:
    return MatchBudget(time.perf_counter, seconds)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=8).map("".join))
def test_an_expression_means_what_it_means_to_re(text: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = re.compile(text)
    except re.error:
        assume(False)  # noqa: FBT003 - hypothesis takes it so
    expression = compile_expression(text)
    for name in NAMES:
        assert new_budget().matches(expression, name) == bool(wanted.match(name)), name


@pytest.mark.parametrize(
    ("text", "name", "is_match"),
    [
        pytest.param("^orders{e<=1}$", "order", False, id="no fuzzy constraint"),
        pytest.param("(?:foo){e}", "foo", False, id="none after a group"),
        pytest.param("^[[:alpha:]]", "b", False, id="no POSIX class"),
        pytest.param("^[[:alpha:]]", "a]", True, id="a set that ends at its first bracket"),
        pytest.param(r"^\N{DIGIT ONE}$", "1", True, id="a character by its name"),
        pytest.param("^a{2,3}$", "aaa", True, id="a repeat"),
        pytest.param("(?i)^ORD", "orders", True, id="a flag"),
        pytest.param("rders", "orders", False, id="from the start"),
    ],
)
def test_syntax_of_other_engines_is_read_as_by_re(
    text: str,
    name: str,
    is_match: bool,  # noqa: FBT001 - a case
) -> None:
    assert new_budget().matches(compile_expression(text), name) is is_match


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(", "missing ), unterminated subpattern at position 0"),
        (r"\p{Lu}", r"bad escape \p at position 0"),
        ("(?<x>a)", "unknown extension ?<x at position 1"),
        ("a{99999999999999999999}", "the repetition number is too large"),
    ],
)
def test_an_expression_that_re_refuses_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        compile_expression(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("^.*-.*-.*-.*-.*-prod$", "-" * 255),
        ("^([a-z0-9]+[-_]?)*-orders$", "customer-relationship-management-2024_archive.v2-orders"),
        ("^(a+)+$", "a" * 254 + "."),
    ],
)
def test_expressions_that_block_re_end_in_time(text: str, name: str) -> None:
    assert new_budget().matches(compile_expression(text), name) is False


def test_a_name_that_takes_too_long_is_given_up() -> None:
    assert new_budget().matches(compile_expression(HARD_EXPRESSION), HARD_NAME) is None


def test_many_slow_names_cost_no_more_than_a_few_and_ordinary_names_still_match() -> None:
    now = 0.0

    def pass_time() -> float:
        nonlocal now
        now += 0.5
        return now

    budget, hard = MatchBudget(pass_time), compile_expression(HARD_EXPRESSION)
    began = time.process_time()
    assert [budget.matches(hard, HARD_NAME) for _ in range(100)] == [None] * 100
    # One hundred times 0.2 s would be twenty.
    assert time.process_time() - began < 10
    assert budget.matches(hard, "aaaa") is True
    assert budget.matches(hard, "orders") is False
