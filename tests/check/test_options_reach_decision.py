"""Every option of a target, in every place where it may be written, changes what is done.

Each case gives an option a value under which a check does something else than under the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.flags import parse_command_line
from dynamic_dynamodb.config.loader import Configuration, load
from dynamic_dynamodb.options import Capacity, Option, Scope, options_in
from dynamic_dynamodb.options.places import LIMIT_OPTIONS
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from dynamic_dynamodb.scaling.usage import MINUTE, Datapoints
from tests.builders import NOW, both, low_checks, make_check
from tests.fakes import FakeCircuitBreaker, FakeMetrics, FakeNotifier, FakeTables

if TYPE_CHECKING:
    from pathlib import Path

UNITS = 200
MINUTES_WITH_METRICS = 20


@dataclass(frozen=True)
class Case:
    """An option's value, the load in percent under which it matters, and what else must be set.

    `expected` are the units of the side after one check, with the value and without it.
    """

    text: str
    percent: float
    expected: tuple[int, int] = (UNITS, UNITS)
    throttled: float = 0
    count: int = 0
    others: dict[str, str] = field(default_factory=dict)


SNS = {
    "sns-topic-arn": "arn:aws:sns:us-east-1:1:t",
    "sns-message-types": "high-throughput-alarm, low-throughput-alarm",
}
ONE_PERCENT = 2 * 300
"""Throttled events in the window that make 1 % of the provisioned units."""

OF_TARGETS = [one for one in options_in(Scope.TARGET) if one not in LIMIT_OPTIONS]
"""Without those that say where a section holds, which need several places."""

CASES = {
    "upper_threshold": Case("60", 70, (300, 200)),
    "lower_threshold": Case("20", 25, (200, 100)),
    "throttled_upper_threshold": Case("10", 50, (300, 200), throttled=20),
    "increase_with": Case("20", 95, (240, 300)),
    "increase_unit": Case("units", 95, (250, 300)),
    "decrease_with": Case("20", 5, (160, 100)),
    "decrease_unit": Case("units", 5, (150, 100)),
    "min_provisioned": Case("150", 5, (150, 100)),
    "max_provisioned": Case("250", 95, (250, 300)),
    "num_checks_before_scale_down": Case("3", 5, (200, 100)),
    "num_checks_reset_percent": Case("40", 50, count=2, others={"num-{read}-checks-before-scale-down": "3"}),
    "enable_autoscaling": Case("false", 95, (200, 300)),
    "enable_up_scaling": Case("false", 95, (200, 300)),
    "enable_down_scaling": Case("false", 5, (200, 100)),
    "allow_scaling_down_on_0_percent": Case("true", 0, (100, 200)),
    "increase_consumed_unit": Case("units", 95, (250, 300)),
    "increase_consumed_with": Case("10", 95, (220, 300)),
    "increase_consumed_scale": Case("{50: 10}", 60, (220, 200)),
    "increase_throttled_by_provisioned_scale": Case("{1: 10}", 50, (220, 200), throttled=ONE_PERCENT),
    "increase_throttled_by_provisioned_unit": Case(
        "units",
        50,
        (210, 220),
        throttled=ONE_PERCENT,
        others={"increase-throttled-by-provisioned-{reads}-scale": "{1: 10}"},
    ),
    "increase_throttled_by_consumed_scale": Case("{1: 10}", 50, (220, 200), throttled=ONE_PERCENT),
    "increase_throttled_by_consumed_unit": Case(
        "units",
        50,
        (210, 220),
        throttled=ONE_PERCENT,
        others={"increase-throttled-by-consumed-{reads}-scale": "{1: 10}"},
    ),
    "decrease_consumed_unit": Case("units", 5, (150, 100)),
    "decrease_consumed_with": Case("10", 5, (180, 100)),
    "decrease_consumed_scale": Case("{10: 5}", 5, (190, 100)),
    "target_utilization": Case("80", 95, (238, 300)),
    "upper_alarm_threshold": Case("50", 60, others=SNS),
    "lower_alarm_threshold": Case("70", 60, others=SNS),
    "always-decrease-rw-together": Case("true", 5, (200, 100)),
    "lookback-window-start": Case("10", 50),
    "lookback-period": Case("3", 50),
    "decrease-lookback-period": Case("20", 5, (13, 13), others={"{reads}-target-utilization": "80"}),
    "decrease-late-in-hour": Case("true", 25, (200, 125), others={"{reads}-target-utilization": "40"}),
    "maintenance-windows": Case("13:00-14:00", 5, (200, 100)),
    "time-zone": Case("Europe/Berlin", 5, (200, 100), others={"maintenance-windows": "12:00-12:30"}),
    "sns-topic-arn": Case(
        "arn:aws:sns:us-east-1:1:other", 95, (300, 300), others={"sns-message-types": "scale-up"}
    ),
    "sns-message-types": Case(
        "scale-up", 95, (300, 300), others={"sns-topic-arn": "arn:aws:sns:us-east-1:1:t"}
    ),
    "circuit-breaker-url": Case("http://127.0.0.1/ok", 50),
    "circuit-breaker-timeout": Case("500", 50, others={"circuit-breaker-url": "http://127.0.0.1/ok"}),
}


def case_of(option: Option) -> Case:
    """Return the case of an option."""
    return CASES[option.field or option.name]


def test_every_option_of_a_target_has_a_case() -> None:
    assert {option.field or option.name for option in OF_TARGETS} == set(CASES)


def lines_of(option: Option, *, with_option: bool) -> str:
    """Write the option and what it needs."""
    capacity = option.capacity or Capacity.READS
    others = case_of(option).others
    lines = [
        f"{name.format(reads=capacity.value, read=capacity.singular)}: {text}"
        for name, text in others.items()
    ]
    return "\n".join([*lines, *([f"{option.name}: {case_of(option).text}"] if with_option else []), ""])


def run(configuration: Configuration, target: Target, option: Option) -> tuple[PerCapacity[int], Any]:
    """Run a check; return the target's units, and everything else that was done."""
    case, capacity = case_of(option), option.capacity or Capacity.READS
    tables, metrics, notifier, breaker = FakeTables(), FakeMetrics(), FakeNotifier(), FakeCircuitBreaker()
    counts = AccountMemory()
    counts.begin(NOW)
    counts.put(target, low_checks(case.count))
    tables.add(Target(target.table), both(UNITS))
    tables.add(target, both(UNITS))
    idle, used = series(50, 0), series(case.percent, case.throttled)
    metrics.answers[target] = PerCapacity.of(lambda each: used if each is capacity else idle)
    check = make_check(
        configuration.sections,
        counts,
        tables=tables,
        metrics=metrics,
        notifier=notifier,
        circuit_breaker=breaker,
    )
    check.publish(check.run(NOW).messages)
    units = tables.descriptions[target].provisioned
    windows = [(request.window, request.span) for request in metrics.requests if request.target == target]
    asked = [question for question in breaker.questions if question[1] == target]
    return units, (counts.get(target), notifier.messages, windows, asked)


def series(percent: float, throttled: float) -> tuple[Datapoints, Datapoints]:
    """Return a steady load, and throttled events spread over five minutes."""
    minutes = [NOW.replace(second=0) - number * MINUTE for number in range(1, MINUTES_WITH_METRICS + 1)]
    consumed = dict.fromkeys(minutes, percent * UNITS * 60 / 100)
    return consumed, {at: throttled / 5 for at in minutes if throttled}


@dataclass(frozen=True)
class Place:
    """A place for options in a file: the text around them, and the target that they are for."""

    before: str
    after: str
    target: Target


PLACES = {
    "table section": Place("[table: ^t$]\n", "", Target("t")),
    "index section": Place("[table: ^t$]\n[gsi: ^g$ table: ^t$]\n", "", Target("t", "g")),
    "default options for a table": Place("[default_options]\n", "[table: ^t$]\n", Target("t")),
    "default options for an index": Place(
        "[default_options]\n", "[table: ^t$]\n[gsi: ^g$ table: ^t$]\n", Target("t", "g")
    ),
}


def load_place(place: Place, lines: str, path: Path) -> Configuration:
    """Load a file with the lines in their place."""
    path.write_text(place.before + lines + place.after)
    return load({"config": str(path)}, {})


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("option", OF_TARGETS, ids=lambda option: option.name)
def test_an_option_in_a_file_reaches_the_decision(place: Place, option: Option, tmp_path: Path) -> None:
    path = tmp_path / "test.conf"
    configured = load_place(place, lines_of(option, with_option=True), path)
    default = load_place(place, lines_of(option, with_option=False), path)
    compare(option, run(configured, place.target, option), run(default, place.target, option))


FLAGGED = [option for option in OF_TARGETS if option.flags]


@pytest.mark.parametrize("option", FLAGGED, ids=lambda option: option.name)
def test_a_flag_reaches_the_decision(option: Option) -> None:
    case, capacity = case_of(option), option.capacity
    assert capacity is not None
    arguments = ["--table-name", "^t$"]
    for name, text in case.others.items():
        arguments += [f"--{name.format(reads=capacity.value, read=capacity.singular)}", text]
    with_flag = load(parse_command_line([*arguments, option.flags[0], case.text]), {})
    without_flag = load(parse_command_line(arguments), {})
    target = Target("t")
    compare(option, run(with_flag, target, option), run(without_flag, target, option))


def compare(
    option: Option, seen: tuple[PerCapacity[int], Any], default: tuple[PerCapacity[int], Any]
) -> None:
    """Compare a check with the option and one without it: the units as expected, and something differs."""
    capacity = option.capacity or Capacity.READS
    assert (seen[0][capacity], default[0][capacity]) == case_of(option).expected
    assert seen != default
