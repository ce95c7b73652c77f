"""Amounts are exact: growing rounds up, shrinking takes away whole units only."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.scaling.calculators import Scale, decrease, exact, increase

UNITS = st.integers(1, 10_000_000)
AMOUNTS = st.fractions(0, 1000)
UNIT_NAMES = st.sampled_from(["percent", "units"])


@pytest.mark.parametrize(
    ("provisioned", "consumed", "amount", "unit", "expected"),
    [
        pytest.param(100, 95, 50, "percent", 150, id="percent of the provisioned units"),
        pytest.param(100, 150, 50, "percent", 225, id="percent of the consumed units when those are more"),
        pytest.param(100, Fraction(32000, 300), 50, "percent", 161, id="consumption is rounded up first"),
        pytest.param(3, 0, 50, "percent", 5, id="a half unit is rounded up"),
        pytest.param(100, 0, 7, "percent", 107, id="7 of 100 is 7, not 8"),
        pytest.param(100, 0, Fraction("2.9"), "units", 103, id="fractions of units are rounded up"),
        pytest.param(100, 150, 50, "units", 200, id="units on top of the consumption"),
    ],
)
def test_a_raise_starts_from_the_larger_of_provisioned_and_consumed(
    provisioned: int, consumed: Fraction, amount: Fraction, unit: str, expected: int
) -> None:
    assert increase(provisioned, Fraction(consumed), amount, unit) == expected


@pytest.mark.parametrize(
    ("provisioned", "amount", "unit", "expected"),
    [
        pytest.param(100, 50, "percent", 50, id="percent"),
        pytest.param(3, 50, "percent", 2, id="only whole units are taken away"),
        pytest.param(1, 50, "percent", 1, id="half a unit is nothing"),
        pytest.param(100, 29, "percent", 71, id="29 of 100 is 29, not 28"),
        pytest.param(100, Fraction("2.9"), "units", 98, id="fractions of units are left"),
        pytest.param(10, 30, "units", -20, id="the minimum is not its business"),
    ],
)
def test_a_decrease_takes_away_whole_units(
    provisioned: int, amount: Fraction, unit: str, expected: int
) -> None:
    assert decrease(provisioned, amount, unit) == expected


@given(UNITS, st.fractions(0, 1_000_000), AMOUNTS, UNIT_NAMES)
def test_a_raise_never_ends_below_where_it_started(
    provisioned: int, consumed: Fraction, amount: Fraction, unit: str
) -> None:
    raised = increase(provisioned, consumed, amount, unit)
    assert raised >= provisioned
    assert raised >= consumed


@given(UNITS, AMOUNTS, UNIT_NAMES)
def test_a_decrease_never_ends_above_where_it_started(provisioned: int, amount: Fraction, unit: str) -> None:
    assert decrease(provisioned, amount, unit) <= provisioned


MANUAL = Scale.of({0: 0, 0.25: 5, 0.5: 10, 1: 20, 2: 50, 5: 100})


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        ("0", 0),
        ("0.24", 0),
        ("0.25", 5),
        ("0.49", 5),
        ("0.5", 10),
        ("1", 20),
        ("4.99", 50),
        ("5", 100),
        ("80", 100),
    ],
)
def test_a_raise_takes_the_highest_key_reached(percent: str, expected: int) -> None:
    assert MANUAL.amount_at_or_above(Fraction(percent)) == expected


def test_a_raise_is_nothing_at_0_percent_whatever_the_scale_says() -> None:
    assert Scale.of({0: 10}).amount_at_or_above(Fraction(0)) == 0


@pytest.mark.parametrize(
    ("percent", "expected"), [("0", 40), ("20", 40), ("20.1", 20), ("30", 20), ("30.1", 0)]
)
def test_a_decrease_takes_the_lowest_key_not_passed(percent: str, expected: int) -> None:
    assert Scale.of({30: 20, 20: 40}).amount_at_or_below(Fraction(percent)) == expected


@pytest.mark.parametrize("number", [0.1, 33.3, 7, 1e20, 0.30000000000000004])
def test_a_number_means_its_decimal_text(number: float) -> None:
    assert exact(number) == Fraction(str(number))
