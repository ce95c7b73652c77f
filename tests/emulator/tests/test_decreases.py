"""The emulator limits decreases as AWS does."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.emulator.asking import describe, refused, update

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytest_plugins = ["tests.emulator.fixtures"]

NOON = datetime(2031, 5, 7, 12, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("wanted", "counted"),
    [
        pytest.param((9, 10), 1, id="reads-down"),
        pytest.param((10, 9), 1, id="writes-down"),
        pytest.param((20, 9), 1, id="reads-up-writes-down"),
        pytest.param((20, 10), 0, id="reads-up"),
    ],
)
def test_an_update_that_lowers_reads_or_writes_is_a_decrease(
    emulator: Emulator, wanted: tuple[int, int], counted: int
) -> None:
    emulator.set_clock(NOON)
    emulator.add_table("orders", reads=10, writes=10)
    update(emulator, "orders", wanted)
    shown = describe(emulator, "orders")["ProvisionedThroughput"]
    assert shown["NumberOfDecreasesToday"] == counted
    assert ("LastDecreaseDateTime" in shown) == bool(counted)
    assert ("LastIncreaseDateTime" in shown) == (max(wanted) > 10)


def test_four_decreases_are_free_and_the_fifth_waits_an_hour(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=10)
    emulator.set_clock(NOON)
    for reads in (9, 8, 7, 6):
        update(emulator, "orders", (reads, 10))
    with refused(
        "LimitExceededException", "Number of decreases today: 4. Last decrease at Wednesday, May 7, 2031"
    ):
        update(emulator, "orders", (5, 10))
    emulator.set_clock(NOON + timedelta(seconds=3590))
    with refused("LimitExceededException", "at most once every 3600 seconds"):
        update(emulator, "orders", (5, 10))
    emulator.set_clock(NOON + timedelta(seconds=3605))
    update(emulator, "orders", (5, 10))
    with refused("LimitExceededException", "Number of decreases today: 5."):
        update(emulator, "orders", (4, 10))
    update(emulator, "orders", (50, 10))


def test_the_counter_restarts_at_midnight_utc(emulator: Emulator) -> None:
    emulator.add_table("orders", reads=10, writes=10)
    late = NOON.replace(hour=23, minute=50)
    emulator.set_clock(late)
    emulator.set_decreases("orders", today=7, last=late)
    with refused(
        "LimitExceededException", "Next decrease can be made at Thursday, May 8, 2031 at 12:00:00 AM"
    ):
        update(emulator, "orders", (9, 10))
    emulator.set_clock(late + timedelta(minutes=11))
    shown = describe(emulator, "orders")["ProvisionedThroughput"]
    assert (shown["NumberOfDecreasesToday"], shown["LastDecreaseDateTime"]) == (0, late)
    update(emulator, "orders", (9, 10))
    assert describe(emulator, "orders")["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1


def test_an_index_without_decreases_left_makes_the_whole_call_fail(emulator: Emulator) -> None:
    emulator.set_clock(NOON)
    emulator.add_table("orders", reads=10, writes=10, gsis={"by_date": (10, 10)})
    emulator.set_decreases("orders", "by_date", today=4)
    with refused(
        "LimitExceededException", "Provisioned throughput decreases are limited within a given UTC day"
    ):
        update(emulator, "orders", (9, 10), by_date=(9, 10))
    update(emulator, "orders", (9, 10))
    assert emulator.capacities() == {("orders", None): (9, 10), ("orders", "by_date"): (10, 10)}


def test_a_decrease_is_counted_when_it_takes_effect(emulator: Emulator) -> None:
    emulator.set_clock(NOON)
    emulator.add_table("orders", reads=10)
    emulator.set_update_seconds(60)
    answered = update(emulator, "orders", (9, 5))["ProvisionedThroughput"]
    assert answered["NumberOfDecreasesToday"] == 0
    assert answered["LastDecreaseDateTime"] >= NOON
    emulator.finish_updates()
    assert describe(emulator, "orders")["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1
