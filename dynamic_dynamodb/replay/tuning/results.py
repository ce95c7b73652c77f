"""Write what was found for a target as JSON, and read it back.

Kept results of an interrupted --tune have this form, and whatever prints or shows a tuned target should use
it too. An alternative is an object of

- `name`: "this section", "on-demand", "AWS target tracking 70 %", …
- `meets_goal`: whether it throttles no more than the goal
- `units`: `{"reads": …, "writes": …}` of a fixed value, else null
- `figures`: by model of AWS (`ideal`, `slow`, `no-burst`): `hour_max` and `prorated`, in dollars for 30 days
  with watching, `hour_max_in_other_class` and `prorated_in_other_class`, the same in the table class that the
  table does not have, and `throttled_percent`; of the worse half each.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dynamic_dynamodb.options import Capacity
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.alternatives import Alternative, Figures
from dynamic_dynamodb.replay.tuning.levers import Rung, build_sections
from dynamic_dynamodb.replay.tuning.search import Found
from dynamic_dynamodb.replay.tuning.table_class import Storage
from dynamic_dynamodb.replay.tuning.tuner import Tuned
from dynamic_dynamodb.scaling.costs import Cost, TableClass
from dynamic_dynamodb.scaling.model import PerCapacity, Target

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def write_result(tuned: Tuned) -> dict[str, Any]:
    """Return a tuned target as JSON has it: every field, no advice, since that is for all targets of a table.

    `recorded`, `lowered` and `failing` are lists of "reads" and "writes"; `patience` is a look-back in
    minutes or a number of checks; `present` is null if what runs now is not known, `storage` if the size or
    the table class is not. Its dollars are a month's, in the class of the table and in the other one.
    """
    found = tuned.found
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
            "alternative": _write_alternative(found.alternative),
        },
        "present": None if tuned.present is None else _write_alternative(tuned.present),
        "baselines": [_write_alternative(one) for one in tuned.baselines],
        "doubts": list(tuned.doubts),
        "storage": None if tuned.storage is None else _write_storage(tuned.storage),
    }


def read_result(described: Mapping[str, Any]) -> Tuned:
    """Return the tuned target that `write_result` has written.

    Raises KeyError, TypeError, AttributeError or ValueError if it is anything else.
    """
    target = Target(described["table"], described["index"])
    section, present = described["section"], described["present"]
    recorded = _read_capacities(described["recorded"])
    build_sections(target, section["options"])  # a file that others can write must not add lines to a section
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
        tuple(map(_read_alternative, described["baselines"])),
        tuple(described["doubts"]),
        None if described["storage"] is None else _read_storage(**described["storage"]),
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


def _write_alternative(alternative: Alternative) -> dict[str, Any]:
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
    return Alternative(described["name"], figures, described["meets_goal"], units)


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
