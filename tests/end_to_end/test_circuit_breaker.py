"""An open circuit breaker stops all changes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.account import BEFORE, LIMITS, RAISED, add_busy, add_busy_with_index, everywhere
from tests.end_to_end.breaker import serve
from tests.service.test_circuit_breaker import drip
from tests.service.test_circuit_breaker import serve as serve_raw

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.end_to_end.program import Program

OPEN_BREAKER = {("orders", None): BEFORE, ("orders", "by-date"): BEFORE}
CLOSED_BREAKER = {("orders", None): RAISED, ("orders", "by-date"): RAISED}


def _alarming(emulator: Emulator, url: str) -> str:
    topic = emulator.add_topic("alarms")
    options = (f"sns-topic-arn: {topic}", "sns-message-types: high-throughput-alarm, scale-up")
    breaker = f"[global]\ncircuit-breaker-url: {url}\ncircuit-breaker-timeout: 300\n"
    return breaker + everywhere(*options, "reads-upper-alarm-threshold: 80")


@pytest.mark.parametrize("status", [200, 204])
def test_a_closed_breaker_allows_updates(emulator: Emulator, program: Program, status: int) -> None:
    add_busy_with_index(emulator)
    with serve(status) as service:
        run = program.check(_alarming(emulator, service.url))
    assert (run.code, run.warnings) == (0, [])
    assert emulator.capacities() == CLOSED_BREAKER
    assert len(emulator.published()) == 4


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(500, "500", id="500"),
        pytest.param(None, "did not answer", id="no answer in time"),
    ],
)
def test_an_open_breaker_stops_updates_and_alarms(
    emulator: Emulator, program: Program, status: int | None, said: str
) -> None:
    add_busy_with_index(emulator)
    with serve(status) as service:
        run = program.check(_alarming(emulator, service.url))
        assert service.headers("x-table-name") == ["orders", "orders"]
    _assert_stopped(emulator, run.code)
    assert "geheim" not in run.stdout + run.stderr
    for target in ("orders", "orders/by-date"):
        line = run.line_of(target)
        assert line.startswith(f"WARNING {target}: skipped: ")
        assert said in line


def test_a_breaker_that_drips_is_open_and_does_not_delay_other_tables(
    emulator: Emulator, program: Program
) -> None:
    for name in ("calm", "orders"):
        add_busy(emulator, name)
    with serve_raw(drip) as url:
        run = program.check(
            f"[default_options]\n{LIMITS}[table: orders]\ncircuit-breaker-url: {url}\n"
            "circuit-breaker-timeout: 200\n[table: calm]\n"
        )
    assert run.code == 0
    assert emulator.capacities() == {("calm", None): RAISED, ("orders", None): BEFORE}
    assert "is open: it did not answer (TimeoutError)" in run.line_of("orders")


def test_a_breaker_that_refuses_connections_is_open(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(200) as service:
        pass
    run = program.check(_alarming(emulator, service.url))
    _assert_stopped(emulator, run.code)
    assert "geheim" not in run.stdout + run.stderr
    assert run.line_of("orders").startswith("WARNING orders: skipped: ")


def test_the_breaker_receives_the_target_and_its_credentials(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(200) as service:
        program.check(_alarming(emulator, service.url))
    assert service.headers("x-table-name") == ["orders", "orders"]
    assert service.headers("x-gsi-name") == ["", "by-date"]
    credentials = base64.b64encode(b"robot:geheim").decode()
    assert service.headers("authorization") == [f"Basic {credentials}"] * 2


def test_the_breaker_of_a_table_does_not_apply_to_its_indexes(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(503) as service:
        run = program.check(
            f"[default_options]\n{LIMITS}[table: orders]\ncircuit-breaker-url: {service.url}\n"
            "[gsi: by-date table: orders]\n"
        )
    assert run.code == 0
    assert emulator.capacities() == {("orders", None): BEFORE, ("orders", "by-date"): RAISED}


def test_a_breaker_of_a_section_replaces_the_global_one(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(503) as outer, serve(200) as own:
        run = program.check(
            f"[global]\ncircuit-breaker-url: {outer.url}\n[default_options]\n{LIMITS}"
            f"[table: orders]\ncircuit-breaker-url: {own.url}\n[gsi: by-date table: orders]\n"
        )
    assert run.code == 0
    assert emulator.capacities() == {("orders", None): RAISED, ("orders", "by-date"): BEFORE}


def test_a_timeout_of_a_section_applies_to_the_global_breaker(emulator: Emulator, program: Program) -> None:
    add_busy_with_index(emulator)
    with serve(None) as service:  # it never answers, and the global timeout is longer than a test waits
        run = program.check(
            f"[global]\ncircuit-breaker-url: {service.url}\ncircuit-breaker-timeout: 60000\n"
            f"[default_options]\n{LIMITS}[table: orders]\ncircuit-breaker-timeout: 100\n"
            "[gsi: by-date table: orders]\ncircuit-breaker-timeout: 100\n"
        )
    _assert_stopped(emulator, run.code)
    assert run.warnings[0].endswith("is open: it did not answer (ReadTimeout)")


def _assert_stopped(emulator: Emulator, code: int) -> None:
    assert code == 0
    assert emulator.capacities() == OPEN_BREAKER
    assert emulator.requests("UpdateTable") == []
    assert emulator.requests("Publish") == []
