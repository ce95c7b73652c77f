"""Hold the columns of a recording's file."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

Column = array  # of "d": numbers by minute, eight bytes each, so that a year of them is small
COLUMNS: Final = (
    "consumed_reads",
    "consumed_writes",
    "throttled_reads",
    "throttled_writes",
    "provisioned_reads",
    "provisioned_writes",
)
"""The columns of a recording in a file, after `timestamp`."""
SUMS: Final = COLUMNS[:4]
"""Those that hold a Sum over each row's minutes; the others hold levels."""


@dataclass(slots=True)
class Rows:
    """The rows of a file: minutes since 1970 in order, and a column each; NaN is a blank field."""

    stamps: array[int]
    columns: dict[str, Column[float]]

    def select(self, places: range | list[int]) -> Rows:
        """Give some of the rows, in this order."""
        columns = {
            name: array("d", [column[place] for place in places]) for name, column in self.columns.items()
        }
        return Rows(array("q", [self.stamps[place] for place in places]), columns)
