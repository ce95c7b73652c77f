"""The options of a target as decisions read them: typed, with every fallback applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.options import OPTIONS, Capacity, Kind, Option, Scope
from dynamic_dynamodb.scaling.calculators import Scale, exact
from dynamic_dynamodb.scaling.model import PerCapacity, value
from dynamic_dynamodb.scaling.schedules import UTC, Schedule, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamic_dynamodb.scaling.calculators import Rational


@dataclass(frozen=True, slots=True)
class CapacityOptions:
    """The options of one capacity of a target, with every fallback applied.

    Thresholds are percentages; the fields are named like the options, without the capacity.
    `minimum_schedule` is the name of the open schedule that has set the minimum; empty if none has.
    `event` is the name of an open schedule that has set any of them and returns at once; empty if none has.
    """

    enable_autoscaling: bool
    enable_up_scaling: bool
    enable_down_scaling: bool
    upper_threshold: Rational
    lower_threshold: Rational
    throttled_upper_threshold: int
    increase_with: int
    increase_unit: str
    increase_consumed_with: int
    increase_consumed_unit: str
    increase_consumed_scale: Scale | None
    increase_throttled_by_provisioned_unit: str
    increase_throttled_by_provisioned_scale: Scale | None
    increase_throttled_by_consumed_unit: str
    increase_throttled_by_consumed_scale: Scale | None
    decrease_with: int
    decrease_unit: str
    decrease_consumed_with: int
    decrease_consumed_unit: str
    decrease_consumed_scale: Scale | None
    min_provisioned: int
    max_provisioned: int | None
    num_checks_before_scale_down: int
    num_checks_reset_percent: int
    allow_scaling_down_on_0_percent: bool
    target_utilization: Rational | None
    upper_alarm_threshold: Rational
    lower_alarm_threshold: Rational
    minimum_schedule: str = ""
    event: str = ""

    def clamp(self, units: int) -> int:
        """Return the units within minimum and maximum."""
        most = units if self.max_provisioned is None else self.max_provisioned
        return max(self.min_provisioned, min(units, most))


@value
class NeededSeries:
    """Which series of one capacity to fetch. CloudWatch bills each of them in each check."""

    consumed: bool
    throttled: bool

    @property
    def count(self) -> int:
        """Return the number of series."""
        return self.consumed + self.throttled

    @property
    def others(self) -> NeededSeries:
        """Return the series that these leave out."""
        return NeededSeries(not self.consumed, not self.throttled)


ALL_SERIES: Final = NeededSeries(consumed=True, throttled=True)


def find_needed_series(options: CapacityOptions) -> NeededSeries:
    """Return the series that the rules of one capacity read.

    Alarms read consumption even if autoscaling is off. Only rules about throttling read throttled events.
    """
    has_alarm = bool(options.upper_alarm_threshold or options.lower_alarm_threshold)
    if not options.enable_autoscaling:
        return NeededSeries(has_alarm, throttled=False)
    scales = options.increase_throttled_by_provisioned_scale, options.increase_throttled_by_consumed_scale
    reads_throttles = (
        options.throttled_upper_threshold > 0
        or options.target_utilization is not None
        or (options.enable_up_scaling and any(scale is not None for scale in scales))
    )
    return NeededSeries(consumed=True, throttled=reads_throttles)


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """The options of one section. Times are in minutes."""

    capacities: PerCapacity[CapacityOptions]
    always_decrease_rw_together: bool
    lookback_window_start: int
    lookback_period: int
    decrease_lookback_period: int
    decrease_late_in_hour: bool
    maintenance_windows: Schedule | None
    sns_topic_arn: str | None
    sns_message_types: frozenset[str]

    has_target_utilization: bool = field(init=False)
    """Whether either capacity is scaled, and to a target utilization, which needs each minute."""
    needed_series: PerCapacity[NeededSeries] = field(init=False)
    """The series to fetch for each capacity."""

    def __post_init__(self) -> None:
        """Compute once what every check needs."""
        has_target = any(
            side.enable_autoscaling and side.target_utilization is not None for side in self.capacities
        )
        object.__setattr__(self, "has_target_utilization", has_target)
        object.__setattr__(self, "needed_series", self.capacities.map(find_needed_series))


@dataclass(frozen=True, slots=True)
class CircuitBreakerOptions:
    """The URL to request before a change, and how long to wait for its answer, in milliseconds."""

    url: str
    timeout_ms: float

    @property
    def timeout_seconds(self) -> float:
        """Return how long to wait for a connection, and how long for the answer."""
        return self.timeout_ms / 1000

    @property
    def most_seconds(self) -> float:
        """Return how long to wait in all: once the timeout for the connection, and once for the answer."""
        return 2 * self.timeout_seconds


_NO_SCHEDULES: Final[Mapping[str, Schedule]] = {}


def read_target_options(
    options: Mapping[str, Any], scheduled: Mapping[str, Schedule] = _NO_SCHEDULES
) -> TargetOptions:
    """Return the typed view of a validated option dict; `scheduled` has the keys that open schedules set."""
    return TargetOptions(
        capacities=PerCapacity.of(lambda capacity: _read_capacity_options(options, capacity, scheduled)),
        always_decrease_rw_together=options["always_decrease_rw_together"],
        lookback_window_start=options["lookback_window_start"],
        lookback_period=options["lookback_period"],
        decrease_lookback_period=options["decrease_lookback_period"],
        decrease_late_in_hour=options["decrease_late_in_hour"],
        maintenance_windows=_read_maintenance_windows(options),
        sns_topic_arn=options["sns_topic_arn"],
        sns_message_types=frozenset(options["sns_message_types"]),
    )


def _read_maintenance_windows(options: Mapping[str, Any]) -> Schedule | None:
    times, zone = options["maintenance_windows"], options["time_zone"]
    if not times:
        return None
    return Schedule("maintenance-windows", times, zone if isinstance(zone, Zone) else UTC)


_DECLARED: Final = {
    capacity: tuple(
        option for option in OPTIONS if option.scope is Scope.TARGET and option.capacity is capacity
    )
    for capacity in Capacity
}
_BY_NAME: Final = {option.name: option for options in _DECLARED.values() for option in options}


def _read_capacity_options(
    options: Mapping[str, Any], capacity: Capacity, scheduled: Mapping[str, Schedule]
) -> CapacityOptions:
    declared = _DECLARED[capacity]
    schedule = scheduled.get(f"min_provisioned_{capacity.value}")
    own = (scheduled.get(option.key) for option in declared) if scheduled else ()
    event = next((one.name for one in own if one is not None and one.returns_at_once), "")
    return CapacityOptions(
        **{option.field: _read(option, options) for option in declared},
        minimum_schedule=schedule.name if schedule else "",
        event=event,
    )


def _read(option: Option, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the declaration decides the type
    given = options[option.key]
    if option.falls_back_to and not given:
        return _read(_BY_NAME[option.falls_back_to], options)
    if option.kind is Kind.SCALE:
        return Scale.of(given) if given else None
    if option.kind is Kind.NUMBER and given is not None:
        return exact(given)
    return given
