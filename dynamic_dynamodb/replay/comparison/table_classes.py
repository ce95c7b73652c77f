"""Find the table class of a recording, and the prices of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.scaling.costs import Prices, TableClass, read_prices
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recordings.recording import Recording


def find_class(recording: Recording) -> TableClass | None:
    """Return the class of the table; None if it is unknown."""
    return next((one for one in TableClass if one.value == recording.table_class), None)


def find_prices(recording: Recording, standard: Prices, table_class: TableClass | None = None) -> Prices:
    """Return the prices for a recording, by default those of the class of its table, or Standard if unknown.

    `standard` are those of the class Standard; the class Standard-IA costs as much more or less as in the
    prices that were recorded, or by default.
    """
    chosen = table_class or find_class(recording) or TableClass.STANDARD
    dollars = DEFAULT_DOLLARS if recording.prices is None else recording.prices.dollars
    known, wanted = read_prices(dollars), read_prices(dollars, chosen)
    return Prices(
        _scale(standard.capacity_hour, known.capacity_hour, wanted.capacity_hour),
        _scale(standard.million_requests, known.million_requests, wanted.million_requests),
        wanted.gigabyte_month,
    )


def _scale(
    prices: PerCapacity[float], known: PerCapacity[float], wanted: PerCapacity[float]
) -> PerCapacity[float]:
    return PerCapacity.of(lambda capacity: prices[capacity] * (wanted[capacity] / known[capacity]))
