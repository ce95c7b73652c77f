"""Read the flags of a replay, and report everything that is wrong with them."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

from dynamic_dynamodb.errors import ConfigurationError
from dynamic_dynamodb.options import DEFAULT_DOLLARS, OPTIONS, PRICED_REGION, PRICES_AS_OF
from dynamic_dynamodb.replay.recordings.places import group_by_place
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS, Physics
from dynamic_dynamodb.scaling.costs import Prices, read_prices
from dynamic_dynamodb.scaling.model import PerCapacity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from dynamic_dynamodb.replay.comparison.results import Row
    from dynamic_dynamodb.replay.recordings.reader import RecordingSource

DEFAULT_ALLOWED_PERCENT: Final = 0.1
"""The allowed throttling unless --fail-if sets another."""
EXAMPLE_PHYSICS: Final = "slow,retry=0.5"
EXAMPLE_CONDITION: Final = "throttled>0.1%"
_LONGEST_DELAY_MINUTES: Final = 60
_LONGEST_BURST_SECONDS: Final = 3600
_LIMITS: Final = {
    "delay": _LONGEST_DELAY_MINUTES,
    "update": _LONGEST_DELAY_MINUTES,
    "burst": _LONGEST_BURST_SECONDS,
    "retry": 1,
    "alarm": _LONGEST_DELAY_MINUTES,
}

METRICS: Final[dict[str, Callable[[Row], float]]] = {
    "throttled": lambda row: row.throttled_percent,
    "throttled-minutes": lambda row: row.throttled_minutes,
    "utilization": lambda row: row.utilization_percent or 0.0,
    "updates": lambda row: row.updates_per_day,
    "refused-decreases": lambda row: row.refused_decreases,
    "at-max": lambda row: row.at_max_percent or 0.0,
    "cost": lambda row: row.total.hour_max,
}
"""The metrics of --fail-if: percent, minutes, percent, updates per day, decreases, percent, dollars."""
_PRICE_FLAGS: Final = {
    option.key.removeprefix("price_"): option for option in OPTIONS if option.name.startswith("price-")
}
"""The flag of each price, by its key in `PRICE_KEYS`."""
_WHOLE_PERCENT: Final = 100
_PERCENTAGES: Final = ("throttled", "utilization", "at-max")
_COMPARISONS: Final = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_CONDITION: Final = re.compile(r"([a-z-]+)\s*([<>]=?)\s*\$?\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*(%?)")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition under which a replay fails."""

    text: str
    metric: str
    comparison: str
    limit: float

    def holds(self, row: Row, billing: str) -> bool:
        """Return whether the condition holds for a row."""
        found = row.total.by(billing) if self.metric == "cost" else METRICS[self.metric](row)
        return bool(_COMPARISONS[self.comparison](found, self.limit))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a replay; `start` is None unless given.

    `dollars` are all prices by the keys of `PRICE_KEYS`, and `price_source` is where they come from.
    `given_prices` are those of flags; `default_prices` are the flags of prices neither given nor recorded.
    `region` is that of the configuration. If recordings are of several places, `of_places` has the settings
    of each, by its label.
    """

    physics: Physics
    physics_text: str
    billing: str
    dollars: Mapping[str, float]
    price_source: str
    start: PerCapacity[int] | None
    conditions: tuple[Condition, ...]
    given_prices: Mapping[str, float] = field(default_factory=dict)
    default_prices: tuple[str, ...] = ()
    region: str = PRICED_REGION
    is_every_check_made: bool = False
    of_places: Mapping[str, Settings] = field(default_factory=dict)

    @property
    def allowed_percent(self) -> float:
        """Return the highest allowed throttling in percent."""
        limits = [one.limit for one in self.conditions if one.metric == "throttled" and ">" in one.comparison]
        return min(limits, default=DEFAULT_ALLOWED_PERCENT)

    @property
    def prices(self) -> Prices:
        """Return the prices of the class Standard."""
        return read_prices(self.dollars)

    def use_recorded_prices(self, sources: Iterable[RecordingSource]) -> Settings:
        """Return the settings with the prices that recordings have; flags take precedence."""
        places = group_by_place(sources)
        found = {place: self._use_first_prices(of_place) for place, of_place in places.items()}
        if len(found) < 2:  # noqa: PLR2004 - places to tell apart
            return next(iter(found.values()), self)
        price_sources = dict.fromkeys(one.price_source for one in found.values())
        return replace(self, price_source=", ".join(price_sources), of_places=found)

    def _use_first_prices(self, sources: Iterable[RecordingSource]) -> Settings:
        """Return the settings with the prices that recordings of one place have."""
        for one in sources:
            if one.prices is not None:
                return replace(
                    self,
                    dollars={**one.prices.dollars, **self.given_prices},
                    price_source=_name_source(f"{one.region} on {one.prices.day}", self.given_prices),
                    default_prices=(),
                )
        return self

    def at(self, place: str) -> Settings:
        """Return the settings for the targets of a place, which may have prices of its own."""
        return self.of_places.get(place, self)


def read_settings(options: Mapping[str, Any], given: Collection[str] = ()) -> Settings:
    """Read the options of a replay; raise ConfigurationError with a sentence for each fault.

    `given` are the names of the flags that were given.
    """
    faults: list[str] = []

    def read(flag: str, parse: Callable[[str], Any]) -> Any:  # noqa: ANN401 - what the parser returns
        text = options[flag.replace("-", "_")]
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            faults.append(f"--{flag} {error}")
            return None

    physics = read("physics", parse_physics)
    start = read("start", _parse_start)
    conditions = read("fail-if", _parse_conditions)
    if faults:
        raise ConfigurationError(tuple(faults))
    given_prices = {key: options[one.key] for key, one in _PRICE_FLAGS.items() if one.name in given}
    return Settings(
        physics,
        options["physics"],
        options["billing"],
        {**DEFAULT_DOLLARS, **{key: options[one.key] for key, one in _PRICE_FLAGS.items()}},
        _name_source(f"{PRICED_REGION} in {PRICES_AS_OF}", given_prices),
        start,
        conditions or (),
        given_prices,
        tuple(option.flags[0] for key, option in _PRICE_FLAGS.items() if key not in given_prices),
        options["region"],
        options["every_check"],
    )


def _name_source(source: str, given: Collection[str]) -> str:
    """Return where prices come from: flags, and this source for those without a flag."""
    if not given:
        return source
    flags = ", ".join(_PRICE_FLAGS[key].flags[0] for key in given)
    return flags if len(given) == len(_PRICE_FLAGS) else f"{source}, and {flags}"


def parse_physics(text: str) -> Physics:
    """Parse `slow`, `retry=0.5` or `slow,retry=0.5`; raise ValueError with an example."""
    physics = Physics()
    for place, entry in enumerate(part.strip() for part in text.split(",")):
        name, equals, number = (part.strip() for part in entry.partition("="))
        if place == 0 and not equals and name in PRESETS:
            physics = PRESETS[name]
        elif equals and name in _LIMITS:
            physics = replace(physics, **{name: _parse_constant(name, number)})
        else:
            known = ", ".join(one.name for one in fields(Physics))
            message = (
                f"must be one of {', '.join(PRESETS)}, or constants ({known}) such as {EXAMPLE_PHYSICS},"
                f" got {entry!r}"
            )
            raise ValueError(message)
    return physics


def _parse_constant(name: str, text: str) -> Any:  # noqa: ANN401 - int or float, as the constant is
    limit = _LIMITS[name]
    is_number = re.fullmatch(r"\d{1,6}(\.\d{1,9})?" if name == "retry" else r"\d{1,6}", text)
    if not is_number or float(text) > limit:
        what = "a share" if name == "retry" else "a whole number"
        message = f"{name} must be {what} from 0 to {limit}, got {text!r}"
        raise ValueError(message)
    return float(text) if name == "retry" else int(text)


def _parse_start(text: str) -> PerCapacity[int]:
    match = re.fullmatch(r"\s*([1-9]\d{0,8})\s*,\s*([1-9]\d{0,8})\s*", text)
    if match is None:
        message = f"must be the reads and writes to start with, such as 100,50, got {text!r}"
        raise ValueError(message)
    return PerCapacity(int(match[1]), int(match[2]))


def _parse_conditions(text: str) -> tuple[Condition, ...]:
    return tuple(_parse_condition(part.strip()) for part in text.split(","))


def _parse_condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or match[1] not in METRICS:
        message = (
            f"must compare one of {', '.join(METRICS)} with a number, such as {EXAMPLE_CONDITION},"
            f" got {text!r}"
        )
        raise ValueError(message)
    metric, comparison, number, percent = match.groups()
    if percent and metric not in _PERCENTAGES:
        message = f"{metric} is not a percentage: remove the % from {text!r}"
        raise ValueError(message)
    limit = float(number)
    if metric == "throttled" and limit > _WHOLE_PERCENT:
        message = f"throttled is a share of the demand: no more than 100 % in {text!r}"
        raise ValueError(message)
    return Condition(text, metric, comparison, limit)
