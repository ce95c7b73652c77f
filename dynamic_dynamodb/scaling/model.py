"""Name the values that the rest of the package passes around."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeGuard, TypeVar

from dynamic_dynamodb.options import Capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from typing_extensions import dataclass_transform

    from dynamic_dynamodb.scaling.calculators import Rational
else:

    def dataclass_transform(**_: Any) -> Any:  # noqa: ANN401 - typing's own, which Python 3.10 does not have
        """Return a decorator that changes nothing, as the real one does at run time."""
        return lambda decorator: decorator


T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

NAME_PATTERN: Final = "[A-Za-z0-9_.-]{3,255}"
"""The names that DynamoDB gives tables and indexes (API reference, CreateTable)."""
_NAME: Final = re.compile(NAME_PATTERN)
_SEPARATOR: Final = re.compile("[/:@]")
_SAFE_NAME: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}")


def is_name(given: object) -> TypeGuard[str]:
    """Tell whether DynamoDB takes this as the name of a table or an index."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def is_safe_name(given: object) -> TypeGuard[str]:
    """Tell whether a name that an answer holds does no harm in a line, a path or a call.

    A shorter name than DynamoDB gives is no reason to leave the table that bears it alone.
    """
    return isinstance(given, str) and _SAFE_NAME.fullmatch(given) is not None


@dataclass_transform(frozen_default=True)
def value(kind: type[T]) -> type[T]:
    """Make a dataclass with slots that the type checker takes for frozen.

    A dataclass that is frozen at run time takes three times as long to create, and one check of one target
    creates thirty values.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


class Target(NamedTuple):
    """A table, or one of its global secondary indexes; a tuple, because so many look-ups hash it."""

    table: str
    index: str = ""  # type: ignore[assignment]  # hides a tuple's method that no target needs

    def __str__(self) -> str:
        """Return `table` or `table/index`, as everything that the program prints or writes spells it."""
        return f"{self.table}/{self.index}" if self.index else self.table

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that `table/index` names; `table:index` and `table@index` are read too.

        No name in DynamoDB contains one of these separators. Raise ValueError if a name is missing.
        """
        names = _SEPARATOR.split(text, maxsplit=1)
        if not all(names):
            message = f"{text!r} is not TABLE or TABLE/INDEX"
            raise ValueError(message)
        return cls(*names)

    @property
    def has_valid_names(self) -> bool:
        """Return whether DynamoDB accepts the names of the table and of the index."""
        return is_name(self.table) and (not self.index or is_name(self.index))

    @property
    def kind(self) -> str:
        """Name what it is, in the words of DynamoDB's users."""
        return "GSI" if self.index else "table"


@value
class PerCapacity(Generic[T]):
    """Hold one value for reads and one for writes."""

    reads: T
    writes: T

    def __getitem__(self, capacity: Capacity) -> T:
        """Pick the value of one capacity."""
        return self.reads if capacity is Capacity.READS else self.writes

    def __iter__(self) -> Iterator[T]:
        """Give the reads' value, then the writes'."""
        return iter((self.reads, self.writes))

    def map(self, function: Callable[[T], U]) -> PerCapacity[U]:
        """Apply a function to both values."""
        return PerCapacity(function(self.reads), function(self.writes))

    def combine(self, function: Callable[[T, U], V], other: PerCapacity[U]) -> PerCapacity[V]:
        """Apply a function to both values, each with the other's of the same capacity."""
        return PerCapacity(function(self.reads, other.reads), function(self.writes, other.writes))

    @classmethod
    def of(cls, function: Callable[[Capacity], T]) -> PerCapacity[T]:
        """Build both values from the names of their capacities."""
        return PerCapacity(function(Capacity.READS), function(Capacity.WRITES))


@value
class Usage:
    """What one capacity of a target went through in its look-back window.

    `consumed_per_second` is None when it is not known; `is_late` says that CloudWatch may not yet
    have published the end of the window, so that a low figure proves nothing.
    `known_floor_per_second` is what was consumed even if nothing was in the minutes that are missing so.
    `answered_events` are those of the throttled ones that a raise has answered already;
    `throttled_per_second` is the rate of the others, in the minutes since.
    """

    consumed_per_second: Rational | None
    throttled_events: Rational
    throttled_per_second: Rational
    is_late: bool = False
    known_floor_per_second: Rational | None = None
    answered_events: Rational = 0

    @property
    def unanswered_events(self) -> Rational:
        """Return the throttled events that no raise has answered yet."""
        return self.throttled_events - self.answered_events


ACTIVE: Final = "ACTIVE"
"""The one state in which AWS takes an update."""


@value
class Description:
    """What DescribeTable says of one target.

    `decreases_today` and `last_decrease` are AWS's own counters, which bound further decreases.
    `replicas` are the other regions that a global table is in.
    `account` is the number of the AWS account that owns it; empty if the answer did not say.
    A `flaw` says why the description cannot be used; `unnamed` is the same for indexes of a table that
    have no usable name.
    """

    target: Target
    provisioned: PerCapacity[int]
    status: str
    table_status: str
    decreases_today: int = 0
    last_decrease: datetime | None = None
    replicas: tuple[str, ...] = ()
    account: str = ""
    flaw: str = ""
    unnamed: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Tell whether AWS would take an update of this target."""
        return self.status == self.table_status == ACTIVE and not self.flaw

    @property
    def is_on_demand(self) -> bool:
        """Tell whether AWS bills by request: such a target has no provisioned capacity to change."""
        return 0 in tuple(self.provisioned)
