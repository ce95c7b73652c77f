"""Write what was found for a target as JSON, and read it back.

Kept results of an interrupted --tune have this form, and whatever prints or shows a tuned target should use
it too. An alternative is an object of

- `name`: "this section", "on-demand", "AWS target tracking 70 %", …
- `meets_goal`: whether it throttles no more than the goal
- `units`: `{"reads": …, "writes": …}` of a fixed value, else null
- `figures`: by model of AWS (`ideal`, `slow`, `no-burst`): `hour_max` and `prorated`, in dollars for 30 days
  with watching, `hour_max_in_other_class` and `prorated_in_other_class`, the same in the table class that the
  table does not have, and `throttled_percent`; of the worse half each
- `outlines`: for charts, by side: `least` and `most` units of each column, and `throttled`, a letter for each
  column, which is 1 if it was throttled; null if the side was not recorded or is not provisioned.
"""

from __future__ import annotations

from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.comparison.baselines import ON_DEMAND
from dynamic_dynamodb.replay.comparison.outlines import CapacityOutline, LoadOutline
from dynamic_dynamodb.replay.comparison.target_tracking import DEFAULT_TARGET_PERCENT, name_tracking
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import Alternative, Figures
from dynamic_dynamodb.replay.tuning.levers import Rung, build_sections
from dynamic_dynamodb.replay.tuning.search import Found
from dynamic_dynamodb.replay.tuning.table_class import Storage
from dynamic_dynamodb.replay.tuning.tuner import Tuned
from dynamic_dynamodb.scaling.costs import Cost, TableClass
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_Outline = TypeVar("_Outline", LoadOutline, CapacityOutline)
_UNEQUAL: Final = "the columns of a chart are not of equal number"


def write_result(tuned: Tuned, *, has_charts: bool = True) -> dict[str, Any]:
    """Return a tuned target as JSON has it: every field, no advice, since that is for all targets of a table.

    Without charts it has no `outlines` and no `load`, which are large, and cannot be read back.

    `recorded`, `lowered` and `failing` are lists of "reads" and "writes"; `patience` is a look-back in
    minutes or a number of checks; `present` is null if what runs now is not known, `storage` if the size or
    the table class is not. Its dollars are a month's, in the class of the table and in the other one.
    """
    found = tuned.found

    def write(alternative: Alternative) -> dict[str, Any]:
        outlines = {"outlines": _write_sides(alternative.outlines, _write_capacity)} if has_charts else {}
        return {**write_alternative(alternative), **outlines}

    return {
        "table": tuned.target.table,
        "index": tuned.target.index,
        "region": tuned.region,
        "start": tuned.start.isoformat(),
        "days": tuned.days,
        "recorded": _list([one for one in Capacity if tuned.is_recorded[one]]),
        "section": {
            "options": found.options,
            "heights": _write_pair(found.rung.heights),
            "patience": found.rung.patience,
            "lowered": _list(found.lowered),
            "failing": _list(found.failing),
            "alternative": write(found.alternative),
        },
        "present": None if tuned.present is None else write(tuned.present),
        "baselines": [write(one) for one in tuned.baselines],
        "doubts": list(tuned.doubts),
        "storage": None if tuned.storage is None else _write_storage(tuned.storage),
        "is_scaled_by_aws": tuned.is_scaled_by_aws,
        **({"load": _write_sides(tuned.load, _write_load)} if has_charts else {}),
    }


def read_result(described: Mapping[str, Any]) -> Tuned:
    """Return the tuned target that `write_result` has written.

    Raises KeyError, TypeError, AttributeError or ValueError if it is anything else.
    """
    target = Target(described["table"], described["index"])
    section, present = described["section"], described["present"]
    recorded = _read_capacities(described["recorded"])
    # A file that others can write must not add lines to a section, or control characters to a terminal.
    build_sections(target, section["options"])
    baselines = tuple(map(_read_alternative, described["baselines"]))
    if not {ON_DEMAND, name_tracking(DEFAULT_TARGET_PERCENT)} <= {one.name for one in baselines}:
        raise ValueError(baselines)
    return Tuned(
        target,
        described["region"],
        datetime.fromisoformat(described["start"]),
        described["days"],
        PerCapacity.of(lambda capacity: capacity in recorded),
        Found(
            Rung(_read_pair(section["heights"]), section["patience"]),
            section["options"],
            _read_alternative(section["alternative"]),
            _read_capacities(section["lowered"]),
            _read_capacities(section["failing"]),
        ),
        None if present is None else _read_alternative(present),
        baselines,
        tuple(map(_read_line, described["doubts"])),
        None if described["storage"] is None else _read_storage(**described["storage"]),
        described["is_scaled_by_aws"],
        _read_sides(described["load"], _read_load),
    )


def _write_storage(storage: Storage) -> dict[str, Any]:
    return {
        "table_class": storage.table_class.value,
        "gigabytes": storage.gigabytes,
        "dollars": storage.dollars,
        "dollars_in_other_class": storage.dollars_in_other_class,
    }


def _read_storage(
    *, table_class: str, gigabytes: float, dollars: float, dollars_in_other_class: float
) -> Storage:
    return Storage(TableClass(table_class), float(gigabytes), float(dollars), float(dollars_in_other_class))


def write_alternative(alternative: Alternative) -> dict[str, Any]:
    """Return an alternative as JSON has it, without outlines."""
    return {
        "name": alternative.name,
        "meets_goal": alternative.meets_goal,
        "units": None if alternative.units is None else _write_pair(alternative.units),
        "figures": {
            physics: {
                "hour_max": one.cost.hour_max,
                "prorated": one.cost.prorated,
                "hour_max_in_other_class": one.cost_in_other_class.hour_max,
                "prorated_in_other_class": one.cost_in_other_class.prorated,
                "throttled_percent": one.throttled_percent,
            }
            for physics, one in alternative.figures.items()
        },
    }


def _read_alternative(described: Mapping[str, Any]) -> Alternative:
    figures = {physics: _read_figures(**described["figures"][physics]) for physics in PRESETS}
    units = None if described["units"] is None else _read_pair(described["units"])
    outlines = _read_sides(described["outlines"], _read_capacity)
    return Alternative(_read_line(described["name"]), figures, described["meets_goal"], units, outlines)


def _read_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError(text)
    return text


def _read_figures(
    *,
    hour_max: float,
    prorated: float,
    hour_max_in_other_class: float,
    prorated_in_other_class: float,
    throttled_percent: float,
) -> Figures:
    in_other_class = Cost(float(hour_max_in_other_class), float(prorated_in_other_class))
    return Figures(Cost(float(hour_max), float(prorated)), float(throttled_percent), in_other_class)


def _list(capacities: Collection[Capacity]) -> list[str]:
    return sorted(capacity.value for capacity in capacities)


def _read_capacities(names: Collection[str]) -> frozenset[Capacity]:
    return frozenset(map(Capacity, names))


def _write_pair(pair: PerCapacity[int]) -> dict[str, int]:
    return {capacity.value: pair[capacity] for capacity in Capacity}


def _read_pair(described: Mapping[str, int]) -> PerCapacity[int]:
    return PerCapacity.of(lambda capacity: int(described[capacity.value]))


def _write_sides(
    sides: PerCapacity[_Outline | None], write: Callable[[_Outline], dict[str, Any]]
) -> dict[str, Any]:
    return {one.value: None if (side := sides[one]) is None else write(side) for one in Capacity}


def _read_sides(described: Mapping[str, Any], read: Callable[..., _Outline]) -> PerCapacity[_Outline | None]:
    return PerCapacity.of(lambda one: None if (side := described[one.value]) is None else read(**side))


def _write_load(load: LoadOutline) -> dict[str, Any]:
    return {"mean": load.mean, "most": load.most}


def _read_load(*, mean: Sequence[float], most: Sequence[float]) -> LoadOutline:
    if not len(mean) == len(most) > 0:
        raise ValueError(_UNEQUAL)
    return LoadOutline(_read_units(mean), _read_units(most))


def _write_capacity(capacity: CapacityOutline) -> dict[str, Any]:
    throttled = "".join("01"[is_throttled] for is_throttled in capacity.is_throttled)
    return {"least": capacity.least, "most": capacity.most, "throttled": throttled}


def _read_capacity(*, least: Sequence[float], most: Sequence[float], throttled: str) -> CapacityOutline:
    if not len(least) == len(most) == len(throttled) > 0:
        raise ValueError(_UNEQUAL)
    is_throttled = tuple(letter == "1" for letter in throttled)
    return CapacityOutline(_read_units(least), _read_units(most), is_throttled)


def _read_units(described: Sequence[float]) -> tuple[float, ...]:
    units = tuple(map(float, described))
    if not all(0 <= one < inf for one in units):
        message = "a column of a chart has no number of units"
        raise ValueError(message)
    return units
