"""Find faults between options that are each valid, and warn of options that are probably not meant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.config.expressions import SLOW_EXPRESSION_ADVICE, find_hard_name
from dynamic_dynamodb.config.log_config import find_log_config_fault
from dynamic_dynamodb.config.paths import find_log_file_fault
from dynamic_dynamodb.config.reader import DEFAULT_ORIGIN, SECTION_ORIGIN
from dynamic_dynamodb.config.suggestions import suggest_expression
from dynamic_dynamodb.config.text import UNSENDABLE, clip, enumerate_names, is_sendable
from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import OPTIONS, Capacity
from dynamic_dynamodb.scaling.calculators import MINUTES_PER_HOUR
from dynamic_dynamodb.scaling.guards import EARLIEST_LATE, LATE_SPREAD
from dynamic_dynamodb.scaling.target_options import read_target_options
from dynamic_dynamodb.scaling.usage import MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from dynamic_dynamodb.config.expressions import Expression, MatchBudget
    from dynamic_dynamodb.config.places import Place
    from dynamic_dynamodb.config.sections import Section
    from dynamic_dynamodb.scaling.schedules import Schedule
    from dynamic_dynamodb.scaling.target_options import TargetOptions

YOUNGEST_WINDOW_START_MINUTES: Final = 5
LONGEST_LATE_INTERVAL_SECONDS: Final = 300
"""With a longer check interval, the minutes that decrease-late-in-hour leaves may hold no check."""
_LAST_MINUTES: Final = range((EARLIEST_LATE + LATE_SPREAD) // MINUTE + 1, MINUTES_PER_HOUR)
"""Before these minutes of an hour, the decreases of some targets have hardly a minute left, or none."""
_LONGEST_DECREASE_LOOKBACK_MINUTES: Final = next(
    option.maximum for option in OPTIONS if option.name == "decrease-lookback-period"
)
LONGEST_USUAL_QUIET_SECONDS: Final = 1200
"""A longer quiet-check-interval is probably not meant."""
_LONGEST_QUIET_SECONDS: Final = next(
    option.maximum for option in OPTIONS if option.name == "quiet-check-interval"
)
_GROUP_OR_OTHERS_READ: Final = 0o044


def find_target_faults(
    title: str, options: Mapping[str, Any], unread: AbstractSet[str] = frozenset()
) -> Iterator[str]:
    """Yield the faults between the options of one section.

    `unread` are the keys of options that have faults of their own: their values are not the operator's.
    """
    for capacity in Capacity:
        name = capacity.value
        if unread.isdisjoint({f"min_provisioned_{name}", f"max_provisioned_{name}"}):
            yield from _find_limit_faults(title, options, name)
        keys = {f"{name}_target_utilization", f"{name}_lower_threshold", f"{name}_upper_threshold"}
        if unread.isdisjoint(keys):
            yield from _find_utilization_faults(title, options, name)
    if unread.isdisjoint({"lookback_period", "lookback_window_start", "decrease_lookback_period"}):
        yield from _find_look_back_faults(title, options)


def _find_limit_faults(title: str, options: Mapping[str, Any], name: str) -> Iterator[str]:
    minimum, maximum = options[f"min_provisioned_{name}"], options[f"max_provisioned_{name}"]
    if maximum is not None and minimum > maximum:
        yield (
            f"[{title}] min-provisioned-{name} {minimum} is above"
            f" max-provisioned-{name} {maximum}: lower the minimum or raise the maximum"
        )


def _find_utilization_faults(title: str, options: Mapping[str, Any], name: str) -> Iterator[str]:
    target = options[f"{name}_target_utilization"]
    lower, upper = options[f"{name}_lower_threshold"], options[f"{name}_upper_threshold"]
    if target is not None and not lower < target <= upper:
        yield (
            f"[{title}] {name}-target-utilization {target:g} is not above"
            f" {name}-lower-threshold {lower:g} and at most {name}-upper-threshold"
            f" {upper:g}: use thresholds such as {max(target - 10, 1):g} and {min(target + 10, 100):g}"
        )


def _find_look_back_faults(title: str, options: Mapping[str, Any]) -> Iterator[str]:
    period, start = options["lookback_period"], options["lookback_window_start"]
    if period > start:
        yield (
            f"[{title}] lookback-period {period} is longer than lookback-window-start {start}:"
            f" the window would end in the future; use at most {start}"
        )
    history = options["decrease_lookback_period"]
    if history < start and read_target_options(options).has_target_utilization:
        advice = f"use at least {start}"
        if start > _LONGEST_DECREASE_LOOKBACK_MINUTES:
            advice = f"use a lookback-window-start of at most {_LONGEST_DECREASE_LOOKBACK_MINUTES:g}"
        yield (
            f"[{title}] decrease-lookback-period {history} is shorter than lookback-window-start {start}:"
            f" a decrease must look back on the look-back window too; {advice}"
        )


def warn_of_late_decreases(title: str, options: Mapping[str, Any], check_interval: int) -> Iterator[str]:
    """Warn when few checks, or none, fall into the minutes that decrease-late-in-hour leaves."""
    if not options["decrease_late_in_hour"]:
        return
    if check_interval > LONGEST_LATE_INTERVAL_SECONDS:
        yield (
            f"[{title}] decrease-late-in-hour with check-interval {check_interval}: some hours have no check"
            f" in their last minutes, and nothing is lowered then;"
            f" use at most {LONGEST_LATE_INTERVAL_SECONDS}"
        )
    windows = read_target_options(options).maintenance_windows
    if windows is not None and not _meets_last_minutes(windows):
        yield (
            f"[{title}] maintenance-windows never meet minutes {_LAST_MINUTES[0]} to {_LAST_MINUTES[-1]}"
            " of an hour, and decrease-late-in-hour lowers capacity only late in the hour:"
            " let a window last until a full hour, such as 22:00-23:59"
        )


def _meets_last_minutes(windows: Schedule) -> bool:
    """Return whether windows contain any of the minutes (UTC) that decrease-late-in-hour leaves."""
    shifts = {windows.zone.info.utcoffset(datetime(2026, month, 1)) or timedelta() for month in (1, 7)}  # noqa: DTZ001 - by the clock on the wall
    minutes = {(minute + shift // MINUTE) % MINUTES_PER_HOUR for minute in _LAST_MINUTES for shift in shifts}
    return any(
        window.covers(hour * MINUTES_PER_HOUR + minute)
        for window in windows.times.windows
        for hour in range(24)
        for minute in minutes
    )


def warn_of_maintenance(title: str, options: TargetOptions, now: datetime) -> Iterator[str]:
    """Warn of maintenance windows that never open again."""
    windows = options.maintenance_windows
    if windows is None or windows.find_end_of_dates() is None:
        return
    if windows.find_next_opening(now) is None:
        yield f"[{title}] maintenance-windows never open again, so nothing is lowered: set new dates"


def warn_of_schedule(schedule: Schedule, now: datetime) -> Iterator[str]:
    """Warn of a schedule that never opens again; a past event is no reason not to start."""
    title, end = f"[schedule: {schedule.name}]", schedule.find_end_of_dates()
    if any(window.start == window.end for window in schedule.times.windows):
        yield f"{title} times: a window whose start is its end lasts one minute"
    if schedule.find_next_opening(now) is not None:
        return
    if end is not None and end <= now.date():
        yield f"{title} has ended on {end}: remove it, or set new dates"
    else:
        yield (
            f"{title} never opens: the clock in {schedule.zone} skips its times when it changes;"
            " set other times"
        )


def find_interval_faults(options: Mapping[str, Any], unread: AbstractSet[str] = frozenset()) -> Iterator[str]:
    """Yield a fault if quiet targets would have to be looked at more often than there are checks."""
    check, quiet = options["check_interval"], options["quiet_check_interval"]
    if quiet is None or quiet >= check or not unread.isdisjoint({"check_interval", "quiet_check_interval"}):
        return
    advice = f"use at least {check}, or leave it out" if check <= _LONGEST_QUIET_SECONDS else "leave it out"
    yield f"[global] quiet-check-interval {quiet} is shorter than check-interval {check}: {advice}"


def warn_of_late_spikes(options: Mapping[str, Any]) -> Iterator[str]:
    """Warn when a spike of a quiet target is seen late."""
    quiet = options["quiet_check_interval"]
    if quiet is not None and quiet > LONGEST_USUAL_QUIET_SECONDS:
        yield (
            f"[global] quiet-check-interval {quiet}: a spike of a quiet table or index is seen up to"
            f" {quiet} seconds late, and may be throttled until then;"
            f" use at most {LONGEST_USUAL_QUIET_SECONDS} unless that does not matter"
        )


def warn_of_listening(options: Mapping[str, Any]) -> Iterator[str]:
    """Warn when other machines can connect to the pages, which have no password."""
    address = options["listen"]
    if address is not None and not address.is_local:
        yield (
            f"[global] listen {address}: everybody who can connect can read the names and figures of all"
            " tables, because there is no password; allow only your own networks to connect"
        )


def find_credential_faults(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault if keys and a profile are set, if a key is missing, or if one is malformed."""
    has_id, has_secret = bool(options["aws_access_key_id"]), bool(options["aws_secret_access_key"])
    if has_id != has_secret:
        missing = "aws-secret-access-key" if has_id else "aws-access-key-id"
        yield f"{missing} is missing: set both keys, or neither to let boto3 find credentials"
    if options["aws_profile"] and (has_id or has_secret):
        yield "aws-profile and AWS keys exclude each other: leave out the profile or both keys"
    for name in ("aws-access-key-id", "aws-secret-access-key"):
        if not is_sendable(options[name.replace("-", "_")] or ""):
            yield f"{name} {UNSENDABLE}"


def find_path_faults(options: Mapping[str, Any], find_path: Callable[[str], Path]) -> Iterator[str]:
    """Yield the log files that cannot be used; `find_path` makes paths absolute."""

    def find_log_config_fault_here(path: Path) -> str | None:
        return find_log_config_fault(path, find_path("."))

    for key, find_fault in (
        ("log_config_file", find_log_config_fault_here),
        ("log_file", find_log_file_fault),
    ):
        given = options[key]
        if not given:
            continue
        try:
            fault = find_fault(find_path(given))
        except ConfigurationError as error:
            fault = f"{key.replace('_', '-')} {error}"
        if fault:
            yield fault


def warn_of_target(
    title: str, options: Mapping[str, Any], unread: AbstractSet[str] = frozenset()
) -> Iterator[str]:
    """Yield warnings of values in a section that are valid, but probably not meant.

    `unread` are the keys of options that have faults of their own.
    """
    for capacity in Capacity:
        name = capacity.value
        has_maximum = options[f"max_provisioned_{name}"] is not None or f"max_provisioned_{name}" in unread
        if options[f"enable_{name}_autoscaling"] and not has_maximum:
            yield f"[{title}] has no max-provisioned-{name}: {name}, and their cost, can grow without limit"
        lower, upper = options[f"{name}_lower_threshold"], options[f"{name}_upper_threshold"]
        if lower >= upper and unread.isdisjoint({f"{name}_lower_threshold", f"{name}_upper_threshold"}):
            yield (
                f"[{title}] {name}-lower-threshold {lower:g} is not below {name}-upper-threshold {upper:g}:"
                " set them apart, such as 30 and 90"
            )
    start = options["lookback_window_start"]
    if start < YOUNGEST_WINDOW_START_MINUTES:
        yield (
            f"[{title}] lookback-window-start {start}: CloudWatch publishes minutes up to three minutes"
            " late, so the window may hold no known minute, and nothing is decided then;"
            f" use at least {YOUNGEST_WINDOW_START_MINUTES}"
        )
    maintenance = options["maintenance_windows"]
    for window in maintenance.windows if maintenance else ():
        if window.start == window.end:
            yield f"[{title}] maintenance-windows: a window whose start is its end lasts one minute"


def warn_of_idle_options(
    title: str, options: Mapping[str, Any], origins: Mapping[str, str], *, has_breaker: bool
) -> Iterator[str]:
    """Yield warnings of options in a section that have no effect without another one."""
    if origins["circuit_breaker_timeout"] != DEFAULT_ORIGIN and not has_breaker:
        missing = "a circuit-breaker-url here or in [global]"
        yield f"[{title}] circuit-breaker-timeout has no effect without {missing}"
    typed = read_target_options(options)
    if origins["decrease_lookback_period"] != DEFAULT_ORIGIN and not typed.has_target_utilization:
        missing = "reads-target-utilization or writes-target-utilization"
        yield f"[{title}] decrease-lookback-period has no effect without {missing}"
    if origins["time_zone"] == SECTION_ORIGIN and typed.maintenance_windows is None:
        yield f"[{title}] time-zone has no effect without maintenance-windows"
    if typed.decrease_late_in_hour and not any(
        side.enable_autoscaling and side.enable_down_scaling for side in typed.capacities
    ):
        yield f"[{title}] decrease-late-in-hour has no effect while decreases are off"
    for capacity in Capacity:
        if (
            typed.capacities[capacity].target_utilization
            and not typed.capacities[capacity].enable_autoscaling
        ):
            name = f"{capacity.value}-target-utilization"
            yield f"[{title}] {name} has no effect while enable-{capacity.value}-autoscaling is off"
        for side, message_type in (("upper", "high-throughput-alarm"), ("lower", "low-throughput-alarm")):
            is_set = options[f"{capacity.value}_{side}_alarm_threshold"]
            if is_set and message_type not in options["sns_message_types"]:
                name = f"{capacity.value}-{side}-alarm-threshold"
                yield f"[{title}] {name} has no effect without {message_type} in sns-message-types"


def warn_of_file_pattern(title: str, text: str) -> Iterator[str]:
    """Yield a warning if an expression looks like a file pattern: it is valid, but matches other names."""
    if meant := suggest_expression(text):
        yield f"[{title}] is a regular expression, in which * repeats the character before it: {meant}"


def warn_of_slow_expression(title: str, expression: Expression, budget: MatchBudget) -> Iterator[str]:
    """Yield a warning if some names take an expression too long."""
    if find_hard_name(expression, budget) is not None:
        yield (
            f"[{title}] takes too long to match some names, and tables and indexes so named are not scaled:"
            f" {SLOW_EXPRESSION_ADVICE}"
        )


def warn_of_unreachable_sections(
    sections: Sequence[Section],
    list_places: Callable[[Mapping[str, Any]], frozenset[Place]],
    budget: MatchBudget,
) -> Iterator[tuple[Section, str]]:
    """Yield each section whose only table or index earlier ones match wherever it holds, and a warning.

    `list_places` returns the places in which a section with some options holds.
    """
    expressions: list[tuple[Section, frozenset[Place]]] = []
    for section in sections:
        held = list_places(section.options)
        name = section.plain_name
        if name is not None:
            left, takers = held, []
            for earlier, taken in expressions:
                if left & taken and budget.matches(earlier.expression, name):
                    takers.append(earlier)
                    left -= taken
            if takers and not left:
                titles = enumerate_names([f"[{clip(one.title)}]" for one in takers])
                come = "comes first and matches" if len(takers) == 1 else "come first and match"
                yield section, f"[{clip(section.title)}] is not used for {name}: {titles} {come} it too"
        if not (name and section.expression.text.endswith("$")):
            expressions.append((section, held))


def warn_of_readable_secret(path: Path) -> Iterator[str]:
    """Yield a warning if other users can read a file that contains keys."""
    if path.stat().st_mode & _GROUP_OR_OTHERS_READ:
        yield f"{path} contains AWS keys and other users can read it: run chmod 600 {path}"


def describe_deprecated(names: set[str]) -> str:
    """Return a warning of the deprecated options in use, each with its successors."""
    successors = {option.name: option.successors for option in OPTIONS if option.name in names}
    parts = [f"{name} (use {' and '.join(successors[name])})" for name in sorted(successors)]
    return f"deprecated options, which still work: {', '.join(parts)}"
