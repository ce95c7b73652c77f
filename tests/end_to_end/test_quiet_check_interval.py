"""With quiet-check-interval, a daemon describes and measures quiet tables only now and then."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from dynamic_dynamodb.options import Capacity
from tests.end_to_end.account import LIMITS, SOON, everywhere

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

TABLES = 20
BUSY = 4
METRICS = 4 * TABLES
"""What a check requests without the option."""
CHECKS = 5
OPTIONS = ("throttled-reads-upper-threshold: 1", "throttled-writes-upper-threshold: 1")


def add_tables(emulator: Emulator) -> None:
    for number in range(TABLES):
        units = 60 if number < BUSY else 40
        emulator.add_table(f"table-{number}", reads=100, writes=100)
        emulator.put_metrics(f"table-{number}", consumed_reads=units, consumed_writes=units)


def count(emulator: Emulator, program: Program, *flags: str) -> tuple[int, int]:
    """Run a daemon, and return the metrics and the descriptions of all its checks but the first."""
    with program.start(everywhere(*OPTIONS, with_indexes=False), *SOON, *flags) as running:
        running.wait_for(", in ", count=CHECKS + 1)
        run = running.end(signal.SIGTERM)
    assert run.code == 0
    checks = emulator.count_requests()["ListTables"] - 1
    metrics = emulator.count_metrics() - METRICS
    described = emulator.count_requests()["DescribeTable"] - TABLES
    return metrics // checks, described // checks


def test_a_daemon_with_quiet_tables_requests_a_quarter_of_the_metrics(
    emulator: Emulator, program: Program
) -> None:
    add_tables(emulator)
    assert count(emulator, program, "--quiet-check-interval", "3600") <= (METRICS // 4, TABLES // 4)


def test_without_the_option_a_daemon_requests_all_metrics_in_each_check(
    emulator: Emulator, program: Program
) -> None:
    add_tables(emulator)
    metrics, described = count(emulator, program)
    assert described >= TABLES - 1  # a check may be under way when it ends
    assert metrics > METRICS // 2


def test_a_reload_looks_at_quiet_tables_at_once(emulator: Emulator, program: Program) -> None:
    add_tables(emulator)
    configuration = everywhere(with_indexes=False)
    with program.start(configuration, *SOON, "--quiet-check-interval", "3600") as running:
        running.wait_for("left out 16 quiet targets")
        limits = "".join(f"min-provisioned-{capacity.value}: 150\n" for capacity in Capacity)
        program.write(f"[table: ^table-7$]\n{LIMITS}{limits}")
        running.send(signal.SIGHUP)
        running.wait_for("table-7: updated")
        running.end(signal.SIGTERM)
    assert emulator.capacities()["table-7", None] == (150, 150)


def test_a_single_run_looks_at_all(emulator: Emulator, program: Program) -> None:
    add_tables(emulator)
    run = program.check(everywhere(with_indexes=False), "--quiet-check-interval", "3600")
    again = program.check(everywhere(with_indexes=False), "--quiet-check-interval", "3600")
    for one in (run, again):
        assert one.code == 0
        assert any(f"checked {TABLES} targets: {TABLES} unchanged, in" in line for line in one.log)
