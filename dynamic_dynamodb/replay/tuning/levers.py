"""Write the settings that a search chooses from, as the options of a section.

A search climbs a ladder of few settings: a free search finds settings that suit nothing but its recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from dynamic_dynamodb.config.expressions import compile_expression, match_only
from dynamic_dynamodb.config.reader import Layer, Reader, join
from dynamic_dynamodb.config.sections import Section
from dynamic_dynamodb.options import Capacity, Scope
from dynamic_dynamodb.scaling.target_options import read_target_options

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from dynamic_dynamodb.scaling.model import PerCapacity, Target

CHECK_INTERVAL_SECONDS: Final = 60
"""The check interval that the sections are meant for."""
_HIGHEST_PERCENT: Final = 100
_DISTANCE_PERCENT: Final = 10
"""Between a target utilization and the thresholds on both sides of it."""
_LOWER_SHARE_PERCENT: Final = 60
"""The lower threshold in percent of the upper one: after a raise of 50 %, consumption is above it."""


class Limits(NamedTuple):
    """The minimum and the maximum of a capacity; `is_guess` if neither is known to be in force."""

    minimum: int
    maximum: int
    is_guess: bool = False


class Rung(NamedTuple):
    """One setting of a ladder: a height for each side in percent, and the patience before a decrease.

    The higher a side stands, the less it costs and the more it throttles.
    """

    heights: PerCapacity[int]
    patience: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The heights and the patiences to choose from, and the options that they stand for.

    `write_side` gets a capacity, its height and the patience; `shared` gets the patience.
    """

    heights: tuple[int, ...]
    patiences: tuple[int, ...]
    write_side: Callable[[Capacity, int, int], Iterator[tuple[str, object]]]
    shared: Callable[[int], Iterator[tuple[str, object]]]

    def write(
        self,
        rung: Rung,
        limits: PerCapacity[Limits],
        recorded: PerCapacity[bool],
        kept: Collection[Capacity] = (),
    ) -> dict[str, str]:
        """Return the options of a section by name; a side that was not recorded is not scaled.

        The sides in `kept` keep their capacity while nothing is consumed, as with AWS target tracking.
        """
        options: dict[str, object] = {}
        for capacity in Capacity:
            name = capacity.value
            if recorded[capacity]:
                options.update(self.write_side(capacity, rung.heights[capacity], rung.patience))
                if capacity in kept:
                    options[name_scaling_on_zero(capacity)] = "false"
            else:
                options[f"enable-{name}-up-scaling"] = options[f"enable-{name}-down-scaling"] = "false"
            options[f"min-provisioned-{name}"] = limits[capacity].minimum
            options[f"max-provisioned-{name}"] = limits[capacity].maximum
        options.update(self.shared(rung.patience))
        return {name: str(given) for name, given in options.items()}


def _write_target(capacity: Capacity, height: int, _: int) -> Iterator[tuple[str, object]]:
    name = capacity.value
    yield f"{name}-upper-threshold", min(height + _DISTANCE_PERCENT, _HIGHEST_PERCENT)
    yield f"{name}-lower-threshold", height - _DISTANCE_PERCENT
    yield f"{name}-target-utilization", height
    yield from _write_always(capacity)


def _share_target(patience: int) -> Iterator[tuple[str, object]]:
    yield from _share_window()
    yield "decrease-lookback-period", patience
    yield "decrease-late-in-hour", "true"


def _write_amounts(capacity: Capacity, height: int, patience: int) -> Iterator[tuple[str, object]]:
    name, lower = capacity.value, height * _LOWER_SHARE_PERCENT // 100
    yield f"{name}-upper-threshold", height
    yield f"increase-{name}-with", 50
    yield f"{name}-lower-threshold", lower
    yield f"decrease-{name}-with", 30
    yield f"num-{capacity.singular}-checks-before-scale-down", patience
    yield f"num-{capacity.singular}-checks-reset-percent", (height + lower) // 2
    yield from _write_always(capacity)


def _write_always(capacity: Capacity) -> Iterator[tuple[str, object]]:
    yield f"throttled-{capacity.value}-upper-threshold", 1
    yield name_scaling_on_zero(capacity), "true"


def name_scaling_on_zero(capacity: Capacity) -> str:
    """Return the name of the option that lowers a side while nothing is consumed."""
    return f"allow-scaling-down-{capacity.value}-on-0-percent"


def _share_window(_: int = 0) -> Iterator[tuple[str, object]]:
    yield "lookback-window-start", 5
    yield "lookback-period", 5


LADDERS: Final = {
    "target": Ladder((60, 65, 70, 75, 80, 85, 90, 95), (8, 15, 30, 60), _write_target, _share_target),
    "existing": Ladder((60, 70, 80, 90), (5, 15, 30, 60), _write_amounts, _share_window),
}
"""The ladders by the value of --levers; their patience is decrease-lookback-period, or a number of checks."""


def write_titles(target: Target) -> tuple[str, str]:
    """Return the title of the section for a target, and the title of its table's section."""
    table = f"table: {match_only(target.table)}"
    return (f"gsi: {match_only(target.index)} {table}" if target.index else table), table


def build_sections(target: Target, options: Mapping[str, str]) -> tuple[Section, ...]:
    """Return the sections that a file with these options would have; those of an index are in its table's.

    Raises ValueError if the options are wrong.
    """
    reader = Reader({})
    own = reader.parse_texts(str(target), options, (Scope.TARGET,))
    if reader.faults:
        raise ValueError(reader.faults[0])
    values = join(Scope.TARGET, Layer("section", own)).values
    title, table_title = write_titles(target)
    typed = read_target_options(values)

    def build(title: str, name: str, gsis: tuple[Section, ...] = ()) -> Section:
        return Section(title, compile_expression(match_only(name)), values, typed, None, gsis)

    if not target.index:
        return (build(title, target.table),)
    return (build(table_title, target.table, (build(title, target.index),)),)
