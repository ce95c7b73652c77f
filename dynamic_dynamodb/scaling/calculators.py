"""Exact arithmetic for new capacities, in integers and fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from math import ceil
from operator import mod
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PERCENT: Final = 100
SECONDS_PER_MINUTE: Final = 60
MINUTES_PER_HOUR: Final = 60
MINUTES_PER_DAY: Final = 24 * MINUTES_PER_HOUR

_MOST_EXACT: Final = 2.0**53
"""Below it, the text of a whole float has all digits of the number."""

Rational: TypeAlias = Fraction | int
"""An exact number; whole numbers are ints where many are computed, because ints are faster."""


def exact(number: float | str) -> Rational:
    """Return the number that the decimal text of a float means: 0.1 is one tenth, and 5.0 is the int 5."""
    if isinstance(number, int):
        return number
    if isinstance(number, float) and number < _MOST_EXACT and number.is_integer():
        return int(number)  # as its text says, and faster
    fraction = Fraction(str(number))
    return fraction.numerator if fraction.denominator == 1 else fraction


def add(numbers: Collection[float]) -> Rational:
    """Return the exact sum; most numbers are whole, and need no conversion."""
    has_fractions = any(map(mod, numbers, repeat(1)))
    return sum(map(exact, numbers), Fraction(0)) if has_fractions else int(sum(numbers))


def percent_of(part: Rational, whole: Rational) -> Fraction:
    """Return a share in percent, with one division instead of two."""
    return Fraction(part.numerator * whole.denominator * PERCENT, part.denominator * whole.numerator)


@dataclass(frozen=True, slots=True)
class Scale:
    """Amounts by the percentage from which a raise, or up to which a decrease, applies; sorted."""

    steps: tuple[tuple[Rational, Rational], ...]

    @classmethod
    def of(cls, amounts: Mapping[float, float]) -> Scale:
        """Build a scale from the dict of an option."""
        return cls(tuple(sorted((exact(key), exact(amount)) for key, amount in amounts.items())))

    @property
    def lowest_key(self) -> Rational:
        """Return the lowest percentage of all steps."""
        return self.steps[0][0]

    @property
    def highest_key(self) -> Rational:
        """Return the highest percentage of all steps."""
        return self.steps[-1][0]

    def amount_at_or_above(self, percent: Rational) -> Rational:
        """Return the amount of the highest key that `percent` reaches; 0 below all keys, and at 0 %."""
        found: Rational = 0
        if percent <= 0:
            return found
        for key, amount in self.steps:
            if key > percent:
                break
            found = amount
        return found

    def amount_at_or_below(self, percent: Rational) -> Rational:
        """Return the amount of the lowest key that `percent` does not exceed; 0 above all keys."""
        for key, amount in self.steps:
            if percent <= key:
                return amount
        return 0


def increase(provisioned: int, consumed: Rational, amount: Rational, unit: str) -> int:
    """Return the provisioned or the consumed units, whichever are more, plus an amount in percent or units.

    Fractions of a unit are rounded up.
    """
    base = max(provisioned, ceil(consumed))
    divisor = amount.denominator * (PERCENT if unit == "percent" else 1)
    added = amount.numerator * (base if unit == "percent" else 1)
    return base - -added // divisor


def decrease(provisioned: int, amount: Rational, unit: str) -> int:
    """Return the provisioned units minus an amount in percent or units.

    The amount is rounded down to whole units. The result may be below 1.
    """
    divisor = amount.denominator * (PERCENT if unit == "percent" else 1)
    removed = amount.numerator * (provisioned if unit == "percent" else 1)
    return provisioned - removed // divisor
