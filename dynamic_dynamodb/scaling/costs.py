"""Compute costs of capacity and requests, with both ways of billing an hour in which capacity changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.options import DEFAULT_DOLLARS, Capacity
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_DAY, MINUTES_PER_HOUR
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

HOUR_MAX: Final = "hour-max"
PRICED_DAYS: Final = 30
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000
_CENT: Final = 0.01
THOUSAND_METRICS_DOLLARS: Final = 0.01
"""For a thousand metrics requested with GetMetricData (CloudWatch pricing, us-east-1)."""
PRICE_KEYS: Final = tuple(DEFAULT_DOLLARS)
"""The keys of prices in dollars: those of the defaults."""
ALARM_DOLLARS: Final = 0.10
"""For an alarm of standard resolution, a month (CloudWatch pricing, us-east-1)."""
ALARMS_PER_SIDE: Final = 4
"""The alarms of target tracking on the reads or on the writes of a table: high and low consumption, and
high and low provisioned units.
"""


class TableClass(str, Enum):
    """A table class by its name in DescribeTable; indexes have the class of their table."""

    STANDARD = "STANDARD"
    INFREQUENT_ACCESS = "STANDARD_INFREQUENT_ACCESS"

    @property
    def other(self) -> TableClass:
        """Return the other one of both classes."""
        return TableClass.STANDARD if self is TableClass.INFREQUENT_ACCESS else TableClass.INFREQUENT_ACCESS


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars in one table class.

    They are for one unit for an hour, for a million request units on demand, and for a gigabyte for a month.
    """

    capacity_hour: PerCapacity[float]
    million_requests: PerCapacity[float]
    gigabyte_month: float = DEFAULT_DOLLARS["storage"]


def read_prices(dollars: Mapping[str, float], table_class: TableClass = TableClass.STANDARD) -> Prices:
    """Return the prices of a table class, from those with the keys of `PRICE_KEYS`."""
    prefix = "" if table_class is TableClass.STANDARD else "ia_"
    return Prices(
        PerCapacity.of(lambda capacity: dollars[f"{prefix}{capacity.singular}_capacity"]),
        PerCapacity.of(lambda capacity: dollars[f"{prefix}{capacity.singular}_requests"]),
        dollars[f"{prefix}storage"],
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars per 30 days, if an hour is billed at its highest capacity or minute by minute."""

    hour_max: float
    prorated: float

    def by(self, billing: str) -> float:
        """Return the dollars by one way of billing."""
        return self.hour_max if billing == HOUR_MAX else self.prorated

    def __add__(self, other: Cost) -> Cost:
        """Return the sum of two costs."""
        return Cost(self.hour_max + other.hour_max, self.prorated + other.prorated)

    def __mul__(self, factor: float) -> Cost:
        """Return a multiple of the cost."""
        return Cost(self.hour_max * factor, self.prorated * factor)


NO_COST: Final = Cost(0.0, 0.0)


def split_hours(start: datetime, minutes: int) -> list[slice]:
    """Return the minutes of a recording, split at full hours."""
    first = MINUTES_PER_HOUR - start.minute
    cuts = [0, *range(first, minutes, MINUTES_PER_HOUR), minutes]
    return [slice(begin, end) for begin, end in pairwise(cuts)]


def bill(provisioned: Sequence[float], hours: Sequence[slice], price: float) -> Cost:
    """Return the cost of provisioned units by minute; an incomplete hour at either end counts in part."""
    unit_minutes = sum(max(part) * len(part) for part in (provisioned[hour] for hour in hours))
    return price_unit_minutes(unit_minutes, sum(provisioned), len(provisioned), price)


def price_unit_minutes(hour_max: float, prorated: float, minutes: int, price: float) -> Cost:
    """Return unit-minutes as dollars per 30 days."""
    factor = price / MINUTES_PER_HOUR * PRICED_DAYS * MINUTES_PER_DAY / minutes
    return Cost(hour_max * factor, prorated * factor)


@dataclass(frozen=True, slots=True)
class ChangeCost:
    """Dollars an hour that raises add and decreases save."""

    added: float = 0.0
    saved: float = 0.0

    @property
    def month(self) -> ChangeCost:
        """Return the dollars for 30 days."""
        hours = PRICED_DAYS * MINUTES_PER_DAY // MINUTES_PER_HOUR
        return ChangeCost(self.added * hours, self.saved * hours)


def price_change(before: PerCapacity[int], after: PerCapacity[int], prices: Prices) -> ChangeCost:
    """Return what a change of provisioned units adds and saves."""
    dollars = [(after[one] - before[one]) * prices.capacity_hour[one] for one in Capacity]
    return ChangeCost(sum(one for one in dollars if one > 0), -sum(one for one in dollars if one < 0))


def bill_on_demand(units: float, minutes: int, price: float) -> Cost:
    """Return the cost of request units, which is the same both ways."""
    dollars = units / _MILLION * price * PRICED_DAYS * MINUTES_PER_DAY / minutes
    return Cost(dollars, dollars)


def price_metrics(metrics: int, minutes: int) -> float:
    """Return the dollars per 30 days for the metrics that were requested in some minutes."""
    dollars = metrics * THOUSAND_METRICS_DOLLARS / _THOUSAND
    return dollars * PRICED_DAYS * MINUTES_PER_DAY / minutes


def describe_metrics_bill(metrics: int) -> str:
    """Return the number of metrics requested with GetMetricData, and what CloudWatch bills for them."""
    dollars = metrics / _THOUSAND * THOUSAND_METRICS_DOLLARS
    total = f"about ${dollars:,.2f}" if dollars >= _CENT else f"less than ${_CENT}"
    return f"{metrics:,} metrics: {total} at ${THOUSAND_METRICS_DOLLARS} per {_THOUSAND:,}"


def price_alarms(sides: int) -> float:
    """Return the dollars a month for the alarms of target tracking on some reads and writes."""
    return sides * ALARMS_PER_SIDE * ALARM_DOLLARS
