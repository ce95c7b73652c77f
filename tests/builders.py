"""Build values for tests in few words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.check.check import Check
from dynamic_dynamodb.check.ports import World
from dynamic_dynamodb.check.resilience import never
from dynamic_dynamodb.check.state import AccountMemory
from dynamic_dynamodb.config.expressions import compile_expression
from dynamic_dynamodb.config.loader import load
from dynamic_dynamodb.config.sections import Section
from dynamic_dynamodb.config.values import parse_value
from dynamic_dynamodb.options import Kind, Scope, options_in
from dynamic_dynamodb.scaling.decision import Decision, decide
from dynamic_dynamodb.scaling.memory import Memory
from dynamic_dynamodb.scaling.model import Demand, Description, MinuteSeries, PerCapacity, Target, Usage
from dynamic_dynamodb.scaling.target_options import TargetOptions, read_target_options
from tests.fakes import FakeCircuitBreaker, FakeMetrics, FakeNotifier, FakeTables, ThisThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=timezone.utc)
TABLE = Target("orders")
INDEX = Target("orders", "by-customer")
WINDOW_SECONDS = 300
HARD_EXPRESSION = "^(a|aa)+$"
HARD_NAME = "a" * 254 + "."
"""A name that DynamoDB takes, and that the expression above is not done with in years."""


def option_dict(**texts: str) -> dict[str, Any]:
    """Return a full option dict: the defaults, and the given options as written in a file."""
    parsed: dict[str, Any] = {}
    for option in options_in(Scope.TARGET):
        given = texts.pop(option.key, None)
        default: Any = [] if option.kind is Kind.MESSAGE_TYPES else option.default
        parsed[option.key] = default if given is None else parse_value(option, given)
    assert not texts, f"no such options: {texts}"
    return parsed


def target_options(**texts: str) -> TargetOptions:
    """Return the same options as typed values."""
    return read_target_options(option_dict(**texts))


def section(pattern: str = ".*", *, gsis: Any = (), **texts: str) -> Section:
    """Return a section without a circuit breaker."""
    options = option_dict(**texts)
    title = f"table: {pattern}"
    return Section(title, compile_expression(pattern), options, read_target_options(options), None, gsis)


def usage(percent: float | None, throttled: float = 0, *, of: int = 100, is_late: bool = False) -> Usage:
    """Return usage in percent of the units, and throttled events in a window of five minutes."""
    events = Fraction(str(throttled))
    consumed = None if percent is None else Fraction(str(percent)) * of / 100
    return Usage(consumed, events, events / WINDOW_SECONDS, is_late)


def demand(percent: float, *, of: int = 100) -> Usage:
    """Return steady usage in percent of the units, with each of its last fifteen minutes."""
    units = of * percent / 100
    minutes = MinuteSeries((units * 60,) * 15, (0,) * 15, before=10, period=15)
    return replace(usage(percent, of=of), demand=Demand(minutes, known=5))


def low_checks(reads: int, writes: int | None = None) -> PerCapacity[Memory]:
    """Return a memory that has only these counts of low checks."""
    return PerCapacity(Memory(reads), Memory(reads if writes is None else writes))


def both(one: int | Usage, other: Any = None) -> PerCapacity[Any]:
    """Return one value for reads and writes, or one for each."""
    return PerCapacity(one, one if other is None else other)


def description(
    provisioned: PerCapacity[int] | None = None, target: Target = TABLE, **settings: Any
) -> Description:
    """Describe an ACTIVE target of 100 units each."""
    given = {"status": "ACTIVE", "table_status": "ACTIVE", **settings}
    return Description(target, provisioned or both(100), **given)


def decide_with(
    reads: Usage,
    writes: Any = None,
    *,
    provisioned: Any = None,
    counts: Any = None,
    **texts: str,
) -> Decision:
    """Decide on a table of 100 units each whose writes are steady."""
    return decide(
        TABLE,
        target_options(**texts),
        provisioned=provisioned or both(100),
        usage=PerCapacity(reads, writes or usage(50)),
        counts=counts or both(0),
    )


def make_check(
    sections: Sequence[Section],
    memory: AccountMemory | None = None,
    *,
    is_dry_run: bool = False,
    is_stopping: Callable[[], bool] = never,
    **adapters: Any,
) -> Check:
    """Build a check that makes its calls in this thread; adapters that are not given are fakes."""
    fakes = {
        "tables": FakeTables(),
        "metrics": FakeMetrics(),
        "notifier": FakeNotifier(),
        "circuit_breaker": FakeCircuitBreaker(),
        "lookups": ThisThread(),
        "updates": ThisThread(),
    }
    world = World(**{**fakes, **adapters})
    memory = AccountMemory() if memory is None else memory
    return Check(world, sections, memory, is_dry_run=is_dry_run, is_stopping=is_stopping)


def load_flags(**flags: str | bool) -> Any:
    """Load a configuration from flags alone."""
    return load({name.replace("_", "-"): given for name, given in flags.items()}, {})
