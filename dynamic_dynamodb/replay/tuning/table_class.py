"""Advise the table class: Standard-IA stores cheaper than Standard, and charges more for throughput."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamic_dynamodb.replay.comparison.formatting import format_dollars
from dynamic_dynamodb.replay.comparison.table_classes import find_class, find_prices
from dynamic_dynamodb.scaling.costs import TableClass

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.recordings.recording import Recording
    from dynamic_dynamodb.scaling.costs import Prices
    from dynamic_dynamodb.scaling.model import Target

_BYTES_PER_GIGABYTE: Final = 1 << 30
"""AWS bills binary gigabytes (Amazon DynamoDB pricing)."""
_NAMES: Final = {TableClass.STANDARD: "Standard", TableClass.INFREQUENT_ACCESS: "Standard-IA"}


@dataclass(frozen=True, slots=True)
class Storage:
    """What a target stores, and its dollars a month in the class of its table and in the other class."""

    table_class: TableClass
    gigabytes: float
    dollars: float
    dollars_in_other_class: float


def find_storage(recording: Recording, standard: Prices) -> Storage | None:
    """Return what storage costs; None if the size or the class is unknown."""
    table_class = find_class(recording)
    if table_class is None or recording.size_bytes is None:
        return None
    gigabytes = recording.size_bytes / _BYTES_PER_GIGABYTE
    now, other = (
        gigabytes * find_prices(recording, standard, one).gigabyte_month
        for one in (table_class, table_class.other)
    )
    return Storage(table_class, gigabytes, now, other)


@dataclass(frozen=True, slots=True)
class ClassChange:
    """The advice to change the class of a table, with the dollars a month of the table and its indexes.

    `throughput` is what capacity or requests and watching cost if everything else that is advised is done.
    """

    table: Target
    table_class: TableClass
    gigabytes: float
    storage: float
    throughput: float
    new_storage: float
    new_throughput: float

    @property
    def saving(self) -> float:
        """Return the saved dollars a month."""
        return self.storage + self.throughput - self.new_storage - self.new_throughput

    @property
    def sentence(self) -> str:
        """Return the advice as text, without the name of the table."""
        percent = 100 * self.saving / (self.storage + self.throughput)
        throughput = _compare(self.throughput, self.new_throughput)
        return (
            f"change the table class to {_NAMES[self.table_class]}: saves {format_dollars(self.saving)}"
            f" a month ({percent:.0f} %): {self.gigabytes:,.1f} GB cost"
            f" {_compare(self.storage, self.new_storage)}, throughput {throughput}"
        )


def _compare(before: float, after: float) -> str:
    return f"{format_dollars(after)} instead of {format_dollars(before)}"
