"""Name the values that the rest of the package passes around."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeGuard, TypeVar

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.scaling.value import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from dynamic_dynamodb.scaling.calculators import Rational

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

NAME_PATTERN: Final = "[A-Za-z0-9_.-]{3,255}"
"""The names that DynamoDB gives tables and indexes (API reference, CreateTable)."""
_NAME: Final = re.compile(NAME_PATTERN)
_SAFE_NAME: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}")


def is_name(given: object) -> TypeGuard[str]:
    """Tell whether DynamoDB takes this as the name of a table or an index."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def is_safe_name(given: object) -> TypeGuard[str]:
    """Tell whether a name that an answer holds does no harm in a line, a path or a call.

    A shorter name than DynamoDB gives is no reason to leave the table that bears it alone.
    """
    return isinstance(given, str) and _SAFE_NAME.fullmatch(given) is not None


class Target(NamedTuple):
    """A table, or one of its global secondary indexes; a tuple, because so many look-ups hash it."""

    table: str
    index: str = ""  # type: ignore[assignment]  # hides a tuple's method that no target needs

    def __str__(self) -> str:
        """Spell it as log lines do: `table` or `table:index`."""
        return f"{self.table}:{self.index}" if self.index else self.table

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
    `sure_per_second` is what was consumed even if nothing was in the minutes that are missing so.
    `answered_events` are those of the throttled ones that a raise has answered already;
    `throttled_per_second` is the rate of the others, in the minutes since.
    """

    consumed_per_second: Rational | None
    throttled_events: Rational
    throttled_per_second: Rational
    is_late: bool = False
    sure_per_second: Rational | None = None
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


class Code(str, Enum):
    """Why a capacity was raised, lowered or left alone; stable names for programs."""

    CONSUMED_ABOVE_THRESHOLD = "consumed-above-threshold"
    CONSUMED_SCALE = "consumed-scale"
    THROTTLED_COUNT = "throttled-count"
    THROTTLED_BY_PROVISIONED = "throttled-by-provisioned"
    THROTTLED_BY_CONSUMED = "throttled-by-consumed"
    CAPPED_AT_MAXIMUM = "capped-at-maximum"
    BELOW_MINIMUM = "below-minimum"
    ABOVE_MAXIMUM = "above-maximum"
    CONSUMED_BELOW_THRESHOLD = "consumed-below-threshold"
    DECREASE_SCALE = "decrease-scale"
    STEADY = "steady"
    AT_MINIMUM = "at-minimum"
    AUTOSCALING_OFF = "autoscaling-off"
    UP_SCALING_OFF = "up-scaling-off"
    DOWN_SCALING_OFF = "down-scaling-off"
    ZERO_CONSUMPTION = "zero-consumption"
    STILL_THROTTLED = "still-throttled"
    WAITING_FOR_CHECKS = "waiting-for-checks"
    BELOW_CONSUMPTION = "below-consumption"
    ROUNDS_TO_NOTHING = "rounds-to-nothing"
    METRICS_UNKNOWN = "metrics-unknown"
    METRICS_LATE = "metrics-late"
    NOT_ACTIVE = "not-active"
    OUTSIDE_WINDOW = "outside-window"
    RW_TOGETHER = "rw-together"
    DECREASE_BUDGET = "decrease-budget"
    AWS_AUTOSCALED = "aws-autoscaled"
    AWS_AUTOSCALING_UNKNOWN = "aws-autoscaling-unknown"
    ON_DEMAND = "on-demand"
    CIRCUIT_BREAKER = "circuit-breaker"
    METRICS_FAILED = "metrics-failed"
    DESCRIBE_FAILED = "describe-failed"
    MATCHING_TIMED_OUT = "matching-timed-out"
    REFUSED = "refused"
    LIMIT_EXCEEDED = "limit-exceeded"
    ENDING = "ending"


THROTTLED: Final = (Code.THROTTLED_COUNT, Code.THROTTLED_BY_PROVISIONED, Code.THROTTLED_BY_CONSUMED)
"""Why a raise is made because of throttling."""


class Reason:
    """A code for programs and a sentence with its numbers for people.

    The sentence may be given as a function that writes it: many checks are made whose words nobody reads.
    """

    __slots__ = ("_sentence", "code")

    def __init__(self, code: Code, sentence: str | Callable[[], str]) -> None:
        """Keep both."""
        self.code = code
        self._sentence = sentence

    @property
    def sentence(self) -> str:
        """Give the sentence."""
        if not isinstance(self._sentence, str):
            self._sentence = self._sentence()
        return self._sentence

    def __eq__(self, other: object) -> bool:
        """Compare the words, whenever they are written."""
        if not isinstance(other, Reason):
            return NotImplemented
        return self.code is other.code and self.sentence == other.sentence

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.code, self.sentence))

    def __repr__(self) -> str:
        """Show both."""
        return f"Reason({self.code!r}, {self.sentence!r})"
