"""Hold what is known of one capacity in one check, and its percentages."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from dynamic_dynamodb.options import name_of
from dynamic_dynamodb.scaling.calculators import PERCENT, percent_of

if TYPE_CHECKING:
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.model import Usage
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


class CapacityCheck:
    """One capacity of a target: its options, its usage, and the units it has now (at least 1).

    `is_known` tells whether consumption is known at all; `consumed` is in units a second, 0 if it is not
    known.
    """

    __slots__ = ("_part", "_whole", "capacity", "consumed", "is_known", "options", "provisioned", "usage")

    def __init__(self, capacity: Capacity, options: CapacityOptions, usage: Usage, provisioned: int) -> None:
        """Work out once what nearly every rule looks at."""
        self.capacity = capacity
        self.options = options
        self.usage = usage
        self.provisioned = provisioned
        consumed = usage.consumed_per_second
        self.is_known = consumed is not None
        self.consumed = consumed or 0
        # Consumption in percent is one over the other: that spares most checks a division.
        self._part = self.consumed.numerator * PERCENT
        self._whole = self.consumed.denominator * provisioned

    @property
    def consumed_percent(self) -> Fraction:
        """Give consumption as a share of the provisioned units."""
        return Fraction(self._part, self._whole)

    def is_above(self, percent: Rational) -> bool:
        """Tell whether more than this share of the provisioned units is consumed."""
        return self._part * percent.denominator > percent.numerator * self._whole

    def is_below(self, percent: Rational) -> bool:
        """Tell whether less than this share of the provisioned units is consumed."""
        return self._part * percent.denominator < percent.numerator * self._whole

    @property
    def is_low(self) -> bool:
        """Tell whether consumption is known and below the lower threshold."""
        return self.is_known and self.is_below(self.options.lower_threshold)

    def name(self, field: str) -> str:
        """Spell the option behind a field, for sentences."""
        return name_of(self.capacity, field)

    def tell_consumed(self) -> str:
        """Say how much was consumed, for sentences."""
        return f"{tell(self.consumed_percent)} % consumed"

    @property
    def sure_consumption(self) -> Rational:
        """Give the consumption to build a raise on: a burst before missing minutes is not steady."""
        sure = self.usage.sure_per_second
        return self.consumed if sure is None else sure

    @property
    def throttled_by_provisioned_percent(self) -> Fraction:
        """Give unanswered throttled events a second as a share of the provisioned units."""
        return percent_of(self.usage.throttled_per_second, self.provisioned)

    @property
    def throttled_by_consumed_percent(self) -> Fraction:
        """Give unanswered throttled events as a share of consumption; without any all (100) or nothing."""
        if not self.consumed:
            return Fraction(PERCENT if self.usage.unanswered_events else 0)
        return percent_of(self.usage.throttled_per_second, self.consumed)

    @property
    def is_throttled(self) -> bool:
        """Tell whether more events were throttled than the options let pass, if they set a limit."""
        return self._is_too_much(self.usage.throttled_events)

    @property
    def is_throttled_anew(self) -> bool:
        """Tell the same of the events that no raise has answered yet: only those ask for another."""
        return self._is_too_much(self.usage.unanswered_events)

    def _is_too_much(self, events: Rational) -> bool:
        threshold = self.options.throttled_upper_threshold
        return threshold > 0 and events > threshold


def tell(number: Rational) -> str:
    """Write a number with at most two decimals, for sentences."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
