"""The values that all packages share: targets, pairs of capacities, usage and descriptions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeGuard, TypeVar

from dynamic_dynamodb.options import Capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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

LONGEST_NAME_CHARACTERS: Final = 255
NAME_PATTERN: Final = rf"[A-Za-z0-9_.-]{{3,{LONGEST_NAME_CHARACTERS}}}"
"""The names that DynamoDB accepts for tables and indexes (API reference, CreateTable)."""
NAME_RULE: Final = f"3 to {LONGEST_NAME_CHARACTERS} letters, digits, _, - and ."
"""The pattern in words, for messages."""
_NAME: Final = re.compile(NAME_PATTERN)
_SEPARATOR: Final = re.compile("[/:@]")
_MOST_NAMES: Final = 2
_SAFE_NAME: Final = re.compile(rf"(?!\.{{1,2}}$)[A-Za-z0-9_.-]{{1,{LONGEST_NAME_CHARACTERS}}}")


def is_name(given: object) -> TypeGuard[str]:
    """Return whether DynamoDB accepts this as the name of a table or an index."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def is_safe_name(given: object) -> TypeGuard[str]:
    """Return whether a name in an answer of AWS is safe to use in a log line, a path or a call.

    It may be shorter than DynamoDB allows, as such a table can be scaled too.
    """
    return isinstance(given, str) and _SAFE_NAME.fullmatch(given) is not None


@dataclass_transform(frozen_default=True)
def value(kind: type[T]) -> type[T]:
    """Make a dataclass with slots that the type checker treats as frozen.

    A dataclass that is frozen at run time takes three times as long to create, and one check of one target
    creates thirty values.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


class Target(NamedTuple):
    """A table, or one of its global secondary indexes; a tuple, because tuples hash fast.

    `place` is the account and region that it is in, such as `production/us-east-1`; empty where there is
    only one.
    """

    table: str
    index: str = ""  # type: ignore[assignment]  # hides a tuple's method that no target needs
    place: str = ""

    def __str__(self) -> str:
        """Return `table` or `table/index`, after the place and a space: the spelling in all output."""
        name = f"{self.table}/{self.index}" if self.index else self.table
        return f"{self.place} {name}" if self.place else name

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that `table/index` names; `table:index` and `table@index` are read too.

        A place and a space may stand before it. No name in DynamoDB contains one of these separators, nor a
        space. Raise ValueError for anything else.
        """
        place, _, name = text.rpartition(" ")
        names = _SEPARATOR.split(name)
        if not all(names) or len(names) > _MOST_NAMES:
            message = f"{text!r} is not TABLE or TABLE/INDEX"
            raise ValueError(message)
        return cls(*names, place=place)  # type: ignore[misc]  # there are at most two names

    @property
    def table_target(self) -> Target:
        """Return the table that an index belongs to, or the table itself."""
        return self._replace(index="") if self.index else self

    @property
    def has_valid_names(self) -> bool:
        """Return whether DynamoDB accepts the names of the table and of the index."""
        return is_name(self.table) and (not self.index or is_name(self.index))

    @property
    def kind(self) -> str:
        """Return `GSI` or `table`."""
        return "GSI" if self.index else "table"


@value
class PerCapacity(Generic[T]):
    """One value for reads and one for writes."""

    reads: T
    writes: T

    def __getitem__(self, capacity: Capacity) -> T:
        """Return the value of one capacity."""
        return self.reads if capacity is Capacity.READS else self.writes

    def __iter__(self) -> Iterator[T]:
        """Iterate over the value for reads, then the value for writes."""
        return iter((self.reads, self.writes))

    def map(self, function: Callable[[T], U]) -> PerCapacity[U]:
        """Apply a function to both values."""
        return PerCapacity(function(self.reads), function(self.writes))

    def combine(self, function: Callable[[T, U], V], other: PerCapacity[U]) -> PerCapacity[V]:
        """Apply a function to both values, each together with the other pair's value of the same capacity."""
        return PerCapacity(function(self.reads, other.reads), function(self.writes, other.writes))

    @classmethod
    def of(cls, function: Callable[[Capacity], T]) -> PerCapacity[T]:
        """Build both values with a function of the capacity."""
        return PerCapacity(function(Capacity.READS), function(Capacity.WRITES))


@value
class MinuteSeries:
    """Consumed units and throttled events, minute by minute: what a target utilization needs.

    A minute without a datapoint is 0. The first `before` minutes lie before the look-back window.
    `period` is the number of minutes requested.
    """

    consumed: Sequence[float]
    throttled: Sequence[float]
    before: int
    period: int


@value
class Demand:
    """The minutes of one capacity, with what a check must know to size it by them.

    `known` is how many minutes of the look-back window are known.
    `raises` are the raises since the series began, the oldest first: how many of its minutes were over by
    then, and what was provisioned before. The minutes after the last one had what is provisioned now.
    `throttled_checks` counts the checks in a row before this one that saw newly throttled minutes without a
    raise, and `throttled_until` is the end of the youngest throttled minute.
    `is_newly_throttled` is True if this check sees such minutes too, and `is_throttled_to_end` if the newest
    known minute is throttled.
    `datapoint_until` is what the next check is to remember as `Memory.datapoint_until`.
    """

    minutes: MinuteSeries
    known: int
    raises: tuple[tuple[int, int], ...] = ()
    throttled_checks: int = 0
    throttled_until: datetime | None = None
    is_newly_throttled: bool = False
    is_throttled_to_end: bool = False
    datapoint_until: datetime | None = None


@value
class Usage:
    """Consumption and throttling of one capacity in its look-back window, in units and events.

    `consumed_per_second` is None if it is not known, or was not fetched.
    `throttled_events` is None if the throttled events were not fetched; their rate is then 0.
    `is_late` is True if CloudWatch may still publish the end of the window: low figures may not be final.
    `known_floor_per_second` is then a lower bound of consumption: it counts missing minutes as zero.
    `answered_events` are the throttled events that a raise has answered already.
    `throttled_per_second` is the rate of the other events in the minutes since that raise.
    """

    consumed_per_second: Rational | None
    throttled_events: Rational | None
    throttled_per_second: Rational
    is_late: bool = False
    known_floor_per_second: Rational | None = None
    answered_events: Rational = 0
    demand: Demand | None = None

    @property
    def unanswered_events(self) -> Rational:
        """Return the throttled events that no raise has answered yet."""
        return (self.throttled_events or 0) - self.answered_events


ACTIVE: Final = "ACTIVE"
"""The only status in which AWS accepts an update."""


@value
class Description:
    """What DescribeTable returns about one target.

    `decreases_today` and `last_decrease` are AWS's own counters, which limit further decreases.
    `replicas` are the other regions of a global table.
    `account` is the number of the AWS account that owns the table; empty if the answer does not contain it.
    `size_bytes` and `table_class` are for recordings; they are unknown, None and empty, if malformed.
    `flaw` explains why the description cannot be used; `unnamed` holds the flaws of indexes without a usable
    name.
    """

    target: Target
    provisioned: PerCapacity[int]
    status: str
    table_status: str
    decreases_today: int = 0
    last_decrease: datetime | None = None
    replicas: tuple[str, ...] = ()
    account: str = ""
    size_bytes: int | None = None
    table_class: str = ""
    flaw: str = ""
    unnamed: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Return whether AWS would accept an update of this target."""
        return self.status == self.table_status == ACTIVE and not self.flaw

    @property
    def is_on_demand(self) -> bool:
        """Return whether AWS bills by request: such a target has no provisioned capacity."""
        return 0 in tuple(self.provisioned)
