"""Compare what tables billed on demand cost with what they would cost provisioned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.aws.history import Consumed
from dynamic_dynamodb.check.ports import ALL_METRICS
from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.proposal.comments import count, write_comment
from dynamic_dynamodb.proposal.load import TARGET_PERCENT
from dynamic_dynamodb.proposal.survey import DAYS, HOURS
from dynamic_dynamodb.scaling.costs import PRICED_DAYS, TableClass, price_metrics, read_prices
from dynamic_dynamodb.scaling.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamic_dynamodb.proposal.survey import Survey
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.model import Description

_MILLION: Final = 1_000_000
_WATCHING_DOLLARS: Final = price_metrics(ALL_METRICS, 1)
"""For 30 days of checks each minute of a table or an index."""


class Costs(NamedTuple):
    """Dollars for 30 days; `provisioned` is capacity that follows the load, and the metrics of checks."""

    on_demand: float
    provisioned: float

    @property
    def is_provisioned_cheaper(self) -> bool:
        """Return whether capacity costs less than requests."""
        return self.provisioned < self.on_demand


class OnDemandTable(NamedTuple):
    """A table billed on demand, with the number of its indexes; its costs are None if they are not known."""

    name: str
    indexes: int
    costs: Costs | None


def list_on_demand(survey: Survey) -> Iterator[OnDemandTable]:
    """Yield the tables billed on demand by name; a table and its indexes are billed alike."""
    for name, targets in sorted(survey.tables.items()):
        if targets[Target(name)].is_on_demand:
            yield OnDemandTable(name, len(targets) - 1, _find_costs(survey, targets))


def _find_costs(survey: Survey, targets: Mapping[Target, Description]) -> Costs | None:
    """Return what a table and its indexes cost; None if the load of any is not known."""
    is_rare = any(one.table_class == TableClass.INFREQUENT_ACCESS.value for one in targets.values())
    prices = read_prices(survey.dollars, TableClass.INFREQUENT_ACCESS if is_rare else TableClass.STANDARD)
    consumed = [Consumed(target, capacity) for target in targets for capacity in Capacity]
    if not all(one in survey.loads for one in consumed):
        return None
    costs = [_price(survey, one, prices) for one in consumed]
    return Costs(
        sum(one.on_demand for one in costs),
        sum(one.provisioned for one in costs) + len(targets) * _WATCHING_DOLLARS,
    )


def _price(survey: Survey, consumed: Consumed, prices: Prices) -> Costs:
    load, capacity = survey.loads[consumed], consumed.capacity
    unit_hours = load.unit_hours or HOURS  # an idle capacity has 1 unit
    return Costs(
        load.units / _MILLION * prices.million_requests[capacity] * PRICED_DAYS / DAYS,
        unit_hours * prices.capacity_hour[capacity] * PRICED_DAYS / DAYS,
    )


def write_on_demand(survey: Survey) -> Iterator[str]:
    """Yield comments with the costs of each table, and how to change its billing if that is dearer."""
    tables = tuple(list_on_demand(survey))
    yield from write_comment(
        f"Billed on demand, so there is nothing to scale. Dollars are for 30 days like the last {DAYS}, at"
        f" the prices of {survey.price_source}. Provisioned is capacity that follows the busiest minute of"
        f" each hour at {TARGET_PERCENT} %, at least 1 unit, and up to ${_WATCHING_DOLLARS:.2f} of metrics"
        " for each table and index, if it is checked each minute."
    )
    for one in tables:
        yield from write_comment(f"  {_describe(one)}")
    if any(one.costs is not None and one.costs.is_provisioned_cheaper for one in tables):
        yield from write_comment(
            "To scale one: record it, and let --tune confirm what is cheaper. Then set its billing mode to"
            " PROVISIONED (aws dynamodb update-table), and run --init again."
        )


def _describe(table: OnDemandTable) -> str:
    name = f"{table.name} with {count(table.indexes, 'index')}" if table.indexes else table.name
    if table.costs is None:
        return f"{name}: its load is not known"
    on_demand, provisioned = table.costs
    cheaper = ": cheaper provisioned" if table.costs.is_provisioned_cheaper else ""
    return f"{name}: ${on_demand:,.2f} on demand, about ${provisioned:,.2f} provisioned{cheaper}"
