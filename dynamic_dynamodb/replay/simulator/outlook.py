"""Foresee what checks decide on a capacity as long as nothing is throttled and its units stay."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.scaling import lowering
from dynamic_dynamodb.scaling.calculators import PERCENT, SECONDS_PER_MINUTE, add, exact
from dynamic_dynamodb.scaling.decision import CapacityDecision, Decision
from dynamic_dynamodb.scaling.demand import NEWEST_MINUTES, fit_to
from dynamic_dynamodb.scaling.guards import Facts, find_next_turn, guard
from dynamic_dynamodb.scaling.load import CapacityLoad
from dynamic_dynamodb.scaling.memory import count_low_checks
from dynamic_dynamodb.scaling.model import Demand, MinuteSeries, PerCapacity, Usage
from dynamic_dynamodb.scaling.reasons import Code
from dynamic_dynamodb.scaling.steady import (
    find_limit,
    find_lowering_percent,
    find_raising_percent,
    is_within_limits,
)
from dynamic_dynamodb.scaling.target_options import find_needed_series
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from datetime import datetime

    from dynamic_dynamodb.options import Capacity
    from dynamic_dynamodb.replay.simulator.target_model import SideModel
    from dynamic_dynamodb.scaling.calculators import Rational
    from dynamic_dynamodb.scaling.lowering import Lowering
    from dynamic_dynamodb.scaling.memory import Memory
    from dynamic_dynamodb.scaling.model import Description
    from dynamic_dynamodb.scaling.steady import Limit
    from dynamic_dynamodb.scaling.target_options import CapacityOptions, TargetOptions

_HOLDS: Final = frozenset({Code.LATE_IN_HOUR, Code.DECREASE_BUDGET})
"""The guards that hold decreases until a moment that is known."""
_NOT_LATE: Final = PerCapacity(Usage(0, 0, 0), Usage(0, 0, 0))


class Window(NamedTuple):
    """What a check looks at, in minutes since the start of the recording.

    The look-back window begins with the minute `first`; how many of its minutes are known depends on the
    capacity. `begin` <= minute < `end` is what a decrease to a target utilization looks back on.
    """

    first: int
    begin: int
    end: int
    now: datetime


class Holds:
    """Which guards hold the decreases of a target, and until when."""

    def __init__(self, options: TargetOptions, description: Description) -> None:
        """Keep what guards look at."""
        self._options = options
        self._description = description
        self._found: dict[tuple[Capacity, bool], tuple[datetime, datetime, Code | None]] = {}

    def find_code(self, capacity: Capacity, lowered: Lowering, now: datetime) -> Code | None:
        """Return why a decrease is held; None if it is not, or if that may change with each check."""
        if self._options.maintenance_windows is not None:
            return None
        units = self._description.provisioned[capacity]
        kind = capacity, 2 * lowered.units > units  # all that guards know about the units
        found = self._found.get(kind)
        if found is None or not found[0] <= now < found[1]:  # earlier moments may be foreseen again
            code = self._ask_guards(capacity, lowered, now)
            found = self._found[kind] = now, find_next_turn(self._description, now), code
        return found[2]

    def _ask_guards(self, capacity: Capacity, lowered: Lowering, now: datetime) -> Code | None:
        """Ask about this decrease alone: a guard that holds it holds it beside another, too."""
        description = self._description
        decision = Decision(
            description.target,
            PerCapacity.of(
                lambda one: CapacityDecision(
                    one,
                    description.provisioned[one],
                    lowered.units if one is capacity else description.provisioned[one],
                    lowered.count,
                    (lowered.reason,),
                )
            ),
        )
        held = guard(decision, Facts(description, self._options, _NOT_LATE, now))
        code = held.capacities[capacity].reasons[-1].code
        return code if code in _HOLDS else None


class CapacityOutlook:
    """Foresees the codes of one capacity that is not scaled.

    `count` is the count of low checks, `next_count` what it is after the check that was foreseen.
    """

    is_scaled = False
    steady = Code.AUTOSCALING_OFF
    """The code of a check that finds nothing to do."""

    def __init__(self, capacity: Capacity, side: SideModel, options: CapacityOptions) -> None:
        """Keep what decides."""
        self.capacity = capacity
        self.side = side
        self.options = options
        self.count = self.next_count = 0

    def begin(self, memory: Memory, holds: Holds) -> bool:  # noqa: ARG002 - others look at the guards
        """Start after a check that left this memory; return False if the next check may decide anything."""
        return memory.low_checks == 0

    def find_code(self, window: Window, known_end: int) -> Code | None:  # noqa: ARG002 - as the others
        """Return the code of the next check; None if it must be made."""
        return self.steady

    def find_end(self, first: int, end: int) -> int:  # noqa: ARG002 - as the others
        """Return the end of the last minute of a window with a datapoint; `first` without datapoints."""
        return first

    def count_steady(self, window: Window, end: int, most: int) -> int:  # noqa: ARG002 - as the others
        """Return for how many minutes from a check on, `most` at most, each check is certainly steady.

        `end` is that of the known part of its look-back window. Less is returned than may be the case.
        """
        return most

    def accept(self, first: int, end: int) -> None:
        """Skip the check that was foreseen; `end` is that of the last minute with a datapoint."""

    def remember(self, memory: Memory, start: datetime) -> Memory:  # noqa: ARG002 - as the others
        """Return the memory that skipped checks would have left; `start` is that of the recording."""
        return memory


class WindowOutlook(CapacityOutlook):
    """Foresees the codes of one capacity that is scaled by the consumption in the look-back window."""

    is_scaled = True
    steady = Code.STEADY

    def __init__(self, capacity: Capacity, side: SideModel, options: CapacityOptions) -> None:
        """Foresee nothing yet."""
        super().__init__(capacity, side, options)
        self._units = -1
        self._is_within_limits = False
        self._limits: dict[int, tuple[Limit, Limit]] = {}
        self._lowered: dict[tuple[object, ...], Lowering] = {}
        self._reads_throttles = find_needed_series(options).throttled

    def begin(self, memory: Memory, holds: Holds) -> bool:
        """Start after a check that left this memory; return False if the next check may decide anything."""
        units = self.side.model.provisioned
        if units != self._units:
            self.change(units)
        self._holds = holds
        self.count = self.next_count = memory.low_checks
        return self._is_within_limits and not self.side.model.returning

    def change(self, units: int) -> None:
        """Continue with other provisioned units."""
        self._units = units
        self._is_within_limits = is_within_limits(self.options, units)
        self._limits.clear()
        self._lowered.clear()

    def find_code(self, window: Window, known_end: int) -> Code | None:
        """Return the code of the next check; None if it must be made."""
        first = window.first
        if self._decides_otherwise(first):
            return None
        consumed = sum(self.side.consumed[first:known_end])
        low, high = self._find_limits(known_end - first)
        if not consumed < high.below:
            return None
        if consumed > low.above:
            self.next_count = self.count
            return Code.STEADY
        if not consumed < low.below or self.options.decrease_consumed_scale is not None:
            return None
        # The amount of a decrease depends on consumption only in whether there is any.
        key = consumed > 0, self.count
        lowered = self._lowered.get(key)
        if lowered is None:
            seconds = (known_end - first) * SECONDS_PER_MINUTE
            usage = Usage(Fraction(add(self.side.consumed[first:known_end]), seconds), 0, 0)
            lowered = self._lowered[key] = self._lower(usage)
        if consumed >= lowered.units * (known_end - first) * SECONDS_PER_MINUTE:
            return None  # a decrease below consumption is refused
        return self._find_held(lowered, window.now)

    def find_end(self, first: int, end: int) -> int:
        """Return the end of the last minute of a window with a datapoint; `first` without datapoints."""
        consumed = self.side.consumed
        while end > first and not consumed[end - 1]:
            end -= 1
        return end

    def _decides_otherwise(self, first: int) -> bool:
        """Return whether throttling since a minute, or a count that may be reset, decides too."""
        if self._reads_throttles and self.side.last_throttled >= first:
            return True
        return self.count > 0 and self.options.num_checks_reset_percent > 0

    def accept(self, first: int, end: int) -> None:  # noqa: ARG002 - as the others
        """Skip the check that was foreseen; `end` is that of the last minute with a datapoint."""
        self.count = self.next_count

    def remember(self, memory: Memory, start: datetime) -> Memory:  # noqa: ARG002 - as the others
        """Return the memory that skipped checks would have left; `start` is that of the recording."""
        return count_low_checks(memory, self.count)

    def count_steady(self, window: Window, end: int, most: int) -> int:
        """Return for how many minutes each check is certainly steady: no minute is low, and none too high."""
        first, consumed, known = window.first, self.side.consumed, end - window.first
        if self._decides_otherwise(first):
            return 0
        low, high = self._find_limits(known)
        minutes = consumed[first : end - 1 + most]
        is_steady = (
            min(minutes) * known > low.above and max(minutes) * known < high.below and min(minutes) > 0
        )
        self.next_count = self.count
        return most if is_steady else 0

    def _find_limits(self, known: int) -> tuple[Limit, Limit]:
        """Return the limits of what is consumed in so many known minutes: low, and too high."""
        limits = self._limits.get(known)
        if limits is None:
            percents = find_lowering_percent(self.options), find_raising_percent(self.options)
            low, high = (self._find_limit(percent, known) for percent in percents)
            limits = self._limits[known] = low, high
        return limits

    def _find_limit(self, percent: Rational, minutes: int) -> Limit:
        return find_limit(percent, self._units, minutes, is_whole=self.side.is_whole)

    def _lower(self, usage: Usage) -> Lowering:
        return lowering.propose(CapacityLoad(self.capacity, self.options, usage, self._units), self.count)

    def _find_held(self, lowered: Lowering, now: datetime) -> Code | None:
        """Return why low consumption lowers nothing, and count the check; None if it may lower."""
        if lowered.units == self._units:
            self.next_count = lowered.count
            return lowered.reason.code
        code = self._holds.find_code(self.capacity, lowered, now)
        if code is not None:
            self.next_count = lowered.count
        return code


class UtilizationOutlook(WindowOutlook):
    """Foresees the codes of one capacity that is scaled to a target utilization."""

    def begin(self, memory: Memory, holds: Holds) -> bool:
        """Start after a check that left this memory; return False if the next check may decide anything."""
        self._datapoint_end: int | None = None
        return super().begin(memory, holds) and not memory.throttled_checks

    def change(self, units: int) -> None:
        """Continue with other provisioned units."""
        super().change(units)
        self._newest = [
            self._find_limit(self.options.upper_threshold, minutes).below
            for minutes in range(NEWEST_MINUTES + 1)
        ]
        self._peak = self._find_limit(self.options.lower_threshold, 1)
        self._last_high = self._seen_until = -1

    def find_code(self, window: Window, known_end: int) -> Code | None:
        """Return the code of the next check; None if it must be made."""
        first, begin, end, _ = window
        if self._decides_otherwise(begin):
            return None
        consumed = self.side.consumed
        newest = min(known_end - first, NEWEST_MINUTES)
        if not sum(consumed[known_end - newest : known_end]) < self._newest[newest]:
            return None
        if self.options.increase_consumed_scale is not None:
            _, high = self._find_limits(known_end - first)
            if not sum(consumed[first:known_end]) < high.below:
                return None
        if self._find_last_high(begin, end) >= begin:
            self.next_count = self.count
            return Code.STEADY
        peak = max(consumed[begin:end])
        if not peak < self._peak.below:
            return None
        return self._find_held(self._lower_to(peak), window.now)

    def accept(self, first: int, end: int) -> None:
        """Skip the check that was foreseen; `end` is that of the last minute with a datapoint."""
        self.count = self.next_count
        if end > first:
            self._datapoint_end = end

    def remember(self, memory: Memory, start: datetime) -> Memory:
        """Return the memory that skipped checks would have left; `start` is that of the recording."""
        counted = count_low_checks(memory, self.count)
        if self._datapoint_end is None:
            return counted
        return replace(counted, datapoint_until=start + self._datapoint_end * MINUTE)

    def count_steady(self, window: Window, end: int, most: int) -> int:
        """Return for how many minutes checks are certainly steady: none is too high, and one is not low."""
        first, begin, published, _ = window
        if self._decides_otherwise(begin) or self.options.increase_consumed_scale is not None:
            return 0
        most = min(most, self._find_last_high(begin, published) - begin + 1)
        if most <= 0:
            return 0
        newest = min(end - first, NEWEST_MINUTES)
        minutes = self.side.consumed[end - newest : end - 1 + most]
        is_steady = max(minutes) * newest < self._newest[newest] and min(minutes) > 0
        self.next_count = self.count
        return most if is_steady else 0

    def _find_last_high(self, begin: int, end: int) -> int:
        """Return the last minute that is certainly too high for a decrease; each is looked at once.

        If the checks are foreseen again from an earlier minute, so are the minutes that they look at.
        """
        if end < self._seen_until:
            self._last_high = self._seen_until = -1
        seen, high, consumed = self._seen_until, self._peak.above, self.side.consumed
        for minute in range(max(begin, seen), end):
            if consumed[minute] > high:
                self._last_high = minute
        self._seen_until = end
        return self._last_high

    def _lower_to(self, peak: float) -> Lowering:
        """Return the decrease that follows from the highest minute, or one of the same kind."""
        lowered = self._lowered.get((peak, self.count))
        if lowered is None:
            per_second = Fraction(exact(peak), SECONDS_PER_MINUTE)
            target = self.options.target_utilization or PERCENT
            fitting = fit_to(per_second, target)
            lower = max(fitting, self.options.min_provisioned)
            kind = peak > 0, fitting >= self._units, 2 * lower > self._units, self.count
            lowered = self._lowered.get(kind)
            if lowered is None:
                demand = Demand(MinuteSeries((peak,), (0.0,), 0, 1), 1)
                lowered = self._lowered[kind] = self._lower(Usage(per_second, 0, 0, demand=demand))
            self._lowered[peak, self.count] = lowered
        return lowered
