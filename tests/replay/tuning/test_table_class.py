"""The advice on the table class weighs storage against throughput, of a table with its indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_dynamodb.options import DEFAULT_DOLLARS
from dynamic_dynamodb.replay.comparison.baselines import ON_DEMAND, RECORDED, RECORDED_ON_DEMAND
from dynamic_dynamodb.replay.recordings.recording import Billing, RecordedPrices
from dynamic_dynamodb.replay.reports.tuning import write_advice
from dynamic_dynamodb.replay.simulator.capacity_model import PRESETS
from dynamic_dynamodb.replay.tuning.advice import add_up, advise, list_class_changes
from dynamic_dynamodb.replay.tuning.alternatives import (
    MEAN_OF_BILLS,
    SECTION,
    Alternative,
    Bench,
    Figures,
    Intervals,
    TuneSettings,
    find_present,
    list_baselines,
)
from dynamic_dynamodb.replay.tuning.levers import Rung
from dynamic_dynamodb.replay.tuning.search import Found
from dynamic_dynamodb.replay.tuning.table_class import Storage, find_storage
from dynamic_dynamodb.replay.tuning.tuner import Tuned
from dynamic_dynamodb.scaling.costs import Cost, TableClass, read_prices
from dynamic_dynamodb.scaling.model import PerCapacity, Target
from tests.builders import section
from tests.replay.recordings import DAY, START, record

if TYPE_CHECKING:
    from dynamic_dynamodb.replay.tuning.advice import Advice

STANDARD = read_prices(DEFAULT_DOLLARS)
SETTINGS = TuneSettings("target", MEAN_OF_BILLS, 0.01, STANDARD)
IA = TableClass.INFREQUENT_ACCESS
GIGABYTE = 1 << 30


def alternative(name: str, dollars: float, in_other_class: float, *, meets_goal: bool = True) -> Alternative:
    """Return an alternative that costs this in both classes."""
    figures = Figures(Cost(dollars, dollars), 0.0, Cost(in_other_class, in_other_class))
    return Alternative(name, dict.fromkeys(PRESETS, figures), meets_goal)


def tuned(  # noqa: PLR0913 - one for each price
    target: str,
    storage: Storage | None,
    *,
    now: float = 100,
    ours: float = 80,
    factor: float = 1.25,
    on_demand: float = 300,
) -> Tuned:
    """Return what was found for a target whose throughput costs that times as much in the other class."""
    prices = {"as recorded": now, SECTION: ours, "AWS target tracking 70 %": now, ON_DEMAND: on_demand}
    present, section, *baselines = (alternative(name, one, one * factor) for name, one in prices.items())
    found = Found(Rung(PerCapacity(85, 85), 15), {}, section)
    both = PerCapacity(*(True, True))
    return Tuned(Target.parse(target), "", START, 14.0, both, found, present, tuple(baselines), (), storage)


def store(gigabytes: float, table_class: TableClass = TableClass.STANDARD) -> Storage:
    """Return storage at the prices of us-east-1."""
    return Storage(
        table_class,
        gigabytes,
        *(
            gigabytes * read_prices(DEFAULT_DOLLARS, one).gigabyte_month
            for one in (table_class, table_class.other)
        ),
    )


def write(*targets: Tuned) -> list[str]:
    """Return the lines of the advice."""
    return list(write_advice(advise(targets, SETTINGS)))


def test_a_large_table_changes_to_standard_ia() -> None:
    assert write(tuned("orders", store(1000))) == [
        "orders: use this section: saves $20.00 a month (20 %), throttles 0 % instead of 0 %",
        (
            "orders: change the table class to Standard-IA: saves $130.00 a month (39 %): 1,000.0 GB cost"
            " $100.00 instead of $250.00, throughput $100.00 instead of $80.00"
        ),
    ]


def test_a_busy_table_changes_back_to_standard() -> None:
    assert write(tuned("orders", store(40, IA), now=80, factor=0.8)) == [
        "orders: keep the capacity as it is",
        (
            "orders: change the table class to Standard: saves $10.00 a month (12 %): 40.0 GB cost $10.00"
            " instead of $4.00, throughput $64.00 instead of $80.00"
        ),
    ]


@pytest.mark.parametrize(
    "storage",
    [
        pytest.param(store(0), id="empty"),
        pytest.param(store(50), id="small"),
        pytest.param(store(165), id="saves-less-than-5-percent"),
        pytest.param(store(1000, IA), id="already-there"),
        pytest.param(None, id="unknown"),
    ],
)
def test_the_class_stays_unless_a_change_saves_5_percent(storage: Storage | None) -> None:
    factor = 0.8 if storage is not None and storage.table_class is IA else 1.25
    assert list_class_changes(advise([tuned("orders", storage, factor=factor)], SETTINGS)) == []


def test_storage_and_throughput_of_indexes_count() -> None:
    table, index = tuned("orders", store(100)), tuned("orders/by-date", store(900))
    lines = write(index, table)
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == [
        "use this section",
        "use this section",
        "change the table class to Standard-IA",
        "$450.00 a month now, $300.00 as advised",
    ]
    assert "1,000.0 GB cost $100.00 instead of $250.00, throughput $200.00 instead of $160.00" in lines[2]


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param([tuned("orders", store(9000)), tuned("orders/by-date", None)], id="index-without-size"),
        pytest.param([tuned("orders/by-date", store(9000))], id="index-without-its-table"),
    ],
)
def test_there_is_no_advice_on_a_class_if_a_part_of_the_table_is_unknown(targets: list[Tuned]) -> None:
    assert list_class_changes(advise(targets, SETTINGS)) == []


def test_what_is_best_in_the_other_class_is_advised_with_it() -> None:
    """Watching costs the same in both classes, so requests can be cheaper in one class alone."""
    cheap = alternative(SECTION, 80, 100)
    found = tuned("orders", store(4000), now=120)
    mixed = replace(
        found,
        found=replace(found.found, alternative=cheap),
        baselines=(found.baselines[0], alternative(ON_DEMAND, 85, 88)),
    )
    (advice,) = advise([mixed], SETTINGS)
    assert advice.best.name == ON_DEMAND
    assert advice.class_change is not None
    assert advice.class_change.new_throughput == 88


targets = st.builds(
    tuned,
    st.sampled_from(["orders", "orders/a", "orders/b", "users", "users/a", "carts"]),
    st.one_of(st.none(), st.builds(store, st.floats(0, 5000), st.sampled_from(TableClass))),
    now=st.floats(0, 500),
    ours=st.floats(0, 500),
    factor=st.floats(0.7, 1.4),
    on_demand=st.floats(0, 500),
)


@given(st.lists(targets, min_size=1, unique_by=lambda one: one.target))
def test_the_sum_is_that_of_all_lines_and_no_change_of_a_class_costs_more(found: list[Tuned]) -> None:
    advice = advise(found, SETTINGS)
    before, after = add_up(advice)
    storage = sum(one.storage.dollars for one in found if one.storage is not None)
    assert before == pytest.approx(storage + sum(one.dollars_now for one in advice))
    changes = list_class_changes(advice)
    savings = [*(one.saving for one in advice), *(one.saving for one in changes)]
    assert before - after == pytest.approx(sum(savings), abs=1e-9)
    for change in changes:
        assert change.saving > 0
    assert after == pytest.approx(sum(map(price, advice)), abs=1e-6)


def price(advice: Advice) -> float:
    """Return what a target costs as advised, with storage."""
    is_other = advice.class_change is not None
    storage = advice.tuned.storage
    stored = 0.0
    if storage is not None:
        stored = storage.dollars_in_other_class if is_other else storage.dollars
    return advice.best.bill(SETTINGS, in_other_class=is_other) + stored


PRICES = RecordedPrices("2026-03-02", {key: 2 * dollars for key, dollars in DEFAULT_DOLLARS.items()})


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        pytest.param({}, None, id="unknown"),
        pytest.param({"size_bytes": GIGABYTE}, None, id="class-unknown"),
        pytest.param({"table_class": "STANDARD"}, None, id="size-unknown"),
        pytest.param({"table_class": "NEW", "size_bytes": GIGABYTE}, None, id="a-class-of-the-future"),
        pytest.param(
            {"table_class": "STANDARD", "size_bytes": 4 * GIGABYTE},
            Storage(TableClass.STANDARD, 4.0, 1.0, 0.4),
            id="standard",
        ),
        pytest.param(
            {"table_class": IA.value, "size_bytes": 4 * GIGABYTE},
            Storage(IA, 4.0, 0.4, 1.0),
            id="standard-ia",
        ),
        pytest.param(
            {"table_class": "STANDARD", "size_bytes": 4 * GIGABYTE, "prices": PRICES},
            Storage(TableClass.STANDARD, 4.0, 2.0, 0.8),
            id="prices-of-the-region",
        ),
    ],
)
def test_storage_is_priced_if_size_and_class_were_recorded(
    recorded: dict[str, Any], expected: Storage | None
) -> None:
    assert find_storage(replace(record([60.0]), **recorded), STANDARD) == expected


def test_every_alternative_is_priced_in_both_classes() -> None:
    load = [600.0] * (DAY // 2) + [3000.0] * (DAY // 2)
    half = record(load, load[::-1], provisioned=([60.0] * DAY, [70.0] * DAY))
    halves = {one: replace(half, table_class=one.value) for one in TableClass}
    rules = section("^orders$", max_provisioned_reads="90", max_provisioned_writes="90")
    limits = rules.typed.capacities
    benches = {one: Bench([half, half], limits, SETTINGS) for one, half in halves.items()}
    for kind in (Billing.PROVISIONED, Billing.ON_DEMAND):
        for one, recording in halves.items():
            billed = replace(recording, billing=frozenset({kind}))
            benches[one] = Bench([billed, billed], limits, SETTINGS)
        found = {
            one: [find_present(bench, (), Intervals(60)), *list_baselines(bench)]
            for one, bench in benches.items()
        }
        names = [one.name for one in found[IA] if one is not None]
        assert names[0] == (RECORDED if kind is Billing.PROVISIONED else RECORDED_ON_DEMAND)
        for standard, infrequent in zip(*found.values(), strict=True):
            assert standard is not None
            assert infrequent is not None
            now, then = (one.bill(SETTINGS) for one in (standard, infrequent))
            assert then > 1.2 * (now - 1)  # target tracking pays for its alarms too
            assert standard.bill(SETTINGS, in_other_class=True) == pytest.approx(then)
            assert infrequent.bill(SETTINGS, in_other_class=True) == pytest.approx(now)
