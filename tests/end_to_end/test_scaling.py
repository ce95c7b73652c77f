"""A check raises busy tables and lowers idle ones, in as few updates as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.end_to_end.account import (
    ALL,
    LIMITS,
    LOWERED,
    RAISED,
    Units,
    add_busy,
    add_busy_with_index,
    add_idle,
    everywhere,
    updates,
)

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program


GOES_TO: dict[str, tuple[dict[str, Any], Units]] = {
    "busy-reads-go-up": ({"consumed_reads": 95, "consumed_writes": 50}, (150, 100)),
    "busy-writes-go-up": ({"consumed_reads": 50, "consumed_writes": 95}, (100, 150)),
    "idle-reads-go-down": ({"consumed_reads": 10, "consumed_writes": 50}, (50, 100)),
    "idle-writes-go-down": ({"consumed_reads": 50, "consumed_writes": 10}, (100, 50)),
    "each-side-by-itself": ({"consumed_reads": 95, "consumed_writes": 10}, (150, 50)),
    "thresholds-are-strict": ({"consumed_reads": 90, "consumed_writes": 30}, (100, 100)),
    "far-beyond-the-maximum": ({"consumed_reads": 2000, "consumed_writes": 50}, (1000, 100)),
    "nothing-consumed-at-all": ({}, (100, 100)),
}


def test_each_table_is_scaled_by_its_consumption(emulator: Emulator, program: Program) -> None:
    for name, (metrics, _) in GOES_TO.items():
        emulator.add_table(name, reads=100, writes=100)
        emulator.put_metrics(name, **metrics)
    run = program.check(ALL)
    assert (run.code, run.stderr) == (0, "")
    assert emulator.capacities() == {(name, None): units for name, (_, units) in GOES_TO.items()}
    changed = [name for name, (_, units) in GOES_TO.items() if units != (100, 100)]
    assert sorted(table for table, _, _ in updates(emulator)) == sorted(changed)


def test_a_throttled_index_is_raised(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": (100, 20)})
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50)
    emulator.put_metrics("orders", "by-date", consumed_reads=50, consumed_writes=15, throttled_writes=60)
    run = program.check(f"{ALL}\nthrottled-writes-upper-threshold: 299\n")
    assert run.code == 0
    assert updates(emulator) == [("orders", None, {"by-date": (100, 30)})]
    assert emulator.capacities() == {("orders", None): (100, 100), ("orders", "by-date"): (100, 30)}


def test_throttling_of_an_index_does_not_raise_its_table(emulator: Emulator, program: Program) -> None:
    emulator.add_table("orders", reads=100, writes=100, gsis={"by-date": (100, 100)})
    emulator.put_metrics("orders", consumed_reads=50, consumed_writes=50, throttled_writes=0)
    emulator.put_metrics("orders", "by-date", consumed_reads=50, consumed_writes=50, throttled_writes=600)
    program.check(f"[default_options]\n{LIMITS}\nthrottled-writes-upper-threshold: 1\n[table: orders]\n")
    assert updates(emulator) == []


def test_one_update_carries_a_table_and_its_indexes(emulator: Emulator, program: Program) -> None:
    emulator.add_table(
        "orders", reads=100, writes=100, gsis={"busy": (40, 40), "idle": (40, 40), "ok": (9, 9)}
    )
    emulator.put_metrics("orders", consumed_reads=95, consumed_writes=50)
    emulator.put_metrics("orders", "busy", consumed_reads=39, consumed_writes=39)
    emulator.put_metrics("orders", "idle", consumed_reads=4, consumed_writes=4)
    emulator.put_metrics("orders", "ok", consumed_reads=5, consumed_writes=5)
    run = program.check(ALL)
    assert run.code == 0
    calls = emulator.requests("UpdateTable")
    assert [call.parameters for call in calls] == [
        {
            "TableName": "orders",
            "ProvisionedThroughput": {"ReadCapacityUnits": 150, "WriteCapacityUnits": 100},
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "busy",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 60, "WriteCapacityUnits": 60},
                    }
                },
                {
                    "Update": {
                        "IndexName": "idle",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 20, "WriteCapacityUnits": 20},
                    }
                },
            ],
        }
    ]


def test_indexes_without_a_section_are_left_alone(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    program.check(f"[default_options]\n{LIMITS}\n[table: orders]\n")
    assert updates(emulator) == [("orders", RAISED, {})]


def test_a_raise_stops_at_the_maximum_and_a_decrease_at_the_minimum(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    run = program.check(
        "[default_options]\nmin-provisioned-reads: 80\nmin-provisioned-writes: 70\n"
        "max-provisioned-reads: 120\nmax-provisioned-writes: 130\n[table: .*]\n"
    )
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): (120, 130), ("idle", None): (80, 70)}


def test_the_log_contains_each_change_and_its_reason(emulator: Emulator, program: Program) -> None:
    add_busy(emulator)
    add_idle(emulator)
    run = program.check(ALL)
    assert run.line_of("busy") == (
        "INFO busy: updated: reads 100 -> 150 (95 % consumed is above reads-upper-threshold 90 %:"
        " up by 50 percent); writes 100 -> 150 (95 % consumed is above writes-upper-threshold 90 %:"
        " up by 50 percent)"
    )
    assert run.line_of("idle").startswith("INFO idle: updated: reads 100 -> 50 (10 % consumed is below")
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): LOWERED}


def test_a_decrease_waits_for_the_maintenance_window_and_a_raise_does_not(
    emulator: Emulator, program: Program
) -> None:
    add_busy(emulator)
    add_idle(emulator)
    far = (emulator.now().hour + 12) % 24
    run = program.check(everywhere(f"maintenance-windows: {far:02}:00-{far:02}:30"))
    assert run.code == 0
    assert emulator.capacities() == {("busy", None): RAISED, ("idle", None): (100, 100)}
    assert "outside maintenance-windows" in run.line_of("idle")
