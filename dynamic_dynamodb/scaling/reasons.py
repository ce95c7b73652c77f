"""Why a capacity was changed or left alone: codes for programs, sentences for people.

Every sentence is a function of this module or a constant, so that reasons can be pickled.
`docs/troubleshooting.md` explains each code under its sentence.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVarTuple, Unpack

    from dynamic_dynamodb.errors import AwsError
    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.load import CapacityLoad
    from dynamic_dynamodb.scaling.model import Description

    Facts = TypeVarTuple("Facts")
    Cause = Callable[[CapacityLoad], str]


class Code(str, Enum):
    """Why a capacity was raised, lowered or left alone; stable names for programs."""

    CONSUMED_ABOVE_THRESHOLD = "consumed-above-threshold"
    CONSUMED_SCALE = "consumed-scale"
    ABOVE_TARGET = "above-target"
    THROTTLED_COUNT = "throttled-count"
    THROTTLED_BY_PROVISIONED = "throttled-by-provisioned"
    THROTTLED_BY_CONSUMED = "throttled-by-consumed"
    CAPPED_AT_MAXIMUM = "capped-at-maximum"
    BELOW_MINIMUM = "below-minimum"
    SCHEDULED_MINIMUM = "scheduled-minimum"
    ABOVE_MAXIMUM = "above-maximum"
    CONSUMED_BELOW_THRESHOLD = "consumed-below-threshold"
    DECREASE_SCALE = "decrease-scale"
    BELOW_TARGET = "below-target"
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
    LATE_IN_HOUR = "late-in-hour"
    DECREASE_BUDGET = "decrease-budget"
    AWS_AUTOSCALED = "aws-autoscaled"
    AWS_AUTOSCALING_UNKNOWN = "aws-autoscaling-unknown"
    ON_DEMAND = "on-demand"
    CIRCUIT_BREAKER = "circuit-breaker"
    METRICS_FAILED = "metrics-failed"
    DESCRIBE_FAILED = "describe-failed"
    UNEXPECTED_ERROR = "unexpected-error"
    MATCHING_TIMED_OUT = "matching-timed-out"
    REFUSED = "refused"
    LIMIT_EXCEEDED = "limit-exceeded"
    ENDING = "ending"


THROTTLED: Final = (Code.THROTTLED_COUNT, Code.THROTTLED_BY_PROVISIONED, Code.THROTTLED_BY_CONSUMED)
"""The reasons to raise a capacity because of throttling."""


class Reason:
    """A code for programs and a sentence for people.

    The sentence is a text, or a function and the facts to call it with.
    It is written when it is read, because most checks of a replay are never read.
    """

    __slots__ = ("_facts", "_source", "_written", "code")

    def __init__(
        self, code: Code, sentence: str | Callable[[Unpack[Facts]], str], *facts: Unpack[Facts]
    ) -> None:
        """Keep the function and its facts; a function of a module can be pickled, a closure cannot."""
        self.code = code
        self._source = sentence
        self._facts = facts
        self._written: str | None = None

    @property
    def sentence(self) -> str:
        """Return the sentence, without a full stop; times of the day are in UTC."""
        if self._written is None:  # kept: the log and the status both read it
            self._written = self._source if isinstance(self._source, str) else self._source(*self._facts)
        return self._written

    def write(self, to_zone: Callable[[datetime], datetime]) -> str:
        """Return the sentence with times of the day in another zone."""
        if isinstance(self._source, str) or not any(isinstance(fact, datetime) for fact in self._facts):
            return self.sentence
        facts: Any = [to_zone(fact) if isinstance(fact, datetime) else fact for fact in self._facts]
        return self._source(*facts)

    def __eq__(self, other: object) -> bool:
        """Compare codes and sentences, whatever the sentences are made of."""
        if not isinstance(other, Reason):
            return NotImplemented
        return self.code is other.code and self.sentence == other.sentence

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.code, self.sentence))

    def __repr__(self) -> str:
        """Show the code and the sentence."""
        return f"Reason({self.code!r}, {self.sentence!r})"


def format_number(number: Rational) -> str:
    """Return a number with at most two decimals."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")


def format_hour(moment: datetime) -> str:
    """Return a time of the day with its zone, such as `14:05 UTC` or `16:05+0200`."""
    return f"{moment:%H:%M%z}" if moment.utcoffset() else f"{moment:%H:%M} UTC"


# What was seen: the first half of most sentences.


def consumed(load: CapacityLoad) -> str:
    """Return what was consumed."""
    return f"{format_number(load.consumed_percent)} % consumed"


def consumed_above_threshold(load: CapacityLoad) -> str:
    """State that consumption is high."""
    threshold = format_number(load.options.upper_threshold)
    return f"{consumed(load)} is above {load.name('upper_threshold')} {threshold} %"


def consumed_below_threshold(load: CapacityLoad) -> str:
    """State that consumption is low."""
    threshold = format_number(load.options.lower_threshold)
    return f"{consumed(load)} is below {load.name('lower_threshold')} {threshold} %"


def throttled_count(load: CapacityLoad) -> str:
    """State that there are too many throttled events that no raise has answered."""
    since = " since the last raise" if load.usage.answered_events else ""
    return _too_many_throttled(load, load.usage.unanswered_events, since)


def throttled_share_of_provisioned(load: CapacityLoad) -> str:
    """Return the throttled events as a share of the provisioned units."""
    return (
        f"throttled events are {format_number(load.throttled_by_provisioned_percent)} % of provisioned units"
    )


def throttled_share_of_consumed(load: CapacityLoad) -> str:
    """Return the throttled events as a share of the consumed units."""
    return f"throttled events are {format_number(load.throttled_by_consumed_percent)} % of consumed units"


def _too_many_throttled(load: CapacityLoad, events: Rational, since: str = "") -> str:
    threshold = load.options.throttled_upper_threshold
    name = load.name("throttled_upper_threshold")
    return f"{format_number(events)} throttled events{since} are more than {name} {threshold}"


def throttled_again_and_again(load: CapacityLoad) -> str:
    """State that throttling goes on although demand requires no raise."""
    return f"{still_throttled(load)}, for {load.throttled_checks} checks in a row"


def peak(load: CapacityLoad) -> str:
    """Return the demand of the highest minute that a decrease looks back on."""
    demand = load.usage.demand
    minutes = demand.minutes.period if demand else 0
    return f"{format_number(load.peak_demand)} units a second at most in {minutes} minutes"


# What follows from it.


def above_target(load: CapacityLoad, demand: Rational) -> str:
    """Return the demand that a capacity is raised to fit."""
    return f"{format_number(demand)} units a second: up to make that {_target(load)}"


def up_by(cause: Cause, load: CapacityLoad, amount: Rational, unit: str) -> str:
    """Return by how much a cause raises a capacity."""
    return f"{cause(load)}: up by {format_number(amount)} {unit}"


def down_by(cause: Cause, load: CapacityLoad, amount: Rational, unit: str) -> str:
    """Return by how much a cause lowers a capacity."""
    return f"{cause(load)}: down by {format_number(amount)} {unit}"


def down_at_once(cause: Cause, load: CapacityLoad, schedule: str, percent: Rational) -> str:
    """Return the share of the units that the highest demand is after a decrease in one step."""
    return f"{cause(load)}: down in one step after {schedule}, to make that {format_number(percent)} %"


def down_at_once_to_minimum(cause: Cause, load: CapacityLoad, schedule: str, _: Rational) -> str:
    """Return the minimum that a capacity is lowered to in one step."""
    minimum = f"{load.name('min_provisioned')} {load.options.min_provisioned}"
    return f"{cause(load)}: down in one step after {schedule}, to {minimum}"


def but(cause: Cause, load: CapacityLoad, obstacle: Reason) -> str:
    """Return what would lower a capacity, and what prevents it."""
    return f"{cause(load)}, but {obstacle.sentence}"


def waiting_for_checks(cause: Cause, load: CapacityLoad, counted: int) -> str:
    """Return how many low checks there are so far, and how many it takes."""
    enough = load.options.num_checks_before_scale_down
    return f"{cause(load)}: low check {counted} of {load.name('num_checks_before_scale_down')} {enough}"


def down_to_target(load: CapacityLoad) -> str:
    """Return the highest demand, and the share of the units that it is after a decrease."""
    return f"{peak(load)}: down to make that {_target(load)}"


def down_to_minimum(load: CapacityLoad) -> str:
    """Return the highest demand, and the minimum that a capacity is lowered to."""
    return f"{peak(load)}: down to {load.name('min_provisioned')} {load.options.min_provisioned}"


def _target(load: CapacityLoad) -> str:
    return f"{format_number(load.options.target_utilization or 0)} %"


def peak_within_thresholds(load: CapacityLoad) -> str:
    """State that the highest demand is not low enough to lower a capacity."""
    threshold = format_number(load.options.lower_threshold)
    return f"{peak(load)}, not below {load.name('lower_threshold')} {threshold} %"


def fits_already(load: CapacityLoad) -> str:
    """State that the highest demand needs the units that are provisioned."""
    needed = "1 unit is" if load.provisioned == 1 else f"{load.provisioned} units are"
    return f"{needed} needed for {load.name('target_utilization')}"


def late_in_hour(start: datetime) -> str:
    """Return from when on a decrease is made, because AWS bills whole hours."""
    return f"decrease-late-in-hour: waits for {format_hour(start)}"


def within_thresholds(load: CapacityLoad) -> str:
    """Return the thresholds that consumption is within."""
    lower, upper = load.options.lower_threshold, load.options.upper_threshold
    return f"{consumed(load)} is within the thresholds {format_number(lower)} % and {format_number(upper)} %"


def no_step_reached(load: CapacityLoad) -> str:
    """State that consumption is at no step of a scale."""
    return f"{consumed(load)} needs no change"


def up_scaling_off(load: CapacityLoad) -> str:
    """State that a raise is due but turned off."""
    return f"{consumed_above_threshold(load)}, but {load.name('enable_up_scaling')} is off"


def demand_but_up_scaling_off(load: CapacityLoad) -> str:
    """State that a raise to a target utilization is due but turned off."""
    demand = format_number(load.recent_demand or 0)
    threshold = format_number(load.options.upper_threshold)
    return (
        f"{demand} units a second are above {load.name('upper_threshold')} {threshold} %,"
        f" but {load.name('enable_up_scaling')} is off"
    )


# Minimum and maximum.


def below_minimum(load: CapacityLoad) -> str:
    """Return the minimum that a capacity is raised to."""
    return f"{load.provisioned} is below {load.name('min_provisioned')} {load.options.min_provisioned}"


def scheduled_minimum(load: CapacityLoad, schedule: str) -> str:
    """Return the minimum that a capacity is raised to while a schedule is open."""
    return f"{below_minimum(load)} while schedule {schedule} is open"


def above_maximum(load: CapacityLoad) -> str:
    """Return the maximum that a capacity is lowered to."""
    return f"{load.provisioned} is above {load.name('max_provisioned')} {load.options.max_provisioned}"


def capped_at_maximum(load: CapacityLoad) -> str:
    """Return the maximum that a raise ends at."""
    return f"capped at {load.name('max_provisioned')} {load.options.max_provisioned}"


# What holds a capacity where it is.


def autoscaling_off(load: CapacityLoad) -> str:
    """State which option turns all scaling of a capacity off."""
    return f"{load.name('enable_autoscaling')} is off"


def down_scaling_off(load: CapacityLoad) -> str:
    """State which option turns decreases off."""
    return f"{load.name('enable_down_scaling')} is off"


def zero_consumption(load: CapacityLoad) -> str:
    """State which option keeps an unused capacity as it is."""
    return f"{load.name('allow_scaling_down_on_0_percent')} is off"


def still_throttled(load: CapacityLoad) -> str:
    """State that there are too many throttled events to lower a capacity."""
    return _too_many_throttled(load, load.usage.throttled_events or 0)


def rounds_to_nothing(amount: Rational, unit: str) -> str:
    """State that an amount is less than a whole unit."""
    return f"{format_number(amount)} {unit} rounds down to 0 units"


def at_minimum(load: CapacityLoad) -> str:
    """Return the minimum that a capacity is at."""
    return f"it is at {load.name('min_provisioned')} {load.options.min_provisioned}"


def below_consumption(load: CapacityLoad, units: int) -> str:
    """State that these units would be less than what is consumed."""
    return f"{format_number(load.consumed)} units are consumed, more than {units}"


def not_active(description: Description) -> str:
    """Return the states of a target, and of its table if it is an index."""
    target = description.target
    table = f", its table is {description.table_status}" if target.index else ""
    return f"{target.kind} is {description.status}{table}"


def outside_window(now: datetime) -> str:
    """Return the time of the day that is in no maintenance window."""
    return f"{format_hour(now)} is outside maintenance-windows"


def decrease_budget(decreases_today: int, next_possible: datetime) -> str:
    """Return when AWS allows the next decrease."""
    return f"{decreases_today} decreases today, AWS allows the next at {format_hour(next_possible)}"


def rw_together(other: Capacity) -> str:
    """Return which capacity a decrease waits for."""
    return f"always-decrease-rw-together: {other.value} are not lowered"


# What keeps a whole target from being decided on.


def circuit_breaker_open(url: str, answer: object) -> str:
    """Return what a circuit breaker answered; its URL must be masked."""
    return f"the circuit breaker {url} is open: {answer}"


def metrics_failed(error: AwsError) -> str:
    """Return why there are no metrics."""
    return f"no metrics: {error}"


METRICS_UNKNOWN: Final = Reason(Code.METRICS_UNKNOWN, "consumption is not known yet")
METRICS_LATE: Final = Reason(
    Code.METRICS_LATE, "CloudWatch is late: no table has data up to the end of the look-back window"
)
AWS_AUTOSCALED: Final = Reason(Code.AWS_AUTOSCALED, "managed by AWS Application Auto Scaling")
AWS_AUTOSCALING_UNKNOWN: Final = Reason(
    Code.AWS_AUTOSCALING_UNKNOWN, "not known whether AWS Application Auto Scaling manages it"
)
ON_DEMAND: Final = Reason(Code.ON_DEMAND, "billed on demand: no provisioned capacity to change")
REFUSED: Final = Reason(Code.REFUSED, "the update failed")
DECREASES_LEFT_OUT: Final = Reason(Code.LIMIT_EXCEEDED, "AWS allows no decrease now")
LEFT_FOR_NEXT_RUN: Final = Reason(Code.ENDING, "shutting down, left for the next run")
