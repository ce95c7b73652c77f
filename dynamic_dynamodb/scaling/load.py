"""The load of one capacity in one check: units consumed and throttled, also in percent."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from dynamic_dynamodb.options import name_of
from dynamic_dynamodb.scaling.calculators import PERCENT, percent_of
from dynamic_dynamodb.scaling.demand import find_peak, find_recent

if TYPE_CHECKING:
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.model import Usage
    from dynamic_dynamodb.scaling.target_options import CapacityOptions


class CapacityLoad:
    """One capacity of a target: its options, its usage, and its provisioned units (at least 1).

    `is_known` is False if consumption is not known.
    `consumed` is in units a second; it is 0 if consumption is not known.
    """

    __slots__ = (
        "_part",
        "_recent",
        "_whole",
        "capacity",
        "consumed",
        "is_known",
        "options",
        "provisioned",
        "usage",
    )

    def __init__(self, capacity: Capacity, options: CapacityOptions, usage: Usage, provisioned: int) -> None:
        """Compute once what nearly every rule needs."""
        self.capacity = capacity
        self.options = options
        self.usage = usage
        self.provisioned = provisioned
        consumed = usage.consumed_per_second
        self.is_known = consumed is not None
        self.consumed = consumed = 0 if consumed is None else consumed
        # The percentage as a numerator and a denominator: most checks only compare it, and need no division.
        self._part = consumed.numerator * PERCENT
        self._whole = consumed.denominator * provisioned
        self._recent: Rational | None = None

    @property
    def consumed_percent(self) -> Fraction:
        """Return consumption as a share of the provisioned units."""
        return Fraction(self._part, self._whole)

    def is_above(self, percent: Rational) -> bool:
        """Return whether more than this share of the provisioned units is consumed."""
        return self._part * percent.denominator > percent.numerator * self._whole

    def is_below(self, percent: Rational) -> bool:
        """Return whether less than this share of the provisioned units is consumed."""
        return self._part * percent.denominator < percent.numerator * self._whole

    @property
    def is_low(self) -> bool:
        """Return whether consumption is known and below the lower threshold."""
        return self.is_known and self.is_below(self.options.lower_threshold)

    def name(self, field: str) -> str:
        """Return the name of the option behind a field, such as `max-provisioned-reads`."""
        return name_of(self.capacity, field)

    @property
    def known_consumption(self) -> Rational:
        """Return the consumption to size a raise by.

        Missing minutes count as zero, so that one burst is not extrapolated.
        """
        floor = self.usage.known_floor_per_second
        return self.consumed if floor is None else floor

    @property
    def recent_demand(self) -> Rational | None:
        """Return the demand of the newest known minutes in units a second; None if it is not known."""
        demand = self.usage.demand
        if self._recent is None and demand is not None:
            self._recent = find_recent(demand, self.provisioned)
        return self._recent

    @property
    def is_demand_above_threshold(self) -> bool:
        """Return whether the demand of the newest known minutes is above the upper threshold."""
        demand = self.recent_demand
        return demand is not None and demand * PERCENT > self.options.upper_threshold * self.provisioned

    @property
    def peak_demand(self) -> Rational:
        """Return the demand of the highest minute that a decrease looks back on, in units a second."""
        demand = self.usage.demand
        return self.consumed if demand is None else find_peak(demand, self.provisioned)

    @property
    def throttled_checks(self) -> int:
        """Return how many checks in a row, with this one, have seen newly throttled minutes."""
        demand = self.usage.demand
        if demand is None or not self.is_throttled:
            return 0
        if demand.is_newly_throttled:
            return demand.throttled_checks + 1
        return demand.throttled_checks if demand.is_throttled_to_end else 0

    @property
    def is_newly_throttled(self) -> bool:
        """Return whether this check sees throttled minutes that no earlier check has seen."""
        return self.usage.demand is not None and self.usage.demand.is_newly_throttled

    @property
    def throttled_by_provisioned_percent(self) -> Fraction:
        """Return unanswered throttled events a second as a share of the provisioned units."""
        return percent_of(self.usage.throttled_per_second, self.provisioned)

    @property
    def throttled_by_consumed_percent(self) -> Fraction:
        """Return unanswered throttled events as a share of consumption.

        Without consumption it is 100 if there are any events, else 0.
        """
        if not self.consumed:
            return Fraction(PERCENT if self.usage.unanswered_events else 0)
        return percent_of(self.usage.throttled_per_second, self.consumed)

    @property
    def is_throttled(self) -> bool:
        """Return whether more events were throttled than `throttled-…-upper-threshold`, if that is set."""
        return 0 < self.options.throttled_upper_threshold < (self.usage.throttled_events or 0)

    @property
    def has_unanswered_throttling(self) -> bool:
        """Return the same for the events that no raise has answered yet: only they call for another raise."""
        return 0 < self.options.throttled_upper_threshold < self.usage.unanswered_events
